// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The last step: usable host, no loop, egress interface.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "rows.h"

static const struct world b = { .cur = B };
static const struct world a_down = { .hosts = { DOWN } };
static const struct world tracked = { .flags = XLB_SERVICE_TRACK };
static const struct world relay = { .flags = XLB_SERVICE_NAT };

static void filter_full(struct fixture *fx, const struct variant *v);
static void no_egress(struct fixture *fx, const struct variant *v);
static void host_on_third_interface(struct fixture *fx, const struct variant *v);

const struct row rows_deliver[] = {
	{ "the row's host", &b, .to = B },
	{ "host down", &a_down, .reasons = R(NO_HOST) },
	{ "frame from the chosen host", .packet.from_host = A, .dropped = true,
	  .reasons = R(LOOP) },
	{ "frame from another host of the service", .packet.from_host = C, .dropped = true,
	  .reasons = R(LOOP) },
	{ "frame from a host of the service that is down",
	  &(const struct world){ .cur = B, .hosts = { DOWN } }, .packet.from_host = A,
	  .dropped = true, .reasons = R(LOOP) },
	{ "frame from a host of another service", .packet.from_host = E, .to = A },
	{ "frame from a MAC that only the filter takes for a host's", .prepare = filter_full,
	  .to = A },
	{ "frame for the chosen host already", .packet.to_host = A, .reasons = R(FLOODED) },
	{ "frame for another host of the service", .packet.to_host = C, .reasons = R(FLOODED) },
	{ "frame for a host of the service that is down",
	  &(const struct world){ .cur = B, .hosts = { DOWN } }, .packet.to_host = A,
	  .reasons = R(FLOODED) },
	{ "frame for a host of another service", .packet.to_host = E, .to = A },
	{ "frame from a host for a host", .packet = { .from_host = A, .to_host = C },
	  .reasons = R(FLOODED) },
	{ "frame for a host, with options", .packet = { .to_host = C, .options = 1 },
	  .reasons = R(FLOODED) },
	{ "frame for a host, a connection's first: no entry", &tracked,
	  .packet = { .to_host = C, .tcp_flags = TH_SYN, .proto = IPPROTO_TCP },
	  .reasons = R(FLOODED) },
	{ "ICMP error for a host", .packet = { .kind = PACKET_ERROR, .to_host = B },
	  .reasons = R(FLOODED) },
	{ "frame for a host, for a port that is no service's",
	  .packet = { .to_host = A, .port = 444 }, .reasons = R(NO_SERVICE) },
	{ "frame from a host, for a port that is no service's",
	  .packet = { .from_host = A, .port = 444 }, .reasons = R(NO_SERVICE) },
	{ "host on an interface that can't be redirected to", .prepare = host_on_third_interface,
	  .reasons = R(NO_EGRESS) },
	{ "for a relay", &relay, .reasons = R(RELAY) },
	{ "for a relay, with options", &relay, .packet.options = 1, .reasons = R(RELAY) },
	{ "ICMP error for a relay", &relay, .packet.kind = PACKET_ERROR, .reasons = R(RELAY) },
	{ "egress interface gone", .prepare = no_egress, .reasons = R(NO_EGRESS) },
	{}
};

/* The filter's bytes of hosts must be there for the rows below, so nothing is taken back. */
static void filter_full(struct fixture *fx, const struct variant *v)
{
	memset(fx->mac_filter, 0xff, sizeof(*fx->mac_filter));
}

static void no_egress(struct fixture *fx, const struct variant *v)
{
	fx->hosts[A].ifindex = fx->ifindex[1];
	fixture_only_egress(fx, 0);
}

static void host_on_third_interface(struct fixture *fx, const struct variant *v)
{
	fx->hosts[A].ifindex = fx->ifindex[1] + 1000;
	fx->hosts[A].tx_port = XLB_MAX_TX_PORTS;
}
