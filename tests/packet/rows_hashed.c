// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Hashing modes: stable rows keep no state; rows that have moved find the flows that were alive.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "rows.h"

#define TCP(flags)                                                                                 \
	{                                                                                          \
		.proto = IPPROTO_TCP, .tcp_flags = (flags)                                         \
	}
#define UDP                                                                                        \
	{                                                                                          \
		.proto = IPPROTO_UDP                                                               \
	}
#define SYN TCP(TH_SYN)
#define ACK TCP(TH_ACK)
#define FIN TCP(TH_FIN | TH_ACK)
#define RST TCP(TH_RST)

static const struct world moving = { .cur = B, .prev = A };
static const struct world moving_again = { .cur = C, .prev = A };
static const struct world moving_off_down = { .cur = B, .prev = A, .hosts = { DOWN } };
static const struct world moving_off_draining = { .cur = B, .prev = A, .hosts = { DRAINING } };
static const struct world moving_to_down = { .cur = B, .prev = A, .hosts = { UP, DOWN } };
static const struct world moving_to_nobody = { .cur = NOBODY, .prev = A, .hosts = { DRAINING } };
static const struct world settled = { .cur = B, .prev = XLB_HOST_SETTLED };
static const struct world settled_a_down = { .cur = B,
					     .prev = XLB_HOST_SETTLED,
					     .hosts = { DOWN } };
static const struct world settled_a_draining = { .cur = B,
						 .prev = XLB_HOST_SETTLED,
						 .hosts = { DRAINING } };
static const struct world nobody = { .cur = NOBODY };
static const struct world cur_down = { .hosts = { DOWN } };
static const struct world cur_draining = { .hosts = { DRAINING } };
static const struct world no_rows = { .no_rows = true };

static void other_listen(struct fixture *fx, const struct variant *v);
static void fill_first(struct fixture *fx, const struct variant *v);
static void fill_all(struct fixture *fx, const struct variant *v);
static void fill_all_expired(struct fixture *fx, const struct variant *v);
static void spend_budget(struct fixture *fx, const struct variant *v);
static void spend_former_budget(struct fixture *fx, const struct variant *v);

