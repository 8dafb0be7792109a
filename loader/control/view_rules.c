/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Services as rules of pf, with what pf counts of a rule. */
#include <stdio.h>
#include <unistd.h>

#include "control/traffic.h"
#include "control/view.h"
#include "model/rules.h"

/* a key and its value stay on one line */
/* clang-format off */

/* ---- what the rule says -------------------------------------------------------------------- */
static const char *family_name(const struct cfg_addr *addr)
{
	return addr->family == AF_INET6 ? "inet6" : "inet";
}

static json_t *match(const struct cfg_listen *l)
{
	return json_pack("{s:b, s:o, s:s, s:s, s:o, s:o, s:i, s:i}",
			 "log", l->pflog, "interface", json_text(l->interface),
			 "family", family_name(&l->addr), "proto", protocol_name(l->proto),
			 "listen", json_text(l->name), "address", json_address(&l->addr),
			 "port", l->port_lo, "port_end", l->port_hi);
}

static bool keeps_state(const struct service *s, uint8_t proto)
{
	return proto != IPPROTO_UDP || !s->redirect || !s->redirect->no_state;
}

static json_t *state(const struct service *s, const struct cfg_listen *l)
{
	bool tcp = l->proto == IPPROTO_TCP;

	return json_pack("{s:o, s:b, s:b, s:I}",
			 "flags", tcp ? json_string(s->nat ? "S/SA" : "any") : json_null(),
			 "keep_state", keeps_state(s, l->proto), "sloppy", !s->nat,
			 "timeout_s", (json_int_t)service_timeout_s(s, l->proto));
}

static json_t *key_text(const struct cfg_target *t)
{
	char text[2 * sizeof(t->key) + 1];

	if (!t->has_key)
		return json_null();
	for (size_t i = 0; i < sizeof(t->key); i++)
		snprintf(text + 2 * i, 3, "%02x", t->key[i]);
	return json_string(text);
}

static void add_nat_addr(json_t *list, const struct cfg_addr *addr)
{
	json_t *text = json_address(addr), *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (json_equal(item, text)) {
			json_decref(text);
			return;
		}
	json_array_append_new(list, text);
}

/* What its hosts see as the client. */
static json_t *nat_addrs(const struct service *s)
{
	struct cfg_addr addrs[CFG_MAX_NAT];
	json_t *list = json_array();

	for (struct table **t = s->tables; list && t && *t; t++)
		for (unsigned i = 0; i < (*t)->n_hosts; i++) {
			const struct host *h = &(*t)->hosts[i];
			unsigned n = service_leaves_out(s, h) ? 0 : service_nat_addrs(s, h, addrs);

			for (unsigned j = 0; j < n; j++)
				add_nat_addr(list, &addrs[j]);
		}
	return list;
}

/* pf's table has the hosts that are up. */
static json_t *target(const struct service *s)
{
	const struct cfg_target *t = s->target;
	bool port = s->nat && t->port;

	return json_pack("{s:s, s:o, s:o, s:s, s:o, s:b, s:o, s:I}",
			 "action", t->route ? "route-to" : "rdr-to",
			 "to_port", port ? json_integer(t->port) : json_null(),
			 "to_interface", json_text(t->interface),
			 "mode", cfg_mode_name(t->mode), "key", key_text(t),
			 "sticky", s->redirect && s->redirect->sticky_address,
			 "nat_to", nat_addrs(s),
			 "hosts_up", (json_int_t)(s->active ? s->active->n_up : 0));
}

/* ---- what was counted ---------------------------------------------------------------------- */
/* Counters are those of a service and a protocol: of its rules the first one has them. */
static const struct rule *counting(const struct rule *rule)
{
	const struct rule *first = rule - rule->sub_number;

	while (first->listen->proto != rule->listen->proto)
		first++;
	return first;
}

static json_t *counters(const struct view *v, const struct rule *rule)
{
	const struct rule *first = counting(rule);
	uint8_t proto = rule->listen->proto;
	struct traffic t;
	uint64_t states;

	if (first != rule)
		return json_pack("{s:I, s:n, s:n, s:n, s:n, s:n}",
				 "counted_with", (json_int_t)first->number,
				 "evaluations", "packets", "bytes", "states", "state_creations");
	if (service_proto_traffic(v, rule->service, proto, &t) < 0 ||
	    service_proto_states(v, rule->service, proto, &states) < 0)
		return json_pack("{s:n, s:n, s:n, s:n, s:n, s:n}", "counted_with",
				 "evaluations", "packets", "bytes", "states", "state_creations");
	return json_pack("{s:n, s:I, s:I, s:I, s:I, s:I}", "counted_with",
			 "evaluations", (json_int_t)t.packets, "packets", (json_int_t)t.packets,
			 "bytes", (json_int_t)t.bytes, "states", (json_int_t)states,
			 "state_creations", (json_int_t)t.sessions);
}

/* ---- all of it ----------------------------------------------------------------------------- */
static const char *why_without_effect(const struct rule *rule)
{
	const struct service *s = rule->service;

	if (s->disabled)
		return "disabled";
	if (!s->served)
		return s->why_not;
	return rule->listen->addr.family == AF_UNSPEC ? "its name has no address" : NULL;
}

static json_t *identity(const struct rule *rule)
{
	const struct service *s = rule->service;

	return json_pack("{s:I, s:I, s:s, s:o, s:I, s:o}",
			 "number", (json_int_t)rule->number,
			 "sub_number", (json_int_t)rule->sub_number,
			 "type", service_kind_name(s->kind), "service", json_text(s->name),
			 "service_id", (json_int_t)s->id,
			 "no_effect", json_text(why_without_effect(rule)));
}

static json_t *view_rule(const struct view *v, const struct rule *rule)
{
	json_t *object = identity(rule);

	if (json_object_update_new(object, match(rule->listen)) < 0 ||
	    json_object_update_new(object, state(rule->service, rule->listen)) < 0 ||
	    json_object_update_new(object, target(rule->service)) < 0 ||
	    json_object_update_new(object, counters(v, rule)) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

json_t *view_rules(const struct view *v)
{
	json_t *list = json_array();
	struct rules rules;

	if (rules_build(v->model, &rules) < 0) {
		json_decref(list);
		return NULL;
	}
	for (unsigned i = 0; list && i < rules.n; i++)
		if (json_array_append_new(list, view_rule(v, &rules.list[i])) < 0) {
			json_decref(list);
			list = NULL;
		}
	rules_clear(&rules);
	return json_pack("{s:i, s:I, s:I, s:o}", "schema", XLB_API_SCHEMA,
			 "uid", (json_int_t)getuid(), "pid", (json_int_t)getpid(), "rules", list);
}
