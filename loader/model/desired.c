/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The model as the data plane is to see it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/identity.h"
#include "model/model.h"

struct resolver {
	uint32_t (*ifindex_of)(const char *name, void *data);
	void *data;
};

/* ---- modes --------------------------------------------------------------------------------- */
struct mode {
	enum xlb_choose choose;
	bool hash_ports;
	bool hash_listen;
	bool hash_nothing_else;
};

/* What is only for relays, or not for them, the parser has refused. */
static const struct mode modes[] = {
	/* clang-format off */
	[CFG_MODE_ROUNDROBIN]	= { .choose = XLB_CHOOSE_ROUNDROBIN },
	[CFG_MODE_RANDOM]	= { .choose = XLB_CHOOSE_RANDOM },
	[CFG_MODE_SOURCE_HASH]	= { .choose = XLB_CHOOSE_ROW },
	[CFG_MODE_LEAST_STATES]	= { .choose = XLB_CHOOSE_LEAST_STATES },
	[CFG_MODE_LOADBALANCE]	= { .choose = XLB_CHOOSE_ROW, .hash_listen = true },
	[CFG_MODE_HASH]		= { .choose = XLB_CHOOSE_ROW, .hash_listen = true,
				    .hash_nothing_else = true },
	[CFG_MODE_MAGLEV]	= { .choose = XLB_CHOOSE_ROW, .hash_ports = true },
	/* clang-format on */
};

/* Relays have relayd's mapping of clients to hosts, but for a mode of ours. */
static enum desired_rows rows_of(const struct service *s)
{
	return s->kind == SERVICE_RELAY && s->target->mode != CFG_MODE_MAGLEV ?
		       DESIRED_ROWS_RELAYD :
		       DESIRED_ROWS_MAGLEV;
}

/*
 * Rows need no entries, but UDP has no SYN that would tell a new flow while a row moves. The other
 * modes have nothing to fall back to but an entry: the client's, where sticky-address makes one,
 * and the flow's. least-states counts flows, so it needs theirs in any case. NAT has a connection
 * for every flow.
 */
static bool tracks(const struct service *s, enum xlb_choose choose, uint8_t proto)
{
	if (s->nat)
		return false;
	if (choose == XLB_CHOOSE_ROW)
		return proto == IPPROTO_UDP && !s->redirect->no_state;
	return choose == XLB_CHOOSE_LEAST_STATES || !s->redirect->sticky_address;
}

static unsigned conf_timeout(const struct service *s)
{
	return s->kind == SERVICE_RELAY ? s->relay->session_timeout : s->redirect->session_timeout;
}

unsigned service_timeout_s(const struct service *s, uint8_t proto)
{
	if (conf_timeout(s))
		return conf_timeout(s);
	return proto == IPPROTO_UDP ? XLB_DEFAULT_UDP_TIMEOUT : XLB_DEFAULT_SESSION_TIMEOUT;
}

static void fill_nat(const struct service *s, struct desired_service *ret)
{
	const struct cfg_protocol *protocol = s->relay ? s->relay->protocol : NULL;

	ret->nat = s->nat;
	ret->transparent = s->transparent;
	if (!protocol)
		return;
	ret->ttl = (uint8_t)protocol->ip_ttl;
	ret->min_ttl = (uint8_t)protocol->ip_minttl;
}

static void fill_options(const struct service *s, uint8_t proto, struct desired_service *ret)
{
	const struct mode *mode = &modes[s->target->mode];

	ret->name = s->name;
	ret->id = s->id;
	ret->trace = s->trace;
	ret->proto = proto;
	ret->choose = mode->choose;
	ret->rows = rows_of(s);
	ret->hash_ports = mode->hash_ports;
	ret->hash_listen = mode->hash_listen;
	ret->hash_nothing_else = mode->hash_nothing_else;
	ret->track = tracks(s, mode->choose, proto);
	ret->sticky = s->redirect && s->redirect->sticky_address;
	ret->has_key = s->target->has_key;
	memcpy(ret->key, s->target->key, sizeof(ret->key));
	ret->timeout_s = service_timeout_s(s, proto);
	fill_nat(s, ret);
}

/* ---- listens ------------------------------------------------------------------------------- */
/* "Any interface" must not come of an interface that is not there. */
static bool listen_possible(const struct cfg_listen *l, const struct resolver *resolver,
			    uint32_t *ret_ifindex)
{
	*ret_ifindex = l->interface ? resolver->ifindex_of(l->interface, resolver->data) : 0;
	return l->addr.family != AF_UNSPEC && (!l->interface || *ret_ifindex != 0);
}

static int fill_listens(const struct service *s, uint8_t proto, const struct resolver *resolver,
			struct desired_service *ret)
{
	struct desired_listen *listens = calloc(s->n_listen + 1, sizeof(*listens));

	const struct cfg_listen *l = s->listen;

	if (!listens)
		return -ENOMEM;
	ret->listens = listens;
	for (unsigned i = 0; i < s->n_listen; i++, l = l->next) {
		uint32_t ifindex;

		if (l->proto != proto || !listen_possible(l, resolver, &ifindex))
			continue;
		listens[ret->n_listens++] = (struct desired_listen){
			.addr = l->addr,
			.port_lo = l->port_lo,
			.port_hi = l->port_hi,
			.ifindex = ifindex,
		};
	}
	return 0;
}

