/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The sockets of the status page. */
#ifndef XLB_PAGE_LISTENER_H
#define XLB_PAGE_LISTENER_H

#include "config/config.h"

/* Listens on the address and port, TCP. -errno, as of bind(2): -EADDRINUSE, -EADDRNOTAVAIL, ... */
int listener_open(const struct cfg_addr *addr, uint16_t port, int *ret_fd);

#endif
