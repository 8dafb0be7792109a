// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What user space is told of packets: for each way to want some, in either family, of TCP and UDP,
 * DSR and NAT, the message's fields and bytes. Prints TAP; exits with 77 where it cannot run.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/trace.h"
#include "nat_fixture.h"
#include "netdev.h"

#define SKIPPED 77
#define SNAPLEN 96
#define LONG 1400 /* payload, more than headers and snaplen hold */
#define PLAIN (-1) /* no reason */

#define CONN XLB_TRACE_CONN
#define PFLOG XLB_TRACE_PFLOG
#define REQUEST XLB_TRACE_REQUEST
#define CAPTURE XLB_TRACE_CAPTURE
#define PASS XLB_TRACED_PASS
#define DROP XLB_TRACED_DROP
#define FORWARD XLB_TRACED_FORWARD

enum only { BOTH, TCP, UDP };

static struct nat_fixture fx;
static char where[160];

struct row {
	const char *name;
	uint16_t port;  /* of the service: DIRECT, FULL, KEPT, BOUNDED */
	unsigned trace; /* the services' flags */
	uint32_t snaplen; /* not 0: a capture runs … */
	bool services_only; /* … of services' packets */
	enum only only;
	/* the packet */
	bool begun; /* its connection is there already */
	bool from_host;
	bool host_is_down;
	bool from_hosts_mac;
	bool elsewhere; /* to a port that is no service's */
	uint8_t tcp_flags; /* 0: ACK */
	uint8_t ttl; /* 0: the usual one */
	uint16_t payload;
	uint8_t first; /* byte of it; 0: the usual one */
	/* what is told; wants 0: nothing */
	unsigned wants;
	enum xlb_trace_verdict verdict;
	int reason;
	bool is_new;
};