_Static_assert(DESIRED_NAT_ADDRS == CFG_MAX_NAT, "a host of a relay may have all of them");

/* ---- hosts --------------------------------------------------------------------------------- */
static void describe_nat(const struct service *s, const struct host *h, struct desired_host *ret)
{
	ret->port = h->table->port;
	ret->n_nat_addrs = service_nat_addrs(s, h, ret->nat_addrs);
}

static void describe_host(const struct service *s, const struct host *h, struct desired_host *ret)
{
	*ret = (struct desired_host){
		.name = h->conf->name,
		.addr = h->conf->addr,
		.weight = h->conf->weight,
		.takes_new = h->table == s->active && service_can_use(s, h),
		.keeps_old = host_keeps_flows(h),
		.spare = h->table != s->active,
		.has_next_hop = h->next_hop.state == NEXT_HOP_OK,
	};
	if (s->nat)
		describe_nat(s, h, ret);
	if (!ret->has_next_hop)
		return;
	ret->via_gateway = !same_addr(&h->next_hop.gateway, &h->conf->addr);
	ret->ifindex = h->next_hop.ifindex;
	memcpy(ret->dst_mac, h->next_hop.dst_mac, sizeof(ret->dst_mac));
	memcpy(ret->src_mac, h->next_hop.src_mac, sizeof(ret->src_mac));
}

/* Which of two descriptions of one host has the next hop that is to be used. */
static bool better(const struct desired_host *a, const struct desired_host *b)
{
	if (a->takes_new != b->takes_new)
		return a->takes_new;
	return a->has_next_hop && !b->has_next_hop;
}

static void merge_host(struct desired_host *into, const struct desired_host *h)
{
	unsigned weight = into->weight;
	bool keeps_old = into->keeps_old || h->keeps_old, spare = into->spare && h->spare;

	if (better(h, into))
		*into = *h;
	into->weight = weight;
	into->keeps_old = keeps_old;
	into->spare = spare;
}

static void add_host(const struct desired_host *h, struct desired_host *hosts, size_t *n)
{
	for (size_t i = 0; i < *n; i++) {
		if (same_addr(&hosts[i].addr, &h->addr)) {
			merge_host(&hosts[i], h);
			return;
		}
	}
	hosts[(*n)++] = *h;
}

static unsigned count_hosts(const struct service *s)
{
	unsigned n = 0;

	for (struct table **t = s->tables; *t; t++)
		n += (*t)->n_hosts;
	return n;
}

static int fill_hosts(const struct service *s, struct desired_service *ret)
{
	struct desired_host *hosts = calloc(count_hosts(s) + 1, sizeof(*hosts));

	if (!hosts)
		return -ENOMEM;
	ret->hosts = hosts;
	for (struct table **t = s->tables; *t; t++) {
		for (unsigned i = 0; i < (*t)->n_hosts; i++) {
			const struct host *h = &(*t)->hosts[i];
			struct desired_host described;

			if (h->conf->addr.family == AF_UNSPEC || service_leaves_out(s, h))
				continue;
			describe_host(s, h, &described);
			add_host(&described, hosts, &ret->n_hosts);
		}
	}
	return 0;
}

/* ---- services ------------------------------------------------------------------------------ */
static bool listens_with(const struct service *s, uint8_t proto)
{
	const struct cfg_listen *l = s->listen;

	for (unsigned i = 0; i < s->n_listen; i++, l = l->next)
		if (l->proto == proto)
			return true;
	return false;
}

static int add_service(const struct service *s, uint8_t proto, const struct resolver *resolver,
		       struct desired *desired)
{
	/* Writable until it is handed out. */
	struct desired_service *ret = (struct desired_service *)&desired->services[0];
	int r;

	if (!listens_with(s, proto))
		return 0;
	ret += desired->n_services++;
	fill_options(s, proto, ret);
	r = fill_listens(s, proto, resolver, ret);
	return r < 0 ? r : fill_hosts(s, ret);
}

int model_desired(const struct model *m, uint32_t (*ifindex_of)(const char *name, void *data),
		  void *data, struct desired **ret)
{
	const struct resolver resolver = { ifindex_of, data };
	struct desired *desired = calloc(1, sizeof(*desired));
	int r = 0;

	if (!desired)
		return -ENOMEM;
	desired->services = calloc(2 * (size_t)m->n_services + 1, sizeof(*desired->services));
	if (!desired->services)
		r = -ENOMEM;
	for (unsigned i = 0; r == 0 && i < m->n_services; i++) {
		const struct service *s = &m->services[i];

		if (!s->served || s->disabled)
			continue;
		r = add_service(s, IPPROTO_TCP, &resolver, desired);
		if (r == 0)
			r = add_service(s, IPPROTO_UDP, &resolver, desired);
	}
	if (r < 0) {
		model_desired_free(desired);
		return r;
	}
	*ret = desired;
	return 0;
}

void model_desired_free(struct desired *desired)
{
	if (!desired)
		return;
	for (size_t i = 0; i < desired->n_services; i++) {
		free((void *)desired->services[i].listens);
		free((void *)desired->services[i].hosts);
	}
	free((void *)desired->services);
	free(desired);
}
