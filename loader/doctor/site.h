/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the advice of node-setup and doctor depends on: the services, their addresses, and the hosts
 * behind them. Read from a configuration or from the daemon's answers; no I/O.
 */
#ifndef XLB_DOCTOR_SITE_H
#define XLB_DOCTOR_SITE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

#define SITE_NAME_SIZE 256
#define SITE_INTERFACE_SIZE 128 /* altnames are longer than names */

enum site_way {
	SITE_ROUTE, /* direct server return: the host has the VIP */
	SITE_NAT,
	SITE_TRANSPARENT, /* NAT that keeps the client's address, also of redirects */
};

struct site_vip {
	struct cfg_addr addr;
	uint8_t proto;                       /* IPPROTO_* */
	uint16_t port;                       /* the first one; host byte order */
	char interface[SITE_INTERFACE_SIZE]; /* listen on … interface; "": any */
};

struct site_host {
	char name[SITE_NAME_SIZE];           /* as written */
	struct cfg_addr addr;                /* AF_UNSPEC: not resolved */
	char interface[SITE_INTERFACE_SIZE]; /* route to … interface; "": by the routing table */
	unsigned weight;
	uint64_t sessions; /* so far; 0 without a daemon */
	bool no_interface; /* that of route to is not here; false without a daemon */
	bool down;         /* as checks say, or out of use; false without a daemon */
};

struct site_service {
	char name[SITE_NAME_SIZE];
	bool relay; /* else a redirect */
	bool sticky;
	enum site_way way;
	char mode[16]; /* relayd's word */
	struct site_vip *vips;
	size_t n_vips;
	struct site_host *hosts; /* of all its tables */
	size_t n_hosts;
};

struct site {
	struct site_service *services;
	size_t n_services;
};

/* 0 or -ENOMEM. *ret is for site_free(). */
int site_from_config(const struct cfg *cfg, struct site *ret);

/*
 * The same from what the daemon answers to GET /v1/redirects, /v1/relays and /v1/hosts. -EPROTO: an
 * answer is not of that form.
 */
int site_from_daemon(const json_t *redirects, const json_t *relays, const json_t *hosts,
		     struct site *ret);

void site_free(struct site *site);

/* Some service of it is served that way. */
bool site_has_way(const struct site *site, enum site_way way);

bool site_same_addr(const struct cfg_addr *a, const struct cfg_addr *b);

/* Returns buf; "?" for an address that is not known. */
#define SITE_ADDR_SIZE 64
const char *site_addr_text(const struct cfg_addr *addr, char buf[SITE_ADDR_SIZE]);

/* "redirect" or "relay". */
const char *site_kind(const struct site_service *service);

#endif
