/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The configuration that changes: services of all kinds, each with its own hosts. What is wanted
 * changes at random; what holds is what was last told to the load balancers.
 */
#ifndef XLB_MODEL_WORLD_H
#define XLB_MODEL_WORLD_H

#include <stddef.h>

#include "dataplane/desired.h"
#include "random.h"

#define SERVICES 10
#define HOSTS 8 /* of each service */

enum host_state {
	HOST_ABSENT,
	HOST_DOWN,
	HOST_DRAINING,
	HOST_UP,
};

struct host {
	char name[16];
	struct cfg_addr addr;
	unsigned weight;
	enum host_state wanted;
	enum host_state holds; /* a removed host keeps its flows: DRAINING */
	uint32_t deaths; /* how often it went down */
};

struct kind {
	const char *name;
	uint8_t proto;
	enum xlb_choose choose;
	bool hash_ports;
	bool track;
	bool sticky;
};

struct service {
	const struct kind *kind;
	struct host hosts[HOSTS];
};

struct world {
	struct service services[SERVICES];
	uint32_t timeout_s; /* session timeout */
	uint32_t told_at; /* tick of the last time */
	uint32_t ifindex[2]; /* of the clients; of the hosts */
};

void world_init(struct world *w, struct random *r, const uint32_t ifindex[2]);

/* Something happens to some host. Returns what, for the trace; static. */
const char *world_change(struct world *w, struct random *r);

/* What is wanted holds from now on. */
void world_told(struct world *w, uint32_t now);

/* Room for what struct desired borrows. */
struct world_desired {
	struct desired desired;
	struct desired_service services[SERVICES];
	struct desired_listen listens[SERVICES][2];
	struct desired_host hosts[SERVICES][HOSTS];
};

/* The lists are in random order: it must not matter. */
void world_desire(const struct world *w, struct random *r, struct world_desired *ret);

bool service_has_host(const struct service *s); /* that takes new flows */

/* MAC of a host, and back; host -1: none of the service. */
void model_mac(unsigned service, unsigned host, uint8_t ret[6]);
int model_host(unsigned service, const uint8_t mac[6]);

/* VIP number of a service, for frame.h. */
uint32_t model_vip(unsigned service);

#endif
