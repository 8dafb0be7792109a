// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Packet tests of NAT: the TC program, run by BPF_PROG_RUN. A translated frame is compared with one
 * that was built from the translated fields, checksums and all. Prints TAP; exits with 77 where it
 * cannot run.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/trace.h"
#include "nat_fixture.h"
#include "netdev.h"

#define SKIPPED 77

static struct nat_fixture fx;
static uint64_t hit; /* reasons, by bit */
static char where[128];

static bool complain(const char *what, long a, long b)
{
	printf("# %s: %s: %ld instead of %ld\n", where, what, a, b);
	return false;
}

static bool same_frame(const struct frame *out, const struct frame *wanted)
{
	if (out->size != wanted->size)
		return complain("bytes", out->size, wanted->size);
	for (size_t i = 0; i < wanted->size; i++)
		if (out->data[i] != wanted->data[i]) {
			printf("# %s: byte %zu is %02x instead of %02x\n", where, i, out->data[i],
			       wanted->data[i]);
			return false;
		}
	return true;
}

/* Is the frame sent, and as wanted? */
static bool sends(const struct frame *in, const struct frame *wanted)
{
	struct frame out;
	int what = nat_run(&fx, in, &out);

	return what == SENT ? same_frame(&out, wanted) : complain("verdict", what, SENT);
}

static bool translates(const struct nat_packet_spec *from, const struct nat_packet_spec *to)
{
	struct frame in, wanted;

	nat_frame(from, &in);
	nat_frame(to, &wanted);
	return sends(&in, &wanted);
}

/* Is it left as it is, with that verdict and that reason counted once? */
static bool refuses_frame(const struct frame *in, int verdict, enum xlb_reason reason)
{
	uint64_t before = nat_reason(&fx, reason);
	struct frame out;
	int what = nat_run(&fx, in, &out);

	if (what != verdict)
		return complain("verdict", what, verdict);
	if (nat_reason(&fx, reason) != before + 1)
		return complain("reasons counted", nat_reason(&fx, reason) - before, 1);
	hit |= 1ull << reason;
	return same_frame(&out, in);
}

static bool refuses(const struct nat_packet_spec *p, int verdict, enum xlb_reason reason)
{
	struct frame in;

	nat_frame(p, &in);
	return refuses_frame(&in, verdict, reason);
}

/* The connection's NAT port after its first packet was sent; 0: it wasn't, or there is not one. */
static uint16_t begin_with(const struct nat_packet_spec *first)
{
	struct session s;
	struct frame in, out;

	nat_frame(first, &in);
	if (nat_run(&fx, &in, &out) != SENT || !nat_session(&fx, &s))
		return 0;
	return s.nat_port ? s.nat_port : 1; /* transparent NAT has none */
}

static uint16_t begin_conn(const struct nat_case *c)
{
	struct nat_packet_spec syn = from_client(c);

	nat_reset(&fx);
	syn.tcp_flags = TH_SYN;
	return begin_with(&syn);
}

/* ---- every field, both ways ---------------------------------------------------------------- */
static bool both_ways(const struct nat_case *c)
{
	struct nat_packet_spec out = from_client(c), back;
	uint16_t port = begin_conn(c);
	struct nat_packet_spec out_wanted = to_host(c, port), back_wanted = to_client(c);

	if (!port)
		return complain("connections", 0, 1);
	if (c->port != KEPT && (port < XLB_NAT_PORT_LO || port >= XLB_NAT_PORT_LO + N_NAT_PORTS))
		return complain("NAT port", port, XLB_NAT_PORT_LO);
	if (c->port == BOUNDED)
		out.ttl = 60;
	back = from_host(c, port);
	for (uint16_t size = 0; size < 1400; size = size * 3 + 1) {
		out.payload = out_wanted.payload = back.payload = back_wanted.payload = size;
		if (!translates(&out, &out_wanted) || !translates(&back, &back_wanted))
			return false;
	}
	return true;
}

static bool no_checksum(const struct nat_case *c)
{
	struct nat_packet_spec out = from_client(c), back;
	uint16_t port = begin_conn(c);
	struct nat_packet_spec out_wanted = to_host(c, port), back_wanted = to_client(c);

	if (c->proto != IPPROTO_UDP || c->family != AF_INET)
		return true;
	back = from_host(c, port);
	out.no_csum = out_wanted.no_csum = back.no_csum = back_wanted.no_csum = true;
	return translates(&out, &out_wanted) && translates(&back, &back_wanted);
}

static uint16_t transport_checksum(const struct nat_packet_spec *p)
{
	struct frame f;
	uint16_t csum;

	nat_frame(p, &f);
	memcpy(&csum,
	       f.data + 14 + (p->family == AF_INET6 ? 40 : 20) + (p->proto == IPPROTO_TCP ? 16 : 6),
	       sizeof(csum));
	return csum;
}

/* Sets that port of the packet so that its checksum comes out as 0, and is written as 0xffff. */
static bool find_full_sum(const struct nat_packet_spec *p, uint16_t *port)
{
	for (*port = 1; transport_checksum(p) != 0xffff; ++*port)
		if (*port == UINT16_MAX)
			return complain("checksums", 0, 1);
	return true;
}

/* 0 would say that there is none (RFC 768); one client's port makes the sum so. The first answer
 * goes the long way. */
static bool checksum_of_zero(const struct nat_case *c)
{
	struct nat_packet_spec first = from_client(c), wanted = to_client(c), back;
	uint16_t port;

	if (c->proto != IPPROTO_UDP)
		return true;
	nat_reset(&fx);
	if (!find_full_sum(&wanted, &wanted.dst.port))
		return false;
	first.src.port = wanted.dst.port;
	port = begin_with(&first);
	if (!port)
		return complain("connections", 0, 1);
	back = from_host(c, port);
	if (c->port == KEPT)
		back.dst.port = wanted.dst.port;
	return translates(&back, &wanted) && translates(&back, &wanted);
}

