// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The NAT program, built such that it tells of packets: see trail.h. */
#define XLB_TRACING 1
#include "xlb_tc.bpf.c"

#define TRACE_HOOK XLB_HOOK_TC
#define TRACE_PASS GO_ON
#define TRACE_DROP TC_ACT_SHOT
#define TRACE_FRAME_LEN(skb) ((skb)->len)
#define TRACE_LOAD_BYTES bpf_skb_load_bytes
#include "trace.h"
