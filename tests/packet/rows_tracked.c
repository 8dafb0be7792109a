// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Modes that choose per connection: roundrobin, random, least-states; each flow has an entry.
 * (How random spreads is in checks.c.)
 */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "rows.h"

#define TCP(flags)                                                                                 \
	{                                                                                          \
		.proto = IPPROTO_TCP, .tcp_flags = (flags)                                         \
	}
#define TCP_OF(who, flags)                                                                         \
	{                                                                                          \
		.client = (who), .proto = IPPROTO_TCP, .tcp_flags = (flags)                        \
	}
#define UDP                                                                                        \
	{                                                                                          \
		.proto = IPPROTO_UDP                                                               \
	}
#define SYN TCP(TH_SYN)
#define ACK TCP(TH_ACK)
#define FIN TCP(TH_FIN | TH_ACK)
#define RST TCP(TH_RST)

#define ROUNDROBIN .choose = XLB_CHOOSE_ROUNDROBIN, .flags = XLB_SERVICE_TRACK
#define LEAST .choose = XLB_CHOOSE_LEAST_STATES, .flags = XLB_SERVICE_TRACK

/* rows say D, so that it shows when they are asked instead of the pool */
static const struct world roundrobin = { ROUNDROBIN, .cur = D };
static const struct world weighted = { ROUNDROBIN, .cur = D, .ring = { B, C, B } };
static const struct world a_down = { ROUNDROBIN, .cur = D, .ring = { B, C }, .hosts = { DOWN } };
static const struct world a_draining = { ROUNDROBIN, .cur = D, .ring = { B, C },
					 .hosts = { DRAINING } };
static const struct world all_down = { ROUNDROBIN, .cur = NOBODY, .ring = { NOBODY },
				       .hosts = { DOWN, DOWN, DOWN, DOWN } };
static const struct world none_takes_new = { ROUNDROBIN, .cur = NOBODY, .ring = { NOBODY },
					     .hosts = { DRAINING, DOWN, DOWN, DOWN } };
static const struct world random_one = {
	.choose = XLB_CHOOSE_RANDOM, .flags = XLB_SERVICE_TRACK, .cur = D, .ring = { C }
};
static const struct world tracked_rows = { .flags = XLB_SERVICE_TRACK, .cur = B };
static const struct world tracked_rows_later = { .flags = XLB_SERVICE_TRACK, .cur = C };
static const struct world least = { LEAST, .cur = D };
static const struct world least_heavy_a = { LEAST, .cur = D, .ring = { B, A }, .weight_of_a = 4 };
static const struct world least_two = { LEAST, .cur = D, .ring = { B, C } };
static const struct world least_empty = { LEAST, .cur = NOBODY, .ring = { NOBODY } };

static void fill_all(struct fixture *fx, const struct variant *v);