static bool ip_options(const struct nat_case *c)
{
	struct nat_packet_spec out = from_client(c);
	uint16_t port = begin_conn(c);
	struct nat_packet_spec wanted = to_host(c, port);

	out.options = wanted.options = 3;
	return c->family != AF_INET || translates(&out, &wanted);
}

static bool fragments(const struct nat_case *c)
{
	struct nat_packet_spec out = from_client(c), back;
	uint16_t port = begin_conn(c);
	struct nat_packet_spec out_wanted = to_host(c, port), back_wanted = to_client(c);

	back = from_host(c, port);
	out.part = LAST_PART;
	if (!refuses(&out, TO_STACK, XLB_REASON_FRAG_UNKNOWN))
		return false;
	for (int part = FIRST_PART; part <= LAST_PART; part++) {
		enum xlb_reason reason =
			part == FIRST_PART ? XLB_REASON_FRAG_FIRST : XLB_REASON_FRAG_NEXT;
		uint64_t before = nat_reason(&fx, reason);

		out.part = out_wanted.part = back.part = back_wanted.part = part;
		if (!translates(&out, &out_wanted) || !translates(&back, &back_wanted))
			return false;
		if (nat_reason(&fx, reason) != before + 2)
			return complain("fragments counted", nat_reason(&fx, reason) - before, 2);
		hit |= 1ull << reason;
	}
	return true;
}

/* ---- ICMP errors --------------------------------------------------------------------------- */
static struct nat_packet_spec outer_of(const struct nat_packet_spec *inner, struct nat_end src,
				       struct nat_end dst, uint8_t ttl)
{
	struct nat_packet_spec outer = {
		.family = inner->family, .src = src, .dst = dst, .ttl = ttl
	};

	return outer;
}

/* `from` sends an error about `inner`, of which the client knows as `inner_wanted`. */
static bool told_to_client(const struct nat_packet_spec *inner,
			   const struct nat_packet_spec *inner_wanted, struct nat_end from,
			   struct nat_end from_wanted, uint8_t type, uint16_t quoted)
{
	struct nat_packet_spec outer = outer_of(inner, from, inner->src, 64);
	struct nat_packet_spec outer_wanted = outer_of(inner, from_wanted, inner_wanted->src, 63);
	uint64_t before = nat_reason(&fx, XLB_REASON_ICMP_ERROR);
	const uint8_t code = inner->family == AF_INET6 ? 0 : ICMP_FRAG_NEEDED;
	struct frame in, wanted;

	memcpy(outer.dst_mac, LB_HOST_MAC, 6);
	memcpy(outer.src_mac, HOST_MAC, 6);
	memcpy(outer_wanted.dst_mac, CLIENT_MAC, 6);
	memcpy(outer_wanted.src_mac, LB_MAC, 6);
	nat_error(&outer, type, code, inner, quoted, &in);
	nat_error(&outer_wanted, type, code, inner_wanted, quoted, &wanted);
	hit |= 1ull << XLB_REASON_ICMP_ERROR;
	return sends(&in, &wanted) && nat_reason(&fx, XLB_REASON_ICMP_ERROR) == before + 1;
}

/* … about what the client had sent, as the host's side knows it. */
static bool error_to_client(const struct nat_case *c, uint16_t port, struct nat_end from,
			    struct nat_end from_wanted, uint8_t type, uint16_t quoted)
{
	struct nat_packet_spec inner = to_host(c, port), inner_wanted = from_client(c);

	inner_wanted.ttl = inner.ttl;
	return told_to_client(&inner, &inner_wanted, from, from_wanted, type, quoted);
}

/* … and about what the host had sent, as the client's side knows it. */
static bool error_to_host(const struct nat_case *c, uint16_t port, struct nat_end from,
			  struct nat_end from_wanted, uint8_t type, uint16_t quoted)
{
	struct nat_packet_spec inner = to_client(c), inner_wanted = from_host(c, port);
	struct nat_packet_spec outer = outer_of(&inner, from, inner.src, 64);
	struct nat_packet_spec outer_wanted = outer_of(&inner, from_wanted, inner_wanted.src, 63);
	struct frame in, wanted;

	inner_wanted.ttl = inner.ttl;
	memcpy(outer.dst_mac, LB_MAC, 6);
	memcpy(outer.src_mac, CLIENT_MAC, 6);
	memcpy(outer_wanted.dst_mac, HOST_MAC, 6);
	memcpy(outer_wanted.src_mac, LB_HOST_MAC, 6);
	nat_error(&outer, type, c->family == AF_INET6 ? 0 : ICMP_FRAG_NEEDED, &inner, quoted, &in);
	nat_error(&outer_wanted, type, c->family == AF_INET6 ? 0 : ICMP_FRAG_NEEDED, &inner_wanted,
		  quoted, &wanted);
	return sends(&in, &wanted);
}

static bool errors(const struct nat_case *c)
{
	const uint8_t type = c->family == AF_INET6 ? ICMP6_PACKET_TOO_BIG : ICMP_DEST_UNREACH;
	const uint16_t ip = c->family == AF_INET6 ? 40 : 20;
	const uint16_t quotes[] = { ip + 8, ip + 19, 500 }; /* RFC 792's; all but a byte; all */
	struct nat_end router = router_end(c->family), host, client, vip, seen;
	uint16_t port = begin_conn(c);
	struct nat_packet_spec there = to_host(c, port), here = from_client(c);

	host = there.dst;
	seen = there.src;
	client = here.src;
	vip = here.dst;
	(void)client;
	for (size_t i = 0; i < sizeof(quotes) / sizeof(*quotes); i++)
		if (!error_to_client(c, port, router, router, type, quotes[i]) ||
		    !error_to_client(c, port, host, vip, type, quotes[i]) ||
		    !error_to_host(c, port, router, router, type, quotes[i]) ||
		    !error_to_host(c, port, client, seen, type, quotes[i]))
			return false;
	return true;
}

