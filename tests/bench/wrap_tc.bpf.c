// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The wrapper for the TC program: makes each packet anew and hands it to the program under test by
 * a tail call; see wrap.bpf.c.
 *
 * NAT changes most of the headers, so all of them are restored: from a template, and then the
 * flow's address and port are written.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "clutter.bpf.h"
#include "flow_order.bpf.h"
#include "wrap_tc.h"

/* How to make packets; the benchmark writes it before each run. */
__u8 header[WRAP_HEADER];
__u32 address_at; /* offset of the address's last word that varies */
__u32 ports_at;   /* offset of both ports, of which one varies */
__u32 port_shift; /* which, of the two as a little-endian word: 0, 16 */
__u32 fixed_port; /* the other, where it is in that word */

/* Of the packet to come; the benchmark writes the first one's. */
__be32 next_address;
__u32 next_ports;
__u32 listed; /* flows are those of `flows`, else computed as wrap_tc.h says */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WRAP_FLOWS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct wrap_flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} under_test SEC(".maps");

/* See wrap.bpf.c. */
static __always_inline void prepare_next(void)
{
	__u32 flow = next_flow();
	const struct wrap_flow *known = listed ? bpf_map_lookup_elem(&flows, &flow) : NULL;
	__be16 port = known ? known->port : bpf_htons(WRAP_CLIENT_PORT(flow));

	next_address = known ? known->address : bpf_htonl(WRAP_CLIENT(flow));
	next_ports = fixed_port | (__u32)port << (port_shift & 31);
}

/* In pieces that begin where the headers do, for a load that spans two stores waits for both. */
static __always_inline void restore(void *data)
{
	*(volatile __u64 *)data = *(volatile __u64 *)header;
	*(volatile __u32 *)(data + 8) = *(volatile __u32 *)(header + 8);
	*(volatile __u16 *)(data + 12) = *(volatile __u16 *)(header + 12);
#pragma unroll
	for (int i = ETH_HLEN; i < WRAP_HEADER; i += 8)
		*(volatile __u64 *)(data + i) = *(volatile __u64 *)(header + i);
}

SEC("tc")
int wrap(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;

	__u32 address = address_at, ports = ports_at;

	if (data + WRAP_HEADER > data_end || address > WRAP_HEADER - 4 || ports > WRAP_HEADER - 4)
		return TC_ACT_SHOT;
	if (data + address + 4 > data_end || data + ports + 4 > data_end)
		return TC_ACT_SHOT;
	restore(data);
	*(volatile __u32 *)(data + address) = next_address;
	*(volatile __u32 *)(data + ports) = next_ports;
	prepare_next();
	clutter_before_packet();
	bpf_tail_call(skb, &under_test, 0);
	return TC_ACT_SHOT;
}

SEC("tc")
int verdict_only(struct __sk_buff *skb)
{
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
