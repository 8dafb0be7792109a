// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Lets every frame pass. A veth accepts frames that XDP sends (XDP_TX) or redirects to it only
 * when its peer is ready for them, which means: has an XDP program, too. The test network attaches
 * this one to the peers of the load balancer's interfaces; a real NIC needs nothing like it.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int xdp_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
