/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the kernel has told of a packet, with what the daemon knows of it besides: for those who
 * write packets down. */
#ifndef XLB_DAEMON_TRACE_PACKET_H
#define XLB_DAEMON_TRACE_PACKET_H

#include "capture/packet.h"
#include "model/rules.h"

struct daemon;

struct trace_packets {
	struct rules rules; /* of the model in use */
	uint64_t n;         /* packets so far */
};

/* To be called when another model is in use, before the former one goes. */
void trace_packets_follow(struct daemon *d);
void trace_packets_clear(struct daemon *d);

/* *ret is valid as long as the event is. *ret_rule (may be NULL): the one that the packet came by;
 * NULL if it is for none of the services. */
void trace_packet(struct daemon *d, const struct trace_event *e, struct capture_packet *ret,
		  const struct rule **ret_rule);

#endif
