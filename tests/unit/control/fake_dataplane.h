/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A data plane with known numbers, in place of the library's (which needs root and a kernel). It
 * defines every function of dataplane.h that the control room calls.
 */
#ifndef XLB_TESTS_UNIT_CONTROL_FAKE_DATAPLANE_H
#define XLB_TESTS_UNIT_CONTROL_FAKE_DATAPLANE_H

#include <errno.h>
#include <string.h>

#include "dataplane/dataplane.h"
#include "dataplane/why.h"

struct dataplane {
	size_t n_sessions;
	bool with_nat; /* … and two connections of NAT */
};

/* TCP of the redirect: 10 packets, 1000 bytes, 3 sessions; UDP: twice as much. */
int dataplane_service_traffic(struct dataplane *dp, const char *name, uint8_t proto,
			      struct traffic *ret)
{
	uint64_t n = proto == IPPROTO_UDP ? 2 : 1;

	if (strcmp(name, "https_forwarder") != 0)
		return -ENOENT;
	*ret = (struct traffic){ .packets = 10 * n, .bytes = 1000 * n, .sessions = 3 * n };
	return 0;
}

/* 192.168.1.3 alone, and only for TCP. */
int dataplane_host_traffic(struct dataplane *dp, const char *service, uint8_t proto,
			   const struct cfg_addr *host, struct traffic *ret)
{
	if (strcmp(service, "https_forwarder") != 0 || proto != IPPROTO_TCP ||
	    host->family != AF_INET || ntohl(host->v4.s_addr) != 0xc0a80103)
		return -ENOENT;
	*ret = (struct traffic){ .packets = 8, .bytes = 800, .sessions = 2 };
	return 0;
}

int dataplane_host_states(struct dataplane *dp, const char *service, uint8_t proto,
			  const struct cfg_addr *host, uint64_t *ret)
{
	struct traffic traffic;
	int r = dataplane_host_traffic(dp, service, proto, host, &traffic);

	if (r == 0)
		*ret = 5;
	return r;
}

int dataplane_service_states(struct dataplane *dp, const char *name, uint8_t proto, uint64_t *ret)
{
	*ret = proto == IPPROTO_UDP ? 4 : 5;
	return 0;
}

int dataplane_hold_counters(struct dataplane *dp)
{
	return -ENOMEM;
}

void dataplane_release_counters(struct dataplane *dp)
{
}

int dataplane_reasons(struct dataplane *dp, uint64_t ret[XLB_REASON_COUNT])
{
	for (uint64_t i = 0; i < XLB_REASON_COUNT; i++)
		ret[i] = 100 + i;
	return 0;
}

static int fake_connections(int (*each)(const struct session *s, void *data), void *data)
{
	struct session s = {
		.service = "kube_forwarder",
		.proto = IPPROTO_TCP,
		.client = { .family = AF_INET, .v4.s_addr = htonl(0xcb007109) },
		.client_port = 50000,
		.port = 6443,
		.host = { .family = AF_INET, .v4.s_addr = htonl(0xc0a80103) },
		.host_name = "192.168.1.3",
		.state = XLB_FLOW_OPEN,
		.state_name = "ESTABLISHED",
		.idle_s = 5,
		.expires_s = 595,
		.nat = true,
		.id = 17,
		.listen = { .family = AF_INET, .v4.s_addr = htonl(0xc0a80002) },
		.nat_addr = { .family = AF_INET, .v4.s_addr = htonl(0xc0a80102) },
		.nat_port = 1024,
		.host_port = 6443,
		.age_s = 61,
		.packets_in = 3,
		.bytes_in = 180,
		.packets_out = 2,
		.bytes_out = 3000,
	};
	int r = each(&s, data);

	s.service = "gone";
	s.state = XLB_FLOW_CLOSED;
	s.state_name = "CLOSED";
	s.transparent = true;
	s.nat_addr.family = AF_UNSPEC;
	return r ? r : each(&s, data);
}

