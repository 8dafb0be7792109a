// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "nat.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

/* ---- connections ---------------------------------------------------------------------------- */
static bool same_address(const __be32 a[4], const __be32 b[4])
{
	return !memcmp(a, b, 16);
}

static bool over(const struct nat_conn *c)
{
	return c->reset || (c->fin_client && c->fin_host);
}

static bool begins(uint8_t flags)
{
	return (flags & (TH_SYN | TH_ACK)) == TH_SYN;
}

static bool is_service(int family, const __be32 addr[4], uint16_t port)
{
	const struct nat_end vip = vip_end(family, port);

	return same_address(addr, vip.addr) && port >= FULL && port < FULL + N_NAT_SERVICE_PORTS;
}

static struct nat_conn *find_client(struct nat_oracle *o, int family, uint8_t proto,
				    const __be32 client[4], uint16_t client_port, uint16_t port)
{
	for (unsigned i = 0; i < o->n_conns; i++) {
		struct nat_conn *c = &o->conns[i];

		if (!c->gone && c->family == family && c->proto == proto &&
		    c->client_port == client_port && c->port == port &&
		    same_address(c->client, client))
			return c;
	}
	return NULL;
}

const struct nat_conn *nat_by_port(const struct nat_oracle *o, int family, uint8_t proto,
				   uint16_t nat_port)
{
	for (unsigned i = 0; i < o->n_conns; i++) {
		const struct nat_conn *c = &o->conns[i];

		if (!c->gone && c->family == family && c->proto == proto && c->port != KEPT &&
		    c->nat_port == nat_port)
			return c;
	}
	return NULL;
}

bool nat_has_room(const struct nat_oracle *o, int family, uint8_t proto)
{
	unsigned n = 0;

	for (unsigned i = 0; i < o->n_conns; i++) {
		const struct nat_conn *c = &o->conns[i];

		n += !c->gone && c->family == family && c->proto == proto && c->port != KEPT;
	}
	return n < N_NAT_PORTS;
}

/* Of what the host sends to (or has got from) that address and port. */
static struct nat_conn *find_host(struct nat_oracle *o, int family, uint8_t proto,
				  const __be32 host[4], uint16_t host_port, const __be32 other[4],
				  uint16_t other_port)
{
	const struct nat_end real = host_end(family), nat = nat_end(family, 0);

	if (!same_address(host, real.addr) || host_port != HOST_PORT)
		return NULL;
	if (same_address(other, nat.addr))
		return (struct nat_conn *)nat_by_port(o, family, proto, other_port);
	return find_client(o, family, proto, other, other_port, KEPT);
}

static void advance(struct nat_conn *c, uint8_t flags, bool from_host)
{
	if (c->proto != IPPROTO_TCP)
		return;
	if (flags & TH_RST) {
		c->reset = true;
	} else if (c->reset) {
		if (from_host && !(flags & TH_SYN)) /* it was out of the window */
			c->reset = c->fin_client = c->fin_host = false;
	} else if (flags & TH_FIN && from_host) {
		c->fin_host = true;
	} else if (flags & TH_FIN) {
		c->fin_client = true;
	}
}

/* ---- fields --------------------------------------------------------------------------------- */
static void put_address(uint8_t *at, int family, const __be32 addr[4])
{
	memcpy(at, addr, family == AF_INET6 ? 16 : 4);
}

static void put_addresses(struct frame *f, const struct dissected *d, const struct nat_end *src,
			  const struct nat_end *dst)
{
	size_t at = d->l3 + (d->family == AF_INET6 ? 8 : 12);

	put_address(f->data + at, d->family, src->addr);
	put_address(f->data + at + (d->family == AF_INET6 ? 16 : 4), d->family, dst->addr);
}

static void put_ports(struct frame *f, const struct dissected *d, const struct nat_end *src,
		      const struct nat_end *dst)
{
	const uint16_t ports[2] = { htons(src->port), htons(dst->port) };

	memcpy(f->data + d->l4, ports, sizeof(ports));
}

static void put_ttl(struct frame *f, const struct dissected *d, uint8_t ttl)
{
	f->data[d->l3 + (d->family == AF_INET6 ? 7 : 8)] = ttl;
}

static void put_macs(struct frame *f, const uint8_t dst[6], const uint8_t src[6])
{
	memcpy(f->data, dst, 6);
	memcpy(f->data + 6, src, 6);
}

/* How the host knows the client. */
static struct nat_end seen_end(const struct nat_conn *c)
{
	struct nat_end e = { .port = c->client_port };

	if (c->port != KEPT)
		return nat_end(c->family, c->nat_port);
	memcpy(e.addr, c->client, 16);
	return e;
}

static struct nat_end client_of(const struct nat_conn *c)
{
	struct nat_end e = { .port = c->client_port };

