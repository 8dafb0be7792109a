// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "rows.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_NAME(id, name, verdict, text) name,
static const char *const REASON_NAMES[] = { XLB_REASONS(REASON_NAME) };
#undef REASON_NAME

const char *reason_name(enum xlb_reason reason)
{
	return REASON_NAMES[reason];
}

/* One row of a table being run. */
struct run {
	struct fixture *fx;
	const struct row *row;
	const struct variant *v;
	const char *table;
	struct packet packet; /* the row's, completed for the variant */
	struct frame in, out;
	uint32_t verdict;
	struct counters before, after;
	bool failed;
};

static void complain(struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void complain(struct run *r, const char *format, ...)
{
	va_list ap;

	if (!r->failed)
		printf("# %s: %s [%s %s %s, epoch %#x]\n", r->table, r->row->name,
		       r->v->family == AF_INET6 ? "IPv6" : "IPv4",
		       r->v->proto == IPPROTO_UDP ? "UDP" : "TCP",
		       r->v->two_arms ? "two arms" : "one arm", r->v->epoch);
	r->failed = true;
	printf("#\t");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
}

/* ---- entries ------------------------------------------------------------------------------------
 */
static void entry_of(const struct run *r, const struct row_entry *from, struct entry *ret)
{
	const struct packet *p = &r->packet;
	uint16_t listen = p->vip == OTHER_VIP ? OTHER_LISTEN : MAIN_LISTEN;

	memset(ret, 0, sizeof(*ret));
	client_address(from->client ? from->client : p->client, r->v->family, ret->client);
	if (from->state < XLB_FLOW_CLIENT) {
		ret->client_port = from->client_port ? from->client_port : packet_client_port(p);
		ret->port = packet_port(p);
	} else if (from->state == XLB_FLOW_FORMER) {
		ret->port = 1;
	}
	ret->meta.listen = listen_id(listen, p->proto);
	ret->meta.host = from->host;
	ret->meta.state = from->state;
	ret->meta.expires = (r->v->epoch + from->expires) & XLB_TICK_MASK;
}

static bool same_entry(const struct entry *a, const struct entry *b)
{
	return memcmp(a->client, b->client, sizeof(a->client)) == 0 &&
	       a->client_port == b->client_port && a->port == b->port && a->meta.raw == b->meta.raw;
}

static void complain_entry(struct run *r, const char *what, const struct entry *e)
{
	complain(r, "%s: client ...%u port %u -> %u, listen %u, host %u, state %u, expires %+d",
		 what, ntohl(e->client[r->v->family == AF_INET6 ? 3 : 0]) & 0xffff, e->client_port,
		 e->port, e->meta.listen, e->meta.host, e->meta.state,
		 (int)((e->meta.expires - r->v->epoch) << 4) >> 4);
}

static void check_loads(struct run *r, const struct entry *found, size_t n)
{
	uint64_t expected[LAST_HOST + 1] = {};

	for (size_t i = 0; i < n; i++)
		if (XLB_FLOW_COUNTED(found[i].meta.state) && found[i].meta.host <= LAST_HOST)
			expected[found[i].meta.host]++;
	for (uint32_t h = FIRST_HOST; h <= LAST_HOST; h++)
		if (r->fx->loads[h] != expected[h])
			complain(r, "load of host %u is %llu, its entries are %llu", h,
				 (unsigned long long)r->fx->loads[h],
				 (unsigned long long)expected[h]);
}

static void check_entries(struct run *r)
{
	bool taken[ROW_ENTRIES] = {};
	struct entry *found, wanted[ROW_ENTRIES];
	size_t n, n_wanted = 0;

	while (n_wanted < ROW_ENTRIES && r->row->after[n_wanted].state) {
		entry_of(r, &r->row->after[n_wanted], &wanted[n_wanted]);
		n_wanted++;
	}
	found = fixture_entries(r->fx, r->v->family, &n);
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < n_wanted && (taken[k] || !same_entry(&found[i], &wanted[k])))
			k++;
		if (k < n_wanted)
			taken[k] = true;
		else
			complain_entry(r, "entry not expected", &found[i]);
	}
	for (size_t k = 0; k < n_wanted; k++)
		if (!taken[k])
			complain_entry(r, "entry missing", &wanted[k]);
	check_loads(r, found, n);
	free(found);
}

/* ---- verdict, frame, counters -------------------------------------------------------------------
 */
static const char *verdict_name(uint32_t verdict)
{
	static const char *const names[] = { "ABORTED", "DROP", "PASS", "TX", "REDIRECT" };

	return verdict < sizeof(names) / sizeof(*names) ? names[verdict] : "?";
}

static void check_verdict(struct run *r)
{
	uint32_t wanted = XDP_PASS;

	if (r->row->to)
		wanted = r->v->two_arms ? XDP_REDIRECT : XDP_TX;
	else if (r->row->dropped)
		wanted = XDP_DROP;
	if (r->verdict != wanted)
		complain(r, "verdict %s instead of %s", verdict_name(r->verdict),
			 verdict_name(wanted));
}

