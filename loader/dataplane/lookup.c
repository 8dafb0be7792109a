/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const char *name, uint8_t proto, const struct xlb_service *s)
{
	int order = strncmp(name, s->name, sizeof(s->name));

	return order ? order : (int)proto - (int)s->proto;
}

static int compare_slots(const void *a, const void *b, void *data)
{
	const struct xlb_service *services = data, *s = &services[*(const uint16_t *)a];

	return compare_names(s->name, s->proto, &services[*(const uint16_t *)b]);
}

void lookup_make(struct lookup *lookup, const struct image *image)
{
	lookup->n_services = 0;
	for (int i = 0; i < XLB_MAX_SERVICES; i++)
		if (image->services[i].name[0])
			lookup->services[lookup->n_services++] = i;
	qsort_r(lookup->services, lookup->n_services, sizeof(*lookup->services), compare_slots,
		(void *)image->services);
	slot_chains_make(&lookup->chains, image);
	lookup->valid = true;
}

int lookup_service(const struct lookup *lookup, const struct image *image, const char *name,
		   uint8_t proto)
{
	unsigned low = 0, high = lookup->n_services;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		uint16_t slot = lookup->services[middle];
		int order = compare_names(name, proto, &image->services[slot]);

		if (order == 0)
			return slot;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -ENOENT;
}

int lookup_host(const struct lookup *lookup, const struct image *image, uint16_t service,
		const struct cfg_addr *addr)
{
	return slot_chains_host(&lookup->chains, image, service, addr);
}
