// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "world.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "frame.h"

/* All that can be told from the seed: `random` is not among them. UDP services are those that
 * promise to keep flows: with entries, as the model of services has it. */
static const struct kind kinds[SERVICES] = {
	{ "maglev", IPPROTO_TCP, XLB_CHOOSE_ROW, .hash_ports = true },
	{ "source-hash", IPPROTO_TCP, XLB_CHOOSE_ROW },
	{ "maglev-udp", IPPROTO_UDP, XLB_CHOOSE_ROW, .hash_ports = true, .track = true },
	{ "roundrobin", IPPROTO_TCP, XLB_CHOOSE_ROUNDROBIN, .track = true },
	{ "least-states", IPPROTO_TCP, XLB_CHOOSE_LEAST_STATES, .track = true },
	{ "roundrobin-udp", IPPROTO_UDP, XLB_CHOOSE_ROUNDROBIN, .track = true },
	{ "sticky", IPPROTO_TCP, XLB_CHOOSE_ROUNDROBIN, .sticky = true },
	{ "sticky-rows", IPPROTO_TCP, XLB_CHOOSE_ROW, .hash_ports = true, .sticky = true },
	{ "sticky-udp", IPPROTO_UDP, XLB_CHOOSE_ROUNDROBIN, .track = true, .sticky = true },
	{ "sticky-least", IPPROTO_TCP, XLB_CHOOSE_LEAST_STATES, .track = true, .sticky = true },
};

static void host_init(struct host *h, unsigned service, unsigned n, struct random *r)
{
	memset(h, 0, sizeof(*h));
	snprintf(h->name, sizeof(h->name), "h%u.%u", service, n);
	if (n % 2) {
		h->addr.family = AF_INET6;
		h->addr.v6.s6_addr[0] = 0xfd;
		h->addr.v6.s6_addr[14] = service;
		h->addr.v6.s6_addr[15] = n + 1;
	} else {
		h->addr.family = AF_INET;
		h->addr.v4.s_addr = htonl(0xac100000 + service * 256 + n + 1);
	}
	h->weight = 1 + random_below(r, 4);
	h->wanted = random_percent(r, 70) ? HOST_UP : HOST_ABSENT;
}

void world_init(struct world *w, struct random *r, const uint32_t ifindex[2])
{
	memset(w, 0, sizeof(*w));
	w->timeout_s = 15 + random_below(r, 50);
	memcpy(w->ifindex, ifindex, sizeof(w->ifindex));
	for (unsigned s = 0; s < SERVICES; s++) {
		w->services[s].kind = &kinds[s];
		for (unsigned h = 0; h < HOSTS; h++)
			host_init(&w->services[s].hosts[h], s, h, r);
	}
}

/* ---- changes ------------------------------------------------------------------------------------
 */
static const struct {
	const char *name;
	unsigned from; /* bits 1 << enum host_state */
	enum host_state to;
} events[] = {
	{ "add", 1u << HOST_ABSENT, HOST_UP },
	{ "add, down", 1u << HOST_ABSENT, HOST_DOWN },
	{ "remove", 1u << HOST_UP | 1u << HOST_DRAINING | 1u << HOST_DOWN, HOST_ABSENT },
	{ "fail", 1u << HOST_UP | 1u << HOST_DRAINING, HOST_DOWN },
	{ "recover", 1u << HOST_DOWN, HOST_UP },
	{ "recover, draining", 1u << HOST_DOWN, HOST_DRAINING },
	{ "drain", 1u << HOST_UP, HOST_DRAINING },
	{ "undrain", 1u << HOST_DRAINING, HOST_UP },
};
#define EVENTS (sizeof(events) / sizeof(*events))

const char *world_change(struct world *w, struct random *r)
{
	struct host *h = &w->services[random_below(r, SERVICES)].hosts[random_below(r, HOSTS)];
	unsigned n;

	if (random_percent(r, 10)) {
		h->weight = 1 + random_below(r, 8);
		return "reweight";
	}
	do
		n = random_below(r, EVENTS);
	while (!(events[n].from >> h->wanted & 1));
	h->wanted = events[n].to;
	return events[n].name;
}

