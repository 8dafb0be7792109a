/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/why.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>

#include "dataplane/state.h"

#define FRAME_SIZE 128
#define TTL 64

struct made_up {
	uint8_t bytes[FRAME_SIZE];
	size_t size;
};

const char *why_how_name(enum xlb_how how)
{
	static const char *const names[XLB_HOWS] = {
		[XLB_HOW_ROW] = "row",         [XLB_HOW_PREV] = "former host",
		[XLB_HOW_FLOW] = "flow entry", [XLB_HOW_CLIENT] = "client entry",
		[XLB_HOW_POOL] = "pool",       [XLB_HOW_CONN] = "connection",
	};

	return how < XLB_HOWS ? names[how] : NULL;
}

const char *why_row_name(enum why_row row_state)
{
	static const char *const names[] = { [WHY_ROW_STABLE] = "stable",
					     [WHY_ROW_MOVING] = "moving",
					     [WHY_ROW_SETTLED] = "settled" };

	return names[row_state];
}

/* ---- the packet ---------------------------------------------------------------------------- */
static size_t addr_size(int family)
{
	return family == AF_INET6 ? 16 : 4;
}

static bool same_addr(const struct cfg_addr *a, const struct xlb_host *h)
{
	return a->family == h->family && !memcmp(&a->v6, h->addr, addr_size(a->family));
}

/* A host that asks its own service has its own MAC; of others it doesn't matter. */
static void fill_ethernet(const struct dataplane *dp, const struct why_query *q, struct ethhdr *eth)
{
	eth->h_proto = htons(q->client.family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP);
	memcpy(eth->h_source, (const uint8_t[6]){ 2 }, 6);
	for (int i = 0; i < XLB_MAX_HOSTS; i++)
		if (same_addr(&q->client, &dp->image->hosts[i]))
			memcpy(eth->h_source, dp->image->hosts[i].dst_mac, 6);
}

static size_t fill_transport(const struct why_query *q, uint8_t *at)
{
	struct tcphdr tcp = { .source = htons(q->client_port),
			      .dest = htons(q->port),
			      .doff = 5,
			      .syn = !q->mid_stream,
			      .ack = q->mid_stream };
	struct udphdr udp = { .source = htons(q->client_port),
			      .dest = htons(q->port),
			      .len = htons(sizeof(udp)) };

	if (q->proto == IPPROTO_TCP)
		memcpy(at, &tcp, sizeof(tcp));
	else
		memcpy(at, &udp, sizeof(udp));
	return q->proto == IPPROTO_TCP ? sizeof(tcp) : sizeof(udp);
}

static size_t fill_ip(const struct why_query *q, size_t payload, uint8_t *at)
{
	struct iphdr v4 = { .version = 4,
			    .ihl = 5,
			    .tot_len = htons(sizeof(v4) + payload),
			    .ttl = TTL,
			    .protocol = q->proto,
			    .saddr = q->client.v4.s_addr,
			    .daddr = q->vip.v4.s_addr };
	struct ip6_hdr v6 = { .ip6_flow = htonl(6u << 28),
			      .ip6_plen = htons(payload),
			      .ip6_nxt = q->proto,
			      .ip6_hlim = TTL,
			      .ip6_src = q->client.v6,
			      .ip6_dst = q->vip.v6 };

	if (q->client.family == AF_INET)
		memcpy(at, &v4, sizeof(v4));
	else
		memcpy(at, &v6, sizeof(v6));
	return q->client.family == AF_INET ? sizeof(v4) : sizeof(v6);
}

static void make_up(const struct dataplane *dp, const struct why_query *q, struct made_up *ret)
{
	const size_t ip =
		q->client.family == AF_INET6 ? sizeof(struct ip6_hdr) : sizeof(struct iphdr);
	struct ethhdr eth = { 0 };

	memset(ret, 0, sizeof(*ret));
	fill_ethernet(dp, q, &eth);
	memcpy(ret->bytes, &eth, sizeof(eth));
	ret->size = fill_transport(q, ret->bytes + sizeof(eth) + ip);
	ret->size += fill_ip(q, ret->size, ret->bytes + sizeof(eth)) + sizeof(eth);
}

/* ---- what came of it ----------------------------------------------------------------------- */
static void describe_host(const struct image *image, uint32_t slot, struct why_host *ret)
{
	const struct xlb_host *h = slot < XLB_MAX_HOSTS ? &image->hosts[slot] : NULL;

	*ret = (struct why_host){ .name = NULL };
	if (!h || !h->family)
		return;
	ret->name = h->name;
	ret->addr.family = h->family;
	memcpy(&ret->addr.v6, h->addr, addr_size(h->family));
	ret->flags = h->flags;
}

