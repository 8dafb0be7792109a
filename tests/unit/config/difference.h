/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Whether two configurations are the same but for the places in their files: for the tests of what
 * is printed, and for the fuzzer, which has no criterion.
 */
#ifndef XLB_TESTS_UNIT_CONFIG_DIFFERENCE_H
#define XLB_TESTS_UNIT_CONFIG_DIFFERENCE_H

#include <string.h>

#include "config/config.h"

/* Each returns the name of the first thing that differs, or NULL. */

static inline bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static inline bool same_address(const struct cfg_addr *a, const struct cfg_addr *b)
{
	if (a->family != b->family)
		return false;
	if (a->family == AF_INET)
		return a->v4.s_addr == b->v4.s_addr;
	return a->family != AF_INET6 || memcmp(&a->v6, &b->v6, sizeof(a->v6)) == 0;
}

#define SAME(a, b, field)                                                                          \
	do {                                                                                       \
		if ((a)->field != (b)->field)                                                      \
			return #field;                                                             \
	} while (0)
#define SAME_TEXT(a, b, field)                                                                     \
	do {                                                                                       \
		if (!same_text((a)->field, (b)->field))                                            \
			return #field;                                                             \
	} while (0)
#define SAME_ADDR(a, b)                                                                            \
	do {                                                                                       \
		if (!same_address(&(a)->addr, &(b)->addr))                                         \
			return "addr";                                                             \
	} while (0)
#define SAME_LIST(function, a, b)                                                                  \
	do {                                                                                       \
		const char *differs = function(a, b);                                              \
		if (differs)                                                                       \
			return differs;                                                            \
	} while (0)

static inline const char *hosts_differ(const struct cfg_host *a, const struct cfg_host *b)
{
	for (; a && b; a = a->next, b = b->next) {
		SAME_TEXT(a, b, name);
		SAME_ADDR(a, b);
		SAME(a, b, ttl);
		SAME(a, b, parent);
		SAME(a, b, priority);
		SAME(a, b, retry);
		SAME(a, b, has_retry);
		SAME(a, b, rise);
		SAME(a, b, fall);
		SAME(a, b, weight);
	}
	return a == b ? NULL : "number of hosts";
}

static inline const char *tables_differ(const struct cfg_table *a, const struct cfg_table *b)
{
	for (; a && b; a = a->next, b = b->next) {
		SAME_TEXT(a, b, name);
		SAME(a, b, disabled);
		SAME(a, b, n_hosts);
		SAME(a, b, used);
		SAME_LIST(hosts_differ, a->hosts, b->hosts);
	}
	return a == b ? NULL : "number of tables";
}

static inline const char *vips_differ(const struct cfg_vip *a, const struct cfg_vip *b)
{
	SAME_ADDR(a, b);
	SAME(a, b, port);
	return NULL;
}

static inline const char *checks_differ(const struct cfg_check *a, const struct cfg_check *b)
{
	SAME(a, b, type);
	SAME(a, b, tls);
	SAME(a, b, code);
	SAME_TEXT(a, b, path);
	SAME_TEXT(a, b, host);
	SAME_TEXT(a, b, digest);
	SAME_TEXT(a, b, send);
	SAME_TEXT(a, b, expect);
	SAME(a, b, n_more_codes);
	SAME(a, b, verify);
	SAME_TEXT(a, b, ca);
	SAME_TEXT(a, b, sni);
	SAME_TEXT(a, b, token);
	SAME_TEXT(a, b, query);
	SAME(a, b, qtype);
	SAME(a, b, dsr);
	SAME_LIST(vips_differ, &a->vip4, &b->vip4);
	SAME_LIST(vips_differ, &a->vip6, &b->vip6);
	return cfg_same_check(a, b) ? NULL : "check";
}

static inline const char *targets_differ(const struct cfg_target *a, const struct cfg_target *b)
{
	for (; a && b; a = a->next, b = b->next) {
		if (!same_text(a->table ? a->table->name : NULL, b->table ? b->table->name : NULL))
			return "table";
		SAME_ADDR(a, b);
		SAME_TEXT(a, b, addr_name);
		SAME(a, b, route);
		SAME(a, b, transparent);
		SAME(a, b, port);
		SAME_LIST(checks_differ, &a->check, &b->check);
		SAME(a, b, timeout_ms);
		SAME(a, b, interval_s);
		SAME(a, b, mode);
		SAME(a, b, has_key);
		if (memcmp(a->key, b->key, sizeof(a->key)) != 0)
			return "key";
		SAME_TEXT(a, b, demote);
		SAME_TEXT(a, b, interface);
		SAME(a, b, retry);
		SAME(a, b, rise);
		SAME(a, b, fall);
		SAME(a, b, fast_interval_s);
		SAME(a, b, panic);
		SAME(a, b, instance);
		SAME(a, b, first_host_id);
	}
	return a == b ? NULL : "number of targets";
}

static inline const char *listens_differ(const struct cfg_listen *a, const struct cfg_listen *b)
{
	for (; a && b; a = a->next, b = b->next) {
		SAME_TEXT(a, b, name);
		SAME_ADDR(a, b);
		SAME(a, b, proto);
		SAME(a, b, port_lo);
		SAME(a, b, port_hi);
		SAME_TEXT(a, b, interface);
		SAME(a, b, pflog);
		SAME(a, b, tls);
		SAME(a, b, further);
	}
	return a == b ? NULL : "number of listen lines";
}

