/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The VIPs that real servers must have, and the forms in which that is told them. */
#ifndef XLB_CLI_NODE_VIPS_H
#define XLB_CLI_NODE_VIPS_H

#include "cli/cli.h"
#include "doctor/site.h"

struct node_vip {
	struct cfg_addr addr;
	char text[SITE_ADDR_SIZE];
	const struct site *site;
};

struct node_vips {
	struct node_vip *list; /* IPv4 first; each once */
	size_t n;
	bool all_alike; /* every host serves all VIPs of its family */
};

/*
 * The VIPs of direct server return of the hosts with these names or addresses; of all hosts if
 * there are none. The site is borrowed. 0 or -ENOMEM.
 */
int node_vips_find(const struct site *site, char *const *hosts, size_t n_hosts,
		   struct node_vips *ret);
void node_vips_free(struct node_vips *vips);

bool node_vips_have(const struct node_vips *vips, sa_family_t family);

/* Is the host one of the service's? */
bool node_vip_used(const struct node_vip *vip, const struct site_service *service);

bool node_is_named(const struct site_host *host, const char *name);

/* Each prints one form, which the program that it is for reads as it is. */
typedef void node_format(const struct cli *cli, const struct node_vips *vips);
node_format node_format_commands;
node_format node_format_networkd;
node_format node_format_netplan;
node_format node_format_ifupdown;
node_format node_format_json;

#endif
