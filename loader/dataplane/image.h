/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the maps hold, as the daemon remembers it, and what they should hold next.
 *
 * An image is immutable once made (but for image_withdraw()); the next one is computed from the
 * last one and from what is desired, so that whatever stays keeps its slot. No I/O: plan.h compares
 * two images, apply.h carries the difference out.
 *
 * Slots of hosts, services and listens live through FREE -> WANTED -> LEAVING -> FREE. A leaving
 * host keeps the flows it has. A slot that became free is not used again before the flow table has
 * been looked through twice, so nothing there can still mean its former owner.
 */
#ifndef XLB_DATAPLANE_IMAGE_H
#define XLB_DATAPLANE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/desired.h"
#include "dataplane/keys.h"
#include "dataplane/rows.h"
#include "xlb/abi.h"

#define IMAGE_MAX_LISTENS 16384 /* ids of (service, address); live VIPs are at most half of it */
#define IMAGE_MAX_VIPS (XLB_VIP_SLOTS / 4)

enum slot_phase {
	SLOT_FREE,
	SLOT_WANTED,  /* the desired state names it */
	SLOT_LEAVING, /* it no longer does, but something may still refer to it */
};

struct slot_state {
	enum slot_phase phase;
	uint64_t clean_at; /* number of finished looks through the flow table at which no entry
			      from before names the slot */
};

struct image_rows { /* shared between images */
	unsigned refs;
	bool has_target;           /* not after reading rows back from the kernel */
	bool was_whole;            /* all hosts of the service took new flows, once at least */
	uint8_t inputs[KEYS_SIZE]; /* digest of what decided the target and the rows */
	struct rows_count count;
	struct row_table table;
	uint16_t target[XLB_ROWS];
};

struct image_pool { /* shared between images */
	unsigned refs;
	struct xlb_pool pool;
};

struct image_mac {
	union xlb_mac_key key;
	uint16_t host;
};

struct image_listen {
	struct slot_state state;
	uint16_t service;
	struct cfg_addr addr;
};

struct image {
	struct xlb_settings settings;
	struct xlb_vip vips[XLB_VIP_SLOTS];
	struct xlb_ranges ranges[XLB_MAX_RANGES];
	struct xlb_service services[XLB_MAX_SERVICES];
	struct image_rows *rows[XLB_MAX_SERVICES];  /* NULL: all rows name nobody */
	struct image_pool *pools[XLB_MAX_SERVICES]; /* NULL: empty */
	struct xlb_host hosts[XLB_MAX_HOSTS];
	uint32_t tx_ports[XLB_MAX_TX_PORTS]; /* ifindex, 0: free */
	struct image_mac *macs;              /* sorted by key.raw */
	size_t n_macs;

	/* what the maps don't hold */
	struct slot_state service_state[XLB_MAX_SERVICES];
	struct slot_state host_state[XLB_MAX_HOSTS];
	struct image_listen listens[IMAGE_MAX_LISTENS];

	/* NAT; in the maps again, but for the states */
	struct xlb_listen nat_listens[XLB_MAX_LISTENS]; /* those of `listens` that are NAT's */
	struct xlb_target targets[XLB_TARGET_SLOTS];
	struct slot_state target_state[XLB_TARGET_SLOTS];
};

/* What looking through the flow table has found: the last time it was finished. */
struct scan_result {
	uint64_t done;   /* how often it was finished */
	uint32_t began;  /* tick at which the last finished one began */
	uint32_t flows4; /* entries, without connections */
	uint32_t flows6;
	uint32_t hosts[XLB_MAX_HOSTS]; /* entries that name the slot */
	uint32_t listens[IMAGE_MAX_LISTENS];
	uint32_t targets[XLB_TARGET_SLOTS];            /* connections */
	struct row_bits *exceptions[XLB_MAX_SERVICES]; /* NULL: none */
};

struct image_input {
	const struct desired *desired;
	const struct scan_result *scan;
	uint32_t now;              /* tick */
	const uint32_t *no_egress; /* interfaces that can't be redirected to */
	size_t n_no_egress;
	/* Has a packet of the service been forwarded, by its slot in the former image? NULL: yes.
	 */
	bool (*is_used)(uint16_t service, void *data);
	void *data;
	uint16_t nat_port_lo; /* range of NAT ports, inclusive; lo > hi or 0: there are none */
	uint16_t nat_port_hi;
};

struct image_error {
	char text[256]; /* a sentence for the user */
};

/* An image of empty maps. NULL: no memory. */
struct image *image_new(const struct xlb_settings *settings);
struct image *image_clone(const struct image *image);
void image_free(struct image *image); /* NULL is fine */

/*
 * The image that follows prev. -ENOSPC: a map is too small; -E2BIG: too many hosts or port ranges
 * in one place; -EEXIST: two services listen on the same; -EINVAL; -ENOMEM.
 */
int image_next(const struct image *prev, const struct image_input *in, struct image_error *error,
	       struct image **ret);

/* What time and a finished look through the flow table change by themselves; in->desired is not
 * used. */
int image_age(const struct image *prev, const struct image_input *in, struct image **ret);

/* Is there a row that settles by then? */
bool image_is_due(const struct image *image, uint32_t now);

/*
 * The host is down, in the maps already; the one change that an image undergoes, so that it goes on
 * saying what they hold. What the program remembers of the host must be gone before it returns.
 */
void image_withdraw(struct image *image, uint32_t slot, uint64_t scans_done);

/* Slot, or -ENOENT; the guess is looked at first. */
int image_guess_service(const struct image *image, const char *name, uint8_t proto, int guess);
int image_find_service(const struct image *image, const char *name, uint8_t proto);
int image_find_host(const struct image *image, uint16_t service, const struct cfg_addr *addr);

/* Decoded from a host, zero if the slot is free. */
struct cfg_addr image_host_addr(const struct xlb_host *host);

/* Ticks after which a row's former host has no flows that are not entered. */
uint32_t image_row_timeout(const struct xlb_service *s);

/* Flows of the service have entries, or are not to be kept: rows need no time to move. */
bool image_moves_at_once(const struct xlb_service *s);

struct image_rows *image_rows_ref(struct image_rows *rows);
void image_rows_unref(struct image_rows *rows);
struct image_pool *image_pool_ref(struct image_pool *pool);
void image_pool_unref(struct image_pool *pool);

#endif
