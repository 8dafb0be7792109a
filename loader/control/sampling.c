/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "control/sampling.h"

#include <stdlib.h>

#include "control/traffic.h"

void sample_sessions(const struct view *v, struct rates *rates)
{
	struct traffic traffic;

	rates_begin(rates);
	for (unsigned i = 0; i < v->model->n_services; i++) {
		const struct service *s = &v->model->services[i];

		if (service_traffic(v, s, &traffic) == 0)
			(void)rates_sample(rates, s->name, traffic.sessions);
	}
	rates_end(rates);
}

/* ---- each second --------------------------------------------------------------------------- */
/* No memory: there is no rate then, and another try at the next sample. */
static void take(struct meters *meters, struct meter_key key, const struct traffic *t)
{
	(void)meters_sample(meters, key,
			    (const uint64_t[METER_VALUES]){ t->packets, t->bytes, t->sessions });
}

static void sample_services(const struct view *v, struct meters *meters)
{
	struct traffic traffic;

	for (unsigned i = 0; i < v->model->n_services; i++) {
		const struct service *s = &v->model->services[i];

		if (service_traffic(v, s, &traffic) == 0)
			take(meters, service_meter(s), &traffic);
	}
}

/* Who uses the table; how many. */
static unsigned users_of(const struct model *m, const struct table *t, const struct service **ret)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n_services; i++)
		if (m->services[i].served && service_uses(&m->services[i], t))
			ret[n++] = &m->services[i];
	return n;
}

static void sample_table(const struct view *v, const struct table *t,
			 const struct service *const *users, unsigned n, struct meters *meters)
{
	for (unsigned i = 0; i < t->n_hosts; i++) {
		const struct host *h = &t->hosts[i];
		struct traffic sum = { 0 };
		bool found = false;

		for (unsigned j = 0; j < n; j++)
			found |= add_host_traffic(v, users[j], h, &sum);
		if (found)
			take(meters, host_meter(h), &sum);
	}
}

static void sample_hosts(const struct view *v, struct meters *meters)
{
	const struct service **users = calloc(v->model->n_services + 1, sizeof(*users));

	for (unsigned i = 0; users && i < v->model->n_tables; i++) {
		const struct table *t = &v->model->tables[i];

		sample_table(v, t, users, users_of(v->model, t, users), meters);
	}
	free(users);
}

static void sample_reasons(const struct view *v, struct meters *meters)
{
	uint64_t counts[XLB_REASON_COUNT];

	if (dataplane_reasons(v->dataplane, counts) < 0)
		return;
	for (uint32_t i = 0; i < XLB_REASON_COUNT; i++)
		take(meters, reason_meter(i), &(struct traffic){ .packets = counts[i] });
}

static void sample_links(const struct view *v, struct meters *meters)
{
	const struct attachment *list;
	struct net_link_stats s;
	size_t n;

	list = dataplane_attachments(v->dataplane, &n);
	for (size_t i = 0; v->net && i < n; i++)
		if (net_link_stats(v->net, list[i].ifindex, &s) == 0)
			(void)meters_sample(meters, link_meter(list[i].ifindex),
					    (const uint64_t[METER_VALUES]){
						    s.rx_packets, s.rx_bytes, s.tx_packets,
						    s.tx_bytes });
}

void sample_meters(const struct view *v, struct meters *meters)
{
	meters_begin(meters, v->now_ms);
	if (v->dataplane) {
		/* It is only faster. */
		(void)dataplane_hold_counters(v->dataplane);
		sample_services(v, meters);
		sample_hosts(v, meters);
		dataplane_release_counters(v->dataplane);
		sample_reasons(v, meters);
		sample_links(v, meters);
	}
	meters_end(meters);
}
