/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Connections of NAT for readers.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <string.h>
#include <time.h>

#include "dataplane/state.h"
#include "xlb_tc.skel.h"

struct state_text {
	enum xlb_flow_state flow;
	const char *name;
};

static const struct state_text states[XLB_CONN_STATES] = {
	[XLB_CONN_FREE] = { XLB_FLOW_FREE, "FREE" },
	[XLB_CONN_SYN_SENT] = { XLB_FLOW_SYN, "SYN_SENT" },
	[XLB_CONN_SYN_RCVD] = { XLB_FLOW_SYN, "SYN_RCVD" },
	[XLB_CONN_OPEN] = { XLB_FLOW_OPEN, "ESTABLISHED" },
	[XLB_CONN_FIN_CLIENT] = { XLB_FLOW_CLOSING, "CLOSE_WAIT" },
	[XLB_CONN_FIN_HOST] = { XLB_FLOW_CLOSING, "FIN_WAIT" },
	[XLB_CONN_STICKY] = { XLB_FLOW_CLIENT, "CLIENT" },
	[XLB_CONN_TIME_WAIT] = { XLB_FLOW_FINWAIT, "TIME_WAIT" },
	[XLB_CONN_RESET] = { XLB_FLOW_CLOSED, "RESET" },
};

const char *conn_state_name(uint32_t state)
{
	return state < XLB_CONN_STATES ? states[state].name : "?";
}

const char *conn_end_name(enum conn_end end)
{
	static const char *const names[] = {
		[CONN_OPEN] = "open",           [CONN_CLOSED] = "closed",
		[CONN_RESET] = "reset",         [CONN_TIMEOUT] = "timeout",
		[CONN_NO_ANSWER] = "no answer", [CONN_HOST_DOWN] = "host down",
		[CONN_UNSEEN] = "unseen",
	};

	return names[end];
}

static struct cfg_addr addr_of(int family, const __be32 addr[4])
{
	struct cfg_addr a = { .family = family };

	memcpy(&a.v6, addr, family == AF_INET6 ? 16 : 4);
	return a;
}

static uint32_t seconds_of(uint32_t ticks)
{
	return ((uint64_t)ticks << XLB_TICK_SHIFT) / 1000000000u;
}

/* Ticks from a to b, b not before a; 0 if it is, as clocks read one after the other may say. */
static uint32_t ticks_between(uint32_t a, uint32_t b)
{
	uint32_t n = (b - a) & XLB_TICK_MASK;

	return n <= XLB_TICK_MASK / 2 ? n : 0;
}

static void add_target(const struct xlb_target *target, uint32_t nat_port, struct session *s)
{
	s->host_port = ntohs(target->host_port);
	if (s->transparent)
		return;
	s->nat_addr = addr_of(target->family, target->nat_addr);
	s->nat_port = nat_port;
}

static void add_numbers(const struct xlb_conn *conn, const struct xlb_service *service,
			uint32_t now, struct session *s)
{
	uint32_t left = ticks_between(now, conn->expires), timeout = service->timeout[conn->state];
	uint32_t last = conn->expires - timeout; /* the last packet's time */

	s->expires_s = seconds_of(left);
	s->idle_s = seconds_of(ticks_between(last, now));
	s->age_s = seconds_of(ticks_between(conn->opened, now));
	s->packets_in = conn->packets_in;
	s->packets_out = conn->packets_out;
	s->bytes_in = conn->bytes_in;
	s->bytes_out = conn->bytes_out;
}

