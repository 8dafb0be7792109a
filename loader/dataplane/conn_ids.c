/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/conn_ids.h"

#include <stdlib.h>

/* A record is taken over by one connection after the other: the number holds for `who` only. */
struct place {
	uint32_t id;
	uint32_t who;
};

struct conn_ids {
	uint32_t last;
	struct place *places[XLB_TARGET_SLOTS]; /* XLB_NAT_PORTS each; NULL: none yet */
};

struct conn_ids *conn_ids_new(void)
{
	return calloc(1, sizeof(struct conn_ids));
}

void conn_ids_free(struct conn_ids *ids)
{
	for (int i = 0; ids && i < XLB_TARGET_SLOTS; i++)
		free(ids->places[i]);
	free(ids);
}

/* What tells connections at one place apart. Never 0. */
static uint32_t who_is(const struct xlb_conn *conn)
{
	uint32_t who = conn->opened;

	for (int i = 0; i < 4; i++)
		who = who * 0x9e3779b1 + conn->client[i];
	who = who * 0x9e3779b1 + conn->client_port;
	who = who * 0x9e3779b1 + conn->listen;
	return who | 1;
}

uint32_t conn_ids_get(struct conn_ids *ids, const struct xlb_conn *conn, uint32_t target,
		      uint32_t nat_port)
{
	uint32_t who = who_is(conn);
	struct place *place;

	if (target >= XLB_TARGET_SLOTS || nat_port >= XLB_NAT_PORTS)
		return 0;
	if (!ids->places[target])
		ids->places[target] = calloc(XLB_NAT_PORTS, sizeof(*place));
	if (!ids->places[target])
		return 0;
	place = &ids->places[target][nat_port];
	if (place->who != who)
		*place = (struct place){ .id = ++ids->last, .who = who };
	return place->id;
}