const struct row rows_hashed[] = {
	{ "stable: SYN", .packet = SYN, .to = A, .session = true },
	{ "stable: data", .packet = ACK, .to = A },
	{ "stable: FIN", .packet = FIN, .to = A },
	{ "stable: UDP", .packet = UDP, .to = A },
	{ "stable: entries are not looked at", .before = { { B, XLB_FLOW_OPEN, 100 } },
	  .packet = ACK, .to = A, .after = { { B, XLB_FLOW_OPEN, 100 } } },
	{ "stable: nobody", &nobody, .reasons = R(NO_HOST) },
	{ "stable: host down", &cur_down, .reasons = R(NO_HOST) },
	{ "stable: host draining", &cur_draining, .to = A },
	{ "service without rows", &no_rows, .reasons = R(NO_HOST) },

	{ "moving: SYN goes to the new host and is entered", &moving, .packet = SYN, .to = B,
	  .session = true, .after = { { B, XLB_FLOW_SYN, T_SYN } } },
	{ "moving: its retransmission stays", &moving, .continues = true, .at = 3, .packet = SYN,
	  .to = B, .session = true, .after = { { B, XLB_FLOW_SYN, 3 + T_SYN } } },
	{ "moving: the handshake's end", &moving, .continues = true, .at = 4, .packet = ACK,
	  .to = B, .after = { { B, XLB_FLOW_OPEN, 4 + T_OPEN } } },
	{ "moving on: the middle host's flow stays there", &moving_again, .continues = true,
	  .at = 5, .packet = ACK, .to = B, .after = { { B, XLB_FLOW_OPEN, 5 + T_OPEN } } },
	{ "moving: data without an entry is the old host's", &moving, .packet = ACK, .to = A,
	  .after = { { A, XLB_FLOW_OPEN, T_OPEN } } },
	{ "settled: it stays there", &settled, .continues = true, .at = T_OPEN, .packet = ACK,
	  .to = A, .after = { { A, XLB_FLOW_OPEN, 2 * T_OPEN } } },
	{ "settled: FIN", &settled, .continues = true, .at = T_OPEN + 1, .packet = FIN, .to = A,
	  .after = { { A, XLB_FLOW_CLOSING, T_OPEN + 1 + T_CLOSING } } },
	{ "settled: a SYN recycles the closing flow: new host", &settled, .continues = true,
	  .at = T_OPEN + 2, .packet = SYN, .to = B, .session = true,
	  .after = { { B, XLB_FLOW_SYN, T_OPEN + 2 + T_SYN } } },
	{ "moving: UDP without an entry is the old host's", &moving, .packet = UDP, .to = A,
	  .after = { { A, XLB_FLOW_SYN, T_SYN } } },
	{ "moving: UDP goes on", &moving, .continues = true, .at = 1, .packet = UDP, .to = A,
	  .after = { { A, XLB_FLOW_OPEN, 1 + T_OPEN } } },
	{ "moving: FIN without an entry", &moving, .packet = FIN, .to = A,
	  .after = { { A, XLB_FLOW_CLOSING, T_CLOSING } } },
	{ "moving: RST without an entry", &moving, .packet = RST, .to = A,
	  .after = { { A, XLB_FLOW_CLOSED, T_CLOSED } } },
	{ "moving: entry of a live flow, SYN stays with it", &moving,
	  .before = { { A, XLB_FLOW_OPEN, 100 } }, .packet = SYN, .to = A, .session = true,
	  .after = { { A, XLB_FLOW_OPEN, T_OPEN } } },
	{ "moving: a SYN recycles a closing flow", &moving,
	  .before = { { A, XLB_FLOW_FINWAIT, 100 } }, .packet = SYN, .to = B, .session = true,
	  .after = { { B, XLB_FLOW_SYN, T_SYN } } },
	{ "moving: expired entries are none", &moving, .before = { { C, XLB_FLOW_OPEN, -1 } },
	  .packet = ACK, .to = A, .after = { { A, XLB_FLOW_OPEN, T_OPEN } } },
	{ "moving: an entry lives in the tick in which it expires", &moving,
	  .before = { { C, XLB_FLOW_OPEN, 0 } }, .packet = ACK, .to = C,
	  .after = { { C, XLB_FLOW_OPEN, T_OPEN } } },
	{ "moving: another client's entry is not this one's", &moving,
	  .before = { { C, XLB_FLOW_OPEN, 100, .client = 2 },
		      { D, XLB_FLOW_OPEN, 90, .client_port = 7 } },
	  .packet = ACK, .to = A,
	  .after = { { A, XLB_FLOW_OPEN, T_OPEN },
		     { C, XLB_FLOW_OPEN, 100, .client = 2 },
		     { D, XLB_FLOW_OPEN, 90, .client_port = 7 } } },
	{ "moving: another listen's entry is not this one's", &moving, .prepare = other_listen,
	  .packet = ACK, .to = A, .after = { { A, XLB_FLOW_OPEN, T_OPEN } } },
	{ "moving off a draining host: data", &moving_off_draining, .packet = ACK, .to = A,
	  .after = { { A, XLB_FLOW_OPEN, T_OPEN } } },
	{ "moving off a draining host: SYN", &moving_off_draining, .packet = SYN, .to = B,
	  .session = true, .after = { { B, XLB_FLOW_SYN, T_SYN } } },
	{ "moving off a dead host: data", &moving_off_down, .packet = ACK, .to = B },
	{ "moving off a dead host: SYN", &moving_off_down, .packet = SYN, .to = B,
	  .session = true },
	{ "moving off a dead host: its entry is taken over", &moving_off_down,
	  .before = { { A, XLB_FLOW_OPEN, 100 } }, .packet = ACK, .to = B, .reasons = R(HOST_GONE),
	  .after = { { B, XLB_FLOW_OPEN, T_OPEN } } },
	{ "moving to a dead host: data is the old host's", &moving_to_down, .packet = ACK, .to = A,
	  .after = { { A, XLB_FLOW_OPEN, T_OPEN } } },
	{ "moving to nobody: data", &moving_to_nobody, .packet = ACK, .to = A,
	  .after = { { A, XLB_FLOW_OPEN, T_OPEN } } },
	{ "moving to nobody: SYN", &moving_to_nobody, .packet = SYN, .reasons = R(NO_HOST) },
	{ "moving: SYNs past the bound are not entered", &moving, .prepare = spend_budget,
	  .packet = SYN, .to = B, .session = true, .reasons = R(SYN_LIMIT) },
	{ "moving: data is entered even then", &moving, .prepare = spend_budget, .packet = ACK,
	  .to = A, .after = { { A, XLB_FLOW_OPEN, T_OPEN } } },
	{ "moving: the bound is per tick", &moving, .prepare = spend_former_budget, .packet = SYN,
	  .to = B, .session = true, .after = { { B, XLB_FLOW_SYN, T_SYN } } },
	{ "moving: the second line when the first one is full", &moving, .prepare = fill_first,
	  .packet = ACK, .to = A, .after = { { A, XLB_FLOW_OPEN, T_OPEN } } },
	{ "moving: and found there", &moving, .continues = true, .at = 1, .packet = ACK, .to = A,
	  .after = { { A, XLB_FLOW_OPEN, 1 + T_OPEN } } },
	{ "moving: no room for a flow of the old host", &moving, .prepare = fill_all,
	  .packet = ACK, .to = A, .reasons = R(TABLE_FULL) },
	{ "moving: no room for a SYN", &moving, .prepare = fill_all, .packet = SYN, .to = B,
	  .session = true, .reasons = R(TABLE_FULL) },
	{ "moving: expired entries give room", &moving, .prepare = fill_all_expired, .packet = ACK,
	  .to = A, .after = { { A, XLB_FLOW_OPEN, T_OPEN } } },

	{ "settled: SYN", &settled, .packet = SYN, .to = B, .session = true },
	{ "settled: data", &settled, .packet = ACK, .to = B },
	{ "settled: UDP", &settled, .packet = UDP, .to = B },
	{ "settled: exception", &settled, .before = { { A, XLB_FLOW_OPEN, 100 } }, .at = 10,
	  .packet = ACK, .to = A, .after = { { A, XLB_FLOW_OPEN, 10 + T_OPEN } } },
	{ "settled: exception of a draining host", &settled_a_draining,
	  .before = { { A, XLB_FLOW_OPEN, 100 } }, .packet = ACK, .to = A,
	  .after = { { A, XLB_FLOW_OPEN, T_OPEN } } },
	{ "settled: exception of a dead host", &settled_a_down,
	  .before = { { A, XLB_FLOW_OPEN, 100 } }, .packet = ACK, .to = B, .reasons = R(HOST_GONE),
	  .after = { { B, XLB_FLOW_OPEN, T_OPEN } } },
	{ "settled: exception that has expired", &settled, .before = { { A, XLB_FLOW_OPEN, -1 } },
	  .packet = ACK, .to = B, .after = { { A, XLB_FLOW_OPEN, -1 } } },

	/* the state machine of an entry: what the client's half shows */
	{ "states: SYN", &moving, .packet = SYN, .to = B, .session = true,
	  .after = { { B, XLB_FLOW_SYN, T_SYN } } },
	{ "states: open", &moving, .continues = true, .at = 1, .packet = ACK, .to = B,
	  .after = { { B, XLB_FLOW_OPEN, 1 + T_OPEN } } },
	{ "states: data keeps it open", &moving, .continues = true, .at = 2,
	  .packet = TCP(TH_ACK | TH_PUSH), .to = B, .after = { { B, XLB_FLOW_OPEN, 2 + T_OPEN } } },
	{ "states: FIN", &moving, .continues = true, .at = 3, .packet = FIN, .to = B,
	  .after = { { B, XLB_FLOW_CLOSING, 3 + T_CLOSING } } },
	{ "states: FIN again", &moving, .continues = true, .at = 4, .packet = FIN, .to = B,
	  .after = { { B, XLB_FLOW_CLOSING, 4 + T_CLOSING } } },
	{ "states: ACK of the host's FIN", &moving, .continues = true, .at = 5, .packet = ACK,
	  .to = B, .after = { { B, XLB_FLOW_FINWAIT, 5 + T_FINWAIT } } },
	{ "states: and another one", &moving, .continues = true, .at = 6, .packet = ACK, .to = B,
	  .after = { { B, XLB_FLOW_FINWAIT, 6 + T_FINWAIT } } },
	{ "states: RST", &moving, .continues = true, .at = 7, .packet = RST, .to = B,
	  .after = { { B, XLB_FLOW_CLOSED, 7 + T_CLOSED } } },
	{ "states: nothing opens it again", &moving, .continues = true, .at = 8, .packet = ACK,
	  .to = B, .after = { { B, XLB_FLOW_CLOSED, 8 + T_CLOSED } } },
	{ "states: but a SYN", &moving, .continues = true, .at = 9, .packet = SYN, .to = B,
	  .session = true, .after = { { B, XLB_FLOW_SYN, 9 + T_SYN } } },
	{}
};

