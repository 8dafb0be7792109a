/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Questions on the segment of hosts of direct server return. Frames for a VIP go to each host's
 * MAC, as XDP sends them, but with the box's own address as the client's: a host that has the VIP
 * answers from it. And who else thinks that the VIP is his? Nobody's neighbour cache learns from
 * asking.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "doctor/survey.h"
#include "doctor/wire.h"

#define ROUND_MS 300
#define MIN_ROUNDS 3 /* silence must last that long */
#define MAX_ROUNDS 8 /* for those who have not answered */
#define MAX_VIPS 64
#define MAX_CLAIMS 64
#define ECHO_LEN 64

/* Ports that neither local programs nor NAT use. */
#define PORT_BASE 61000
#define PORT_COUNT 4000

enum question_kind { ASK_ECHO, ASK_BIG_ECHO, ASK_TCP };

struct question {
	enum question_kind kind;
	const struct way *way;
	const struct cfg_addr *vip;
	uint16_t port; /* ASK_TCP */
	bool answered;
	bool refused;  /* by a reset */
	bool fragment; /* the answer came in pieces */
};

struct claim {
	struct cfg_addr vip;
	uint8_t mac[6];
	bool request;
};

struct segment {
	struct survey *s;
	const struct place *place;
	struct wire wire;
	struct question *questions;
	size_t n_questions;
	const struct cfg_addr *vips[MAX_VIPS];
	size_t n_vips;
	struct claim claims[MAX_CLAIMS];
	size_t n_claims;
	uint16_t id; /* of echo requests; and a start for ports */
	uint8_t frame[FRAME_SIZE];
};