	memcpy(e.addr, c->client, 16);
	return e;
}

static void send_to_host(struct nat_answer *a, const struct nat_conn *c, bool ports)
{
	const struct nat_end src = seen_end(c), dst = host_end(c->family);

	a->verdict = SENT;
	put_addresses(&a->frame, &a->outer, &src, &dst);
	if (ports)
		put_ports(&a->frame, &a->outer, &src, &dst);
	put_ttl(&a->frame, &a->outer, c->port == BOUNDED ? 20 : a->outer.ttl - 1);
	put_macs(&a->frame, HOST_MAC, LB_HOST_MAC);
}

static void send_to_client(struct nat_answer *a, const struct nat_conn *c, bool ports)
{
	const struct nat_end src = vip_end(c->family, c->port), dst = client_of(c);

	a->verdict = SENT;
	put_addresses(&a->frame, &a->outer, &src, &dst);
	if (ports)
		put_ports(&a->frame, &a->outer, &src, &dst);
	put_ttl(&a->frame, &a->outer, a->outer.ttl - 1);
	put_macs(&a->frame, c->client_mac, LB_MAC);
}

/* ---- fragments ------------------------------------------------------------------------------ */
static struct nat_part_seen *find_part(struct nat_oracle *o, const struct dissected *d)
{
	uint8_t proto = d->family == AF_INET6 ? 0 : d->proto;

	for (unsigned i = 0; i < o->n_parts; i++) {
		struct nat_part_seen *p = &o->parts[i];

		if (p->family == d->family && p->id == d->frag_id && p->proto == proto &&
		    same_address(p->src, d->src) && same_address(p->dst, d->dst))
			return p;
	}
	return NULL;
}

static void remember_part(struct nat_oracle *o, const struct dissected *d, struct nat_conn *c,
			  bool out)
{
	struct nat_part_seen *p = find_part(o, d);

	if (!d->fragment)
		return;
	if (!p)
		p = &o->parts[o->n_parts++];
	*p = (struct nat_part_seen){ .family = d->family,
				     .id = d->frag_id,
				     .proto = d->family == AF_INET6 ? 0 : d->proto,
				     .conn = c,
				     .out = out };
	memcpy(p->src, d->src, 16);
	memcpy(p->dst, d->dst, 16);
}

/* The connection itself, or the same client's next one if it has the same port. */
static const struct nat_conn *still(struct nat_oracle *o, const struct nat_conn *c)
{
	const struct nat_conn *now;

	if (!c->gone)
		return c;
	if (c->port == KEPT)
		return NULL; /* its number is one that nobody sees, and comes back late */
	now = find_client(o, c->family, c->proto, c->client, c->client_port, c->port);
	return now && now->nat_port == c->nat_port ? now : NULL;
}

static void later_part(struct nat_oracle *o, struct nat_answer *a)
{
	const struct nat_part_seen *p = find_part(o, &a->outer);
	const struct nat_conn *c = p ? still(o, p->conn) : NULL;

	if (a->outer.ttl <= 1 || !c)
		return;
	if (p->out)
		send_to_client(a, c, false);
	else
		send_to_host(a, c, false);
}

/* ---- TCP and UDP ---------------------------------------------------------------------------- */
static struct nat_conn *make(struct nat_oracle *o, const struct dissected *d, uint16_t client_port,
			     uint16_t port, const uint8_t *mac)
{
	struct nat_conn *c = &o->conns[o->n_conns];

	if (port != KEPT && !nat_has_room(o, d->family, d->proto))
		return NULL;
	o->n_conns++;
	*c = (struct nat_conn){
		.family = d->family, .proto = d->proto, .client_port = client_port, .port = port
	};
	memcpy(c->client, d->src, 16);
	memcpy(c->client_mac, mac, 6);
	return c;
}

static void from_client_side(struct nat_oracle *o, struct nat_answer *a, uint16_t client_port,
			     uint16_t port, uint8_t flags)
{
	const struct dissected *d = &a->outer;
	struct nat_conn *c = find_client(o, d->family, d->proto, d->src, client_port, port);

	if (port == BOUNDED && d->ttl < 60) {
		a->verdict = DROPPED;
		return;
	}
	if (d->ttl <= 1)
		return;
	if (c && begins(flags) && over(c)) {
		c->gone = true;
		c = NULL;
	}
	if (!c) {
		if (d->proto == IPPROTO_TCP && !begins(flags))
			return;
		c = a->fresh = make(o, d, client_port, port, a->frame.data + 6);
		if (!c)
			return;
	}
	advance(c, flags, false);
	send_to_host(a, c, true);
	remember_part(o, d, c, false);
}