/* The client's packet had a checksum of 0xffff, as that of one of its ports has: 0 would say that
 * there was none. */
static bool quoted_checksum_of_zero(const struct nat_case *c)
{
	const uint8_t type = c->family == AF_INET6 ? ICMP6_PACKET_TOO_BIG : ICMP_DEST_UNREACH;
	const struct nat_end router = router_end(c->family);
	struct nat_packet_spec first = from_client(c), inner;
	uint16_t port;

	if (c->proto != IPPROTO_UDP)
		return true;
	nat_reset(&fx);
	if (!find_full_sum(&first, &first.src.port))
		return false;
	port = begin_with(&first);
	if (!port)
		return complain("connections", 0, 1);
	inner = to_host(c, port);
	if (c->port == KEPT)
		inner.src.port = first.src.port;
	first.ttl = inner.ttl;
	return told_to_client(&inner, &first, router, router, type, 500);
}

static bool icmp_not_ours(const struct nat_case *c)
{
	const bool v6 = c->family == AF_INET6;
	struct nat_packet_spec inner, outer;
	struct frame in, out;
	uint16_t port = begin_conn(c);

	inner = to_host(c, port + 1); /* nobody's NAT port */
	if (c->port == KEPT)
		inner.src.port++;
	outer = outer_of(&inner, router_end(c->family), inner.src, 64);
	nat_error(&outer, v6 ? ICMP6_DST_UNREACH : ICMP_DEST_UNREACH, 1, &inner, 500, &in);
	if (!refuses_frame(&in, TO_STACK, XLB_REASON_ICMP_OTHER))
		return false;
	nat_error(&outer, v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO, 0, &inner, 500, &in);
	if (nat_run(&fx, &in, &out) != TO_STACK || !same_frame(&out, &in))
		return false;
	inner = to_host(c, port);
	outer = outer_of(&inner, router_end(c->family), inner.src, 1);
	nat_error(&outer, v6 ? ICMP6_DST_UNREACH : ICMP_DEST_UNREACH, 1, &inner, 500, &in);
	return refuses_frame(&in, TO_STACK, XLB_REASON_TTL);
}

/* ---- MTU ----------------------------------------------------------------------------------- */
#define SMALL_MTU 1300

/* Is whoever sent the packet told of the way out's MTU, by whom it was for? */
static bool says_too_big(const struct nat_packet_spec *p)
{
	struct nat_packet_spec answer = {
		.family = p->family, .src = p->dst, .dst = p->src, .ttl = 64
	};
	uint64_t before = nat_reason(&fx, XLB_REASON_FRAG_NEEDED);
	struct frame in, wanted;

	memcpy(answer.dst_mac, p->src_mac, 6);
	memcpy(answer.src_mac, p->dst_mac, 6);
	nat_frame(p, &in);
	nat_too_big(&answer, SMALL_MTU, p, &wanted);
	hit |= 1ull << XLB_REASON_FRAG_NEEDED;
	return sends(&in, &wanted) && nat_reason(&fx, XLB_REASON_FRAG_NEEDED) == before + 1;
}

static bool drops(const struct nat_packet_spec *p, enum xlb_reason reason)
{
	uint64_t before = nat_reason(&fx, reason);
	struct frame in, out;

	hit |= 1ull << reason;
	nat_frame(p, &in);
	return nat_run(&fx, &in, &out) == DROPPED && nat_reason(&fx, reason) == before + 1;
}

static bool small_mtu(const struct nat_case *c)
{
	const uint16_t headers =
		(c->family == AF_INET6 ? 40 : 20) + (c->proto == IPPROTO_TCP ? 20 : 8);
	struct nat_packet_spec out = from_client(c), back;
	uint16_t port = begin_conn(c);
	struct nat_packet_spec out_wanted = to_host(c, port), back_wanted = to_client(c);

	back = from_host(c, port);
	out.df = out_wanted.df = back.df = back_wanted.df = true;
	out.payload = out_wanted.payload = SMALL_MTU - headers;
	back.payload = back_wanted.payload = SMALL_MTU - headers;
	if (!translates(&out, &out_wanted) || !translates(&back, &back_wanted))
		return false;
	for (uint16_t i = 1; i < 150; i += 37) {
		out.payload = back.payload = SMALL_MTU - headers + i;
		if (!says_too_big(&out) || !says_too_big(&back))
			return false;
	}
	if (c->family == AF_INET6)
		return true;
	out.df = false; /* it may be fragmented, but not by us */
	if (!drops(&out, XLB_REASON_TOO_BIG))
		return false;
	out.df = true;
	out.options = 2;
	return drops(&out, XLB_REASON_TOO_BIG);
}

static bool too_big(const struct nat_case *c)
{
	bool good = !netdev_mtu("one", SMALL_MTU) && !netdev_mtu("two", SMALL_MTU);

	good = good && small_mtu(c);
	return !netdev_mtu("one", 1500) && !netdev_mtu("two", 1500) && good;
}

/* ---- TTL ----------------------------------------------------------------------------------- */
static bool ttl(const struct nat_case *c)
{
	struct nat_packet_spec out = from_client(c), back;
	uint16_t port = begin_conn(c);

	back = from_host(c, port);
	out.ttl = back.ttl = 1;
	if (c->port == BOUNDED) {
		if (!refuses(&out, DROPPED, XLB_REASON_MIN_TTL))
			return false;
		out.ttl = 59;
		if (!refuses(&out, DROPPED, XLB_REASON_MIN_TTL))
			return false;
	} else if (!refuses(&out, TO_STACK, XLB_REASON_TTL)) {
		return false;
	}
	return refuses(&back, TO_STACK, XLB_REASON_TTL);
}