static void check_frame(struct run *r)
{
	struct frame wanted = r->in;

	if (r->row->to) {
		host_mac(r->row->to, wanted.data);
		egress_mac(r->fx->ifindex[r->v->two_arms], wanted.data + 6);
	}
	if (r->out.size != wanted.size) {
		complain(r, "%zu bytes went in, %zu came out", wanted.size, r->out.size);
		return;
	}
	for (size_t i = 0; i < wanted.size; i++) {
		if (r->out.data[i] != wanted.data[i]) {
			complain(r,
				 "byte %zu is %02x instead of %02x (destination %02x:%02x, to be "
				 "%02x:%02x)",
				 i, r->out.data[i], wanted.data[i], r->out.data[4], r->out.data[5],
				 wanted.data[4], wanted.data[5]);
			return;
		}
	}
}

static void check_reasons(struct run *r, struct coverage *coverage)
{
	for (uint32_t i = 0; i < XLB_REASON_COUNT; i++) {
		uint64_t n = r->after.reasons[i] - r->before.reasons[i];

		if (n != (r->row->reasons >> i & 1))
			complain(r, "reason %s was counted %llu times", reason_name(i),
				 (unsigned long long)n);
		if (n)
			coverage->reasons |= 1ull << i;
	}
}

static void check_host_counters(struct run *r, struct coverage *coverage)
{
	for (uint32_t h = FIRST_HOST; h <= LAST_HOST; h++) {
		const struct xlb_host_counters *a = &r->before.hosts[h], *b = &r->after.hosts[h];
		const bool it = h == r->row->to;
		const uint64_t packets = b->packets - a->packets, bytes = b->bytes - a->bytes,
			       sessions = b->sessions - a->sessions;

		if (packets != it || bytes != (it ? frame_ip_bytes(&r->in) : 0) ||
		    sessions != (it && r->row->session))
			complain(r, "host %u: %llu packets, %llu bytes, %llu sessions were counted",
				 h, (unsigned long long)packets, (unsigned long long)bytes,
				 (unsigned long long)sessions);
		coverage->packets |= packets != 0;
		coverage->bytes |= bytes != 0;
		coverage->sessions |= sessions != 0;
	}
}

/* ---- running ------------------------------------------------------------------------------------
 */
static void prepare(struct run *r)
{
	static const struct world usual = {};
	const struct row *row = r->row;

	r->packet = row->packet;
	if (!r->packet.client)
		r->packet.client = 1;
	if (!r->packet.vip)
		r->packet.vip = MAIN_VIP;
	if (!r->packet.proto)
		r->packet.proto = r->v->proto;
	if (!r->packet.tcp_flags)
		r->packet.tcp_flags = TH_ACK;
	frame_build(&r->packet, r->v->family, &r->in);
	if (!row->continues)
		fixture_reset(r->fx);
	fixture_apply(r->fx, row->world ? row->world : &usual, r->v);
	fixture_set_tick(r->fx, r->v->epoch + row->at);
	fixture_only_egress(r->fx, row->to);
	for (int i = 0; i < ROW_ENTRIES && row->before[i].state; i++) {
		struct entry e;

		entry_of(r, &row->before[i], &e);
		fixture_add_entry(r->fx, r->v->family, &e);
	}
	if (row->prepare)
		row->prepare(r->fx, r->v);
}

static void run_row(struct run *r, struct coverage *coverage)
{
	int err;

	prepare(r);
	fixture_count(r->fx, &r->before);
	err = frame_run(r->fx->prog, &r->in, r->fx->ifindex[0], &r->out, &r->verdict);
	if (err) {
		complain(r, "BPF_PROG_RUN: %s", strerror(-err));
		return;
	}
	fixture_count(r->fx, &r->after);
	check_verdict(r);
	check_frame(r);
	check_reasons(r, coverage);
	check_host_counters(r, coverage);
	check_entries(r);
}

/* A row and those that continue it. */
static void run_group(struct fixture *fx, const char *table, const struct row *row,
		      const struct variant *v, struct coverage *coverage, struct tally *tally)
{
	do {
		struct run r = { .fx = fx, .row = row, .v = v, .table = table };

		run_row(&r, coverage);
		tally->run++;
		tally->failed += r.failed;
		row++;
	} while (row->name && row->continues);
}

static void run_variants(struct fixture *fx, const char *table, const struct row *row,
			 uint32_t epoch, struct coverage *coverage, struct tally *tally)
{
	static const int families[] = { AF_INET, AF_INET6 };
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP };

	for (int i = 0; i < 8; i++) {
		const struct variant v = { .family = families[i & 1],
					   .proto = protos[i >> 1 & 1],
					   .two_arms = i >> 2,
					   .epoch = epoch };

		if ((row->family && row->family != v.family) ||
		    (row->packet.proto && row->packet.proto != v.proto))
			continue;
		run_group(fx, table, row, &v, coverage, tally);
	}
}

void rows_run(struct fixture *fx, const char *table, const struct row *rows,
	      struct coverage *coverage, struct tally *tally)
{
	/* ticks in entries wrap around between these rows' packets and their timeouts */
	static const uint32_t epochs[] = { 5000, XLB_TICK_MASK - 50 };

	for (const struct row *row = rows; row->name; row++) {
		if (row->continues)
			continue;
		for (size_t i = 0; i < sizeof(epochs) / sizeof(*epochs); i++)
			run_variants(fx, table, row, epochs[i], coverage, tally);
	}
}
