/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The socket to a collector: UDP, connected, never waited for. */
#ifndef XLB_PFLOW_SENDER_H
#define XLB_PFLOW_SENDER_H

#include <stddef.h>

#include "config/config.h"

/* A socket that only sends; from `source` if it has a family. -EADDRNOTAVAIL: the box does not have
 * that. -ENETUNREACH: there is no route. */
int sender_open(const struct cfg_addr *source, const struct cfg_addr *destination, uint16_t port,
		int *ret_fd);

/*
 * Sends a datagram or loses it. 0 or -errno; -ECONNREFUSED is about a former one, which nobody
 * took, and then this one is sent all the same.
 */
int sender_send(int fd, const void *datagram, size_t size);

#endif
