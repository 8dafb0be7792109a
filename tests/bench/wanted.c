// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "wanted.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers to addresses -----------------------------------------------------------------------
 */
/* v4 + n, or 2001:db8:v6::n. */
static struct cfg_addr address(int family, uint32_t v4, uint16_t v6, uint32_t n)
{
	struct cfg_addr a = { .family = family };

	if (family == AF_INET) {
		a.v4.s_addr = htonl(v4 + n);
	} else {
		a.v6.s6_addr32[0] = htonl(0x20010db8);
		a.v6.s6_addr32[1] = htonl((uint32_t)v6 << 16);
		a.v6.s6_addr32[3] = htonl(n);
	}
	return a;
}

struct cfg_addr wanted_vip(int family, unsigned service)
{
	return address(family, 0xc6120000, 1, service + 1); /* 198.18.0.0 */
}

struct cfg_addr wanted_host(int family, unsigned host)
{
	return address(family, 0x0a400000, 2, host + 2); /* 10.64.0.0 */
}

struct cfg_addr wanted_nat_addr(int family)
{
	return address(family, 0x0a400000, 2, 1);
}

void wanted_host_mac(unsigned host, uint8_t ret[6])
{
	const uint8_t mac[6] = { 2, 0xb0, 0, 0, host >> 8, host };

	memcpy(ret, mac, 6);
}

void wanted_egress_mac(uint8_t ret[6])
{
	const uint8_t mac[6] = { 2, 0xe0, 0, 0, 0, 1 };

	memcpy(ret, mac, 6);
}

int wanted_host_of_mac(const uint8_t mac[6])
{
	const uint8_t start[4] = { 2, 0xb0, 0, 0 };

	return memcmp(mac, start, 4) ? -1 : mac[4] << 8 | mac[5];
}

/* ---- services -----------------------------------------------------------------------------------
 */
static int family_of(const struct wanted_options *o, unsigned service)
{
	if (o->family)
		return o->family;
	return service % 2 ? AF_INET6 : AF_INET;
}

static void make_host(const struct wanted *w, int family, unsigned n, struct desired_host *ret)
{
	*ret = (struct desired_host){ .name = w->names[w->options.services + n],
				      .addr = wanted_host(family, n),
				      .weight = 1,
				      .takes_new = true,
				      .keeps_old = true,
				      .has_next_hop = true,
				      .ifindex = w->options.egress };
	wanted_host_mac(n, ret->dst_mac);
	wanted_egress_mac(ret->src_mac);
	if (w->options.nat) {
		ret->port = WANTED_HOST_PORT;
		ret->n_nat_addrs = 1;
		ret->nat_addrs[0] = wanted_nat_addr(family);
	}
}

static void make_service(struct wanted *w, unsigned s)
{
	const struct wanted_options *o = &w->options;
	const int family = family_of(o, s);
	struct desired_host *hosts = w->hosts + s * o->hosts;

	for (unsigned n = 0; n < o->hosts; n++)
		make_host(w, family, n, &hosts[n]);
	w->listens[s] = (struct desired_listen){ .addr = wanted_vip(family, s),
						 .port_lo = WANTED_PORT,
						 .port_hi = WANTED_PORT };
	w->services[s] =
		(struct desired_service){ .name = w->names[s],
					  .id = s + 1,
					  .proto = IPPROTO_TCP,
					  .choose = o->nat ? XLB_CHOOSE_ROUNDROBIN : XLB_CHOOSE_ROW,
					  .hash_ports = true,
					  .has_key = o->has_key,
					  .key = "two of a kind",
					  .timeout_s = 600,
					  .nat = o->nat,
					  .listens = &w->listens[s],
					  .n_listens = 1,
					  .hosts = hosts,
					  .n_hosts = o->hosts };
}

int wanted_make(const struct wanted_options *options, struct wanted *ret)
{
	const unsigned n = options->services, hosts = options->hosts;
	struct wanted w = { .options = *options,
			    .services = calloc(n, sizeof(*w.services)),
			    .listens = calloc(n, sizeof(*w.listens)),
			    .hosts = calloc((size_t)n * hosts, sizeof(*w.hosts)),
			    .names = calloc(n + hosts, sizeof(*w.names)) };

	if (!w.services || !w.listens || !w.hosts || !w.names) {
		wanted_free(&w);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < n + hosts; i++)
		snprintf(w.names[i], sizeof(w.names[i]), i < n ? "service%u" : "host%u",
			 i < n ? i : i - n);
	for (unsigned s = 0; s < n; s++)
		make_service(&w, s);
	w.desired = (struct desired){ w.services, n };
	*ret = w;
	return 0;
}

void wanted_free(struct wanted *w)
{
	free(w->services);
	free(w->listens);
	free(w->hosts);
	free(w->names);
}
