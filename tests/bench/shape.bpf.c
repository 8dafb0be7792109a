// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * A balancer of the shape that others have: each packet's flow is looked up in a table that forgets
 * the oldest, one for each CPU. It does less than they do (IPv4 and TCP alone, no encapsulation, no
 * checks of anything), and is there to tell what such a table costs on the machine at hand, where
 * figures of theirs from another machine are to be compared with.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "shape.h"

typedef __u32 __attribute__((may_alias)) word_t;
typedef __u16 __attribute__((may_alias)) half_t;

struct flow {
	__be32 src, dst;
	__u32 ports;
	__u32 proto;
};

struct flow_host {
	__u32 host;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, struct shape_vip);
	__type(value, __u32);
} vips SEC(".maps");

struct flows_of_cpu {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SHAPE_FLOWS);
	__uint(key_size, sizeof(struct flow));
	__uint(value_size, sizeof(struct flow_host));
} no_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, SHAPE_CPUS);
	__type(key, __u32);
	__array(values, struct flows_of_cpu);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SHAPE_RING);
	__type(key, __u32);
	__type(value, __u32);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SHAPE_HOSTS);
	__type(key, __u32);
	__type(value, struct shape_host);
} hosts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, struct shape_count);
} counts SEC(".maps");

static __always_inline __u32 new_host(void *table, const struct flow *flow)
{
	__u64 h = ((__u64)flow->src << 32 | flow->ports) * 0x9fb21c651e98df25ull;
	__u32 at = (h >> 32) % SHAPE_RING, *host = bpf_map_lookup_elem(&ring, &at);
	struct flow_host entry = {};

	if (!host)
		return SHAPE_HOSTS;
	entry.host = *host;
	bpf_map_update_elem(table, flow, &entry, BPF_ANY);
	return entry.host;
}

SEC("xdp")
int shape(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	word_t *eth = (void *)(long)ctx->data;
	const struct iphdr *ip = (void *)eth + sizeof(struct ethhdr);
	const struct tcphdr *tcp = (void *)(ip + 1);
	__u32 cpu = bpf_get_smp_processor_id(), *vip, host;
	const struct shape_host *h;
	const struct flow_host *f;
	struct shape_count *count;
	struct shape_vip key = {};
	struct flow flow;
	void *table;

	if ((void *)(tcp + 1) > data_end || ((half_t *)eth)[6] != bpf_htons(ETH_P_IP) ||
	    *(const __u8 *)ip != 0x45 || ip->protocol != IPPROTO_TCP)
		return XDP_PASS;
	key.word = (__u64)tcp->dest << 32 | ip->daddr;
	vip = bpf_map_lookup_elem(&vips, &key);
	table = bpf_map_lookup_elem(&flows, &cpu);
	if (!vip || !table)
		return XDP_PASS;
	*(volatile __u64 *)&flow.src = (__u64)ip->daddr << 32 | ip->saddr;
	*(volatile __u64 *)&flow.ports = (__u64)IPPROTO_TCP << 32 | *(const word_t *)tcp;
	f = bpf_map_lookup_elem(table, &flow);
	host = f ? f->host : new_host(table, &flow);
	h = bpf_map_lookup_elem(&hosts, &host);
	count = bpf_map_lookup_elem(&counts, vip);
	if (!h || !count)
		return XDP_PASS;
	count->packets++;
	count->bytes += bpf_ntohs(ip->tot_len);
	eth[0] = h->macs[0];
	eth[1] = h->macs[1];
	eth[2] = h->macs[2];
	return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
