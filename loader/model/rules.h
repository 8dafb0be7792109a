/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a model would be as rules of pf: one for each address that a service listens on, as relayd
 * makes them. Their numbers are those of "show rules", pflog and captures.
 */
#ifndef XLB_MODEL_RULES_H
#define XLB_MODEL_RULES_H

#include "model/model.h"

struct rule {
	unsigned number;     /* among all, from 0, in the order of the file */
	unsigned sub_number; /* among its service's own, from 0: in pf, its place in the anchor */
	const struct service *service; /* of any state, served or not: numbers stay */
	const struct cfg_listen *listen;
};

struct rules {
	struct rule *list; /* by number */
	unsigned n;
	const struct rule **by_name; /* the same, by the services' names */
};

/* Of the model, which is borrowed for the life of the rules. -ENOMEM. */
int rules_build(const struct model *m, struct rules *ret);
void rules_clear(struct rules *rules);

/*
 * The rule by which a packet to that address and port, in by that interface, is the service's.
 * Where none is, the service's first one; NULL: there is no such service. A listen address's
 * interface may be written as an alternative name, and then any interface will do. port: host byte
 * order.
 */
const struct rule *rules_find(const struct rules *rules, const char *service, uint8_t proto,
			      const struct cfg_addr *addr, uint16_t port, const char *interface);

#endif
