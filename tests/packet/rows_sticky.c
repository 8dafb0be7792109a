// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * sticky-address: a client stays with its host. Alone it keeps one entry per client (and flow
 * entries only while the client moves); with tracking one per flow, besides.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "rows.h"

#define TCP(port, flags)                                                                           \
	{                                                                                          \
		.client_port = (port), .proto = IPPROTO_TCP, .tcp_flags = (flags)                  \
	}
#define UDP(port)                                                                                  \
	{                                                                                          \
		.client_port = (port), .proto = IPPROTO_UDP                                        \
	}
#define SYN TCP(1001, TH_SYN)
#define ACK TCP(1001, TH_ACK)

/* rows say D, the pool's turns begin with A */
#define STICKY .choose = XLB_CHOOSE_ROUNDROBIN, .flags = XLB_SERVICE_STICKY, .cur = D
#define TRACKED                                                                                    \
	.choose = XLB_CHOOSE_ROUNDROBIN, .flags = XLB_SERVICE_STICKY | XLB_SERVICE_TRACK, .cur = D

static const struct world sticky = { STICKY };
static const struct world sticky_a_down = { STICKY, .ring = { B, C }, .hosts = { DOWN } };
static const struct world sticky_a_draining = { STICKY, .ring = { B, C }, .hosts = { DRAINING } };
static const struct world sticky_ab_draining = { STICKY, .ring = { C },
						 .hosts = { DRAINING, DRAINING } };
static const struct world sticky_a_down_b_draining = { STICKY, .ring = { C },
						       .hosts = { DOWN, DRAINING } };
static const struct world sticky_nobody = { STICKY, .ring = { NOBODY }, .hosts = { DRAINING } };
static const struct world sticky_rows = { .flags = XLB_SERVICE_STICKY, .cur = C };
static const struct world sticky_rows_moved = { .flags = XLB_SERVICE_STICKY, .cur = D, .prev = C };
static const struct world tracked = { TRACKED };
static const struct world tracked_a_down = { TRACKED, .ring = { B, C }, .hosts = { DOWN } };
static const struct world tracked_a_draining = { TRACKED, .ring = { B, C }, .hosts = { DRAINING } };
static const struct world tracked_nobody = { TRACKED, .ring = { NOBODY }, .hosts = { DRAINING } };

static void fill_client(struct fixture *fx, const struct variant *v);
static void fill_flow(struct fixture *fx, const struct variant *v);
static void fill_former(struct fixture *fx, const struct variant *v);