static const struct row rows[] = {
	/* ---- the log of connections: DSR alone, as NAT has events */
	{ "CONN: begin", DIRECT, CONN, .only = TCP, .tcp_flags = TH_SYN, .wants = CONN,
	  .verdict = FORWARD, .reason = PLAIN, .is_new = true },
	{ "CONN: end", DIRECT, CONN, .only = TCP, .begun = true, .tcp_flags = TH_FIN | TH_ACK,
	  .payload = LONG, .wants = CONN, .verdict = FORWARD, .reason = PLAIN },
	{ "CONN: reset", DIRECT, CONN, .only = TCP, .begun = true, .tcp_flags = TH_RST,
	  .wants = CONN, .verdict = FORWARD, .reason = PLAIN },
	{ "CONN: between", DIRECT, CONN, .only = TCP, .begun = true, .payload = 10 },
	{ "CONN: UDP's first", DIRECT, CONN, .only = UDP, .payload = 10, .wants = CONN,
	  .verdict = FORWARD, .reason = PLAIN, .is_new = true },
	{ "CONN: UDP's next", DIRECT, CONN, .only = UDP, .begun = true, .payload = 10 },
	{ "CONN: not of NAT", FULL, CONN, .tcp_flags = TH_SYN },
	{ "CONN: no host", DIRECT, CONN, .only = TCP, .tcp_flags = TH_SYN, .host_is_down = true },
	/* ---- pflog */
	{ "PFLOG: begin, DSR", DIRECT, PFLOG, .tcp_flags = TH_SYN, .payload = LONG, .wants = PFLOG,
	  .verdict = FORWARD, .reason = PLAIN, .is_new = true },
	{ "PFLOG: begin, NAT", FULL, PFLOG, .tcp_flags = TH_SYN, .payload = LONG, .wants = PFLOG,
	  .verdict = FORWARD, .reason = PLAIN, .is_new = true },
	{ "PFLOG: begin, transparent NAT", KEPT, PFLOG, .tcp_flags = TH_SYN, .wants = PFLOG,
	  .verdict = FORWARD, .reason = PLAIN, .is_new = true },
	{ "PFLOG: later, DSR", DIRECT, PFLOG, .begun = true, .payload = 9 },
	{ "PFLOG: later, NAT", FULL, PFLOG, .begun = true, .payload = 9 },
	{ "PFLOG: answer", FULL, PFLOG, .begun = true, .from_host = true },
	{ "PFLOG: no host, DSR", DIRECT, PFLOG, .tcp_flags = TH_SYN, .host_is_down = true,
	  .wants = PFLOG, .verdict = PASS, .reason = XLB_REASON_NO_HOST },
	{ "PFLOG: no host, NAT", FULL, PFLOG, .tcp_flags = TH_SYN, .host_is_down = true,
	  .wants = PFLOG, .verdict = PASS, .reason = XLB_REASON_NO_HOST },
	{ "PFLOG: a loop is dropped", DIRECT, PFLOG, .from_hosts_mac = true, .wants = PFLOG,
	  .verdict = DROP, .reason = XLB_REASON_LOOP },
	{ "PFLOG: minttl", BOUNDED, PFLOG, .tcp_flags = TH_SYN, .ttl = 59, .wants = PFLOG,
	  .verdict = DROP, .reason = XLB_REASON_MIN_TTL },
	{ "PFLOG: of no connection", FULL, PFLOG, .only = TCP, .wants = PFLOG, .verdict = PASS,
	  .reason = XLB_REASON_NO_CONNECTION },
	{ "PFLOG: for nobody", DIRECT, PFLOG, .elsewhere = true },
	/* ---- requests */
	{ "REQUEST: SYN, DSR", DIRECT, REQUEST, .only = TCP, .tcp_flags = TH_SYN, .wants = REQUEST,
	  .verdict = FORWARD, .reason = PLAIN, .is_new = true },
	{ "REQUEST: SYN, NAT", FULL, REQUEST, .only = TCP, .tcp_flags = TH_SYN, .wants = REQUEST,
	  .verdict = FORWARD, .reason = PLAIN, .is_new = true },
	{ "REQUEST: payload, DSR", DIRECT, REQUEST, .only = TCP, .begun = true,
	  .tcp_flags = TH_PUSH | TH_ACK, .payload = LONG, .wants = REQUEST, .verdict = FORWARD,
	  .reason = PLAIN },
	{ "REQUEST: payload, NAT", FULL, REQUEST, .only = TCP, .begun = true,
	  .tcp_flags = TH_PUSH | TH_ACK, .payload = LONG, .wants = REQUEST, .verdict = FORWARD,
	  .reason = PLAIN },
	{ "REQUEST: one byte", KEPT, REQUEST, .only = TCP, .begun = true, .payload = 1,
	  .wants = REQUEST, .verdict = FORWARD, .reason = PLAIN },
	{ "REQUEST: nothing in it", DIRECT, REQUEST, .only = TCP, .begun = true },
	{ "REQUEST: FIN", FULL, REQUEST, .only = TCP, .begun = true, .tcp_flags = TH_FIN | TH_ACK,
	  .wants = REQUEST, .verdict = FORWARD, .reason = PLAIN },
	{ "REQUEST: answer", FULL, REQUEST, .only = TCP, .begun = true, .from_host = true,
	  .payload = 100 },
	{ "REQUEST: UDP", DIRECT, REQUEST, .only = UDP, .payload = 100 },
	{ "REQUEST: UDP without payload", DIRECT, REQUEST, .only = UDP },
	{ "REQUEST: QUIC's long header, DSR", DIRECT, REQUEST, .only = UDP, .payload = 1200,
	  .first = 0xc3, .wants = REQUEST, .verdict = FORWARD, .reason = PLAIN, .is_new = true },
	{ "REQUEST: QUIC's long header, NAT", FULL, REQUEST, .only = UDP, .begun = true,
	  .payload = 1200, .first = 0xff, .wants = REQUEST, .verdict = FORWARD, .reason = PLAIN },
	{ "REQUEST: QUIC's short header", DIRECT, REQUEST, .only = UDP, .payload = 1200,
	  .first = 0x43 },
	{ "REQUEST: QUIC's answer", FULL, REQUEST, .only = UDP, .begun = true, .from_host = true,
	  .payload = 1200, .first = 0xc3 },
	/* ---- captures */
	{ "CAPTURE: DSR", DIRECT, .snaplen = SNAPLEN, .begun = true, .payload = LONG,
	  .wants = CAPTURE, .verdict = FORWARD, .reason = PLAIN },
	{ "CAPTURE: all of a frame", DIRECT, .snaplen = 65535, .begun = true, .payload = LONG,
	  .wants = CAPTURE, .verdict = FORWARD, .reason = PLAIN },
	{ "CAPTURE: NAT, to the host", FULL, .snaplen = 65535, .begun = true, .payload = LONG,
	  .wants = CAPTURE, .verdict = FORWARD, .reason = PLAIN },
	{ "CAPTURE: NAT, to the client", FULL, .snaplen = SNAPLEN, .begun = true, .from_host = true,
	  .payload = LONG, .wants = CAPTURE, .verdict = FORWARD, .reason = PLAIN },
	{ "CAPTURE: dropped", DIRECT, .snaplen = SNAPLEN, .from_hosts_mac = true, .wants = CAPTURE,
	  .verdict = DROP, .reason = XLB_REASON_LOOP },
	{ "CAPTURE: for nobody", DIRECT, .snaplen = SNAPLEN, .elsewhere = true, .wants = CAPTURE,
	  .verdict = PASS, .reason = XLB_REASON_NO_SERVICE },
	{ "CAPTURE of services: for nobody", DIRECT, .snaplen = SNAPLEN, .services_only = true,
	  .elsewhere = true },
	{ "CAPTURE of services: for one", FULL, .snaplen = SNAPLEN, .services_only = true,
	  .begun = true, .wants = CAPTURE, .verdict = FORWARD, .reason = PLAIN },
	/* ---- together: the most demanding one's bytes */
	{ "CAPTURE and PFLOG", DIRECT, PFLOG, .snaplen = SNAPLEN, .tcp_flags = TH_SYN,
	  .payload = LONG, .wants = CAPTURE | PFLOG, .verdict = FORWARD, .reason = PLAIN,
	  .is_new = true },
	{ "CAPTURE and REQUEST", FULL, REQUEST | PFLOG, .snaplen = SNAPLEN, .only = TCP,
	  .begun = true, .payload = LONG, .wants = CAPTURE | REQUEST, .verdict = FORWARD,
	  .reason = PLAIN },
	{ "all of a service's, NAT", FULL, CONN | REQUEST | PFLOG, .only = TCP,
	  .tcp_flags = TH_SYN, .wants = REQUEST | PFLOG, .verdict = FORWARD, .reason = PLAIN,
	  .is_new = true },
	{ "all of a service's, DSR", DIRECT, CONN | REQUEST | PFLOG, .only = TCP,
	  .tcp_flags = TH_SYN, .wants = CONN | REQUEST | PFLOG, .verdict = FORWARD,
	  .reason = PLAIN, .is_new = true },
	{ "nobody", DIRECT, .tcp_flags = TH_SYN },
};

