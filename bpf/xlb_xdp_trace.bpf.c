// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The DSR program, built such that it tells of packets: see trail.h. */
#define XLB_TRACING 1
#include "xlb_xdp.bpf.c"

#define TRACE_HOOK XLB_HOOK_XDP
#define TRACE_PASS XDP_PASS
#define TRACE_DROP XDP_DROP
#define TRACE_FRAME_LEN(ctx) ((__u32)((ctx)->data_end - (ctx)->data))
#define TRACE_LOAD_BYTES bpf_xdp_load_bytes
#include "trace.h"
