/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the daemon knows, as JSON. Each function returns a new reference or NULL (no memory) and
 * changes nothing; time is an input.
 */
#ifndef XLB_CONTROL_VIEW_H
#define XLB_CONTROL_VIEW_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "control/control.h"
#include "control/meters.h"
#include "control/rates.h"
#include "dataplane/dataplane.h"
#include "model/model.h"
#include "net/net.h"

struct view {
	const struct model *model;
	struct dataplane *dataplane; /* NULL: traffic is null */
	struct net *net;             /* NULL: interfaces lack details */
	const struct rates *rates;
	const struct meters *meters; /* NULL: no rates per second */
	uint64_t now_ms;             /* monotonic */
};

/* Whole answers: {"schema":1,"hosts":[...]} and the like. */
json_t *view_summary(const struct view *v);
json_t *view_redirects(const struct view *v);
json_t *view_relays(const struct view *v);
json_t *view_tables(const struct view *v);
json_t *view_hosts(const struct view *v);
/* As rules of pf. */
json_t *view_rules(const struct view *v);
json_t *view_interfaces(const struct view *v);
/* The kernel's, then the daemon's own. */
json_t *view_counters(const struct view *v, const uint64_t counts[XLB_REASON_COUNT],
		      const struct daemon_counter *own, size_t n_own);
json_t *view_config(const struct cfg *conf, const struct control_info *info);
/* "loaded", "unconfirmed", "rolled back" */
const char *config_state_name(enum control_config_state state);
json_t *view_plan(const struct plan *plan);
json_t *view_version(const struct control_info *info, uint64_t now_ms);

/* At most `limit` sessions; "truncated" says whether there are more. */
json_t *view_sessions(const struct view *v, size_t limit);

/* One object. */
json_t *view_service(const struct view *v, const struct service *s);
json_t *view_table(const struct view *v, const struct table *t);
json_t *view_host(const struct view *v, const struct host *h);
/* The other hosts of that name, as {"id","table"}: the same server in other tables. */
json_t *view_namesakes(const struct view *v, const struct host *h);
json_t *view_interface(const struct view *v, const struct attachment *a);

/* {"error":"...","hint":"..."}; hint may be NULL or empty. */
json_t *view_error(const char *message, const char *hint);
/* … of what will go well soon: whoever asks may ask again. */
json_t *view_again(const char *message);

/* relayctl's words: "active", "empty", "disabled". */
const char *table_status_name(const struct table *t);

/* Percent of the checks that said up; null before the first one. */
json_t *json_availability(const struct host *h);

/* The meters of things. */
struct meter_key service_meter(const struct service *s);
struct meter_key host_meter(const struct host *h);
struct meter_key link_meter(uint32_t ifindex);
struct meter_key reason_meter(uint32_t reason);

/*
 * What a meter shows, per second, by window: {"packets_1s":3.0,"packets_10s":...,"packets_60s":...,
 * "bytes_1s":...} with these names for its first n values; null if there is nothing to show yet.
 */
json_t *json_per_second(const struct view *v, struct meter_key key, const char *const *names,
			size_t n);
/* … of packets, bytes and sessions. */
json_t *json_traffic_per_second(const struct view *v, struct meter_key key);

/* ---- pieces ------------------------------------------------------------------------------------
 */
json_t *json_address(const struct cfg_addr *addr); /* null: not resolved */
json_t *json_mac(const uint8_t mac[6]);
json_t *json_text(const char *text); /* null if NULL or empty; invalid UTF-8 gets replaced */
const char *protocol_name(uint8_t proto);

/* {"schema":1,KEY:value}; takes over value. */
json_t *json_answer(const char *key, json_t *value);

#endif
