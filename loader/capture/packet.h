/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A packet that has passed a hook of xlb's, with all that is written down about it. */
#ifndef XLB_CAPTURE_PACKET_H
#define XLB_CAPTURE_PACKET_H

#include <stdint.h>

#include "dataplane/trace.h"

#define CAPTURE_NO_RULE UINT32_MAX

struct capture_packet { /* all is borrowed */
	const struct trace_event *event;
	uint64_t time_ns;  /* since 1970 */
	uint64_t id;       /* another one for each packet */
	const char *in;    /* names of event->ifindex and egress */
	const char *out;   /* "": not sent */
	uint32_t rule;     /* model/rules.h: number; CAPTURE_NO_RULE */
	uint32_t sub_rule; /* sub_number */
};

#endif