const struct row rows_tracked[] = {
	{ "roundrobin: first client", &roundrobin, .packet = TCP_OF(1, TH_SYN), .to = A,
	  .session = true, .after = { { A, XLB_FLOW_SYN, T_SYN, 1 } } },
	{ "roundrobin: second client", &roundrobin, .continues = true, .packet = TCP_OF(2, TH_SYN),
	  .to = B, .session = true,
	  .after = { { A, XLB_FLOW_SYN, T_SYN, 1 }, { B, XLB_FLOW_SYN, T_SYN, 2 } } },
	{ "roundrobin: the first one again", &roundrobin, .continues = true, .at = 2,
	  .packet = TCP_OF(1, TH_ACK), .to = A,
	  .after = { { A, XLB_FLOW_OPEN, 2 + T_OPEN, 1 }, { B, XLB_FLOW_SYN, T_SYN, 2 } } },
	{ "roundrobin: third client", &roundrobin, .continues = true, .at = 2,
	  .packet = TCP_OF(3, TH_SYN), .to = C, .session = true,
	  .after = { { A, XLB_FLOW_OPEN, 2 + T_OPEN, 1 },
		     { B, XLB_FLOW_SYN, T_SYN, 2 },
		     { C, XLB_FLOW_SYN, 2 + T_SYN, 3 } } },
	{ "roundrobin: another port is another flow", &roundrobin, .continues = true, .at = 2,
	  .packet = { .client = 3,
		      .client_port = 50000,
		      .proto = IPPROTO_TCP,
		      .tcp_flags = TH_SYN },
	  .to = D, .session = true,
	  .after = { { A, XLB_FLOW_OPEN, 2 + T_OPEN, 1, DEFAULT_CLIENT_PORT },
		     { B, XLB_FLOW_SYN, T_SYN, 2, DEFAULT_CLIENT_PORT },
		     { C, XLB_FLOW_SYN, 2 + T_SYN, 3, DEFAULT_CLIENT_PORT },
		     { D, XLB_FLOW_SYN, 2 + T_SYN, 3, 50000 } } },
	{ "roundrobin: by weight, 1", &weighted, .packet = TCP_OF(1, TH_SYN), .to = B,
	  .session = true, .after = { { B, XLB_FLOW_SYN, T_SYN, 1 } } },
	{ "roundrobin: by weight, 2", &weighted, .continues = true, .packet = TCP_OF(2, TH_SYN),
	  .to = C, .session = true,
	  .after = { { B, XLB_FLOW_SYN, T_SYN, 1 }, { C, XLB_FLOW_SYN, T_SYN, 2 } } },
	{ "roundrobin: by weight, 3", &weighted, .continues = true, .packet = TCP_OF(3, TH_SYN),
	  .to = B, .session = true,
	  .after = { { B, XLB_FLOW_SYN, T_SYN, 1 },
		     { C, XLB_FLOW_SYN, T_SYN, 2 },
		     { B, XLB_FLOW_SYN, T_SYN, 3 } } },
	{ "roundrobin: by weight, around", &weighted, .continues = true,
	  .packet = TCP_OF(4, TH_SYN), .to = B, .session = true,
	  .after = { { B, XLB_FLOW_SYN, T_SYN, 1 },
		     { C, XLB_FLOW_SYN, T_SYN, 2 },
		     { B, XLB_FLOW_SYN, T_SYN, 3 },
		     { B, XLB_FLOW_SYN, T_SYN, 4 } } },
	{ "roundrobin: UDP", &roundrobin, .packet = UDP, .to = A, .session = true,
	  .after = { { A, XLB_FLOW_SYN, T_SYN } } },
	{ "roundrobin: UDP goes on", &roundrobin, .continues = true, .at = 5, .packet = UDP,
	  .to = A, .after = { { A, XLB_FLOW_OPEN, 5 + T_OPEN } } },
	{ "roundrobin: UDP flow that expired begins anew", &roundrobin, .continues = true,
	  .at = 6 + T_OPEN, .packet = UDP, .to = B, .session = true,
	  .after = { { B, XLB_FLOW_SYN, 6 + T_OPEN + T_SYN } } },

	{ "mid-stream without an entry: by the row", &roundrobin, .packet = ACK, .to = D,
	  .session = true, .after = { { D, XLB_FLOW_OPEN, T_OPEN } } },
	{ "FIN without an entry: by the row", &roundrobin, .packet = FIN, .to = D, .session = true,
	  .after = { { D, XLB_FLOW_CLOSING, T_CLOSING } } },
	{ "RST without an entry: by the row", &roundrobin, .packet = RST, .to = D, .session = true,
	  .after = { { D, XLB_FLOW_CLOSED, T_CLOSED } } },
	{ "SYN on a live flow stays", &roundrobin, .before = { { C, XLB_FLOW_OPEN, 100 } },
	  .packet = SYN, .to = C, .after = { { C, XLB_FLOW_OPEN, T_OPEN } } },
	{ "SYN on a half-open flow stays", &roundrobin, .before = { { C, XLB_FLOW_SYN, 10 } },
	  .at = 1, .packet = SYN, .to = C, .after = { { C, XLB_FLOW_SYN, 1 + T_SYN } } },
	{ "SYN recycles a closing flow", &roundrobin, .before = { { C, XLB_FLOW_CLOSING, 100 } },
	  .packet = SYN, .to = A, .session = true, .after = { { A, XLB_FLOW_SYN, T_SYN } } },
	{ "SYN recycles a flow in FINWAIT", &roundrobin, .before = { { C, XLB_FLOW_FINWAIT, 100 } },
	  .packet = SYN, .to = A, .session = true, .after = { { A, XLB_FLOW_SYN, T_SYN } } },
	{ "SYN recycles a reset flow", &roundrobin, .before = { { C, XLB_FLOW_CLOSED, 5 } },
	  .packet = SYN, .to = A, .session = true, .after = { { A, XLB_FLOW_SYN, T_SYN } } },
	{ "data of a closing flow stays", &roundrobin, .before = { { C, XLB_FLOW_CLOSING, 100 } },
	  .packet = ACK, .to = C, .after = { { C, XLB_FLOW_FINWAIT, T_FINWAIT } } },
	{ "RST", &roundrobin, .before = { { C, XLB_FLOW_OPEN, 100 } }, .packet = RST, .to = C,
	  .after = { { C, XLB_FLOW_CLOSED, T_CLOSED } } },
	{ "an expired flow is chosen for anew", &roundrobin, .before = { { C, XLB_FLOW_OPEN, -1 } },
	  .packet = SYN, .to = A, .session = true, .after = { { A, XLB_FLOW_SYN, T_SYN } } },
	{ "a reset flow is forgotten after its timeout", &roundrobin,
	  .before = { { C, XLB_FLOW_CLOSED, T_CLOSED } }, .at = T_CLOSED + 1, .packet = UDP,
	  .to = A, .session = true, .after = { { A, XLB_FLOW_SYN, T_CLOSED + 1 + T_SYN } } },

	{ "host down: data moves", &a_down, .before = { { A, XLB_FLOW_OPEN, 100 } }, .packet = ACK,
	  .to = D, .session = true, .reasons = R(HOST_GONE),
	  .after = { { D, XLB_FLOW_OPEN, T_OPEN } } },
	{ "host down: UDP moves", &a_down, .before = { { A, XLB_FLOW_OPEN, 100 } }, .packet = UDP,
	  .to = B, .session = true, .reasons = R(HOST_GONE),
	  .after = { { B, XLB_FLOW_SYN, T_SYN } } },
	{ "host down: SYN", &a_down, .before = { { A, XLB_FLOW_SYN, 100 } }, .packet = SYN, .to = B,
	  .session = true, .reasons = R(HOST_GONE), .after = { { B, XLB_FLOW_SYN, T_SYN } } },
	{ "host draining: its flows stay", &a_draining, .before = { { A, XLB_FLOW_OPEN, 100 } },
	  .packet = ACK, .to = A, .after = { { A, XLB_FLOW_OPEN, T_OPEN } } },
	{ "host draining: a recycled tuple leaves", &a_draining,
	  .before = { { A, XLB_FLOW_CLOSING, 100 } }, .packet = SYN, .to = B, .session = true,
	  .after = { { B, XLB_FLOW_SYN, T_SYN } } },
	{ "no host: SYN", &all_down, .packet = SYN, .reasons = R(NO_HOST) },
	{ "no host: data", &all_down, .packet = ACK, .reasons = R(NO_HOST) },
	{ "no host: data of a flow whose host is down", &all_down,
	  .before = { { A, XLB_FLOW_OPEN, 100 } }, .packet = ACK,
	  .reasons = R(NO_HOST) | R(HOST_GONE), .after = { { A, XLB_FLOW_OPEN, 100 } } },
	{ "only a draining host: SYN", &none_takes_new, .packet = SYN, .reasons = R(NO_HOST) },
	{ "only a draining host: its flows", &none_takes_new,
	  .before = { { A, XLB_FLOW_OPEN, 100 } }, .packet = ACK, .to = A,
	  .after = { { A, XLB_FLOW_OPEN, T_OPEN } } },
	{ "no room: by the row", &roundrobin, .prepare = fill_all, .packet = SYN, .to = D,
	  .session = true, .reasons = R(TABLE_FULL) },
	{ "no room, the next packet: by the row", &roundrobin, .continues = true, .packet = ACK,
	  .to = D, .reasons = R(TABLE_FULL) },

	{ "random", &random_one, .packet = SYN, .to = C, .session = true,
	  .after = { { C, XLB_FLOW_SYN, T_SYN } } },
	{ "random: mid-stream by the row", &random_one, .packet = ACK, .to = D, .session = true,
	  .after = { { D, XLB_FLOW_OPEN, T_OPEN } } },
	{ "tracked rows: SYN", &tracked_rows, .packet = SYN, .to = B, .session = true,
	  .after = { { B, XLB_FLOW_SYN, T_SYN } } },
	{ "tracked rows: UDP stays when the row moves at once", &tracked_rows_later,
	  .before = { { B, XLB_FLOW_OPEN, 100 } }, .packet = UDP, .to = B,
	  .after = { { B, XLB_FLOW_OPEN, T_OPEN } } },

	{ "least states: none has any", &least, .packet = SYN, .to = A, .session = true,
	  .after = { { A, XLB_FLOW_SYN, T_SYN } } },
	{ "least states: equals take turns", &least, .continues = true, .packet = TCP_OF(2, TH_SYN),
	  .to = B, .session = true,
	  .after = { { A, XLB_FLOW_SYN, T_SYN, 1 }, { B, XLB_FLOW_SYN, T_SYN, 2 } } },
	{ "least states: the only idle one", &least,
	  .before = { { A, XLB_FLOW_OPEN, 100, 2 },
		      { B, XLB_FLOW_SYN, 100, 3 },
		      { D, XLB_FLOW_CLOSING, 100, 4 } },
	  .packet = SYN, .to = C, .session = true,
	  .after = { { A, XLB_FLOW_OPEN, 100, 2 },
		     { B, XLB_FLOW_SYN, 100, 3 },
		     { D, XLB_FLOW_CLOSING, 100, 4 },
		     { C, XLB_FLOW_SYN, T_SYN } } },
	{ "least states: finished flows don't count", &least,
	  .before = { { A, XLB_FLOW_FINWAIT, 100, 2 }, { A, XLB_FLOW_CLOSED, 100, 3 } },
	  .packet = SYN, .to = A, .session = true,
	  .after = { { A, XLB_FLOW_FINWAIT, 100, 2 },
		     { A, XLB_FLOW_CLOSED, 100, 3 },
		     { A, XLB_FLOW_SYN, T_SYN } } },
	{ "least states: per weight", &least_heavy_a,
	  .before = { { A, XLB_FLOW_OPEN, 100, 2 },
		      { A, XLB_FLOW_OPEN, 100, 3 },
		      { B, XLB_FLOW_OPEN, 100, 4 } },
	  .packet = SYN, .to = A, .session = true,
	  .after = { { A, XLB_FLOW_OPEN, 100, 2 },
		     { A, XLB_FLOW_OPEN, 100, 3 },
		     { B, XLB_FLOW_OPEN, 100, 4 },
		     { A, XLB_FLOW_SYN, T_SYN } } },
	{ "least states: only the pool's hosts", &least_two,
	  .before = { { B, XLB_FLOW_OPEN, 100, 2 } }, .packet = SYN, .to = C, .session = true,
	  .after = { { B, XLB_FLOW_OPEN, 100, 2 }, { C, XLB_FLOW_SYN, T_SYN } } },
	{ "least states: a flow that closes frees its host", &least,
	  .before = { { A, XLB_FLOW_OPEN, 100 } }, .packet = RST, .to = A,
	  .after = { { A, XLB_FLOW_CLOSED, T_CLOSED } } },
	{ "least states: nobody", &least_empty, .packet = SYN, .reasons = R(NO_HOST) },
	{}
};

static void fill_all(struct fixture *fx, const struct variant *v)
{
	struct entry e = { .client_port = DEFAULT_CLIENT_PORT, .port = DEFAULT_PORT };

	client_address(1, v->family, e.client);
	e.meta.listen = listen_id(MAIN_LISTEN, v->proto);
	fixture_fill_line(fx, v->family, &e, 0, v->epoch + 100);
	fixture_fill_line(fx, v->family, &e, 1, v->epoch + 100);
	fixture_fill_line(fx, v->family, &e, 2, v->epoch + 100);
}
