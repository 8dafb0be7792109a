// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The big maps as text: iterators that the loader pins beside the maps, so that
 *
 *   cat /sys/fs/bpf/xlb/show_flows4
 *
 * prints the entries in use, one a line, where `bpftool map dump` would print a million empty ones.
 * They read only; nothing of the data path depends on them.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "xlb/abi.h"

#define AF_INET6 10
#define IPPROTO_UDP 17

/* The kernel's types, as far as they are read; relocated by BTF. */
struct seq_file;
struct bpf_map;

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
} __attribute__((preserve_access_index));

/* Printed as columns; the order of enum xlb_flow_state, pf's words. */
static const char state_names[][12] = { "free",   "SYN_SENT", "OPEN",  "CLOSING", "FIN_WAIT",
					"CLOSED", "client",   "moved", "former" };

static __always_inline const char *state_name(__u32 state)
{
	return state < XLB_FLOW_STATES ? state_names[state] : "busy";
}

/* The tables of services and hosts, as in maps.h. The views go through maps that have an entry for
 * each of them, as all of a table is one entry. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	struct xlb_service (*value)[XLB_MAX_SERVICES];
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	struct xlb_host (*value)[XLB_MAX_HOSTS];
} hosts SEC(".maps");

SEC("iter/bpf_map_elem")
int show_services(struct bpf_iter__bpf_map_elem *ctx)
{
	static const char choose_names[][13] = { "row", "roundrobin", "random", "least-states" };
	struct seq_file *seq = ctx->meta->seq;
	const __u32 *key = ctx->key, zero = 0;
	const struct xlb_service *s = bpf_map_lookup_elem(&services, &zero);

	if (!s || !key || *key >= XLB_MAX_SERVICES)
		return 0;
	s += *key;
	if (*key == 0)
		BPF_SEQ_PRINTF(seq, "slot  id    proto choose       flags         name\n");
	if (s->name[0])
		BPF_SEQ_PRINTF(seq, "%-5u %-5u %-5s %-12s %-6s%-7s %s\n", *key, s->id,
			       s->proto == IPPROTO_UDP ? "udp" : "tcp", choose_names[s->choose & 3],
			       s->flags & XLB_SERVICE_TRACK ? "track" : "-",
			       s->flags & XLB_SERVICE_STICKY ? "sticky" : "-", s->name);
	return 0;
}

SEC("iter/bpf_map_elem")
int show_hosts(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	const __u32 *key = ctx->key, zero = 0;
	const struct xlb_host *h = bpf_map_lookup_elem(&hosts, &zero);
	const char *state;

	if (!h || !key || *key >= XLB_MAX_HOSTS)
		return 0;
	h += *key;
	if (*key == 0)
		BPF_SEQ_PRINTF(seq, "slot  service ifindex weight state mac               name\n");
	if (!h->family)
		return 0;
	state = h->flags & XLB_HOST_NEW ? "up" : h->flags & XLB_HOST_OLD ? "drain" : "down";
	BPF_SEQ_PRINTF(seq, "%-5u %-7u %-7u %-6u %-5s %02x:%02x:", *key, h->service, h->ifindex,
		       h->weight, state, h->dst_mac[0], h->dst_mac[1]);
	BPF_SEQ_PRINTF(seq, "%02x:%02x:%02x:%02x %s\n", h->dst_mac[2], h->dst_mac[3], h->dst_mac[4],
		       h->dst_mac[5], h->name);
	return 0;
}

static __always_inline _Bool alive(union xlb_flow_meta meta)
{
	__u32 now = bpf_ktime_get_ns() >> XLB_TICK_SHIFT;

	return meta.state != XLB_FLOW_FREE && XLB_TICK_ALIVE(meta.expires, now);
}

/* The kernel prints addresses at their own width: they come last. */
#define FLOW_HEADER "listen host  state    service port <- client port, address\n"

SEC("iter/bpf_map_elem")
int show_flows4(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	const struct xlb_flow4_line *line = ctx->value;
	const __u32 *key = ctx->key;

	if (!line || !key)
		return 0;
	if (*key == 0)
		BPF_SEQ_PRINTF(seq, FLOW_HEADER);
	for (int i = 0; i < XLB_FLOW_WAYS; i++) {
		struct xlb_flow4 f = line->way[i];

		if (!alive(f.meta))
			continue;
		BPF_SEQ_PRINTF(seq, "%-6u %-5u %-8s %12u <- %-11u  %pI4\n", f.meta.listen,
			       f.meta.host, state_name(f.meta.state), bpf_ntohs(f.port),
			       bpf_ntohs(f.client_port), &f.client);
	}
	return 0;
}

SEC("iter/bpf_map_elem")
int show_flows6(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	const struct xlb_flow6_line *line = ctx->value;
	const __u32 *key = ctx->key;

	if (!line || !key)
		return 0;
	if (*key == 0)
		BPF_SEQ_PRINTF(seq, FLOW_HEADER);
	for (int i = 0; i < XLB_FLOW_WAYS; i++) {
		struct xlb_flow6 f = line->way[i];

		if (!alive(f.meta))
			continue;
		BPF_SEQ_PRINTF(seq, "%-6u %-5u %-8s %12u <- %-11u  %pI6\n", f.meta.listen,
			       f.meta.host, state_name(f.meta.state), bpf_ntohs(f.port),
			       bpf_ntohs(f.client_port), f.client);
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