/* ---- what is told ------------------------------------------------------------------------------
 */
struct told {
	unsigned n;
	struct trace_event last;
	char service[XLB_NAME_SIZE];
	uint8_t before[XLB_TRACE_BYTES], after[XLB_TRACE_BYTES];
};

static void on_trace(const struct trace_event *event, void *data)
{
	struct told *told = data;

	told->n++;
	told->last = *event;
	snprintf(told->service, sizeof(told->service), "%s", event->service ? event->service : "");
	if (event->before_len <= sizeof(told->before) && event->after_len <= sizeof(told->after)) {
		memcpy(told->before, event->before, event->before_len);
		memcpy(told->after, event->after, event->after_len);
	}
}

static bool is(const char *what, long have, long wanted)
{
	if (have != wanted)
		printf("# %s: %s is %ld instead of %ld\n", where, what, have, wanted);
	return have == wanted;
}

static bool same_bytes(const char *what, const uint8_t *have, size_t size, const uint8_t *wanted,
		       size_t wanted_size)
{
	if (!is(what, size, wanted_size))
		return false;
	for (size_t i = 0; i < size; i++)
		if (have[i] != wanted[i]) {
			printf("# %s: %s: byte %zu is %02x instead of %02x\n", where, what, i,
			       have[i], wanted[i]);
			return false;
		}
	return true;
}

static size_t at_most(size_t n, size_t limit)
{
	return n < limit ? n : limit;
}

static size_t wanted_bytes(const struct row *row, size_t size)
{
	size_t n = 0;

	if (row->wants & (CONN | PFLOG))
		n = XLB_TRACE_HEADERS;
	if (row->wants & CAPTURE && row->snaplen > n)
		n = row->snaplen;
	if (row->wants & REQUEST)
		n = XLB_TRACE_BYTES;
	return at_most(size, n);
}

/* ---- running -----------------------------------------------------------------------------------
 */
static int run(const struct nat_case *c, const struct frame *in, struct frame *out)
{
	return c->port == DIRECT ? direct_run(&fx, in, out) : nat_run(&fx, in, out);
}

