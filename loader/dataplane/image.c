/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct image_rows *image_rows_ref(struct image_rows *rows)
{
	if (rows)
		rows->refs++;
	return rows;
}

void image_rows_unref(struct image_rows *rows)
{
	if (rows && !--rows->refs)
		free(rows);
}

struct image_pool *image_pool_ref(struct image_pool *pool)
{
	if (pool)
		pool->refs++;
	return pool;
}

void image_pool_unref(struct image_pool *pool)
{
	if (pool && !--pool->refs)
		free(pool);
}

struct image *image_new(const struct xlb_settings *settings)
{
	struct image *image = calloc(1, sizeof(*image));

	if (image)
		image->settings = *settings;
	return image;
}

struct image *image_clone(const struct image *image)
{
	struct image *clone = malloc(sizeof(*clone));

	if (!clone)
		return NULL;
	memcpy(clone, image, sizeof(*clone));
	clone->macs = NULL;
	if (image->n_macs) {
		clone->macs = malloc(image->n_macs * sizeof(*image->macs));
		if (!clone->macs) {
			free(clone);
			return NULL;
		}
		memcpy(clone->macs, image->macs, image->n_macs * sizeof(*image->macs));
	}
	for (int i = 0; i < XLB_MAX_SERVICES; i++) {
		image_rows_ref(clone->rows[i]);
		image_pool_ref(clone->pools[i]);
	}
	return clone;
}

void image_free(struct image *image)
{
	if (!image)
		return;
	for (int i = 0; i < XLB_MAX_SERVICES; i++) {
		image_rows_unref(image->rows[i]);
		image_pool_unref(image->pools[i]);
	}
	free(image->macs);
	free(image);
}

static bool service_is(const struct xlb_service *s, const char *name, uint8_t proto)
{
	return s->name[0] && s->proto == proto && !strncmp(s->name, name, sizeof(s->name));
}

int image_guess_service(const struct image *image, const char *name, uint8_t proto, int guess)
{
	if (service_is(&image->services[guess % XLB_MAX_SERVICES], name, proto))
		return guess % XLB_MAX_SERVICES;
	return image_find_service(image, name, proto);
}

void image_withdraw(struct image *image, uint32_t slot, uint64_t scans_done)
{
	image->hosts[slot].flags = 0;
	image->host_state[slot].clean_at = scans_done + 2;
}

int image_find_service(const struct image *image, const char *name, uint8_t proto)
{
	for (int i = 0; i < XLB_MAX_SERVICES; i++)
		if (service_is(&image->services[i], name, proto))
			return i;
	return -ENOENT;
}

struct cfg_addr image_host_addr(const struct xlb_host *host)
{
	struct cfg_addr addr = { .family = host->family };

	if (host->family == AF_INET6)
		memcpy(&addr.v6, host->addr, sizeof(addr.v6));
	else
		addr.v4.s_addr = host->addr[0];
	return addr;
}

static bool host_is(const struct xlb_host *host, uint16_t service, const struct cfg_addr *addr)
{
	if (host->family != addr->family || host->service != service)
		return false;
	return addr->family == AF_INET6 ? !memcmp(host->addr, &addr->v6, sizeof(addr->v6)) :
					  host->addr[0] == addr->v4.s_addr;
}

int image_find_host(const struct image *image, uint16_t service, const struct cfg_addr *addr)
{
	for (int i = 0; i < XLB_MAX_HOSTS; i++)
		if (image->hosts[i].family && host_is(&image->hosts[i], service, addr))
			return i;
	return -ENOENT;
}

uint32_t image_row_timeout(const struct xlb_service *s)
{
	uint32_t longest = 0;

	for (int i = XLB_FLOW_SYN; i <= XLB_FLOW_CLOSED; i++)
		if (s->timeout[i] > longest)
			longest = s->timeout[i];
	return longest;
}

bool image_moves_at_once(const struct xlb_service *s)
{
	return s->flags || s->proto == IPPROTO_UDP;
}
