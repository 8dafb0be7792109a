/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A model made by hand: a DSR redirect with a main and a backup table, and a relay that isn't
 * served. What the views say of it is in summary.json and its neighbours, which the tests of
 * xlbctl's formats read, too.
 */
#ifndef XLB_TESTS_UNIT_CONTROL_SAMPLE_H
#define XLB_TESTS_UNIT_CONTROL_SAMPLE_H

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "model/model.h"

/* written as tables */
/* clang-format off */

#define SAMPLE_NOW_MS 1000000 /* monotonic */

struct sample {
	struct cfg_listen listen[3];
	struct cfg_target target[3];
	struct cfg_redirect redirect;
	struct cfg_relay relay;
	struct cfg_host conf[5];
	struct host host[5];
	struct table table[3];
	struct table *redirect_tables[3];
	struct table *relay_tables[2];
	struct service service[2];
	struct cfg conf_file;
	struct model model;
};

static inline struct cfg_addr sample_addr(const char *text)
{
	struct cfg_addr addr = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	inet_pton(addr.family, text, &addr.v6);
	return addr;
}

static inline void sample_host(struct sample *s, unsigned i, struct table *table, const char *name,
			       enum host_health health, const char *reason)
{
	s->conf[i] = (struct cfg_host){ .name = name, .addr = sample_addr(name), .weight = 1 };
	s->host[i] = (struct host){ .id = i + 1, .table = table, .conf = &s->conf[i],
				    .health = health, .last_known = health, .latency_ms = 3,
				    .changed_at = SAMPLE_NOW_MS - 90000 };
	snprintf(s->host[i].reason, sizeof(s->host[i].reason), "%s", reason);
}

static inline void sample_table(struct table *t, uint32_t id, const char *name,
				const struct cfg_target *target, struct host *hosts, unsigned n)
{
	*t = (struct table){ .id = id, .target = target, .hosts = hosts, .n_hosts = n };
	snprintf(t->name, sizeof(t->name), "%s", name);
}

static inline void sample_next_hop(struct host *h, enum next_hop_state state)
{
	h->next_hop = (struct next_hop){ .state = state, .ifindex = 7, .interface = "em0",
					 .gateway = h->conf->addr,
					 .dst_mac = { 0x52, 0x54, 0, 0, 0, 0x03 } };
}

static inline void sample_hosts(struct sample *s)
{
	sample_host(s, 0, &s->table[0], "192.168.1.3", HOST_UP, "tcp connect ok");
	s->host[0].checks = s->host[0].checks_up = 21;
	sample_next_hop(&s->host[0], NEXT_HOP_OK);
	sample_host(s, 1, &s->table[0], "192.168.1.4", HOST_DOWN, "tcp connect failed");
	s->host[1].checks = 21;
	s->host[1].checks_up = 20;
	s->host[1].retries_left = 2;
	sample_next_hop(&s->host[1], NEXT_HOP_UNREACHABLE);
	sample_host(s, 2, &s->table[0], "2001:db8::5", HOST_UP, "tcp connect ok");
	s->host[2].parent = &s->host[0];
	sample_next_hop(&s->host[2], NEXT_HOP_OK);
	sample_host(s, 3, &s->table[1], "192.168.1.6", HOST_UNKNOWN, "");
	sample_next_hop(&s->host[3], NEXT_HOP_UNKNOWN);
	sample_host(s, 4, &s->table[2], "192.168.1.3", HOST_UP, "http code ok");
	s->host[4].checks = s->host[4].checks_up = 7;
	s->host[4].admin = HOST_DRAINING;
	sample_next_hop(&s->host[4], NEXT_HOP_OK);
	s->host[4].next_hop.src_addr = sample_addr("192.168.1.2");
}

static inline void sample_conf(struct sample *s)
{
	static const struct cfg_check tcp = { .type = CFG_CHECK_TCP };
	static const struct cfg_check https = { .type = CFG_CHECK_HTTP_CODE, .tls = true };

	s->listen[0] = (struct cfg_listen){ .name = "192.168.0.2", .proto = IPPROTO_TCP,
					    .addr = sample_addr("192.168.0.2"), .port_lo = 443,
					    .port_hi = 443, .interface = "vether0",
					    .next = &s->listen[1] };
	s->listen[1] = (struct cfg_listen){ .name = "192.168.0.2", .proto = IPPROTO_UDP,
					    .addr = sample_addr("192.168.0.2"), .port_lo = 443,
					    .port_hi = 450 };
	s->listen[2] = (struct cfg_listen){ .name = "lb.example", .proto = IPPROTO_TCP,
					    .port_lo = 6443, .port_hi = 6443 };
	for (unsigned i = 0; i < 3; i++)
		s->target[i] = (struct cfg_target){ .route = i < 2, .port = i < 2 ? 443 : 6443,
						    .check = i < 2 ? tcp : https,
						    .timeout_ms = 200, .interval_s = 10,
						    .mode = i < 2 ? CFG_MODE_SOURCE_HASH :
								    CFG_MODE_LOADBALANCE };
	s->target[0].next = &s->target[1];
	s->redirect = (struct cfg_redirect){ .name = "https_forwarder", .listen = s->listen,
					     .n_listen = 2, .target = s->target,
					     .sticky_address = true, .number = 1 };
	s->relay = (struct cfg_relay){ .name = "kube_forwarder", .listen = &s->listen[2],
				       .n_listen = 1, .target = &s->target[2],
				       .session_timeout = 300, .number = 2 };
}

static inline void sample_services(struct sample *s)
{
	s->redirect_tables[0] = &s->table[0];
	s->redirect_tables[1] = &s->table[1];
	s->relay_tables[0] = &s->table[2];
	s->service[0] = (struct service){ .id = 1, .kind = SERVICE_REDIRECT,
					  .name = s->redirect.name, .redirect = &s->redirect,
					  .listen = s->listen, .n_listen = 2,
					  .target = s->target,
					  .served = true, .tables = s->redirect_tables,
					  .model = &s->model };
	s->service[1] = (struct service){ .id = 1, .kind = SERVICE_RELAY, .name = s->relay.name,
					  .relay = &s->relay, .listen = &s->listen[2],
					  .n_listen = 1, .target = &s->target[2],
					  .nat = true, .why_not = "relays are not done yet",
					  .tables = s->relay_tables, .model = &s->model };
}

static inline void sample_make(struct sample *s)
{
	memset(s, 0, sizeof(*s));
	sample_conf(s);
	sample_hosts(s);
	sample_table(&s->table[0], 1, "kube_hosts:443", &s->target[0], &s->host[0], 3);
	sample_table(&s->table[1], 2, "spare/hosts:443", &s->target[1], &s->host[3], 1);
	sample_table(&s->table[2], 3, "kube_api:6443", &s->target[2], &s->host[4], 1);
	sample_services(s);
	s->conf_file = (struct cfg){ .file = "/etc/xlb/xlb.conf", .interval_s = 10,
				     .timeout_ms = 200 };
	s->model = (struct model){ .conf = &s->conf_file, .tables = s->table, .n_tables = 3, .services = s->service,
				   .n_services = 2 };
	model_update(&s->model);
}

#endif
