// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Random packets through the TC program, in both directions, and through an oracle that was written
 * apart from it: verdict, every byte and every checksum have to be as it says. See batches.h.
 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "batches.h"
#include "mutate.h"
#include "nat.h"
#include "nat_sums.h"

#define MOST_CHANGES 4
#define MOST_REFUSED (14 + 40) /* with half an IP header */
#define MTU 1500 /* of the fixture's interfaces */
#define CLIENT_PORT 40000
#define CLIENT_PORTS 3

static struct nat_fixture fx;
static struct nat_oracle oracle;
static uint64_t reasons[XLB_REASON_COUNT]; /* at the batch's start */

/* Packets sent, over all batches. */
static struct {
	uint64_t to_host, to_client, errors, parts, fresh, dropped, to_stack;
} seen;

/* ---- packets -------------------------------------------------------------------------------- */
static uint8_t some_flags(struct random *r)
{
	static const uint8_t flags[] = { TH_SYN,           TH_SYN | TH_ACK, TH_ACK,
					 TH_ACK | TH_PUSH, TH_FIN | TH_ACK, TH_RST };

	return flags[random_below(r, sizeof(flags))];
}

static struct nat_case some_case(struct random *r)
{
	return (struct nat_case){ .family = random_percent(r, 50) ? AF_INET6 : AF_INET,
				  .proto = random_percent(r, 60) ? IPPROTO_TCP : IPPROTO_UDP,
				  .port = FULL + random_below(r, N_NAT_SERVICE_PORTS) };
}

static uint16_t some_nat_port(struct random *r)
{
	return XLB_NAT_PORT_LO + random_below(r, N_NAT_PORTS);
}

static uint16_t some_client_port(struct random *r)
{
	return CLIENT_PORT + random_below(r, CLIENT_PORTS);
}

static void shape(struct nat_packet_spec *p, struct random *r)
{
	p->tcp_flags = some_flags(r);
	p->payload = random_percent(r, 80) ? random_below(r, 64) : random_below(r, 1400);
	p->no_csum = p->family == AF_INET && random_percent(r, 5);
	if (random_percent(r, 20)) {
		p->part = 1 + random_below(r, LAST_PART);
		p->payload += 32;
	}
	if (p->family == AF_INET && random_percent(r, 10))
		p->options = random_below(r, 11);
	if (random_percent(r, 5))
		p->ttl = random_below(r, 256);
}

/* One end of a packet between client and VIP, or between NAT address and host. */
static struct nat_packet_spec some_packet(const struct nat_case *c, bool back, struct random *r)
{
	struct nat_packet_spec p = back ? from_host(c, some_nat_port(r)) : from_client(c);

	if (!back)
		p.src.port = some_client_port(r);
	else if (c->port == KEPT)
		p.dst.port = some_client_port(r);
	return p;
}

static uint8_t error_type(int family, struct random *r)
{
	static const uint8_t v4[] = { ICMP_DEST_UNREACH, ICMP_TIME_EXCEEDED, ICMP_PARAMETERPROB };

	return family == AF_INET6 ? ICMP6_DST_UNREACH + random_below(r, 4) :
				    v4[random_below(r, sizeof(v4))];
}

/* About a packet of a connection, in either direction: as it was when the LB had sent it. */
static void some_error(const struct nat_case *c, struct frame *f, struct random *r)
{
	bool about_client = random_percent(r, 50); /* about what a client had sent */
	struct nat_packet_spec in, outer;

	if (about_client) {
		in = to_host(c, some_nat_port(r));
		if (c->port == KEPT)
			in.src.port = some_client_port(r);
	} else {
		in = to_client(c);
		in.dst.port = some_client_port(r);
	}
	in.payload = random_below(r, 64);
	in.options = c->family == AF_INET && random_percent(r, 10) ? random_below(r, 11) : 0;
	outer = (struct nat_packet_spec){ .family = c->family,
					  .src = random_percent(r, 50) ? router_end(c->family) :
									 in.dst,
					  .dst = in.src,
					  .ttl = 64 };
	memcpy(outer.dst_mac, in.src_mac, 6);
	memcpy(outer.src_mac, in.dst_mac, 6);
	nat_error(&outer, error_type(c->family, r), 0, &in,
		  random_percent(r, 50) ? 1000 : 28 + random_below(r, 60), f);
}

/* Packets larger than the MTU are answered, which is test_packet_nat's: here none says to be. */
static void within_mtu(struct frame *f)
{
	const bool v6 = f->size > 14 + 40 && f->data[14] >> 4 == 6;
	const size_t at = 14 + (v6 ? 4 : 2);
	const uint16_t most = v6 ? MTU - 40 : MTU, length = read_be16(f->data + at);

	if (f->size >= at + 2 && length > most) {
		f->data[at] = most >> 8;
		f->data[at + 1] = most & 0xff;
	}
}

