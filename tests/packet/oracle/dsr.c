// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "dsr.h"

#include <linux/bpf.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "xlb/hash.h"

/* A packet from a client to a service; or the one that an ICMP error is about, turned round. */
struct seen {
	int family;
	__be32 client[4];
	uint16_t client_port, port; /* host byte order */
	uint8_t proto, tcp_flags;
	unsigned listen, service;
};

static uint32_t pass(struct oracle *o, enum xlb_reason why)
{
	o->reasons[why]++;
	return XDP_PASS;
}

/* ---- whose is it? -------------------------------------------------------------------------- */
static bool same_address(const __be32 a[4], const __be32 b[4])
{
	return !memcmp(a, b, 16);
}

/* A listener on the port alone goes before one with a range. */
static const struct oracle_listen *find_listen(const struct oracle *o, const __be32 addr[4],
					       const struct seen *p, uint32_t ingress)
{
	const struct oracle_listen *found = NULL;

	for (const struct oracle_listen *l = o->listens; l->family; l++)
		if (l->family == p->family && l->proto == p->proto && same_address(l->addr, addr) &&
		    p->port >= l->port_lo && p->port <= l->port_hi &&
		    (!l->ifindex || l->ifindex == ingress) && (!found || l->port_lo == l->port_hi))
			found = l;
	return found;
}

static bool match(const struct oracle *o, const __be32 addr[4], uint32_t ingress, struct seen *p)
{
	const struct oracle_listen *l = find_listen(o, addr, p, ingress);

	if (!l)
		return false;
	p->service = l->service;
	p->listen = l - o->listens;
	return true;
}

/* ---- flows ---------------------------------------------------------------------------------- */
static bool begins(const struct seen *p)
{
	return p->proto == IPPROTO_TCP && (p->tcp_flags & (TH_SYN | TH_ACK)) == TH_SYN;
}

static struct oracle_flow *find_flow(struct oracle *o, const struct seen *p)
{
	for (unsigned i = 0; i < o->n_flows; i++) {
		struct oracle_flow *f = &o->flows[i];

		if (f->family == p->family && f->listen == p->listen &&
		    f->client_port == p->client_port && f->port == p->port &&
		    same_address(f->client, p->client) && f->expires >= o->now)
			return f;
	}
	return NULL;
}

/* pf's sloppy tracking, from the client's half. */
static enum flow_phase next_phase(enum flow_phase before, const struct seen *p)
{
	if (p->proto == IPPROTO_UDP)
		return PHASE_OPEN;
	if (before == PHASE_CLOSED || p->tcp_flags & TH_RST)
		return PHASE_CLOSED;
	if (before == PHASE_FINWAIT)
		return PHASE_FINWAIT;
	if (p->tcp_flags & TH_FIN)
		return PHASE_CLOSING;
	if (before == PHASE_CLOSING)
		return PHASE_FINWAIT; /* the ACK after it */
	return begins(p) ? before : PHASE_OPEN;
}

static enum flow_phase first_phase(const struct seen *p)
{
	return begins(p) || p->proto == IPPROTO_UDP ? PHASE_SYN : next_phase(PHASE_OPEN, p);
}

static void touch(struct oracle *o, struct oracle_flow *f, enum flow_phase phase)
{
	const uint32_t timeouts[] = { [PHASE_SYN] = o->timeouts.syn,
				      [PHASE_OPEN] = o->timeouts.open,
				      [PHASE_CLOSING] = o->timeouts.closing,
				      [PHASE_FINWAIT] = o->timeouts.finwait,
				      [PHASE_CLOSED] = o->timeouts.closed };

	f->phase = phase;
	f->expires = o->now + timeouts[phase];
}

static void enter(struct oracle *o, struct oracle_flow *f, const struct seen *p, uint8_t host)
{
	if (!f)
		f = &o->flows[o->n_flows++];
	*f = (struct oracle_flow){ .family = p->family,
				   .listen = p->listen,
				   .client_port = p->client_port,
				   .port = p->port,
				   .host = host };
	memcpy(f->client, p->client, 16);
	touch(o, f, first_phase(p));
}

/* May the packet go on with what is known of its flow? A SYN recycles one that is closing. */
static bool goes_on(const struct oracle *o, const struct oracle_flow *f, const struct seen *p)
{
	return f && o->hosts[f->host].alive && !(begins(p) && f->phase >= PHASE_CLOSING);
}

/* ---- which host? ---------------------------------------------------------------------------- */
static const struct oracle_row *row_of(const struct oracle_service *s, const struct seen *p)
{
	uint32_t ports = xlb_ports(htons(p->client_port), htons(p->port));

	return &s->row[xlb_row_hash(s->hashing, p->client, ports, p->family == AF_INET6)];
}

static bool prev_lives(const struct oracle *o, const struct oracle_row *row)
{
	return row->state == ROW_MOVING && o->hosts[row->prev].alive;
}