/* Its first packet; of NAT the connection's port. */
static uint16_t begin(const struct nat_case *c)
{
	struct nat_packet_spec syn = from_client(c);
	struct session s = { .nat_port = 0 };
	struct frame in, out;

	syn.tcp_flags = TH_SYN;
	nat_frame(&syn, &in);
	run(c, &in, &out);
	if (c->port != DIRECT)
		nat_session(&fx, &s);
	return s.nat_port;
}

static void packet_of(const struct row *row, const struct nat_case *c, uint16_t nat_port,
		      struct frame *ret)
{
	struct nat_packet_spec p = row->from_host ? from_host(c, nat_port) : from_client(c);

	p.payload = row->payload;
	if (row->tcp_flags)
		p.tcp_flags = row->tcp_flags;
	if (row->ttl)
		p.ttl = row->ttl;
	if (row->elsewhere)
		p.dst.port = 9;
	if (row->from_hosts_mac)
		memcpy(p.src_mac, HOST_MAC, 6);
	nat_frame(&p, ret);
	if (row->first)
		ret->data[ret->size - row->payload] = row->first;
}

static int prepare(const struct row *row)
{
	int err = dataplane_capture(fx.dp, row->snaplen != 0, row->snaplen, row->services_only);

	fx.trace = row->trace;
	nat_reset(&fx);
	fx.up = !row->host_is_down;
	return err ? err : nat_sync(&fx);
}

static bool named_right(const struct row *row, const struct nat_case *c, const struct told *told)
{
	const struct trace_event *e = &told->last;
	const bool forwarded = row->verdict == FORWARD;
	struct nat_end host = host_end(c->family);
	char name[XLB_NAME_SIZE];

	snprintf(name, sizeof(name), "s%d-%u-%u", c->family, c->proto, c->port);
	if (row->elsewhere)
		return is("a service", e->service != NULL, false);
	if (strcmp(told->service, name) != 0) {
		printf("# %s: service %s instead of %s\n", where, told->service, name);
		return false;
	}
	return is("NAT", e->nat, c->port != DIRECT) &&
	       is("id", e->service_id, c->port) &&
	       (!forwarded || (is("host's family", e->host.family, c->family) &&
			       is("host", memcmp(&e->host.v6, host.addr,
						 c->family == AF_INET6 ? 16 : 4), 0) &&
			       is("host's name", strcmp(e->host_name, "host"), 0)));
}

static bool told_right(const struct row *row, const struct nat_case *c, const struct frame *in,
		       const struct frame *out, const struct told *told)
{
	const struct trace_event *e = &told->last;
	const bool forwarded = row->verdict == FORWARD, direct = c->port == DIRECT;
	const uint8_t flags = row->tcp_flags ? row->tcp_flags : TH_ACK;
	const size_t size = wanted_bytes(row, in->size);
	const bool after = row->wants & CAPTURE && forwarded;

	return is("wants", e->wants, row->wants) && is("verdict", e->verdict, row->verdict) &&
	       is("reason", e->reason, row->reason) &&
	       is("hook", e->hook, direct ? XLB_HOOK_XDP : XLB_HOOK_TC) &&
	       named_right(row, c, told) && is("proto", e->proto, row->elsewhere ? 0 : c->proto) &&
	       is("TCP flags", e->tcp_flags,
		  c->proto == IPPROTO_TCP && !row->elsewhere ? flags : 0) &&
	       is("ifindex", e->ifindex, direct ? fx.ifindex[0] : 0) &&
	       is("egress", e->egress, forwarded ? fx.ifindex[row->from_host ? 0 : 1] : 0) &&
	       is("frame_len", e->frame_len, in->size) && is("is_new", e->is_new, row->is_new) &&
	       is("from_host", e->from_host, row->from_host) &&
	       is("time", e->time_ns != 0, true) &&
	       same_bytes("before", told->before, e->before_len, in->data, size) &&
	       same_bytes("after", told->after, e->after_len, out->data,
			  after ? at_most(out->size, row->snaplen) : 0);
}

static bool run_case(const struct row *row, const struct nat_case *c)
{
	struct frame in, out;
	struct told told = { .n = 0 };
	uint16_t nat_port;

	if (prepare(row))
		return is("preparing", 1, 0);
	dataplane_on_trace(fx.dp, NULL, NULL);
	nat_port = row->begun ? begin(c) : 0;
	dataplane_read_traces(fx.dp);
	dataplane_on_trace(fx.dp, on_trace, &told);
	packet_of(row, c, nat_port, &in);
	if (run(c, &in, &out) < 0)
		return is("running", 1, 0);
	dataplane_read_traces(fx.dp);
	return is("messages", told.n, row->wants != 0) &&
	       (!row->wants || told_right(row, c, &in, &out, &told));
}

