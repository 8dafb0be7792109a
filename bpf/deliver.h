/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The act: guard against loops, count, write the MACs, send.
 *
 * Two guards, both by the MACs of the service's hosts: a frame from one of them must not go to
 * another (from_host), and a frame to one of them has been rewritten already, by another load
 * balancer or by us (to_host). Such frames get here when a switch floods them, or through a bridge:
 * sending them once more would double them, and two load balancers would do so for each other
 * without end.
 */
#ifndef XLB_BPF_DELIVER_H
#define XLB_BPF_DELIVER_H

#include "maps.h"
#include "packet.h"

static __noinline _Bool is_host_mac(__u64 mac, __u32 service)
{
	union xlb_mac_key key = { .raw = (__u64)service << 48 | mac };

	return bpf_map_lookup_elem(&host_macs, &key) != NULL;
}

/* Is the MAC one of the service's hosts? A filter answers nearly always. */
static __always_inline _Bool is_host(const void *mac, __u32 service)
{
	__u64 bytes = (__u64) * (const half_t *)(mac + 4) << 32 | *(const word_t *)mac;

	return TABLE_AT(mac_filter, 0)->maybe[xlb_mac_hash(bytes)] && is_host_mac(bytes, service);
}

static __always_inline _Bool from_host(const struct ethhdr *eth, __u32 service)
{
	return is_host(eth->h_source, service);
}

/* To be asked before a host is chosen, as that may leave an entry. */
static __always_inline _Bool to_host(const struct ethhdr *eth, __u32 service)
{
	return is_host(eth->h_dest, service);
}

static __always_inline void count_host(__u32 slot, __u32 bytes, _Bool session)
{
	struct xlb_host_counters *c = bpf_map_lookup_elem(&host_counters, &slot);

	if (!c || is_dry())
		return;
	c->packets++;
	c->bytes += bytes;
	if (session)
		c->sessions++;
}

/* dst_mac and src_mac follow each other in struct xlb_host as in the frame. */
static __always_inline void write_macs(struct ethhdr *eth, const struct xlb_host *host)
{
	const word_t *from = (const word_t *)host->dst_mac;
	word_t *to = (word_t *)eth;

	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
}

/* Sends the frame to the host in `slot`; whatever does not go is left untouched. */
static __always_inline int deliver(XLB_CONTEXT *ctx, struct ethhdr *eth, __u32 slot, __u32 service,
				   __u32 bytes, __u32 sessions)
{
	const struct xlb_host *host = host_at(slot);
	int verdict = XDP_TX;

	if (!host || !host->flags)
		return pass(XLB_REASON_NO_HOST);
	trail_host(slot);
	if (from_host(eth, service)) {
		count(XLB_REASON_LOOP);
		return XDP_DROP;
	}
	if (host->ifindex != ingress_of(ctx)) {
		verdict = bpf_redirect_map(&tx_ports, host->tx_port, 0);
		if (verdict != XDP_REDIRECT)
			return pass(XLB_REASON_NO_EGRESS);
	}
	count_host(slot, bytes, sessions);
	trail_sent(slot, host->ifindex, sessions);
	trace_before(ctx);
	write_macs(eth, host);
	return verdict;
}

#endif
