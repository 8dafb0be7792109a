/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* One flow in one direction, before it has any format. */
#ifndef XLB_PFLOW_RECORD_H
#define XLB_PFLOW_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

/* What a record can say beyond pflow(4)'s fields. */
enum pflow_kind {
	PFLOW_PLAIN, /* nothing: an answer, on its way to the client */
	PFLOW_HOST,  /* the host that was chosen */
	PFLOW_NAT,   /* and the addresses and ports after translation */
	PFLOW_KINDS,
};

struct pflow_record {
	enum pflow_kind kind;
	uint8_t proto;
	struct cfg_addr src, dst;         /* of one family; so are those below */
	uint16_t src_port, dst_port;      /* host byte order */
	uint32_t in_ifindex, out_ifindex; /* 0: not known */
	uint64_t packets, octets;
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC */
	struct cfg_addr host;
	struct cfg_addr nat_src, nat_dst;
	uint16_t nat_src_port, nat_dst_port;
};

/* One instant on both clocks. */
struct pflow_clock {
	uint64_t monotonic_ns; /* CLOCK_MONOTONIC: since the machine came up */
	uint64_t real_ns;      /* CLOCK_REALTIME */
};

#endif