const struct row rows_sticky[] = {
	{ "first connection", &sticky, .packet = SYN, .to = A, .session = true,
	  .after = { { A, XLB_FLOW_CLIENT, T_CLIENT } } },
	{ "its data", &sticky, .continues = true, .at = 1, .packet = ACK, .to = A,
	  .after = { { A, XLB_FLOW_CLIENT, 1 + T_CLIENT } } },
	{ "second connection", &sticky, .continues = true, .at = 2, .packet = TCP(1002, TH_SYN),
	  .to = A, .session = true, .after = { { A, XLB_FLOW_CLIENT, 2 + T_CLIENT } } },
	{ "another client", &sticky, .continues = true, .at = 2,
	  .packet = { .client = 2, .proto = IPPROTO_TCP, .tcp_flags = TH_SYN }, .to = B,
	  .session = true,
	  .after = { { A, XLB_FLOW_CLIENT, 2 + T_CLIENT, 1 },
		     { B, XLB_FLOW_CLIENT, 2 + T_CLIENT, 2 } } },
	{ "the client's time is over", &sticky, .before = { { C, XLB_FLOW_CLIENT, -1 } },
	  .packet = SYN, .to = A, .session = true, .after = { { A, XLB_FLOW_CLIENT, T_CLIENT } } },
	{ "UDP", &sticky, .packet = UDP(1001), .to = A,
	  .after = { { A, XLB_FLOW_CLIENT, T_CLIENT } } },
	{ "mid-stream without an entry: by the row", &sticky, .packet = ACK, .to = D,
	  .after = { { D, XLB_FLOW_CLIENT, T_CLIENT } } },
	{ "by rows", &sticky_rows, .packet = SYN, .to = C, .session = true,
	  .after = { { C, XLB_FLOW_CLIENT, T_CLIENT } } },
	{ "by rows: a row that moves leaves the client", &sticky_rows_moved, .continues = true,
	  .at = 1, .packet = SYN, .to = C, .session = true,
	  .after = { { C, XLB_FLOW_CLIENT, 1 + T_CLIENT } } },
	{ "host down", &sticky_a_down, .before = { { A, XLB_FLOW_CLIENT, 100 } }, .packet = SYN,
	  .to = B, .session = true, .reasons = R(HOST_GONE),
	  .after = { { B, XLB_FLOW_CLIENT, T_CLIENT } } },
	{ "host down: data", &sticky_a_down, .before = { { A, XLB_FLOW_CLIENT, 100 } },
	  .packet = ACK, .to = D, .reasons = R(HOST_GONE),
	  .after = { { D, XLB_FLOW_CLIENT, T_CLIENT } } },

	{ "host draining: data stays", &sticky_a_draining,
	  .before = { { A, XLB_FLOW_CLIENT, 100 } }, .at = 1, .packet = ACK, .to = A,
	  .after = { { A, XLB_FLOW_CLIENT, 1 + T_CLIENT } } },
	{ "host draining: a new connection moves the client", &sticky_a_draining, .continues = true,
	  .at = 2, .packet = TCP(1002, TH_SYN), .to = B, .session = true,
	  .after = { { B, XLB_FLOW_CLIENT_MOVED, 2 + T_CLIENT },
		     { A, XLB_FLOW_FORMER, 2 + T_FORMER },
		     { B, XLB_FLOW_SYN, 2 + T_SYN, .client_port = 1002 } } },
	{ "host draining: the old connection stays, and is entered", &sticky_a_draining,
	  .continues = true, .at = 3, .packet = ACK, .to = A,
	  .after = { { B, XLB_FLOW_CLIENT_MOVED, 3 + T_CLIENT },
		     { A, XLB_FLOW_FORMER, 2 + T_FORMER },
		     { B, XLB_FLOW_SYN, 2 + T_SYN, .client_port = 1002 },
		     { A, XLB_FLOW_OPEN, 3 + T_OPEN } } },
	{ "host draining: the new one's data", &sticky_a_draining, .continues = true, .at = 4,
	  .packet = TCP(1002, TH_ACK), .to = B,
	  .after = { { B, XLB_FLOW_CLIENT_MOVED, 4 + T_CLIENT },
		     { A, XLB_FLOW_FORMER, 2 + T_FORMER },
		     { B, XLB_FLOW_OPEN, 4 + T_OPEN, .client_port = 1002 },
		     { A, XLB_FLOW_OPEN, 3 + T_OPEN, .client_port = 1001 } } },
	{ "the former host's time is over: its flows have entries", &sticky_a_draining,
	  .before = { { B, XLB_FLOW_CLIENT_MOVED, 100 },
		      { A, XLB_FLOW_FORMER, -1 },
		      { A, XLB_FLOW_OPEN, 50 } },
	  .packet = ACK, .to = A,
	  .after = { { B, XLB_FLOW_CLIENT_MOVED, T_CLIENT },
		     { A, XLB_FLOW_FORMER, -1 },
		     { A, XLB_FLOW_OPEN, T_OPEN } } },
	{ "the former host's time is over: others are the new host's", &sticky_a_draining,
	  .before = { { B, XLB_FLOW_CLIENT_MOVED, 100 }, { A, XLB_FLOW_FORMER, -1 } },
	  .packet = ACK, .to = B,
	  .after = { { B, XLB_FLOW_CLIENT_MOVED, T_CLIENT }, { A, XLB_FLOW_FORMER, -1 } } },
	{ "the new host drains, too: a new connection", &sticky_ab_draining,
	  .before = { { B, XLB_FLOW_CLIENT_MOVED, 100 }, { A, XLB_FLOW_FORMER, 100 } },
	  .packet = SYN, .to = C, .session = true,
	  .after = { { C, XLB_FLOW_CLIENT_MOVED, T_CLIENT },
		     { A, XLB_FLOW_FORMER, 100 },
		     { C, XLB_FLOW_SYN, T_SYN } } },
	{ "the new host drains, too: data of the first one", &sticky_ab_draining,
	  .before = { { B, XLB_FLOW_CLIENT_MOVED, 100 }, { A, XLB_FLOW_FORMER, 100 } },
	  .packet = ACK, .to = A,
	  .after = { { B, XLB_FLOW_CLIENT_MOVED, T_CLIENT },
		     { A, XLB_FLOW_FORMER, 100 },
		     { A, XLB_FLOW_OPEN, T_OPEN } } },
	{ "the new host fails: a flow that was its own", &sticky_a_down,
	  .before = { { A, XLB_FLOW_CLIENT_MOVED, 100 },
		      { C, XLB_FLOW_FORMER, 100 },
		      { A, XLB_FLOW_OPEN, 50 } },
	  .packet = SYN, .to = B, .session = true, .reasons = R(HOST_GONE),
	  .after = { { B, XLB_FLOW_CLIENT_MOVED, T_CLIENT },
		     { C, XLB_FLOW_FORMER, 100 },
		     { B, XLB_FLOW_SYN, T_SYN } } },
	{ "the new host fails: a flow of the former one", &sticky_a_down,
	  .before = { { A, XLB_FLOW_CLIENT_MOVED, 100 },
		      { C, XLB_FLOW_FORMER, 100 },
		      { C, XLB_FLOW_OPEN, 50 } },
	  .packet = ACK, .to = C,
	  .after = { { D, XLB_FLOW_CLIENT_MOVED, T_CLIENT },
		     { C, XLB_FLOW_FORMER, 100 },
		     { C, XLB_FLOW_OPEN, T_OPEN } } },
	{ "the new host drains after the former one's time: it is the former one now",
	  &sticky_ab_draining,
	  .before = { { B, XLB_FLOW_CLIENT_MOVED, 100 },
		      { A, XLB_FLOW_OPEN, 50, .client_port = 7 } },
	  .packet = SYN, .to = C, .session = true,
	  .after = { { C, XLB_FLOW_CLIENT_MOVED, T_CLIENT },
		     { A, XLB_FLOW_OPEN, 50, .client_port = 7 },
		     { B, XLB_FLOW_FORMER, T_FORMER },
		     { C, XLB_FLOW_SYN, T_SYN } } },
	{ "the new host drains after the former one's time: its flows", &sticky_ab_draining,
	  .continues = true, .at = 1, .packet = TCP(1002, TH_ACK), .to = B,
	  .after = { { C, XLB_FLOW_CLIENT_MOVED, 1 + T_CLIENT },
		     { A, XLB_FLOW_OPEN, 50, .client_port = 7 },
		     { B, XLB_FLOW_FORMER, T_FORMER },
		     { C, XLB_FLOW_SYN, T_SYN, .client_port = 1001 },
		     { B, XLB_FLOW_OPEN, 1 + T_OPEN } } },
	{ "the new host drains after the former one has failed: it is the former one now",
	  &sticky_a_down_b_draining,
	  .before = { { B, XLB_FLOW_CLIENT_MOVED, 100 }, { A, XLB_FLOW_FORMER, 100 } },
	  .packet = SYN, .to = C, .session = true,
	  .after = { { C, XLB_FLOW_CLIENT_MOVED, T_CLIENT },
		     { B, XLB_FLOW_FORMER, T_FORMER },
		     { C, XLB_FLOW_SYN, T_SYN } } },
	{ "nobody takes a new connection", &sticky_nobody, .packet = SYN, .reasons = R(NO_HOST) },
	{ "nobody takes a new connection of a moved client", &sticky_nobody,
	  .before = { { A, XLB_FLOW_CLIENT_MOVED, 100 } }, .packet = SYN, .reasons = R(NO_HOST),
	  .after = { { A, XLB_FLOW_CLIENT_MOVED, T_CLIENT } } },
	{ "nobody takes a new connection, the old ones stay", &sticky_nobody,
	  .before = { { A, XLB_FLOW_CLIENT, 100 } }, .packet = ACK, .to = A,
	  .after = { { A, XLB_FLOW_CLIENT, T_CLIENT } } },
	{ "no room for the client: by the row", &sticky, .prepare = fill_client, .packet = SYN,
	  .to = D, .session = true, .reasons = R(TABLE_FULL) },
	{ "no room for the former host: the client doesn't move", &sticky_a_draining,
	  .before = { { A, XLB_FLOW_CLIENT, 100 } }, .prepare = fill_former, .packet = SYN, .to = B,
	  .session = true, .reasons = R(TABLE_FULL), .after = { { A, XLB_FLOW_CLIENT, 100 } } },

	{ "tracked: first connection", &tracked, .packet = SYN, .to = A, .session = true,
	  .after = { { A, XLB_FLOW_CLIENT, T_CLIENT }, { A, XLB_FLOW_SYN, T_SYN } } },
	{ "tracked: its data", &tracked, .continues = true, .at = 1, .packet = ACK, .to = A,
	  .after = { { A, XLB_FLOW_CLIENT, T_CLIENT }, { A, XLB_FLOW_OPEN, 1 + T_OPEN } } },
	{ "tracked: second connection", &tracked, .continues = true, .at = 2,
	  .packet = TCP(1002, TH_SYN), .to = A, .session = true,
	  .after = { { A, XLB_FLOW_CLIENT, 2 + T_CLIENT },
		     { A, XLB_FLOW_OPEN, 1 + T_OPEN, .client_port = 1001 },
		     { A, XLB_FLOW_SYN, 2 + T_SYN } } },
	{ "tracked: UDP", &tracked, .packet = UDP(1001), .to = A, .session = true,
	  .after = { { A, XLB_FLOW_CLIENT, T_CLIENT }, { A, XLB_FLOW_SYN, T_SYN } } },
	{ "tracked: host down", &tracked_a_down,
	  .before = { { A, XLB_FLOW_CLIENT, 100 }, { A, XLB_FLOW_OPEN, 100 } }, .packet = ACK,
	  .to = D, .session = true, .reasons = R(HOST_GONE),
	  .after = { { D, XLB_FLOW_CLIENT, T_CLIENT }, { D, XLB_FLOW_OPEN, T_OPEN } } },
	{ "tracked: host down, SYN", &tracked_a_down, .before = { { A, XLB_FLOW_CLIENT, 100 } },
	  .packet = SYN, .to = B, .session = true,
	  .after = { { B, XLB_FLOW_CLIENT, T_CLIENT }, { B, XLB_FLOW_SYN, T_SYN } } },
	{ "tracked: host draining, its flow stays", &tracked_a_draining,
	  .before = { { A, XLB_FLOW_CLIENT, 100 }, { A, XLB_FLOW_OPEN, 100 } }, .packet = ACK,
	  .to = A, .after = { { A, XLB_FLOW_CLIENT, 100 }, { A, XLB_FLOW_OPEN, T_OPEN } } },
	{ "tracked: host draining, the client's next one leaves", &tracked_a_draining,
	  .before = { { A, XLB_FLOW_CLIENT, 100 }, { A, XLB_FLOW_OPEN, 100, .client_port = 7 } },
	  .packet = SYN, .to = B, .session = true,
	  .after = { { B, XLB_FLOW_CLIENT, T_CLIENT },
		     { A, XLB_FLOW_OPEN, 100, .client_port = 7 },
		     { B, XLB_FLOW_SYN, T_SYN } } },
	{ "tracked: nobody takes a new connection", &tracked_nobody, .packet = SYN,
	  .reasons = R(NO_HOST) },
	{ "tracked: no room for the client: by the row", &tracked, .prepare = fill_client,
	  .packet = SYN, .to = D, .session = true, .reasons = R(TABLE_FULL),
	  .after = { { D, XLB_FLOW_SYN, T_SYN } } },
	{ "tracked: no room for the flow: by the row", &tracked, .prepare = fill_flow,
	  .packet = SYN, .to = D, .session = true, .reasons = R(TABLE_FULL),
	  .after = { { A, XLB_FLOW_CLIENT, T_CLIENT } } },
	{}
};

static void fill(struct fixture *fx, const struct variant *v, uint16_t client_port, uint16_t port)
{
	struct entry e = { .client_port = client_port, .port = port };

	client_address(1, v->family, e.client);
	e.meta.listen = listen_id(MAIN_LISTEN, v->proto);
	fixture_fill_line(fx, v->family, &e, 0, v->epoch + 100);
	fixture_fill_line(fx, v->family, &e, 1, v->epoch + 100);
	fixture_fill_line(fx, v->family, &e, 2, v->epoch + 100);
}

static void fill_client(struct fixture *fx, const struct variant *v)
{
	fill(fx, v, 0, 0);
}

static void fill_flow(struct fixture *fx, const struct variant *v)
{
	fill(fx, v, 1001, DEFAULT_PORT);
}

static void fill_former(struct fixture *fx, const struct variant *v)
{
	fill(fx, v, 0, 1);
}