static bool run_row(const struct row *row)
{
	bool good = true;

	for (unsigned i = 0; i < 4; i++) {
		const struct nat_case c = { .family = i & 1 ? AF_INET6 : AF_INET,
					    .proto = i & 2 ? IPPROTO_UDP : IPPROTO_TCP,
					    .port = row->port };

		if (row->only && row->only != (i & 2 ? UDP : TCP))
			continue;
		snprintf(where, sizeof(where), "%s: %s %s", row->name, i & 1 ? "IPv6" : "IPv4",
			 i & 2 ? "UDP" : "TCP");
		good &= run_case(row, &c);
	}
	return good;
}

/* ---- what finds no room ------------------------------------------------------------------------
 */
#define MANY 3000 /* frames of more than the buffer's size */

static bool full_buffer(uint16_t port)
{
	static const struct row all = { "a full buffer", .snaplen = 65535, .begun = true,
					.payload = LONG };
	const struct nat_case c = { .family = AF_INET6, .proto = IPPROTO_TCP, .port = port };
	uint64_t lost = nat_reason(&fx, XLB_REASON_TRACE_LOST);
	struct told told = { .n = 0 };
	struct frame in, out;
	bool sent = true;

	snprintf(where, sizeof(where), "%s, port %u", all.name, port);
	if (prepare(&all))
		return is("preparing", 1, 0);
	dataplane_on_trace(fx.dp, NULL, NULL);
	begin(&c);
	dataplane_read_traces(fx.dp);
	dataplane_on_trace(fx.dp, on_trace, &told);
	packet_of(&all, &c, 0, &in);
	for (int i = 0; i < MANY; i++)
		sent &= run(&c, &in, &out) == SENT;
	dataplane_read_traces(fx.dp);
	lost = nat_reason(&fx, XLB_REASON_TRACE_LOST) - lost;
	return is("packets sent", sent, true) && is("messages lost", lost > 0, true) &&
	       is("messages, lost or not", told.n + lost, MANY);
}

/* ---- programs ----------------------------------------------------------------------------------
 */
/* Those that tell are in use while they are wanted, and only then. */
static bool programs_come_and_go(void)
{
	static const struct row nobody = { "nobody" }, pflog = { "pflog", .trace = PFLOG },
				capture = { "capture", .snaplen = SNAPLEN };
	int plain;

	snprintf(where, sizeof(where), "programs come and go");
	if (prepare(&nobody) || !is("tracing", dataplane_is_tracing(fx.dp), false))
		return false;
	plain = dataplane_program_fd(fx.dp);
	if (prepare(&pflog) || !is("tracing", dataplane_is_tracing(fx.dp), true) ||
	    !is("other program", dataplane_program_fd(fx.dp) != plain, true))
		return false;
	return !prepare(&nobody) && is("tracing", dataplane_is_tracing(fx.dp), false) &&
	       is("plain program", dataplane_program_fd(fx.dp), plain) && !prepare(&capture) &&
	       is("tracing", dataplane_is_tracing(fx.dp), true) && !prepare(&nobody) &&
	       is("plain program", dataplane_program_fd(fx.dp), plain);
}

static unsigned number, failures;

static void report(bool good, const char *name)
{
	printf("%sok %u - %s\n", good ? "" : "not ", ++number, name);
	fflush(stdout);
	failures += !good;
}

int main(void)
{
	int err;

	if (geteuid() != 0) {
		printf("1..0 # SKIP packet tests load BPF programs: run as root\n");
		return SKIPPED;
	}
	err = nat_open(&fx);
	if (err) {
		printf("Bail out! data plane with services: %s\n", strerror(-err));
		nat_close(&fx);
		return 1;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		report(run_row(&rows[i]), rows[i].name);
	report(full_buffer(DIRECT), "DSR: what finds no room is counted");
	report(full_buffer(FULL), "NAT: what finds no room is counted");
	report(programs_come_and_go(), "programs come and go");
	nat_close(&fx);
	printf("1..%u\n", number);
	return failures != 0;
}