/* The entry that the rows' packet would get. */
static struct entry usual_entry(const struct variant *v, uint8_t proto)
{
	struct entry e = { .client_port = DEFAULT_CLIENT_PORT, .port = DEFAULT_PORT };

	client_address(1, v->family, e.client);
	e.meta.listen = listen_id(MAIN_LISTEN, proto);
	return e;
}

/* The same client and ports on another address, that happen to lie in the same line. */
static void other_listen(struct fixture *fx, const struct variant *v)
{
	const struct entry key = usual_entry(v, v->proto);
	struct entry e = key;

	e.meta.listen = FILLER_LISTEN;
	e.meta.host = C;
	e.meta.expires = (v->epoch + 100) & XLB_TICK_MASK;
	e.meta.state = XLB_FLOW_FINWAIT;
	fixture_add_entry_at(fx, v->family, &key, &e);
}

static void fill_first(struct fixture *fx, const struct variant *v)
{
	const struct entry e = usual_entry(v, v->proto);

	fixture_fill_line(fx, v->family, &e, 0, v->epoch + 100);
}

static void fill_all(struct fixture *fx, const struct variant *v)
{
	const struct entry e = usual_entry(v, v->proto);

	fixture_fill_line(fx, v->family, &e, 0, v->epoch + 100);
	fixture_fill_line(fx, v->family, &e, 1, v->epoch + 100);
	fixture_fill_line(fx, v->family, &e, 2, v->epoch);
}

static void fill_all_expired(struct fixture *fx, const struct variant *v)
{
	const struct entry e = usual_entry(v, v->proto);

	fixture_fill_line(fx, v->family, &e, 0, v->epoch + 100);
	fixture_fill_line(fx, v->family, &e, 1, v->epoch + 100);
	fixture_fill_line(fx, v->family, &e, 2, v->epoch - 1);
}

static void spend_budget(struct fixture *fx, const struct variant *v)
{
	fixture_spend_syn_budget(fx, v->epoch);
}

static void spend_former_budget(struct fixture *fx, const struct variant *v)
{
	fixture_spend_syn_budget(fx, v->epoch - 1);
}
