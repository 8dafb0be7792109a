/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* How many connections each service has open, by name: it is kept as long as there is one. */
#ifndef XLB_FLOWS_SERVICES_H
#define XLB_FLOWS_SERVICES_H

#include <stdint.h>
#include <uthash.h>

#include "xlb/abi.h"

struct flow_service {
	char name[XLB_NAME_SIZE];
	unsigned refs;   /* flows that name it */
	uint32_t active; /* of these: open ones */
	UT_hash_handle hh;
};

/* One more flow names it. NULL: no memory. */
struct flow_service *flow_service_ref(struct flow_service **all, const char *name);
void flow_service_unref(struct flow_service **all, struct flow_service *service);

#endif