static void some_frame(struct frame *f, struct random *r)
{
	const struct nat_case c = some_case(r);
	struct nat_packet_spec p;

	if (random_percent(r, 20)) {
		some_error(&c, f, r);
	} else {
		p = some_packet(&c, random_percent(r, 50), r);
		shape(&p, r);
		nat_frame(&p, f);
	}
	mutate(f, MOST_CHANGES, r);
	within_mtu(f);
}

/* ---- judging -------------------------------------------------------------------------------- */
static void tally(const struct nat_answer *a)
{
	if (a->verdict != SENT) {
		seen.to_stack += a->verdict == TO_STACK;
		seen.dropped += a->verdict == DROPPED;
		return;
	}
	seen.to_host += !memcmp(a->frame.data, HOST_MAC, 6);
	seen.to_client += !memcmp(a->frame.data + 6, LB_MAC, 6);
	seen.errors += a->icmp;
	seen.parts += a->outer.fragment && !a->outer.first;
	seen.fresh += a->fresh != NULL;
}

/* A new connection's port is the program's to choose: in range, and nobody else's. */
static bool learn_port(const struct batch *b, struct nat_answer *a, const struct frame *out)
{
	struct nat_conn *c = a->fresh;
	uint16_t port = read_be16(out->data + a->outer.l4);

	if (!c || c->port == KEPT)
		return true;
	if (port < XLB_NAT_PORT_LO || port >= XLB_NAT_PORT_LO + N_NAT_PORTS)
		return complain(b, "NAT port", port, XLB_NAT_PORT_LO);
	if (nat_by_port(&oracle, c->family, c->proto, port))
		return complain(b, "NAT port of another connection", port, 0);
	c->nat_port = port;
	memcpy(a->frame.data + a->outer.l4, out->data + a->outer.l4, 2);
	return true;
}

/* What the program has counted in this batch. */
static void explain(void)
{
#define REASON_NAME(id, name, verdict, text) name,
	static const char *const names[] = { XLB_REASONS(REASON_NAME) };
#undef REASON_NAME

	for (unsigned i = 0; i < XLB_REASON_COUNT; i++)
		if (nat_reason(&fx, i) != reasons[i])
			printf("# in this batch: %s %lu\n", names[i],
			       nat_reason(&fx, i) - reasons[i]);
}

static bool run_packet(const struct batch *b, const struct frame *in)
{
	struct nat_answer wanted;
	struct frame out;
	const char *sum;
	int verdict;

	oracle_nat(&oracle, in, &wanted);
	verdict = nat_run(&fx, in, &out);
	if (verdict == -EINVAL && in->size < MOST_REFUSED) /* the kernel runs no program on that */
		return wanted.verdict == TO_STACK || complain(b, "refused", verdict, SENT);
	if (verdict != wanted.verdict) {
		explain();
		return complain(b, "verdict", verdict, wanted.verdict);
	}
	if (!same_size(b, &out, &wanted.frame) || !learn_port(b, &wanted, &out))
		return false;
	sum = nat_sums(in, &out, &wanted);
	if (sum)
		return complain(b, sum, 1, 0);
	tally(&wanted);
	return same_bytes(b, &out, &wanted.frame);
}

static bool run_batch(struct batch *b)
{
	nat_reset(&fx);
	dataplane_read_events(fx.dp);
	oracle.n_conns = oracle.n_parts = 0;
	for (unsigned i = 0; i < XLB_REASON_COUNT; i++)
		reasons[i] = nat_reason(&fx, i);
	for (b->packet = 0; b->packet < BATCH; b->packet++) {
		struct frame f;

		some_frame(&f, &b->random);
		if (run_packet(b, &f))
			continue;
		dump("packet", &f); /* now: where ports are in turn depends on former batches */
		return false;
	}
	return true;
}

static bool covered(void)
{
	printf("# to hosts %lu, to clients %lu, dropped %lu, to the stack %lu\n", seen.to_host,
	       seen.to_client, seen.dropped, seen.to_stack);
	printf("# of these new connections %lu, ICMP errors %lu, later fragments %lu\n", seen.fresh,
	       seen.errors, seen.parts);
	return seen.to_host && seen.to_client && seen.dropped && seen.to_stack && seen.fresh &&
	       seen.errors && seen.parts;
}

/* ---- opening -------------------------------------------------------------------------------- */
static int open_fixture(void)
{
	fx.lines = 4096; /* no index line fills up */
	return nat_open(&fx);
}

static void close_fixture(void)
{
	nat_close(&fx);
}

int main(int argc, char **argv)
{
	static const struct fuzz fuzz = { "NAT", open_fixture, close_fixture, run_batch, covered };

	return fuzz_main(&fuzz, argc, argv);
}
