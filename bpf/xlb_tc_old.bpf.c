// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The NAT program for kernels before Linux 6.2, which do not show their own socket buffer to it. A
 * build of its own, as libbpf looks for a function that is missing in modules, too, which only root
 * may. Maps and constants are those of xlb_tc.bpf.c.
 */
#define XLB_SEES_SKB 0
#include "xlb_tc.bpf.c"