/* ---- states -------------------------------------------------------------------------------- */
struct step {
	bool back; /* from the host */
	uint8_t flags;
	const char *state; /* after it */
};

#define MAX_STEPS 8

static const struct {
	const char *name;
	struct step steps[MAX_STEPS];
} stories[] = {
	{ "handshake",
	  { { 0, TH_SYN, "SYN_SENT" },
	    { 1, TH_SYN | TH_ACK, "SYN_RCVD" },
	    { 0, TH_ACK, "ESTABLISHED" } } },
	{ "SYN retransmission",
	  { { 0, TH_SYN, "SYN_SENT" },
	    { 0, TH_SYN, "SYN_SENT" },
	    { 1, TH_SYN | TH_ACK, "SYN_RCVD" },
	    { 0, TH_SYN, "SYN_RCVD" },
	    { 1, TH_SYN | TH_ACK, "SYN_RCVD" } } },
	{ "half-close by the client, the host goes on",
	  { { 0, TH_SYN, "SYN_SENT" },
	    { 1, TH_SYN | TH_ACK, "SYN_RCVD" },
	    { 0, TH_ACK, "ESTABLISHED" },
	    { 0, TH_FIN | TH_ACK, "CLOSE_WAIT" },
	    { 1, TH_ACK, "CLOSE_WAIT" },
	    { 0, TH_ACK, "CLOSE_WAIT" },
	    { 1, TH_FIN | TH_ACK, "TIME_WAIT" },
	    { 0, TH_ACK, "TIME_WAIT" } } },
	{ "half-close by the host",
	  { { 0, TH_SYN, "SYN_SENT" },
	    { 1, TH_SYN | TH_ACK, "SYN_RCVD" },
	    { 0, TH_ACK, "ESTABLISHED" },
	    { 1, TH_FIN | TH_ACK, "FIN_WAIT" },
	    { 0, TH_ACK, "FIN_WAIT" },
	    { 0, TH_FIN | TH_ACK, "TIME_WAIT" },
	    { 1, TH_ACK, "TIME_WAIT" } } },
	{ "simultaneous close, FINs once more",
	  { { 0, TH_SYN, "SYN_SENT" },
	    { 1, TH_SYN | TH_ACK, "SYN_RCVD" },
	    { 0, TH_FIN | TH_ACK, "CLOSE_WAIT" },
	    { 1, TH_FIN | TH_ACK, "TIME_WAIT" },
	    { 0, TH_FIN | TH_ACK, "TIME_WAIT" },
	    { 1, TH_FIN | TH_ACK, "TIME_WAIT" } } },
	{ "FIN overtakes data",
	  { { 0, TH_SYN, "SYN_SENT" },
	    { 1, TH_SYN | TH_ACK, "SYN_RCVD" },
	    { 1, TH_FIN | TH_ACK, "FIN_WAIT" },
	    { 1, TH_ACK, "FIN_WAIT" },
	    { 1, TH_ACK | TH_PUSH, "FIN_WAIT" },
	    { 0, TH_ACK, "FIN_WAIT" } } },
	{ "the client resets",
	  { { 0, TH_SYN, "SYN_SENT" },
	    { 1, TH_SYN | TH_ACK, "SYN_RCVD" },
	    { 0, TH_ACK, "ESTABLISHED" },
	    { 0, TH_RST, "RESET" } } },
	{ "the host refuses", { { 0, TH_SYN, "SYN_SENT" }, { 1, TH_RST | TH_ACK, "RESET" } } },
	{ "a reset out of the window: the host goes on",
	  { { 0, TH_SYN, "SYN_SENT" },
	    { 1, TH_SYN | TH_ACK, "SYN_RCVD" },
	    { 0, TH_ACK, "ESTABLISHED" },
	    { 0, TH_RST, "RESET" },
	    { 1, TH_ACK, "ESTABLISHED" },
	    { 0, TH_ACK, "ESTABLISHED" } } },
	{ "a packet out of the window is the host's to judge",
	  { { 0, TH_SYN, "SYN_SENT" },
	    { 1, TH_SYN | TH_ACK, "SYN_RCVD" },
	    { 0, TH_ACK, "ESTABLISHED" },
	    { 0, TH_ACK | TH_PUSH, "ESTABLISHED" },
	    { 1, TH_ACK, "ESTABLISHED" },
	    { 1, TH_ACK | TH_PUSH, "ESTABLISHED" },
	    { 0, TH_ACK, "ESTABLISHED" } } },
	{ "a SYN on a live connection is the host's to judge",
	  { { 0, TH_SYN, "SYN_SENT" },
	    { 1, TH_SYN | TH_ACK, "SYN_RCVD" },
	    { 0, TH_ACK, "ESTABLISHED" },
	    { 0, TH_SYN, "ESTABLISHED" },
	    { 1, TH_ACK, "ESTABLISHED" } } },
};

static bool take_step(const struct nat_case *c, uint16_t port, const struct step *step)
{
	struct nat_packet_spec p = step->back ? from_host(c, port) : from_client(c);
	struct nat_packet_spec wanted = step->back ? to_client(c) : to_host(c, port);
	struct session s;

	p.tcp_flags = wanted.tcp_flags = step->flags;
	if (!translates(&p, &wanted))
		return false;
	if (!nat_session(&fx, &s))
		return complain("connections", 0, 1);
	if (strcmp(s.state_name, step->state)) {
		printf("# %s: flags %#x: %s instead of %s\n", where, step->flags, s.state_name,
		       step->state);
		return false;
	}
	return true;
}

static bool tell(const struct nat_case *c, const struct step *steps)
{
	uint16_t port = begin_conn(c);

	for (int i = 0; i < MAX_STEPS && steps[i].state; i++)
		if (i && !take_step(c, port, &steps[i]))
			return false;
	return port != 0;
}