bool session_of_conn(const struct dataplane *dp, const struct xlb_conn *conn, uint32_t target,
		     uint32_t nat_port, uint32_t now, struct session *ret)
{
	const struct image *image = dp->image;
	const struct xlb_service *service;
	const struct xlb_listen *listen;

	if (conn->listen >= XLB_MAX_LISTENS || conn->host >= XLB_MAX_HOSTS ||
	    conn->state >= XLB_CONN_STATES || target >= XLB_TARGET_SLOTS)
		return false;
	listen = &image->nat_listens[conn->listen];
	service = &image->services[listen->service % XLB_MAX_SERVICES];
	if (!listen->family || !service->name[0] || !image->hosts[conn->host].family)
		return false;
	*ret = (struct session){
		.service = service->name,
		.proto = service->proto,
		.client = addr_of(listen->family, conn->client),
		.client_port = ntohs(conn->client_port),
		.port = ntohs(conn->port),
		.host = image_host_addr(&image->hosts[conn->host]),
		.host_name = image->hosts[conn->host].name,
		.state = states[conn->state].flow,
		.state_name = states[conn->state].name,
		.nat = true,
		.id = conn_ids_get(dp->conn_ids, conn, target, nat_port),
		.transparent = service->flags & XLB_SERVICE_TRANSPARENT,
		.listen = addr_of(listen->family, listen->addr),
	};
	add_target(&image->targets[target], nat_port, ret);
	add_numbers(conn, service, now, ret);
	return true;
}

static enum conn_end end_of(const struct dataplane *dp, const struct xlb_conn *conn)
{
	if (conn->state == XLB_CONN_TIME_WAIT)
		return CONN_CLOSED;
	if (!dp->image->hosts[conn->host].flags)
		return CONN_HOST_DOWN;
	if (conn->state == XLB_CONN_RESET)
		return CONN_RESET;
	return conn->state == XLB_CONN_SYN_SENT ? CONN_NO_ANSWER : CONN_TIMEOUT;
}

static void count_active(struct dataplane *dp)
{
	const struct image *image = dp->image;

	memset(dp->active, 0, sizeof(dp->active));
	for (int i = 0; i < XLB_MAX_HOSTS; i++)
		if (image->hosts[i].family)
			dp->active[image->hosts[i].service % XLB_MAX_SERVICES] +=
				__atomic_load_n(&dp->maps->loads[i], __ATOMIC_RELAXED);
}

uint32_t sessions_active(struct dataplane *dp, const struct xlb_conn *conn)
{
	uint32_t now = dataplane_now(dp);

	if (dp->active_at != now)
		count_active(dp);
	dp->active_at = now;
	return dp->active[dp->image->hosts[conn->host].service % XLB_MAX_SERVICES];
}

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Where the client's frames came from, as the connection has it. */
static uint32_t client_ifindex(const struct dataplane *dp, const struct xlb_conn *conn)
{
	__u32 index = conn->back_port;
	struct xlb_port port;

	if (bpf_map_lookup_elem(bpf_map__fd(dp->maps->tc->maps.ports), &index, &port))
		return 0;
	return port.used ? port.ifindex : 0;
}

static void add_times(struct conn_event *event)
{
	const struct session *s = &event->session;
	const uint64_t now = monotonic_ns();

	event->began_ns = now - s->age_s * 1000000000ull;
	event->ended_ns = now - s->idle_s * 1000000000ull;
	if (event->ended_ns < event->began_ns)
		event->ended_ns = event->began_ns;
}

void session_ended(const struct xlb_conn *conn, uint32_t target, uint32_t nat_port, void *data)
{
	struct dataplane *dp = data;
	uint32_t now = dataplane_now(dp);
	struct conn_event event = { 0 };

	if (!dp->on_conn || !session_of_conn(dp, conn, target, nat_port, now, &event.session))
		return;
	event.end = end_of(dp, conn);
	event.active = sessions_active(dp, conn);
	event.duration_s = event.session.age_s > event.session.idle_s ?
				   event.session.age_s - event.session.idle_s :
				   0;
	event.has_octets = true;
	event.in_ifindex = client_ifindex(dp, conn);
	event.out_ifindex = dp->image->hosts[conn->host].ifindex;
	add_times(&event);
	dp->on_conn(&event, dp->on_conn_data);
}
