/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "flows/services.h"

#include <stdio.h>
#include <stdlib.h>

struct flow_service *flow_service_ref(struct flow_service **all, const char *name)
{
	struct flow_service *service;

	HASH_FIND_STR(*all, name, service);
	if (!service) {
		service = calloc(1, sizeof(*service));
		if (!service)
			return NULL;
		snprintf(service->name, sizeof(service->name), "%s", name);
		HASH_ADD_STR(*all, name, service);
		if (!service->hh.tbl) {
			free(service);
			return NULL;
		}
	}
	service->refs++;
	return service;
}

void flow_service_unref(struct flow_service **all, struct flow_service *service)
{
	if (--service->refs)
		return;
	HASH_DEL(*all, service);
	free(service);
}