static bool states(const struct nat_case *c)
{
	if (c->proto != IPPROTO_TCP)
		return true;
	for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++)
		if (!tell(c, stories[i].steps)) {
			printf("# %s: %s\n", where, stories[i].name);
			return false;
		}
	return true;
}

static const struct step open_steps[] = { { 1, TH_SYN | TH_ACK, "SYN_RCVD" },
					  { 0, TH_ACK, "ESTABLISHED" } };
static const struct step close_steps[] = { { 0, TH_FIN | TH_ACK, "CLOSE_WAIT" },
					   { 1, TH_FIN | TH_ACK, "TIME_WAIT" } };

/* An open connection's NAT port. */
static uint16_t open_conn(const struct nat_case *c)
{
	uint16_t port = begin_conn(c);

	if (c->proto == IPPROTO_TCP)
		return port && take_step(c, port, &open_steps[0]) &&
				       take_step(c, port, &open_steps[1]) ?
			       port :
			       0;
	struct nat_packet_spec answer = from_host(c, port), wanted = to_client(c);

	return port && translates(&answer, &wanted) ? port : 0;
}

/* A SYN on a closing tuple begins anew, at another port: the host may still remember the old one.
 */
static bool closing_tuple(const struct nat_case *c)
{
	struct nat_packet_spec syn = from_client(c), mid = from_client(c);
	uint16_t port = open_conn(c), next;

	if (c->proto != IPPROTO_TCP)
		return true;
	if (!port || !take_step(c, port, &close_steps[0]) || !take_step(c, port, &close_steps[1]))
		return false;
	syn.tcp_flags = TH_SYN;
	next = begin_with(&syn);
	if (!next || (c->port != KEPT && next == port))
		return complain("NAT port", next, port);
	mid.tcp_flags = TH_ACK;
	struct nat_packet_spec wanted = to_host(c, next);

	return translates(&mid, &wanted);
}

/* A host's load is its connections that are neither closed nor reset. */
static bool loads(const struct nat_case *c)
{
	static const struct {
		struct step step;
		int less;
	} steps[] = { { { 0, TH_RST, "RESET" }, 1 },
		      { { 1, TH_ACK, "ESTABLISHED" }, 0 },
		      { { 0, TH_FIN | TH_ACK, "CLOSE_WAIT" }, 0 },
		      { { 1, TH_FIN | TH_ACK, "TIME_WAIT" }, 1 } };
	uint16_t port = open_conn(c);
	uint64_t load = nat_load(&fx);

	if (c->proto != IPPROTO_TCP)
		return true;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		if (!take_step(c, port, &steps[i].step))
			return false;
		if (nat_load(&fx) != load - steps[i].less)
			return complain("load", nat_load(&fx), load - steps[i].less);
	}
	return port != 0;
}

static bool timers(const struct nat_case *c)
{
	struct nat_packet_spec mid = from_client(c), wanted;
	uint16_t port = open_conn(c);

	wanted = to_host(c, port);
	nat_pass_time(&fx, SESSION_TIMEOUT - 5);
	if (!translates(&mid, &wanted)) /* idle for less */
		return false;
	nat_pass_time(&fx, SESSION_TIMEOUT - 5);
	if (!translates(&mid, &wanted)) /* since then */
		return false;
	nat_pass_time(&fx, SESSION_TIMEOUT + 5);
	if (c->proto == IPPROTO_TCP) /* the stack resets it */
		return refuses(&mid, TO_STACK, XLB_REASON_NO_CONNECTION);
	return begin_with(&mid) != 0;
}

static bool short_timers(const struct nat_case *c)
{
	struct nat_packet_spec answer;
	uint16_t port = begin_conn(c);

	answer = from_host(c, port);
	answer.tcp_flags = TH_SYN | TH_ACK;
	nat_pass_time(&fx, c->proto == IPPROTO_TCP ? 40 : 70);
	return port && refuses(&answer, TO_STACK, XLB_REASON_NO_SERVICE);
}

/* ---- hosts --------------------------------------------------------------------------------- */
static bool host_goes_down(const struct nat_case *c)
{
	struct nat_packet_spec mid = from_client(c), syn = from_client(c);
	uint16_t port = open_conn(c);

	fx.up = false;
	if (!port || nat_sync(&fx))
		return false;
	if (c->proto == IPPROTO_TCP) {
		if (!refuses(&mid, TO_STACK, XLB_REASON_HOST_DOWN))
			return false;
	} else if (!refuses(&mid, TO_STACK, XLB_REASON_HOST_GONE)) {
		return false;
	}
	syn.tcp_flags = TH_SYN;
	return refuses(&syn, TO_STACK, XLB_REASON_NO_HOST);
}

static bool host_drains(const struct nat_case *c)
{
	struct nat_packet_spec mid = from_client(c), other = from_client(c), wanted;
	uint16_t port = open_conn(c);

	fx.draining = true;
	if (!port || nat_sync(&fx))
		return false;
	wanted = to_host(c, port);
	other.src.port++;
	other.tcp_flags = TH_SYN;
	return translates(&mid, &wanted) && refuses(&other, TO_STACK, XLB_REASON_NO_HOST);
}

/* An aggregate of three segments is three packets. Its bytes are counted with one header. */
static bool counts_aggregates(const struct nat_case *c)
{
	struct nat_packet_spec out = from_client(c), back;
	uint16_t port = open_conn(c);
	struct session before, after;
	struct frame in, ignored;

	if (!port || !nat_session(&fx, &before))
		return complain("connections", 0, 1);
	back = from_host(c, port);
	out.payload = 3 * 400;
	back.payload = 3 * 500;
	nat_frame(&out, &in);
	if (nat_run_aggregate(&fx, &in, 3, 400, &ignored) != SENT)
		return complain("aggregates from the client", 0, 1);
	nat_frame(&back, &in);
	if (nat_run_aggregate(&fx, &in, 3, 500, &ignored) != SENT)
		return complain("aggregates from the host", 0, 1);
	if (!nat_session(&fx, &after))
		return complain("connections", 0, 1);
	if (after.packets_in != before.packets_in + 3)
		return complain("packets in", after.packets_in - before.packets_in, 3);
	if (after.packets_out != before.packets_out + 3)
		return complain("packets out", after.packets_out - before.packets_out, 3);
	return after.bytes_out - before.bytes_out == in.size - 14;
}