/* What the load balancers make of what is wanted. */
static enum host_state next_state(const struct host *h)
{
	if (h->wanted == HOST_ABSENT)
		return h->holds >= HOST_DRAINING ? HOST_DRAINING : h->holds;
	return h->wanted;
}

void world_told(struct world *w, uint32_t now)
{
	for (unsigned s = 0; s < SERVICES; s++) {
		for (unsigned i = 0; i < HOSTS; i++) {
			struct host *h = &w->services[s].hosts[i];
			enum host_state next = next_state(h);

			if (next == HOST_DOWN && h->holds != HOST_DOWN)
				h->deaths++;
			h->holds = next;
		}
	}
	w->told_at = now;
}

bool service_has_host(const struct service *s)
{
	for (unsigned i = 0; i < HOSTS; i++)
		if (s->hosts[i].holds == HOST_UP)
			return true;
	return false;
}

/* ---- what is desired ----------------------------------------------------------------------------
 */
static void shuffle(unsigned *list, unsigned n, struct random *r)
{
	for (unsigned i = 0; i < n; i++)
		list[i] = i;
	for (unsigned i = n - 1; i > 0; i--) {
		unsigned k = random_below(r, i + 1), other = list[k];

		list[k] = list[i];
		list[i] = other;
	}
}

static void desire_hosts(const struct world *w, unsigned s, struct random *r,
			 struct desired_service *d, struct desired_host *hosts)
{
	unsigned order[HOSTS];

	shuffle(order, HOSTS, r);
	d->hosts = hosts;
	for (unsigned i = 0; i < HOSTS; i++) {
		const struct host *h = &w->services[s].hosts[order[i]];
		struct desired_host *to = &hosts[d->n_hosts];

		if (h->wanted == HOST_ABSENT)
			continue;
		*to = (struct desired_host){ .name = h->name,
					     .addr = h->addr,
					     .weight = h->weight,
					     .takes_new = h->wanted == HOST_UP,
					     .keeps_old = h->wanted >= HOST_DRAINING,
					     .has_next_hop = true,
					     .ifindex = w->ifindex[1] };
		model_mac(s, order[i], to->dst_mac);
		egress_mac(w->ifindex[1], to->src_mac);
		d->n_hosts++;
	}
}

static void desire_listens(unsigned s, struct desired_listen listens[2])
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (int i = 0; i < 2; i++) {
		__be32 addr[4];

		listens[i] =
			(struct desired_listen){ .port_lo = DEFAULT_PORT, .port_hi = DEFAULT_PORT };
		listens[i].addr.family = families[i];
		vip_address(model_vip(s), families[i], addr);
		memcpy(&listens[i].addr.v6, addr, 16);
	}
}

void world_desire(const struct world *w, struct random *r, struct world_desired *ret)
{
	unsigned order[SERVICES];

	memset(ret, 0, sizeof(*ret));
	shuffle(order, SERVICES, r);
	for (unsigned i = 0; i < SERVICES; i++) {
		const unsigned s = order[i];
		const struct kind *k = w->services[s].kind;
		struct desired_service *d = &ret->services[i];

		*d = (struct desired_service){ .name = k->name,
					       .id = s + 1,
					       .proto = k->proto,
					       .choose = k->choose,
					       .hash_ports = k->hash_ports,
					       .track = k->track,
					       .sticky = k->sticky,
					       .has_key = true,
					       .key = { 1, 2, 3, s },
					       .timeout_s = w->timeout_s,
					       .listens = ret->listens[i],
					       .n_listens = 2 };
		desire_listens(s, ret->listens[i]);
		desire_hosts(w, s, r, d, ret->hosts[i]);
	}
	ret->desired = (struct desired){ ret->services, SERVICES };
}

/* ---- names --------------------------------------------------------------------------------------
 */
uint32_t model_vip(unsigned service)
{
	return 1 + service;
}

void model_mac(unsigned service, unsigned host, uint8_t ret[6])
{
	const uint8_t mac[6] = { 0x02, 0xcc, 0, service, 0, host };

	memcpy(ret, mac, 6);
}

int model_host(unsigned service, const uint8_t mac[6])
{
	uint8_t wanted[6];

	if (mac[5] >= HOSTS)
		return -1;
	model_mac(service, mac[5], wanted);
	return memcmp(mac, wanted, 6) ? -1 : mac[5];
}