int dataplane_sessions(struct dataplane *dp, int (*each)(const struct session *s, void *data),
		       void *data)
{
	struct session s = {
		.service = "https_forwarder",
		.proto = IPPROTO_TCP,
		.client_port = 50000,
		.port = 443,
		.host_name = "192.168.1.3",
		.state = XLB_FLOW_OPEN,
		.state_name = "ESTABLISHED",
		.idle_s = 5,
		.expires_s = 595,
		.client = { .family = AF_INET },
		.host = { .family = AF_INET },
	};
	int r = 0;

	s.host.v4.s_addr = htonl(0xc0a80103);
	for (size_t i = 0; i < dp->n_sessions && r == 0; i++) {
		s.client.v4.s_addr = htonl((uint32_t)(0xcb007109 + i));
		r = each(&s, data);
	}
	return r == 0 && dp->with_nat ? fake_connections(each, data) : r;
}

const struct attachment *dataplane_attachments(const struct dataplane *dp, size_t *ret_n)
{
	static const struct attachment list[] = {
		{ .ifindex = 7,
		  .name = "em0",
		  .mode = XDP_MODE_NATIVE,
		  .xdp = true,
		  .tc = true,
		  .tcx = true },
		{ .ifindex = 8,
		  .name = "em1",
		  .mode = XDP_MODE_GENERIC,
		  .why_generic = "Operation not supported",
		  .xdp = true },
	};

	*ret_n = 2;
	return list;
}

/* The client's port is what is to be said: 1: a stable row's host; 2: a connection of NAT; 3: no
 * host; 4: no program; 5: the kernel says no. */
int dataplane_why(struct dataplane *dp, const struct why_query *query, struct why *ret)
{
	static const struct xlb_service route = { .name = "https_forwarder", .id = 1 }, nat = {
		.name = "kube_forwarder", .id = 2, .flags = XLB_SERVICE_NAT
	};
	const struct why_host host = { .name = "192.168.1.3",
				       .addr = { .family = AF_INET,
						 .v4.s_addr = htonl(0xc0a80103) },
				       .flags = XLB_HOST_NEW | XLB_HOST_OLD };
	struct why w = { .xdp = true, .hook = XLB_HOOK_XDP, .reason = -1, .service = &route };

	if (query->client_port == 5)
		return -EPERM;
	if (query->client_port < 3) {
		w.verdict = XLB_TRACED_FORWARD;
		w.host = w.cur = host;
		w.how = XLB_HOW_ROW;
		w.row_state = WHY_ROW_STABLE;
		w.row = 77;
		w.egress = 7;
		w.dst_mac[5] = 3;
		w.src_mac[5] = 1;
	}
	if (query->client_port == 2) {
		w.tc = true;
		w.hook = XLB_HOOK_TC;
		w.service = &nat;
		w.how = XLB_HOW_CONN;
		w.state_name = "ESTABLISHED";
		w.row_state = WHY_ROW_NONE;
		w.nat_addr = (struct cfg_addr){ .family = AF_INET, .v4.s_addr = htonl(0xc0a80102) };
		w.nat_port = 1024;
		w.host_addr = host.addr;
		w.host_port = 6443;
	}
	if (query->client_port == 3) {
		w.verdict = XLB_TRACED_PASS;
		w.reason = XLB_REASON_NO_HOST;
		w.reasons = 1ull << XLB_REASON_NO_HOST;
	}
	if (query->client_port == 4)
		w = (struct why){ .reason = -1 };
	*ret = w;
	return 0;
}

const char *dataplane_error(const struct dataplane *dp)
{
	return "BPF_PROG_RUN: Operation not permitted";
}

const char *why_how_name(enum xlb_how how)
{
	return how == XLB_HOW_CONN ? "connection" : "row";
}

const char *why_row_name(enum why_row row_state)
{
	return "stable";
}

const char *xdp_mode_name(enum xdp_mode mode)
{
	static const char *const names[] = { "auto", "native", "generic" };

	return names[mode];
}

#endif