static inline const char *keys_differ(const struct cfg_key *a, const struct cfg_key *b)
{
	for (; a && b; a = a->next, b = b->next) {
		SAME(a, b, type);
		SAME_TEXT(a, b, key);
		SAME_TEXT(a, b, value);
		SAME(a, b, log);
	}
	return a == b ? NULL : "number of keys";
}

static inline const char *rules_differ(const struct cfg_rule *a, const struct cfg_rule *b)
{
	for (; a && b; a = a->next, b = b->next) {
		SAME(a, b, pass);
		SAME(a, b, quick);
		SAME(a, b, response);
		SAME(a, b, family);
		SAME_ADDR(&a->from, &b->from);
		SAME(a, b, from.bits);
		SAME_ADDR(&a->to, &b->to);
		SAME(a, b, to.bits);
		SAME_TEXT(a, b, method);
		SAME_TEXT(a, b, label);
		SAME_LIST(keys_differ, a->keys, b->keys);
	}
	return a == b ? NULL : "number of rules";
}

static inline const char *protocols_differ(const struct cfg_protocol *a,
					   const struct cfg_protocol *b)
{
	for (; a && b; a = a->next, b = b->next) {
		SAME_TEXT(a, b, name);
		SAME(a, b, type);
		SAME(a, b, match_url_log);
		SAME(a, b, logs);
		SAME(a, b, sni_log);
		SAME(a, b, ip_ttl);
		SAME(a, b, ip_minttl);
		SAME(a, b, used);
		SAME_LIST(rules_differ, a->rules, b->rules);
	}
	return a == b ? NULL : "number of protocols";
}

static inline const char *redirects_differ(const struct cfg_redirect *a,
					   const struct cfg_redirect *b)
{
	for (; a && b; a = a->next, b = b->next) {
		SAME_TEXT(a, b, name);
		SAME(a, b, n_listen);
		SAME_LIST(listens_differ, a->listen, b->listen);
		SAME_LIST(targets_differ, a->target, b->target);
		SAME(a, b, sticky_address);
		SAME(a, b, no_state);
		SAME(a, b, session_timeout);
		SAME_TEXT(a, b, pftag);
		SAME(a, b, match);
		SAME(a, b, sni_log);
		SAME(a, b, disabled);
	}
	return a == b ? NULL : "number of redirects";
}

static inline const char *nats_differ(const struct cfg_nat *a, const struct cfg_nat *b)
{
	for (; a && b; a = a->next, b = b->next) {
		SAME_TEXT(a, b, name);
		SAME_ADDR(a, b);
	}
	return a == b ? NULL : "number of NAT addresses";
}

static inline const char *relays_differ(const struct cfg_relay *a, const struct cfg_relay *b)
{
	for (; a && b; a = a->next, b = b->next) {
		SAME_TEXT(a, b, name);
		SAME(a, b, n_listen);
		SAME_LIST(listens_differ, a->listen, b->listen);
		SAME_LIST(targets_differ, a->target, b->target);
		SAME_LIST(nats_differ, a->nat, b->nat);
		if (!same_text(a->protocol ? a->protocol->name : NULL,
			       b->protocol ? b->protocol->name : NULL))
			return "protocol";
		SAME(a, b, session_timeout);
		SAME(a, b, disabled);
	}
	return a == b ? NULL : "number of relays";
}

static inline const char *pflows_differ(const struct cfg_pflow *a, const struct cfg_pflow *b)
{
	if (!a || !b)
		return a == b ? NULL : "pflow";
	SAME_TEXT(a, b, name);
	SAME_ADDR(a, b);
	SAME(a, b, port);
	SAME_TEXT(a, b, source_name);
	SAME(a, b, protocol);
	return same_address(&a->source, &b->source) ? NULL : "source";
}

static inline const char *status_differ(const struct cfg_status *a, const struct cfg_status *b)
{
	for (; a && b; a = a->next, b = b->next) {
		SAME_TEXT(a, b, name);
		SAME_ADDR(a, b);
		SAME(a, b, port);
		SAME_TEXT(a, b, host);
	}
	return a == b ? NULL : "number of status lines";
}

static inline const char *configurations_differ(const struct cfg *a, const struct cfg *b)
{
	SAME(a, b, interval_s);
	SAME(a, b, timeout_ms);
	SAME(a, b, log_state_changes);
	SAME(a, b, log_host_checks);
	SAME(a, b, log_connection);
	SAME(a, b, log_connection_errors);
	SAME(a, b, log_connection_opens);
	SAME_TEXT(a, b, socket);
	SAME_LIST(pflows_differ, a->pflow, b->pflow);
	SAME_LIST(status_differ, a->status, b->status);
	SAME_LIST(tables_differ, a->tables, b->tables);
	SAME_LIST(protocols_differ, a->protocols, b->protocols);
	SAME_LIST(redirects_differ, a->redirects, b->redirects);
	SAME_LIST(relays_differ, a->relays, b->relays);
	return NULL;
}

#undef SAME
#undef SAME_TEXT
#undef SAME_ADDR
#undef SAME_LIST

#endif
