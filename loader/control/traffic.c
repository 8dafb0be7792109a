/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "control/traffic.h"

#include <errno.h>

#include "model/identity.h"

static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP };
#define N_PROTOS (sizeof(protos) / sizeof(protos[0]))

static bool listens_by(const struct service *s, uint8_t proto)
{
	const struct cfg_listen *l = s->listen;

	for (unsigned i = 0; i < s->n_listen; i++, l = l->next)
		if (l->proto == proto)
			return true;
	return false;
}

static void add(struct traffic *sum, const struct traffic *t)
{
	sum->packets += t->packets;
	sum->bytes += t->bytes;
	sum->sessions += t->sessions;
}

/* ---- services ------------------------------------------------------------------------------ */
int service_proto_traffic(const struct view *v, const struct service *s, uint8_t proto,
			  struct traffic *ret)
{
	if (!v->dataplane || !s->served || !listens_by(s, proto))
		return -ENOENT;
	return dataplane_service_traffic(v->dataplane, s->name, proto, ret);
}

int service_traffic(const struct view *v, const struct service *s, struct traffic *ret)
{
	struct traffic sum = { 0 }, one;
	int r = -ENOENT;

	for (size_t i = 0; i < N_PROTOS; i++) {
		if (service_proto_traffic(v, s, protos[i], &one) < 0)
			continue;
		add(&sum, &one);
		r = 0;
	}
	if (r == 0)
		*ret = sum;
	return r;
}

int service_proto_states(const struct view *v, const struct service *s, uint8_t proto,
			 uint64_t *ret)
{
	if (!v->dataplane || !s->served || !listens_by(s, proto))
		return -ENOENT;
	return dataplane_service_states(v->dataplane, s->name, proto, ret);
}

int service_states(const struct view *v, const struct service *s, uint64_t *ret)
{
	uint64_t sum = 0, one;
	int r = -ENOENT;

	for (size_t i = 0; i < N_PROTOS; i++) {
		if (service_proto_states(v, s, protos[i], &one) < 0)
			continue;
		sum += one;
		r = 0;
	}
	if (r == 0)
		*ret = sum;
	return r;
}

/* ---- hosts --------------------------------------------------------------------------------- */
bool service_uses(const struct service *s, const struct table *t)
{
	for (struct table **used = s->tables; used && *used; used++)
		if (*used == t)
			return true;
	return false;
}

bool add_host_traffic(const struct view *v, const struct service *s, const struct host *h,
		      struct traffic *sum)
{
	struct traffic one;
	bool found = false;

	for (size_t i = 0; i < N_PROTOS; i++) {
		if (!listens_by(s, protos[i]) ||
		    dataplane_host_traffic(v->dataplane, s->name, protos[i], &h->conf->addr, &one) <
			    0)
			continue;
		add(sum, &one);
		found = true;
	}
	return found;
}

int host_total_traffic(const struct view *v, const struct host *h, struct traffic *ret)
{
	struct traffic sum = { 0 };
	bool found = false;

	for (unsigned i = 0; v->dataplane && i < v->model->n_services; i++) {
		const struct service *s = &v->model->services[i];

		if (s->served && service_uses(s, h->table))
			found |= add_host_traffic(v, s, h, &sum);
	}
	if (!found)
		return -ENOENT;
	*ret = sum;
	return 0;
}

static bool add_host_states(const struct view *v, const struct service *s, const struct host *h,
			    uint64_t *sum)
{
	bool found = false;
	uint64_t one;

	for (size_t i = 0; i < N_PROTOS; i++) {
		if (!listens_by(s, protos[i]) ||
		    dataplane_host_states(v->dataplane, s->name, protos[i], &h->conf->addr, &one) <
			    0)
			continue;
		*sum += one;
		found = true;
	}
	return found;
}

int host_total_states(const struct view *v, const struct host *h, uint64_t *ret)
{
	uint64_t sum = 0;
	bool found = false;

	for (unsigned i = 0; v->dataplane && i < v->model->n_services; i++) {
		const struct service *s = &v->model->services[i];

		if (s->served && service_uses(s, h->table))
			found |= add_host_states(v, s, h, &sum);
	}
	if (!found)
		return -ENOENT;
	*ret = sum;
	return 0;
}

/* ---- interfaces ---------------------------------------------------------------------------- */
/* The kernel has one host for each address, whatever number of the service's tables it is in. */
static bool is_first(const struct service *s, struct table **t, const struct host *h)
{
	for (struct table **before = s->tables; before < t; before++)
		for (unsigned i = 0; i < (*before)->n_hosts; i++)
			if (same_addr(&(*before)->hosts[i].conf->addr, &h->conf->addr))
				return false;
	return true;
}

void add_service_sent(const struct view *v, const struct service *s, uint32_t ifindex,
		      sa_family_t family, struct traffic *sum)
{
	if (!v->dataplane || !s->served)
		return;
	for (struct table **t = s->tables; t && *t; t++)
		for (unsigned i = 0; i < (*t)->n_hosts; i++) {
			const struct host *h = &(*t)->hosts[i];

			if (h->next_hop.ifindex == ifindex && h->conf->addr.family == family &&
			    is_first(s, t, h))
				add_host_traffic(v, s, h, sum);
		}
}