/* ---- limits -------------------------------------------------------------------------------- */
static bool counts(const struct nat_case *c)
{
	struct nat_packet_spec mid = from_client(c), wanted;
	uint16_t port = open_conn(c), ip = c->family == AF_INET6 ? 40 : 20;
	uint16_t transport = c->proto == IPPROTO_TCP ? 20 : 8;
	unsigned in = c->proto == IPPROTO_TCP ? 3 : 2;
	struct session s;

	wanted = to_host(c, port);
	if (!port || !translates(&mid, &wanted) || !nat_session(&fx, &s))
		return false;
	if (s.packets_in != in || s.packets_out != 1)
		return complain("packets", s.packets_in * 100 + s.packets_out, in * 100 + 1);
	if (s.bytes_in != (ip + transport + 33) * in)
		return complain("bytes", s.bytes_in, (ip + transport + 33) * in);
	return s.bytes_out == ip + transport + 33u;
}

static bool mid_stream(const struct nat_case *c)
{
	struct nat_packet_spec mid = from_client(c);

	nat_reset(&fx);
	return c->proto != IPPROTO_TCP || refuses(&mid, TO_STACK, XLB_REASON_NO_CONNECTION);
}

/* A new connection from that port of the client; its verdict. */
static int connect_from(const struct nat_case *c, uint16_t port)
{
	struct nat_packet_spec syn = from_client(c);
	struct frame in, out;

	syn.src.port = port;
	syn.tcp_flags = TH_SYN;
	nat_frame(&syn, &in);
	return nat_run(&fx, &in, &out);
}

static bool refuses_to_connect(const struct nat_case *c, uint16_t port, enum xlb_reason reason)
{
	struct nat_packet_spec syn = from_client(c);

	syn.src.port = port;
	syn.tcp_flags = TH_SYN;
	return refuses(&syn, TO_STACK, reason);
}

/* As many connections as ports, all different ones; the next is the stack's. */
static bool ports_run_out(const struct nat_case *c)
{
	nat_reset(&fx);
	if (c->port == KEPT)
		return true;
	for (uint16_t i = 0; i < N_NAT_PORTS; i++)
		if (connect_from(c, 1000 + i) != SENT)
			return complain("connections", i, N_NAT_PORTS);
	if (!refuses_to_connect(c, 999, XLB_REASON_NO_PORT))
		return false;
	/* those that never got an answer make room */
	nat_pass_time(&fx, 70);
	return connect_from(c, 999) == SENT;
}

static bool index_fills_up(const struct nat_case *c)
{
	uint64_t before = nat_reason(&fx, XLB_REASON_INDEX_FULL);

	nat_reset(&fx);
	if (c->port != KEPT)
		return true;
	for (uint16_t i = 0; i < 1100; i++)
		if (connect_from(c, 1000 + i) != SENT)
			return refuses_to_connect(c, 1000 + i, XLB_REASON_INDEX_FULL) &&
			       nat_reason(&fx, XLB_REASON_INDEX_FULL) == before + 2 &&
			       /* nothing of it is left behind */
			       refuses_to_connect(c, 1000 + i, XLB_REASON_INDEX_FULL);
	return complain("connections", 1100, 1024);
}

/* A client that comes back from the same port, and finds all NAT ports but its last one in use. */
static bool same_port_again(const struct nat_case *c)
{
	struct nat_packet_spec rst = from_client(c);
	struct frame in, out;

	nat_reset(&fx);
	if (c->proto != IPPROTO_TCP || c->port == KEPT)
		return true;
	rst.tcp_flags = TH_RST;
	nat_frame(&rst, &in);
	for (int i = 0; i < 20; i++) {
		for (uint16_t other = 1; other < N_NAT_PORTS; other++)
			if (connect_from(c, 1000 + other) != SENT) /* or goes on */
				return complain("others, round", i, 20);
		if (connect_from(c, rst.src.port) != SENT || nat_run(&fx, &in, &out) != SENT)
			return complain("rounds", i, 20);
		nat_pass_time(&fx, 12); /* the reset is forgotten */
	}
	return true;
}

static bool unknown_interface(const struct nat_case *c)
{
	bool good;

	nat_reset(&fx);
	nat_set_port(&fx, false, true);
	good = refuses_to_connect(c, 1000, XLB_REASON_NO_INTERFACE);
	nat_set_port(&fx, true, true);
	return good && connect_from(c, 1000) == SENT;
}

static bool no_way_back(const struct nat_case *c)
{
	uint16_t port = begin_conn(c);
	struct nat_packet_spec answer = from_host(c, port);
	bool good;

	nat_set_port(&fx, true, false);
	good = refuses(&answer, TO_STACK, XLB_REASON_NO_EGRESS);
	nat_set_port(&fx, true, true);
	return port && good;
}

/* Cut by the frame, or by the packet's length with padding behind it: the stack's to refuse. */
static bool short_headers(const struct nat_case *c)
{
	const bool v6 = c->family == AF_INET6;
	struct nat_packet_spec syn = from_client(c);
	struct frame in;
	uint8_t *length;

	nat_reset(&fx);
	syn.tcp_flags = TH_SYN;
	syn.payload = 0;
	nat_frame(&syn, &in);
	length = in.data + 14 + (v6 ? 5 : 3);
	in.size--;
	if (!refuses_frame(&in, TO_STACK, XLB_REASON_BAD_HEADER))
		return false;
	--*length;
	if (!refuses_frame(&in, TO_STACK, XLB_REASON_BAD_L4))
		return false;
	frame_payload(&in, 20);
	return refuses_frame(&in, TO_STACK, XLB_REASON_BAD_L4);
}

