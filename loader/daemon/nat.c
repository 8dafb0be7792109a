/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Addresses of services as the box has them, or not: those of NAT, and those that clients use. */
#include "daemon/daemon.h"
#include "daemon/log.h"

static bool is_here(const struct cfg_addr *addr, void *data)
{
	const struct daemon *d = data;

	return net_address_owner(d->net, addr) != 0;
}

static void tell(const struct service *s, const struct cfg_nat *nat, bool here, void *data)
{
	if (here)
		log_notice("%s %s: NAT address %s is here, and used", service_kind_name(s->kind),
			   s->name, nat->name);
	else
		log_warning("%s %s: no interface has NAT address %s: not used until one does",
			    service_kind_name(s->kind), s->name, nat->name);
}

bool nat_check(struct daemon *d, struct model *m)
{
	return model_check_nat(m, is_here, tell, d);
}

/* The local stack refuses what is for its own addresses; with any other the client gets silence. */
void nat_note_routed(const struct daemon *d)
{
	for (unsigned i = 0; i < d->model->n_services; i++) {
		const struct service *s = &d->model->services[i];
		const struct cfg_listen *l = s->listen;

		for (unsigned j = 0; s->served && j < s->n_listen; j++, l = l->next)
			if (l->addr.family != AF_UNSPEC && !net_address_owner(d->net, &l->addr))
				log_notice("%s %s: no interface has %s: what no host takes is not "
					   "refused, but lost",
					   service_kind_name(s->kind), s->name, l->name);
	}
}
