/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Services as the daemon would want them, as many as one likes, for benchmarks that go through the
 * data plane. Everything has a number: services, hosts of a service, clients.
 */
#ifndef XLB_BENCH_WANTED_H
#define XLB_BENCH_WANTED_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/desired.h"

#define WANTED_PORT 443
#define WANTED_HOST_PORT 8080 /* behind NAT */
#define WANTED_NAME_SIZE 16

struct wanted_options {
	unsigned services;
	unsigned hosts;  /* of each service */
	int family;      /* 0: every other service is IPv6's */
	bool nat;        /* relays, else DSR */
	bool has_key;    /* rows as on every other LB with this option */
	uint32_t egress; /* interface towards the hosts */
};

/* May be changed between syncs; freed by wanted_free(). */
struct wanted {
	struct desired desired;
	struct desired_service *services;
	struct desired_listen *listens;
	struct desired_host *hosts;      /* of service s: from s * options.hosts on */
	char (*names)[WANTED_NAME_SIZE]; /* of services, then of the hosts of one */
	struct wanted_options options;
};

/* -ENOMEM. */
int wanted_make(const struct wanted_options *options, struct wanted *ret);
void wanted_free(struct wanted *w);

struct cfg_addr wanted_vip(int family, unsigned service);
struct cfg_addr wanted_host(int family, unsigned host);
struct cfg_addr wanted_nat_addr(int family);

void wanted_host_mac(unsigned host, uint8_t ret[6]);
void wanted_egress_mac(uint8_t ret[6]);

/* Which host has that MAC; -1: none. */
int wanted_host_of_mac(const uint8_t mac[6]);

#endif