/* Padding is no part of the packet: neither counted, nor of a quoted packet. */
static bool padding(const struct nat_case *c)
{
	struct nat_packet_spec mid = from_client(c), inner, outer;
	uint16_t port = open_conn(c);
	struct session before, after;
	struct frame in, out;

	nat_frame(&mid, &in);
	frame_payload(&in, 7);
	if (!port || !nat_session(&fx, &before) || nat_run(&fx, &in, &out) != SENT ||
	    !nat_session(&fx, &after))
		return false;
	if (after.bytes_in - before.bytes_in != in.size - 14 - 7)
		return complain("bytes", after.bytes_in - before.bytes_in, in.size - 14 - 7);
	inner = to_host(c, port);
	outer = outer_of(&inner, router_end(c->family), inner.src, 64);
	nat_error(&outer, c->family == AF_INET6 ? ICMP6_DST_UNREACH : ICMP_DEST_UNREACH, 1, &inner,
		  c->family == AF_INET6 ? 42 : 22, &in); /* half of the ports */
	frame_payload(&in, 20);
	return refuses_frame(&in, TO_STACK, XLB_REASON_ICMP_OTHER);
}

/* An error to somebody else than the sender of the packet it is about. */
static bool error_for_another(const struct nat_case *c)
{
	const bool v6 = c->family == AF_INET6;
	uint16_t port = begin_conn(c);
	struct nat_packet_spec inner = to_host(c, port);
	struct nat_packet_spec outer =
		outer_of(&inner, router_end(c->family), vip_end(c->family, 0), 64);
	struct frame in;

	nat_error(&outer, v6 ? ICMP6_DST_UNREACH : ICMP_DEST_UNREACH, 1, &inner, 500, &in);
	return port && refuses_frame(&in, TO_STACK, XLB_REASON_ICMP_OTHER);
}

/* An IPv6 fragment header of a whole packet (RFC 6946) makes it no fragment. */
static bool atomic_fragment(const struct nat_case *c)
{
	struct nat_packet_spec out = from_client(c), last;
	uint16_t port = begin_conn(c);
	struct frame in, frame;

	if (c->family != AF_INET6)
		return true;
	last = out;
	out.part = FIRST_PART;
	last.part = LAST_PART;
	nat_frame(&out, &in);
	in.data[14 + 40 + 3] = 0; /* none more */
	if (!port || nat_run(&fx, &in, &frame) != SENT)
		return false;
	return refuses(&last, TO_STACK, XLB_REASON_FRAG_UNKNOWN);
}

/* The rest of a packet whose connection is gone does not follow the one that has its port now. */
static bool fragment_of_former(const struct nat_case *c)
{
	struct nat_packet_spec first = from_client(c), last = first, other;
	struct frame in, out;

	if (c->proto != IPPROTO_TCP || c->port != FULL)
		return true;
	if (!begin_conn(c))
		return false;
	first.tcp_flags = TH_RST;
	first.part = FIRST_PART;
	last.part = LAST_PART;
	nat_frame(&first, &in);
	if (nat_run(&fx, &in, &out) != SENT)
		return false;
	nat_pass_time(&fx, 12); /* resets are forgotten by then, fragments are not */
	for (uint16_t i = 1; i <= N_NAT_PORTS; i++) {
		other = from_client(c);
		other.src.port += i;
		other.tcp_flags = TH_SYN;
		nat_frame(&other, &in);
		if (nat_run(&fx, &in, &out) != SENT)
			return complain("connections", i, N_NAT_PORTS);
	}
	return refuses(&last, TO_STACK, XLB_REASON_FRAG_UNKNOWN);
}

/* The clients' packets go on when nobody reads the events. */
static bool events_are_lost(const struct nat_case *c)
{
	struct nat_packet_spec rst = from_client(c);
	uint64_t before = nat_reason(&fx, XLB_REASON_EVENT_LOST);
	struct frame in, out;

	nat_reset(&fx);
	if (c->proto != IPPROTO_TCP || c->port != FULL)
		return true;
	rst.tcp_flags = TH_RST;
	nat_frame(&rst, &in);
	for (int i = 0; i < 14000; i++) {
		if (connect_from(c, rst.src.port) != SENT || nat_run(&fx, &in, &out) != SENT)
			return complain("connections", i, 14000);
		nat_pass_time(&fx, 11);
	}
	hit |= 1ull << XLB_REASON_EVENT_LOST;
	return nat_reason(&fx, XLB_REASON_EVENT_LOST) > before && !dataplane_read_events(fx.dp);
}

struct told {
	unsigned opened, ended;
	enum conn_end last;
};

static void note(const struct conn_event *event, void *data)
{
	struct told *told = data;

	if (event->end == CONN_OPEN)
		told->opened++;
	else
		told->ended++;
	told->last = event->end;
}

/* Each connection's beginning and end are told once, and why it ended. */
static bool ends_with(const struct nat_case *c, const struct step *steps, uint32_t seconds,
		      enum conn_end end)
{
	struct told told = { 0 };
	uint16_t port = open_conn(c);
	bool good = port != 0;

	for (int i = 0; i < 2 && good && steps && steps[i].state; i++)
		good = take_step(c, port, &steps[i]);
	dataplane_read_events(fx.dp); /* of former checks */
	dataplane_on_conn(fx.dp, note, &told);
	nat_pass_time(&fx, seconds);
	for (int i = 0; i < 20; i++)
		dataplane_tick(fx.dp);
	dataplane_on_conn(fx.dp, NULL, NULL);
	if (!good || told.ended != 1 || told.last != end)
		return complain("ends told", told.ended * 10 + told.last, 10 + end);
	return true;
}