/* ---- what to ask --------------------------------------------------------------------------- */
static int add_question(struct segment *g, enum question_kind kind, const struct way *w,
			const struct site_vip *vip)
{
	struct question *list;

	for (size_t i = 0; i < g->n_questions; i++) {
		const struct question *q = &g->questions[i];

		if (q->kind == kind && q->way == w && site_same_addr(q->vip, &vip->addr) &&
		    (kind != ASK_TCP || q->port == vip->port))
			return 0;
	}
	list = realloc(g->questions, (g->n_questions + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	g->questions = list;
	list[g->n_questions++] =
		(struct question){ .kind = kind, .way = w, .vip = &vip->addr, .port = vip->port };
	return 0;
}

static void add_vip(struct segment *g, const struct cfg_addr *vip)
{
	for (size_t i = 0; i < g->n_vips; i++)
		if (site_same_addr(g->vips[i], vip))
			return;
	if (g->n_vips < MAX_VIPS)
		g->vips[g->n_vips++] = vip;
}

static int add_questions(struct segment *g, const struct way *w, const struct site_vip *vip)
{
	char text[SITE_ADDR_SIZE];
	int r;

	add_vip(g, &vip->addr);
	if (w->hop.src_addr.family != vip->addr.family ||
	    site_same_addr(&w->hop.src_addr, &vip->addr)) {
		report_untested(g->s->report, "vip",
				"%s has no address to ask from but the VIP %s itself",
				g->place->name, site_addr_text(&vip->addr, text));
		return 0;
	}
	r = add_question(g, ASK_ECHO, w, vip);
	if (r == 0)
		r = add_question(g, ASK_BIG_ECHO, w, vip);
	if (r == 0 && vip->proto == IPPROTO_TCP)
		r = add_question(g, ASK_TCP, w, vip);
	return r;
}

static bool serves(const struct site_service *service, const struct way *w)
{
	for (size_t i = 0; service->way == SITE_ROUTE && i < service->n_hosts; i++)
		if (site_same_addr(&service->hosts[i].addr, &w->host->addr))
			return true;
	return false;
}

static int collect_of_way(struct segment *g, const struct way *w)
{
	const struct site *site = g->s->in->site;
	int r = 0;

	for (size_t i = 0; i < site->n_services; i++) {
		const struct site_service *service = &site->services[i];

		for (size_t j = 0; serves(service, w) && j < service->n_vips && r == 0; j++)
			if (service->vips[j].addr.family == w->host->addr.family)
				r = add_questions(g, w, &service->vips[j]);
	}
	return r;
}

static int collect(struct segment *g)
{
	int r = 0;

	for (size_t i = 0; i < g->s->n_ways && r == 0; i++) {
		const struct way *w = &g->s->ways[i];

		if (w->hop.state == NEXT_HOP_OK && w->hop.ifindex == g->place->ifindex &&
		    site_same_addr(&w->hop.gateway, &w->host->addr))
			r = collect_of_way(g, w);
	}
	return r;
}

/* ---- asking -------------------------------------------------------------------------------- */
static uint16_t source_port(const struct segment *g, size_t question)
{
	return (uint16_t)(PORT_BASE + (g->id + question) % PORT_COUNT);
}

static struct frame_path path_of(const struct question *q)
{
	struct frame_path path = { .src = q->way->hop.src_addr, .dst = *q->vip };

	memcpy(path.src_mac, q->way->hop.src_mac, 6);
	memcpy(path.dst_mac, q->way->hop.dst_mac, 6);
	return path;
}

static size_t echo_len(const struct segment *g, const struct question *q)
{
	size_t most = FRAME_SIZE - FRAME_ETH_LEN;

	if (q->kind == ASK_ECHO)
		return ECHO_LEN;
	return g->place->mtu < most ? g->place->mtu : most;
}

static void send_tcp(struct segment *g, size_t i, uint8_t flags, uint32_t seq)
{
	const struct frame_path path = path_of(&g->questions[i]);
	const struct frame_tcp tcp = { .src_port = source_port(g, i),
				       .dst_port = g->questions[i].port,
				       .seq = seq,
				       .flags = flags };

	wire_send(&g->wire, g->frame, frame_tcp(g->frame, &path, &tcp));
}

static void ask(struct segment *g, size_t i)
{
	const struct question *q = &g->questions[i];
	const struct frame_path path = path_of(q);

	if (q->kind == ASK_TCP)
		send_tcp(g, i, FRAME_TCP_SYN, g->id);
	else
		wire_send(&g->wire, g->frame,
			  frame_echo(g->frame, &path, g->id, (uint16_t)i, echo_len(g, q)));
}

static void ask_who_has(struct segment *g)
{
	for (size_t i = 0; i < g->n_vips; i++)
		wire_send(&g->wire, g->frame, frame_who_has(g->frame, g->place->mac, g->vips[i]));
}

/* ---- hearing ------------------------------------------------------------------------------- */
static bool is_ours(const struct segment *g, const uint8_t mac[6])
{
	for (size_t i = 0; i < g->s->n_places; i++)
		if (memcmp(g->s->places[i].mac, mac, 6) == 0)
			return true;
	return false;
}

static void hear_claim(struct segment *g, const struct frame_facts *f)
{
	bool about_vip = false;

	for (size_t i = 0; i < g->n_vips; i++)
		about_vip |= site_same_addr(g->vips[i], &f->addr);
	if (!about_vip || is_ours(g, f->mac) || g->n_claims == MAX_CLAIMS)
		return;
	for (size_t i = 0; i < g->n_claims; i++)
		if (memcmp(g->claims[i].mac, f->mac, 6) == 0 &&
		    site_same_addr(&g->claims[i].vip, &f->addr))
			return;
	g->claims[g->n_claims] = (struct claim){ .vip = f->addr, .request = f->request };
	memcpy(g->claims[g->n_claims++].mac, f->mac, 6);
}

static bool answers(const struct question *q, const struct frame_facts *f)
{
	return site_same_addr(q->vip, &f->addr) && memcmp(q->way->hop.dst_mac, f->mac, 6) == 0;
}

static void hear_echo(struct segment *g, const struct frame_facts *f)
{
	struct question *q;

	if (f->id != g->id || f->seq >= g->n_questions)
		return;
	q = &g->questions[f->seq];
	if (q->kind == ASK_TCP || !answers(q, f))
		return;
	q->answered = true;
	q->fragment |= f->fragment;
}

/* A connection that has begun is ended at once. */
static void hear_tcp(struct segment *g, const struct frame_facts *f)
{
	for (size_t i = 0; i < g->n_questions; i++) {
		struct question *q = &g->questions[i];

		if (q->kind != ASK_TCP || q->port != f->tcp.src_port ||
		    source_port(g, i) != f->tcp.dst_port || !answers(q, f))
			continue;
		q->answered = true;
		q->refused = f->tcp.flags & FRAME_TCP_RST;
		if (!q->refused)
			send_tcp(g, i, FRAME_TCP_RST, f->tcp.ack);
		return;
	}
}

static void hear(struct segment *g, const struct frame_facts *f)
{
	switch (f->kind) {
	case FRAME_CLAIM:
		hear_claim(g, f);
		break;
	case FRAME_ECHO_REPLY:
		hear_echo(g, f);
		break;
	case FRAME_TCP:
		hear_tcp(g, f);
		break;
	case FRAME_OTHER:
		break;
	}
}

static bool all_answered(const struct segment *g)
{
	for (size_t i = 0; i < g->n_questions; i++)
		if (!g->questions[i].answered)
			return false;
	return true;
}

static int converse(struct segment *g)
{
	struct frame_facts facts;
	int r = 0;

	for (unsigned n = 0; n < MAX_ROUNDS && r >= 0; n++) {
		uint64_t deadline = wire_now() + ROUND_MS;

		if (n >= MIN_ROUNDS && all_answered(g))
			break;
		ask_who_has(g);
		for (size_t i = 0; i < g->n_questions; i++)
			if (!g->questions[i].answered)
				ask(g, i);
		while ((r = wire_receive(&g->wire, deadline, &facts)) > 0)
			hear(g, &facts);
	}
	return r;
}

/* ---- judging ------------------------------------------------------------------------------- */
static const struct question *find(const struct segment *g, const struct question *like,
				   enum question_kind kind)
{
	for (size_t i = 0; i < g->n_questions; i++) {
		const struct question *q = &g->questions[i];

		if (q->kind == kind && q->way == like->way && site_same_addr(q->vip, like->vip))
			return q;
	}
	return NULL;
}

/* Some port answered, if only by a refusal. */
static bool any_tcp(const struct segment *g, const struct question *like)
{
	for (size_t i = 0; i < g->n_questions; i++) {
		const struct question *q = &g->questions[i];

		if (q->kind == ASK_TCP && q->answered && q->way == like->way &&
		    site_same_addr(q->vip, like->vip))
			return true;
	}
	return false;
}

static void judge_echo(struct segment *g, const struct question *q)
{
	const char *host = q->way->host->name;
	char vip[SITE_ADDR_SIZE];

	report_tested(g->s->report);
	if (q->answered || any_tcp(g, q))
		return;
	report_add(g->s->report, SEVERITY_ERROR, "vip",
		   "host %s does not answer for %s: neither pings nor connections sent to its MAC",
		   host, site_addr_text(q->vip, vip));
	report_advise(g->s->report,
		      "it lacks the address on lo (\"ip address show dev lo\" there), or drops "
		      "what comes "
		      "for it: xlbctl node-setup %s | ssh root@%s sh",
		      host, host);
}

static void judge_size(struct segment *g, const struct question *q)
{
	const struct question *small = find(g, q, ASK_ECHO);

	report_tested(g->s->report);
	if (!small || !small->answered || (q->answered && !q->fragment))
		return;
	report_add(g->s->report, SEVERITY_WARNING, "mtu",
		   "host %s: packets of %zu bytes, the MTU of %s, %s", q->way->host->name,
		   echo_len(g, q), g->place->name,
		   q->answered ? "are answered in pieces" : "do not reach it or are not answered");
	report_advise(g->s->report,
		      "the host's interface and the switch need an MTU of %u, too: ip link "
		      "set DEVICE mtu %u there",
		      g->place->mtu, g->place->mtu);
}

static void judge_port(struct segment *g, const struct question *q)
{
	const struct question *echo = find(g, q, ASK_ECHO);
	const char *host = q->way->host->name;
	char vip[SITE_ADDR_SIZE];

	site_addr_text(q->vip, vip);
	report_tested(g->s->report);
	if (q->answered && q->refused) {
		report_add(g->s->report, SEVERITY_ERROR, "port",
			   "host %s has %s, but refuses connections to port %u of it", host, vip,
			   q->port);
		report_advise(g->s->report,
			      "does the server listen on that address, or on its own one "
			      "only? \"ss -ltn sport = :%u\" there",
			      q->port);
	} else if (!q->answered && ((echo && echo->answered) || any_tcp(g, q))) {
		report_add(g->s->report, SEVERITY_ERROR, "port",
			   "host %s has %s, but does not answer on port %u of it", host, vip,
			   q->port);
		report_advise(g->s->report,
			      "a firewall there? \"nft list ruleset\", and rp_filter of the "
			      "interface");
	}
}

static void judge_question(struct segment *g, const struct question *q)
{
	switch (q->kind) {
	case ASK_ECHO:
		judge_echo(g, q);
		break;
	case ASK_BIG_ECHO:
		judge_size(g, q);
		break;
	case ASK_TCP:
		judge_port(g, q);
		break;
	}
}

/* A node may be in tables by addresses of both families: by the one that it is about, if it can be.
 */
static const struct site_host *host_of_claim(const struct segment *g, const struct claim *c)
{
	const struct site_host *found = NULL;

	for (size_t i = 0; i < g->s->n_ways; i++) {
		const struct way *w = &g->s->ways[i];

		if (w->hop.state != NEXT_HOP_OK || memcmp(w->hop.dst_mac, c->mac, 6) != 0)
			continue;
		if (w->host->addr.family == c->vip.family)
			return w->host;
		found = w->host;
	}
	return found;
}

static void judge_host_claim(struct segment *g, const struct claim *c, const char *host,
			     bool on_segment)
{
	char vip[SITE_ADDR_SIZE];
	bool v4 = c->vip.family == AF_INET;

	report_add(g->s->report, on_segment ? SEVERITY_ERROR : SEVERITY_WARNING, "arp",
		   "host %s %s %s on %s%s", host,
		   c->request ? "announces" :
		   v4         ? "answers ARP for" :
				"answers neighbour solicitations for",
		   site_addr_text(&c->vip, vip), g->place->name,
		   on_segment ? ": clients' packets go to it alone" : "");
	if (v4)
		report_advise(
			g->s->report,
			"there: sysctl -w net.ipv4.conf.all.arp_ignore=1 "
			"net.ipv4.conf.all.arp_announce=2 (\"all\": conf.lo does nothing), and the "
			"address on lo only; see xlbctl node-setup");
	else
		report_advise(g->s->report,
			      "there: the address as a /128 on lo, on no other interface; see "
			      "xlbctl node-setup");
}

static void judge_claim(struct segment *g, const struct claim *c)
{
	uint32_t owner = net_address_owner(g->s->net, &c->vip);
	const struct site_host *host = host_of_claim(g, c);
	char vip[SITE_ADDR_SIZE];

	if (host) {
		judge_host_claim(g, c, host->name, owner == g->place->ifindex);
		return;
	}
	report_add(g->s->report, owner ? SEVERITY_ERROR : SEVERITY_NOTE, "arp",
		   "%02x:%02x:%02x:%02x:%02x:%02x on %s says that it has %s%s", c->mac[0],
		   c->mac[1], c->mac[2], c->mac[3], c->mac[4], c->mac[5], g->place->name,
		   site_addr_text(&c->vip, vip), owner ? ", and so does this box" : "");
	report_advise(g->s->report, owner ? "one of the two must give it up" :
					    "right if it is the other load balancer of a pair");
}

static void judge(struct segment *g)
{
	for (size_t i = 0; i < g->n_questions; i++)
		judge_question(g, &g->questions[i]);
	report_tested(g->s->report);
	for (size_t i = 0; i < g->n_claims; i++)
		judge_claim(g, &g->claims[i]);
}

/* ---- all of it ----------------------------------------------------------------------------- */
static int examine(struct segment *g)
{
	int r = collect(g);

	if (r < 0 || g->n_vips == 0)
		return r;
	r = wire_open(&g->wire, g->place->ifindex);
	if (r < 0)
		return r;
	r = converse(g);
	wire_close(&g->wire);
	if (r >= 0)
		judge(g);
	return r;
}

void segments_examine(struct survey *s)
{
	struct segment *g = calloc(1, sizeof(*g));
	int r;

	if (!g) {
		s->report->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < s->n_places; i++) {
		if (!s->places[i].hosts)
			continue;
		memset(g, 0, sizeof(*g));
		g->s = s;
		g->place = &s->places[i];
		if (getrandom(&g->id, sizeof(g->id), 0) < 0)
			g->id = (uint16_t)wire_now();
		r = examine(g);
		free(g->questions);
		if (r < 0)
			report_untested(s->report, "vip, arp", "%s: %s", g->place->name,
					r == -EPERM ? "needs root" : strerror(-r));
	}
	free(g);
}