static void from_host_side(struct nat_oracle *o, struct nat_answer *a, uint16_t sport,
			   uint16_t dport, uint8_t flags)
{
	const struct dissected *d = &a->outer;
	struct nat_conn *c = find_host(o, d->family, d->proto, d->src, sport, d->dst, dport);

	if (!c || d->ttl <= 1)
		return;
	advance(c, flags, true);
	send_to_client(a, c, true);
	remember_part(o, d, c, true);
}

static void transport(struct nat_oracle *o, struct nat_answer *a)
{
	const struct dissected *d = &a->outer;
	const uint8_t *h = a->frame.data + d->l4;
	uint16_t sport, dport;
	uint8_t flags;

	if (!d->first) {
		later_part(o, a);
		return;
	}
	if (d->l4 + (d->proto == IPPROTO_TCP ? 20 : 8) > d->end)
		return;
	sport = read_be16(h);
	dport = read_be16(h + 2);
	flags = d->proto == IPPROTO_TCP ? h[13] : 0;
	if (is_service(d->family, d->dst, dport))
		from_client_side(o, a, sport, dport, flags);
	else
		from_host_side(o, a, sport, dport, flags);
}

/* ---- ICMP errors ---------------------------------------------------------------------------- */
/* The quoted packet is translated back, the outer one goes to whom it was about. */
static void error_to_client(struct nat_answer *a, const struct nat_conn *c)
{
	const struct nat_end vip = vip_end(c->family, c->port), client = client_of(c);
	struct nat_end router = vip;

	if (!same_address(a->outer.src, a->inner.dst))
		memcpy(router.addr, a->outer.src, 16);
	a->verdict = SENT;
	put_addresses(&a->frame, &a->outer, &router, &client);
	put_addresses(&a->frame, &a->inner, &client, &vip);
	put_ports(&a->frame, &a->inner, &client, &vip);
	put_macs(&a->frame, c->client_mac, LB_MAC);
}

static void error_to_host(struct nat_answer *a, const struct nat_conn *c)
{
	const struct nat_end seen = seen_end(c), host = host_end(c->family);
	struct nat_end router = seen;

	if (!same_address(a->outer.src, a->inner.dst))
		memcpy(router.addr, a->outer.src, 16);
	a->verdict = SENT;
	put_addresses(&a->frame, &a->outer, &router, &host);
	put_addresses(&a->frame, &a->inner, &host, &seen);
	put_ports(&a->frame, &a->inner, &host, &seen);
	put_macs(&a->frame, HOST_MAC, LB_HOST_MAC);
}

static void translate_error(struct nat_oracle *o, struct nat_answer *a)
{
	const struct dissected *in = &a->inner;
	uint16_t sport = read_be16(a->frame.data + in->l4);
	uint16_t dport = read_be16(a->frame.data + in->l4 + 2);
	const struct nat_conn *c =
		find_host(o, in->family, in->proto, in->dst, dport, in->src, sport);

	if (a->outer.ttl <= 1)
		return;
	if (c) {
		error_to_client(a, c);
	} else if (is_service(in->family, in->src, sport)) {
		c = find_client(o, in->family, in->proto, in->dst, dport, sport);
		if (c)
			error_to_host(a, c);
	}
	if (a->verdict == SENT)
		put_ttl(&a->frame, &a->outer, a->outer.ttl - 1);
}

static void icmp(struct nat_oracle *o, struct nat_answer *a)
{
	const struct dissected *d = &a->outer;
	struct dissected *in = &a->inner;

	if (d->fragment || d->l4 + 8 > d->end ||
	    !icmp_type_is_error(d->family, a->frame.data[d->l4]))
		return;
	if (dissect_ip(a->frame.data, d->end, d->l4 + 8, d->family, true, in) != KIND_IP ||
	    !in->first || (in->family == AF_INET6 && in->l4 != in->l3 + 40) ||
	    (in->proto != IPPROTO_TCP && in->proto != IPPROTO_UDP) || in->l4 + 4 > d->end ||
	    !same_address(in->src, d->dst))
		return;
	a->icmp = true;
	translate_error(o, a);
}

/* Of IPv6's extension headers only a lone fragment header is NAT's. */
static bool plain(const struct nat_answer *a)
{
	const struct dissected *d = &a->outer;
	const uint8_t *h = a->frame.data + d->l3;

	return d->family == AF_INET || d->l4 == d->l3 + 40 ||
	       (h[6] == IPPROTO_FRAGMENT && d->l4 == d->l3 + 48);
}

void oracle_nat(struct nat_oracle *o, const struct frame *in, struct nat_answer *ret)
{
	struct dissected *d = &ret->outer;

	*ret = (struct nat_answer){ .verdict = TO_STACK, .frame = *in };
	if (dissect_frame(in->data, in->size, d) != KIND_IP || !plain(ret))
		return;
	if (d->proto == IPPROTO_TCP || d->proto == IPPROTO_UDP)
		transport(o, ret);
	else if (d->proto == (d->family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		icmp(o, ret);
}
