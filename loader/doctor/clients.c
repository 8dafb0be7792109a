/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A router that masquerades makes all clients look like one: whoever chooses hosts by the client's
 * address then sends them all to the same one.
 */
#include <string.h>

#include "doctor/survey.h"

#define MIN_SESSIONS 20 /* fewer say nothing */
#define MIN_COUNTED 100 /* of a host's counters, which don't tell clients apart */

static bool by_client(const struct site_service *s)
{
	return s->sticky || strcmp(s->mode, "source-hash") == 0 ||
	       strcmp(s->mode, "loadbalance") == 0;
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

/* Sessions by client: {"203.0.113.9": 12, …}, and in all. */
static json_t *count(const json_t *sessions, const char *service, size_t *ret_total)
{
	json_t *clients = json_object();
	const json_t *item;
	size_t i;

	*ret_total = 0;
	json_array_foreach(json_object_get(sessions, "sessions"), i, item) {
		const char *client = text(item, "client");
		json_int_t n = json_integer_value(json_object_get(clients, client));

		if (strcmp(text(item, "service"), service) != 0)
			continue;
		json_object_set_new(clients, client, json_integer(n + 1));
		(*ret_total)++;
	}
	return clients;
}

static const char *most(json_t *clients, size_t *ret_n)
{
	const char *name, *found = "";
	json_t *n;

	*ret_n = 0;
	json_object_foreach(clients, name, n)
		if ((size_t)json_integer_value(n) > *ret_n) {
			*ret_n = (size_t)json_integer_value(n);
			found = name;
		}
	return found;
}

static void advise(struct report *report, const struct site_service *s)
{
	report_advise(report,
		      "if a router masquerades (source NAT) these clients, exempt this service "
		      "from that; "
		      "if not, spread by connection: mode %s%s",
		      s->relay ? "maglev or roundrobin" : "maglev, roundrobin or least-states",
		      s->sticky ? " without sticky-address" : "");
}

/* NAT has an entry for each connection. */
static void examine_sessions(struct survey *s, const struct site_service *service)
{
	size_t total, n;
	json_t *clients = count(s->in->sessions, service->name, &total);
	const char *client = most(clients, &n);

	if (total >= MIN_SESSIONS && 2 * n > total) {
		report_add(s->report, SEVERITY_WARNING, "clients",
			   "%s \"%s\": %zu of %zu sessions come from %s, and hosts are chosen by "
			   "client",
			   site_kind(service), service->name, n, total, client);
		advise(s->report, service);
	}
	json_decref(clients);
}

/* Direct server return has entries for some at most; the hosts' counters show it: one has nearly
 * everything. */
static void examine_counters(struct survey *s, const struct site_service *service)
{
	const struct site_host *top = NULL;
	uint64_t total = 0;
	unsigned weights = 0, n_up = 0;

	for (size_t i = 0; i < service->n_hosts; i++) {
		const struct site_host *h = &service->hosts[i];

		if (h->down)
			continue;
		n_up++;
		weights += h->weight;
		total += h->sessions;
		if (!top || h->sessions > top->sessions)
			top = h;
	}
	if (n_up < 2 || total < MIN_COUNTED || top->sessions * 10 < total * 9 ||
	    top->weight * 2 > weights)
		return;
	report_add(s->report, SEVERITY_WARNING, "clients",
		   "%s \"%s\": %llu of %llu sessions went to %s, and hosts are chosen by client",
		   site_kind(service), service->name, (unsigned long long)top->sessions,
		   (unsigned long long)total, top->name);
	advise(s->report, service);
}

void clients_examine(struct survey *s)
{
	for (size_t i = 0; i < s->in->site->n_services; i++) {
		const struct site_service *service = &s->in->site->services[i];

		if (!by_client(service))
			continue;
		if (!s->in->sessions) {
			report_untested(s->report, "clients",
					"no daemon is running that knows them");
			continue;
		}
		report_tested(s->report);
		if (service->way == SITE_ROUTE)
			examine_counters(s, service);
		else
			examine_sessions(s, service);
	}
}
