/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/sweep_conns.h"

#include <string.h>

/* expires and state are one word, which is compared and swapped. */
#define WORD_AT offsetof(struct xlb_conn, listen) + 4
_Static_assert(offsetof(struct xlb_conn, back_port) == WORD_AT + 4, "expires and state");

static uint32_t *word_at(const struct xlb_conn *conn)
{
	return (uint32_t *)((char *)conn + WORD_AT);
}

static uint32_t load_word(const struct xlb_conn *conn)
{
	return __atomic_load_n(word_at(conn), __ATOMIC_ACQUIRE);
}

static unsigned state_of(uint32_t word)
{
	return word >> 28;
}

static bool word_is_alive(uint32_t word, uint32_t now)
{
	return state_of(word) != XLB_CONN_FREE && XLB_TICK_ALIVE(word & XLB_TICK_MASK, now);
}

bool conn_is_alive(const struct xlb_conn *conn, uint32_t now)
{
	return word_is_alive(load_word(conn), now);
}

bool conn_is_counted(unsigned state)
{
	return state >= XLB_CONN_SYN_SENT && state <= XLB_CONN_FIN_HOST;
}

bool conn_copy(const struct xlb_conn *conn, struct xlb_conn *ret)
{
	uint32_t before = load_word(conn);

	memcpy(ret, conn, sizeof(*ret));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return load_word(conn) == before;
}

/* Never below zero: counts begin anew with a slot's next owner. */
static void load_drop(uint64_t *loads, uint16_t host)
{
	uint64_t load;

	if (host >= XLB_MAX_HOSTS)
		return;
	load = __atomic_load_n(&loads[host], __ATOMIC_RELAXED);
	while (load && !__atomic_compare_exchange_n(&loads[host], &load, load - 1, false,
						    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/*
 * A packet that comes in between, or a new connection that takes the record, wins. That one may be
 * the same tuple's: it then has found its word in the index, so that this must be out before the
 * record is free, or stay.
 */
static void end_conn(const struct conn_tables *tables, const struct image *image,
		     struct xlb_conn *conn, uint32_t target, uint32_t port)
{
	uint32_t before = load_word(conn);
	struct nat_words words;
	struct xlb_conn copy;

	memcpy(&copy, conn, sizeof(copy));
	nat_index_take(&tables->index, &copy, &image->targets[target], target, port, &words);
	if (!__atomic_compare_exchange_n(word_at(conn), &before, 0, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED)) {
		nat_index_put_back(&words);
		return;
	}
	memcpy(word_at(&copy), &before, sizeof(before));
	if (conn_is_counted(state_of(before)))
		load_drop(tables->loads, copy.host);
	if (tables->ended && !(copy.flags & XLB_CONN_LOGGED))
		tables->ended(&copy, target, port, tables->data);
}

/* The last packet's tick. */
static uint32_t last_seen(const struct image *image, const struct xlb_conn *conn, uint32_t word)
{
	uint16_t service = image->nat_listens[conn->listen].service % XLB_MAX_SERVICES;

	return word - image->services[service].timeout[state_of(word)];
}

/*
 * Both sides have closed; the record stays, as long as its port is not to be used, but the end can
 * be told. A tick later, when the last acknowledgement is counted, too. A new connection that takes
 * the record in this instant is not to bear the mark.
 */
static void tell_closed(const struct conn_tables *tables, const struct image *image,
			struct xlb_conn *conn, uint32_t target, uint32_t port, uint32_t now)
{
	uint32_t word = load_word(conn);
	struct xlb_conn copy;

	if (!tables->ended || state_of(word) != XLB_CONN_TIME_WAIT ||
	    conn->flags & XLB_CONN_LOGGED ||
	    !((now - last_seen(image, conn, word)) & XLB_TICK_MASK))
		return;
	memcpy(&copy, conn, sizeof(copy));
	__atomic_fetch_or(&conn->flags, XLB_CONN_LOGGED, __ATOMIC_SEQ_CST);
	if (state_of(load_word(conn)) != XLB_CONN_TIME_WAIT)
		__atomic_fetch_and(&conn->flags, (uint8_t)~XLB_CONN_LOGGED, __ATOMIC_SEQ_CST);
	else
		tables->ended(&copy, target, port, tables->data);
}

/* Its packets would end it. */
static bool is_orphan(const struct image *image, const struct xlb_conn *conn)
{
	uint16_t listen = conn->listen, host = conn->host;

	return listen >= XLB_MAX_LISTENS || host >= XLB_MAX_HOSTS ||
	       image->listens[listen].state.phase == SLOT_FREE || !image->hosts[host].flags;
}

static void visit(const struct conn_tables *tables, const struct image *image, uint32_t target,
		  uint32_t port, uint32_t now, struct scan_result *result)
{
	struct xlb_conn *conn = &tables->conns[target][port];
	uint32_t word = load_word(conn);

	if (state_of(word) == XLB_CONN_FREE)
		return;
	if (!word_is_alive(word, now) || is_orphan(image, conn)) {
		end_conn(tables, image, conn, target, port);
		return;
	}
	tell_closed(tables, image, conn, target, port, now);
	result->targets[target]++;
	result->hosts[conn->host % XLB_MAX_HOSTS]++;
	result->listens[conn->listen % IMAGE_MAX_LISTENS]++;
}

bool conns_sweep(struct conn_position *at, const struct conn_tables *tables,
		 const struct image *image, uint32_t now, uint64_t records,
		 struct scan_result *result)
{
	for (; at->target < XLB_TARGET_SLOTS; at->target++, at->port = 0) {
		if (!tables->conns[at->target])
			continue;
		for (; at->port < XLB_NAT_PORTS; at->port++) {
			if (!records--)
				return false;
			visit(tables, image, at->target, at->port, now, result);
		}
	}
	return true;
}

int conns_each(const struct conn_tables *tables, uint32_t now,
	       int (*each)(const struct xlb_conn *conn, uint32_t target, uint32_t nat_port,
			   void *data),
	       void *data)
{
	int err = 0;

	for (uint32_t t = 0; t < XLB_TARGET_SLOTS; t++)
		for (uint32_t p = 0; tables->conns[t] && p < XLB_NAT_PORTS && !err; p++) {
			struct xlb_conn copy;

			if (!conn_is_alive(&tables->conns[t][p], now))
				continue;
			memcpy(&copy, &tables->conns[t][p], sizeof(copy));
			if (conn_is_alive(&copy, now))
				err = each(&copy, t, p, data);
		}
	return err;
}