static void look_whole(void)
{
	for (int i = 0; i < 20; i++)
		dataplane_tick(fx.dp);
}

static bool ends_are_told(const struct nat_case *c)
{
	static const struct step reset[] = { { 0, TH_RST, "RESET" }, {} };

	nat_reset(&fx);
	look_whole(); /* those of former checks */
	if (!ends_with(c, NULL, SESSION_TIMEOUT + 5, CONN_TIMEOUT))
		return false;
	return c->proto != IPPROTO_TCP ||
	       (ends_with(c, close_steps, 100, CONN_CLOSED) && ends_with(c, reset, 20, CONN_RESET));
}

/* The daemon finds the words that the program has written. */
static bool words_go(const struct nat_case *c)
{
	const unsigned n = c->port == KEPT ? 2 : 1;
	unsigned before;

	nat_reset(&fx);
	look_whole();
	before = nat_words(&fx);
	if (!begin_conn(c))
		return complain("connections", 0, 1);
	if (nat_words(&fx) != before + n)
		return complain("words", nat_words(&fx) - before, n);
	nat_pass_time(&fx, 2 * SESSION_TIMEOUT);
	look_whole();
	return nat_words(&fx) == before || complain("words left", nat_words(&fx) - before, 0);
}

/* ---- running ------------------------------------------------------------------------------- */
static const struct {
	const char *name;
	bool (*run)(const struct nat_case *c);
} checks[] = {
	{ "every field and checksum, both ways", both_ways },
	{ "UDP without a checksum stays so", no_checksum },
	{ "UDP with a checksum of 0", checksum_of_zero },
	{ "IPv4 options", ip_options },
	{ "fragments", fragments },
	{ "ICMP errors, inside and outside", errors },
	{ "an error that quotes a checksum of 0", quoted_checksum_of_zero },
	{ "ICMP that is nobody's", icmp_not_ours },
	{ "packets larger than the way out's MTU", too_big },
	{ "TTL", ttl },
	{ "states of TCP", states },
	{ "a SYN on a closing tuple", closing_tuple },
	{ "loads", loads },
	{ "idle connections", timers },
	{ "connections without an answer", short_timers },
	{ "the host goes down", host_goes_down },
	{ "the host is drained", host_drains },
	{ "packets and bytes are counted", counts },
	{ "packets of an aggregate are counted", counts_aggregates },
	{ "mid-stream packets of no connection", mid_stream },
	{ "NAT ports run out", ports_run_out },
	{ "the index fills up", index_fills_up },
	{ "clients by an interface that is not known", unknown_interface },
	{ "answers have no way back", no_way_back },
	{ "the same port again", same_port_again },
	{ "headers cut short", short_headers },
	{ "padding", padding },
	{ "an error that is for another", error_for_another },
	{ "a fragment header of a whole packet", atomic_fragment },
	{ "fragments of a connection that is gone", fragment_of_former },
	{ "events that nobody reads", events_are_lost },
	{ "ends are told once", ends_are_told },
	{ "words of the index go with their connections", words_go },
};

#define REASON_ID(id, name, verdict, text) XLB_REASON_##id,
static const enum xlb_reason tc_reasons[] = { XLB_TC_REASONS(REASON_ID) };
#undef REASON_ID

/* Has every reason of this program been hit? A change that the kernel refuses takes a lack of
 * memory that nobody can arrange for. */
static bool all_hit(void)
{
	bool all = true;

	for (size_t i = 0; i < sizeof(tc_reasons) / sizeof(*tc_reasons); i++)
		if (!(hit >> tc_reasons[i] & 1) && tc_reasons[i] != XLB_REASON_REWRITE) {
			printf("# no packet was about reason number %d\n", tc_reasons[i]);
			all = false;
		}
	return all;
}

static bool run_cases(size_t check)
{
	static const uint16_t ports[] = { FULL, KEPT, BOUNDED, STICKY };
	bool good = true;

	for (unsigned i = 0; i < 16; i++) {
		const struct nat_case c = { .family = i & 1 ? AF_INET6 : AF_INET,
					    .proto = i & 2 ? IPPROTO_UDP : IPPROTO_TCP,
					    .port = ports[i / 4] };

		snprintf(where, sizeof(where), "%s: %s %s port %u", checks[check].name,
			 i & 1 ? "IPv6" : "IPv4", i & 2 ? "UDP" : "TCP", c.port);
		if (!checks[check].run(&c)) {
			printf("# %s fails\n", where);
			good = false;
		}
	}
	return good;
}

/* A capture of everything, which nobody reads: the program that does it must do the rest as ever.
 */
static int trace_all(void)
{
	return dataplane_capture(fx.dp, true, XLB_TRACE_BYTES, false);
}

int main(int argc, char **argv)
{
	const bool traced = argc == 2 && !strcmp(argv[1], "--traced");
	size_t n = sizeof(checks) / sizeof(*checks);
	unsigned failed = 0;
	int err;

	if (geteuid() != 0) {
		printf("1..0 # SKIP packet tests load BPF programs: run as root\n");
		return SKIPPED;
	}
	err = nat_open(&fx);
	if (!err && traced)
		err = trace_all();
	if (err) {
		printf("Bail out! data plane with services: %s\n", strerror(-err));
		nat_close(&fx);
		return 1;
	}
	for (size_t i = 0; i < n; i++) {
		bool good = run_cases(i);

		printf("%sok %zu - %s\n", good ? "" : "not ", i + 1, checks[i].name);
		fflush(stdout);
		failed += !good;
	}
	printf("%sok %zu - every reason was hit\n", all_hit() ? "" : "not ", n + 1);
	failed += !all_hit();
	nat_close(&fx);
	printf("1..%zu\n", n + 1);
	return failed != 0;
}
