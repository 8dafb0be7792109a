/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A snapshot made by hand: a redirect with two hosts, of which one is down and has a hostile name.
 */
#ifndef XLB_TESTS_UNIT_METRICS_SNAPSHOT_SAMPLE_H
#define XLB_TESTS_UNIT_METRICS_SNAPSHOT_SAMPLE_H

#include "metrics/snapshot.h"

static const char *const sample_listens[] = { "192.0.2.1 tcp 443", NULL };

static struct snapshot_service sample_services[] = {
	{ .name = "web",
	  .labels = "{service=\"web\",type=\"redirect\"",
	  .kind = "redirect",
	  .forward = "route",
	  .mode = "maglev",
	  .status = "active",
	  .listens = sample_listens,
	  .table = "web:443",
	  .counted = true,
	  .traffic = { 18446744073709551615u, 2000, 3 },
	  .flows = 7,
	  .usable = 1,
	  .n_backends = 2 },
	{ .name = "late",
	  .labels = "{service=\"late\",type=\"relay\"",
	  .kind = "relay",
	  .forward = "nat",
	  .mode = "loadbalance",
	  .status = "not served",
	  .why_not = "no address",
	  .first_backend = 2 },
};

static struct snapshot_backend sample_backends[] = {
	{ .labels = "{service=\"web\",type=\"redirect\",table=\"web:443\",host=\"a\"",
	  .host = 0,
	  .counted = true,
	  .traffic = { 9, 900, 2 },
	  .flows = 6 },
	{ .labels = "{service=\"web\",type=\"redirect\",table=\"web:443\",host=\"b\"",
	  .host = 1,
	  .left_out = "another family" },
};

static struct snapshot_host sample_hosts[] = {
	{ .name = "a",
	  .address = "10.0.0.1",
	  .table = "web:443",
	  .labels = "{table=\"web:443\",host=\"a\"",
	  .check = "tcp",
	  .reason = "tcp connect ok",
	  .next_hop = "ok",
	  .interface = "em0",
	  .id = 1,
	  .state = STATE_UP,
	  .up = true,
	  .usable = true,
	  .checked = true,
	  .weight = 1,
	  .latency_ms = 1234,
	  .checks = 10,
	  .since_s = 5 },
	{ .name = "</script><script>alert(1)</script>\xff",
	  .address = "10.0.0.2",
	  .table = "web:443",
	  .labels = "{table=\"web:443\",host=\"b\"",
	  .check = "tcp",
	  .reason = "",
	  .next_hop = "no route",
	  .interface = "",
	  .id = 2,
	  .state = STATE_DOWN,
	  .weight = 256,
	  .since_s = UINT64_MAX },
};

static struct snapshot_table sample_tables[] = {
	{ .labels = "{table=\"web:443\"", .hosts = 2, .up = 1 },
};

static struct snapshot_failure sample_failures[] = {
	{ .labels = "{table=\"web:443\",host=\"b\",reason=\"tcp connect failed\"", .count = 4 },
};

static struct snapshot_interface sample_interfaces[] = {
	{ .name = "em0",
	  .labels = "{interface=\"em0\"",
	  .mode = "native",
	  .nat = NULL,
	  .up = true },
};

static inline struct snapshot snapshot_sample(void)
{
	struct snapshot s = {
		.time = { .tv_sec = 1700000000, .tv_nsec = 5000000 },
		.services = sample_services,
		.n_services = 2,
		.backends = sample_backends,
		.n_backends = 2,
		.hosts = sample_hosts,
		.n_hosts = 2,
		.tables = sample_tables,
		.n_tables = 1,
		.failures = sample_failures,
		.n_failures = 1,
		.interfaces = sample_interfaces,
		.n_interfaces = 1,
		.counted = true,
		.use = { { "flows4", 7, 100 },
			 { "flows6", 0, 50 },
			 { "connections", 1, 40 } },
		.counters = { { "pflow", COUNTER_RECORDS, "pflow_flows", "flows sent", 21 },
			      { "pflow", COUNTER_LOSSES, "pflow_dropped", "flows lost", 22 },
			      { "requests", COUNTER_BYTES, "unseen", "bytes", 23 } },
		.n_counters = 3,
		.daemon = { .hostname = "lb1",
			    .config_file = "/etc/xlb/xlb.conf",
			    .config_state = "loaded",
			    .reload_error = "",
			    .attached = true,
			    .synced = true,
			    .delays_us = 1500,
			    .delays = 3 },
	};

	s.reasons[XLB_REASON_LOOP] = 11;
	s.reasons[XLB_REASON_NO_SERVICE] = 12;
	return s;
}

#endif
