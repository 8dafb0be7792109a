/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <arpa/inet.h>
#include <string.h>

#include "dataplane/state.h"

const char *flow_state_name(enum xlb_flow_state state)
{
	static const char *const names[XLB_FLOW_STATES] = {
		[XLB_FLOW_FREE] = "FREE",        [XLB_FLOW_SYN] = "SYN_SENT",
		[XLB_FLOW_OPEN] = "ESTABLISHED", [XLB_FLOW_CLOSING] = "CLOSING",
		[XLB_FLOW_FINWAIT] = "FIN_WAIT", [XLB_FLOW_CLOSED] = "TIME_WAIT",
		[XLB_FLOW_CLIENT] = "CLIENT",    [XLB_FLOW_CLIENT_MOVED] = "CLIENT_MOVED",
		[XLB_FLOW_FORMER] = "FORMER",
	};

	return state < XLB_FLOW_STATES ? names[state] : "BUSY";
}

struct reader {
	const struct dataplane *dp;
	const struct image *image;
	uint32_t now;
	int (*each)(const struct session *s, void *data);
	void *data;
};

static uint32_t seconds_of(uint32_t ticks)
{
	return ((uint64_t)ticks << XLB_TICK_SHIFT) / 1000000000u;
}

static struct cfg_addr client_addr(const struct flow_copy *flow)
{
	struct cfg_addr addr = { .family = flow->v6 ? AF_INET6 : AF_INET };

	memcpy(&addr.v6, flow->client, flow->v6 ? 16 : 4);
	return addr;
}

static int read_flow(const struct flow_copy *flow, void *data)
{
	const struct reader *r = data;
	union xlb_flow_meta meta = flow->meta;
	const struct xlb_service *service;
	const struct xlb_host *host;
	struct session s;
	uint32_t left, timeout;

	if (meta.listen >= IMAGE_MAX_LISTENS || meta.host >= XLB_MAX_HOSTS ||
	    r->image->listens[meta.listen].state.phase == SLOT_FREE)
		return 0;
	host = &r->image->hosts[meta.host];
	service = &r->image->services[r->image->listens[meta.listen].service];
	if (!host->flags) /* counts as a miss */
		return 0;
	left = (meta.expires - r->now) & XLB_TICK_MASK;
	timeout = service->timeout[meta.state];
	s = (struct session){
		.service = service->name,
		.proto = service->proto,
		.client = client_addr(flow),
		.client_port = ntohs(flow->client_port),
		.port = ntohs(flow->port),
		.host = image_host_addr(host),
		.host_name = host->name,
		.state = meta.state,
		.state_name = flow_state_name(meta.state),
		.idle_s = timeout > left ? seconds_of(timeout - left) : 0,
		.expires_s = seconds_of(left),
	};
	return r->each(&s, r->data);
}

static int read_conn(const struct xlb_conn *conn, uint32_t target, uint32_t nat_port, void *data)
{
	const struct reader *r = data;
	struct session s;

	return session_of_conn(r->dp, conn, target, nat_port, r->now, &s) ? r->each(&s, r->data) :
									    0;
}

int dataplane_sessions(struct dataplane *dp, int (*each)(const struct session *s, void *data),
		       void *data)
{
	struct reader reader = {
		.dp = dp, .image = dp->image, .now = dataplane_now(dp), .each = each, .data = data
	};
	int err = flows_each(&dp->tables, reader.now, read_flow, &reader);

	return err ? err : conns_each(&dp->conns, reader.now, read_conn, &reader);
}
