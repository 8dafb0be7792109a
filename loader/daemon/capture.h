/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Packets for the control API's readers of captures. */
#ifndef XLB_DAEMON_CAPTURE_H
#define XLB_DAEMON_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

struct control_error;

/* See struct control_ops. data: the daemon. */
int capture_switch(void *data, bool on, uint32_t snaplen, bool services_only,
		   struct control_error *error);

#endif