static void describe_row(const struct image *image, const struct xlb_trail *t, struct why *ret)
{
	if (t->row >= XLB_ROWS)
		return;
	ret->row = t->row;
	ret->row_state = t->at_row.prev == XLB_HOST_NONE    ? WHY_ROW_STABLE :
			 t->at_row.prev == XLB_HOST_SETTLED ? WHY_ROW_SETTLED :
							      WHY_ROW_MOVING;
	describe_host(image, t->at_row.cur, &ret->cur);
	describe_host(image, t->at_row.prev, &ret->prev);
}

static const char *state_name(const struct xlb_trail *t)
{
	if (t->how == XLB_HOW_FLOW || t->how == XLB_HOW_CLIENT)
		return flow_state_name(t->state);
	return t->how == XLB_HOW_CONN ? conn_state_name(t->state) : NULL;
}

/* Addresses and ports that NAT has written. */
static void read_nat(const struct made_up *packet, int family, struct why *ret)
{
	const uint8_t *ip = packet->bytes + sizeof(struct ethhdr);
	const size_t n = addr_size(family), at = family == AF_INET6 ? 8 : 12;
	const uint8_t *l4 =
		ip + (family == AF_INET6 ? sizeof(struct ip6_hdr) : sizeof(struct iphdr));

	ret->nat_addr.family = ret->host_addr.family = family;
	memcpy(&ret->nat_addr.v6, ip + at, n);
	memcpy(&ret->host_addr.v6, ip + at + n, n);
	ret->nat_port = l4[0] << 8 | l4[1];
	ret->host_port = l4[2] << 8 | l4[3];
}

static void describe(const struct image *image, const struct why_query *q,
		     const struct xlb_trail *t, const struct made_up *packet, struct why *ret)
{
	ret->hook = t->hook;
	ret->verdict = t->verdict;
	ret->reason = t->reason < XLB_REASON_COUNT ? t->reason : -1;
	ret->reasons = t->reasons;
	if (t->service < XLB_MAX_SERVICES && image->services[t->service].name[0])
		ret->service = &image->services[t->service];
	describe_host(image, t->host, &ret->host);
	ret->how = t->how < XLB_HOWS ? t->how : XLB_HOW_NONE;
	ret->state_name = state_name(t);
	describe_row(image, t, ret);
	if (t->verdict != XLB_TRACED_FORWARD)
		return;
	ret->egress = t->egress;
	memcpy(ret->dst_mac, packet->bytes, 6);
	memcpy(ret->src_mac, packet->bytes + 6, 6);
	if (t->hook == XLB_HOOK_TC)
		read_nat(packet, q->client.family, ret);
}

/* ---- asking -------------------------------------------------------------------------------- */
static int run(struct dataplane *dp, enum xlb_hook hook, const struct why_query *q, struct why *ret)
{
	struct made_up packet;
	struct xlb_trail trail;
	int err;

	make_up(dp, q, &packet);
	err = tracing_dry_run(dp->dry.tracing, hook, q->ifindex, packet.bytes, packet.size, &trail);
	if (err) {
		snprintf(dp->error, sizeof(dp->error), "BPF_PROG_RUN: %s", strerror(-err));
		return err;
	}
	describe(dp->image, q, &trail, &packet, ret);
	return 0;
}

static void look_at_interface(const struct dataplane *dp, uint32_t ifindex, struct why *ret)
{
	size_t n;
	const struct attachment *list = links_list(dp->links, &n);

	for (size_t i = 0; i < n; i++)
		if (list[i].ifindex == ifindex) {
			ret->xdp = list[i].xdp;
			ret->tc = list[i].tc;
		}
}

/* What XDP passes comes to TC; what it says of a packet counts if the other has nothing to say. */
static int ask(struct dataplane *dp, const struct why_query *q, struct why *ret)
{
	struct why tc = { .xdp = ret->xdp, .tc = ret->tc };
	int err = ret->xdp ? run(dp, XLB_HOOK_XDP, q, ret) : 0;

	if (err || !ret->tc || (ret->xdp && ret->verdict != XLB_TRACED_PASS))
		return err;
	err = run(dp, XLB_HOOK_TC, q, &tc);
	if (!err && (tc.service || !ret->xdp))
		*ret = tc;
	return err;
}

int dataplane_why(struct dataplane *dp, const struct why_query *query, struct why *ret)
{
	struct why why = { .reason = -1 };
	int err = 0;

	dp->error[0] = 0;
	if (query->client.family != query->vip.family)
		return -EINVAL;
	look_at_interface(dp, query->ifindex, &why);
	if (why.xdp || why.tc)
		err = trace_need(dp, &dp->dry, -1);
	if (!err)
		err = ask(dp, query, &why);
	if (!err)
		*ret = why;
	return err;
}