static uint8_t choose_by_row(struct oracle *o, const struct oracle_service *s, const struct seen *p)
{
	const struct oracle_row *row = row_of(s, p);
	struct oracle_flow *f;
	uint8_t host = row->cur;

	if (row->state == ROW_STABLE)
		return host;
	f = find_flow(o, p);
	if (goes_on(o, f, p)) {
		touch(o, f, next_phase(f->phase, p));
		return f->host;
	}
	if (prev_lives(o, row) && !begins(p))
		host = row->prev;
	if (host != ORACLE_NOBODY && (f || prev_lives(o, row)))
		enter(o, f, p, host);
	return host;
}

static uint8_t choose_tracked(struct oracle *o, struct oracle_service *s, const struct seen *p,
			      bool *ret_entered)
{
	struct oracle_flow *f = find_flow(o, p);
	uint8_t host;

	if (goes_on(o, f, p)) {
		touch(o, f, next_phase(f->phase, p));
		return f->host;
	}
	/* mid-stream without an entry: by the row, as on every LB of this configuration */
	if (!s->roundrobin || (p->proto == IPPROTO_TCP && !begins(p)))
		host = row_of(s, p)->cur;
	else
		host = s->ring[s->turn++ % s->n_ring];
	if (host == ORACLE_NOBODY)
		return host;
	*ret_entered = true;
	enter(o, f, p, host);
	return host;
}

/* Of the flow that an error is about; nothing changes by it. */
static uint8_t host_of_flow(struct oracle *o, const struct seen *p)
{
	const struct oracle_row *row = row_of(&o->services[p->service], p);
	const struct oracle_flow *f = find_flow(o, p);

	if (f && o->hosts[f->host].alive)
		return f->host;
	return prev_lives(o, row) ? row->prev : row->cur;
}

/* ---- sending -------------------------------------------------------------------------------- */
static bool is_host(const struct oracle *o, const uint8_t mac[6], unsigned service)
{
	for (unsigned i = 0; i < o->n_hosts; i++)
		if (o->hosts[i].service == service && !memcmp(mac, o->hosts[i].dst_mac, 6))
			return true;
	return false;
}

static uint32_t deliver(struct oracle *o, struct frame *f, uint8_t to, unsigned service,
			uint32_t bytes, bool session, uint32_t ingress)
{
	const struct oracle_host *host = &o->hosts[to];

	if (to == ORACLE_NOBODY || !host->alive)
		return pass(o, XLB_REASON_NO_HOST);
	if (is_host(o, f->data + 6, service)) {
		o->reasons[XLB_REASON_LOOP]++;
		return XDP_DROP;
	}
	if (host->ifindex != ingress && !host->reachable)
		return pass(o, XLB_REASON_NO_EGRESS);
	o->counters[to].packets++;
	o->counters[to].bytes += bytes;
	o->counters[to].sessions += session;
	memcpy(f->data, host->dst_mac, 6);
	memcpy(f->data + 6, host->src_mac, 6);
	return host->ifindex == ingress ? XDP_TX : XDP_REDIRECT;
}

static bool sent(uint32_t verdict)
{
	return verdict == XDP_TX || verdict == XDP_REDIRECT;
}

/* ---- fragments ------------------------------------------------------------------------------ */
static struct oracle_fragment *find_fragment(struct oracle *o, const struct dissected *d)
{
	uint8_t proto = d->family == AF_INET6 ? 0 : d->proto;

	for (unsigned i = 0; i < o->n_fragments; i++) {
		struct oracle_fragment *f = &o->fragments[i];

		if (f->family == d->family && f->id == d->frag_id && f->proto == proto &&
		    same_address(f->src, d->src) && same_address(f->dst, d->dst))
			return f;
	}
	return NULL;
}

static void remember_fragment(struct oracle *o, const struct dissected *d, uint8_t host,
			      unsigned service)
{
	struct oracle_fragment *f = find_fragment(o, d);

	if (!f)
		f = &o->fragments[o->n_fragments++];
	*f = (struct oracle_fragment){ .family = d->family,
				       .id = d->frag_id,
				       .proto = d->family == AF_INET6 ? 0 : d->proto,
				       .host = host,
				       .service = service,
				       .expires = o->now + XLB_FRAGMENT_TICKS };
	memcpy(f->src, d->src, 16);
	memcpy(f->dst, d->dst, 16);
}

static uint32_t later_fragment(struct oracle *o, struct frame *f, const struct dissected *d,
			       uint32_t ingress)
{
	const struct oracle_fragment *first = find_fragment(o, d);
	uint32_t verdict;

	if (!first || first->expires < o->now)
		return pass(o, XLB_REASON_FRAG_UNKNOWN);
	if (is_host(o, f->data, first->service))
		return pass(o, XLB_REASON_FLOODED);
	verdict = deliver(o, f, first->host, first->service, d->bytes, false, ingress);
	o->reasons[XLB_REASON_FRAG_NEXT] += sent(verdict);
	return verdict;
}

