/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Checks with `dsr`: which of the redirect's addresses and ports they connect to. For each family
 * it is the first TCP listen line that has the port of the check, else the first TCP line, else the
 * first line with the check's own port (a service by UDP only).
 */
#include "config/parse.h"

void check_dsr(struct parse *p, struct cfg_pos pos, struct cfg_check *check)
{
	if (check->type == CFG_CHECK_ICMP || check->type == CFG_CHECK_SCRIPT ||
	    check->type == CFG_CHECK_DNS)
		parse_error(p, pos, "checks by TCP can: tcp, tls, http, https, send, binary",
			    "check %s cannot be sent to the VIP", cfg_check_name(check));
	else
		check->dsr = true;
}

static int rank(const struct cfg_listen *listen, uint16_t port)
{
	if (listen->proto != IPPROTO_TCP)
		return 1;
	return port >= listen->port_lo && port <= listen->port_hi ? 3 : 2;
}

static struct cfg_vip find_vip(const struct cfg_redirect *redirect, sa_family_t family,
			       uint16_t port)
{
	struct cfg_vip vip = { 0 };
	int best = 0;

	for (const struct cfg_listen *l = redirect->listen; l; l = l->next) {
		if (l->addr.family != family || rank(l, port) <= best)
			continue;
		best = rank(l, port);
		vip.addr = l->addr;
		vip.port = best == 2 ? l->port_lo : port;
	}
	return vip;
}

void dsr_resolve(struct parse *p)
{
	for (struct cfg_redirect *r = p->cfg->redirects; r; r = r->next) {
		for (struct cfg_target *t = r->target; t; t = t->next) {
			uint16_t port = target_draft(t)->effective_port;

			if (!t->check.dsr)
				continue;
			t->check.vip4 = find_vip(r, AF_INET, port);
			t->check.vip6 = find_vip(r, AF_INET6, port);
		}
	}
}

const struct cfg_vip *cfg_check_vip(const struct cfg_check *check, sa_family_t family)
{
	const struct cfg_vip *vip = family == AF_INET6 ? &check->vip6 : &check->vip4;

	return vip->addr.family == AF_UNSPEC ? NULL : vip;
}