/* ---- TCP and UDP, ICMP ---------------------------------------------------------------------- */
static uint32_t transport(struct oracle *o, struct frame *f, const struct dissected *d,
			  uint32_t ingress)
{
	const uint8_t *h = f->data + d->l4;
	struct seen p = { .family = d->family, .proto = d->proto };
	struct oracle_service *s;
	bool entered = false;
	uint32_t verdict;
	uint8_t host;

	if (d->l4 + (p.proto == IPPROTO_TCP ? 20 : 8) > d->end)
		return pass(o, XLB_REASON_BAD_L4);
	memcpy(p.client, d->src, 16);
	p.client_port = read_be16(h);
	p.port = read_be16(h + 2);
	p.tcp_flags = p.proto == IPPROTO_TCP ? h[13] : 0;
	if (!match(o, d->dst, ingress, &p))
		return pass(o, XLB_REASON_NO_SERVICE);
	s = &o->services[p.service];
	if (s->nat)
		return pass(o, XLB_REASON_RELAY);
	if (is_host(o, f->data, p.service))
		return pass(o, XLB_REASON_FLOODED);
	host = s->tracked ? choose_tracked(o, s, &p, &entered) : choose_by_row(o, s, &p);
	verdict = deliver(o, f, host, p.service, d->bytes, s->tracked ? entered : begins(&p),
			  ingress);
	if (!sent(verdict))
		return verdict;
	o->reasons[XLB_REASON_IP_OPTIONS] += d->extended;
	o->reasons[XLB_REASON_FRAG_FIRST] += d->fragment;
	if (d->fragment)
		remember_fragment(o, d, host, p.service);
	return verdict;
}

/* The quoted packet, as its client sent packets of that flow. */
static bool quoted(const struct frame *f, const struct dissected *outer, struct seen *ret)
{
	const uint8_t *h = f->data;
	struct dissected in;

	if (dissect_ip(f->data, outer->end, outer->l4 + 8, outer->family, true, &in) != KIND_IP ||
	    (in.proto != IPPROTO_TCP && in.proto != IPPROTO_UDP) || !in.first ||
	    in.l4 + 4 > outer->end || !same_address(in.src, outer->dst))
		return false;
	*ret = (struct seen){ .family = in.family,
			      .proto = in.proto,
			      .port = read_be16(h + in.l4),
			      .client_port = read_be16(h + in.l4 + 2) };
	memcpy(ret->client, in.dst, 16);
	return true;
}

static uint32_t icmp(struct oracle *o, struct frame *f, const struct dissected *d, uint32_t ingress)
{
	uint32_t verdict;
	struct seen p;

	if (d->l4 + 8 > d->end)
		return pass(o, XLB_REASON_BAD_L4);
	if (d->fragment || !icmp_type_is_error(d->family, f->data[d->l4]) || !quoted(f, d, &p) ||
	    !match(o, d->dst, ingress, &p))
		return pass(o, XLB_REASON_ICMP_OTHER);
	if (o->services[p.service].nat)
		return pass(o, XLB_REASON_RELAY);
	if (is_host(o, f->data, p.service))
		return pass(o, XLB_REASON_FLOODED);
	verdict = deliver(o, f, host_of_flow(o, &p), p.service, d->bytes, false, ingress);
	o->reasons[XLB_REASON_ICMP_ERROR] += sent(verdict);
	return verdict;
}

uint32_t oracle_dsr(struct oracle *o, struct frame *f, uint32_t ingress)
{
	static const enum xlb_reason why[] = { [KIND_NOT_IP] = XLB_REASON_NOT_IP,
					       [KIND_VLAN] = XLB_REASON_VLAN,
					       [KIND_BAD_HEADER] = XLB_REASON_BAD_HEADER,
					       [KIND_EXT_HEADERS] = XLB_REASON_EXT_HEADERS };
	struct dissected d;
	enum frame_kind kind = dissect_frame(f->data, f->size, &d);

	if (kind != KIND_IP)
		return pass(o, why[kind]);
	if (!d.first)
		return later_fragment(o, f, &d, ingress);
	if (d.proto == IPPROTO_TCP || d.proto == IPPROTO_UDP)
		return transport(o, f, &d, ingress);
	if (d.proto == (d.family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return icmp(o, f, &d, ingress);
	return pass(o, XLB_REASON_NO_SERVICE);
}

void oracle_forget(struct oracle *o)
{
	o->n_flows = o->n_fragments = 0;
	for (int i = 0; i < ORACLE_SERVICES; i++)
		o->services[i].turn = 0;
	memset(o->reasons, 0, sizeof(o->reasons));
	memset(o->counters, 0, sizeof(o->counters));
}
