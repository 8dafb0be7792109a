/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Targets of NAT in the next image: (host, port, NAT address, protocol), shared by the services
 * that mean the same. Unlike VIPs they never move: connections and the index name their slots.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "dataplane/image_next.h"
#include "dataplane/nat_ports.h"
#include "xlb/hash.h"

#define MAX_TARGETS (XLB_TARGET_SLOTS / 4)

struct target_work {
	struct image_work *w;
	unsigned n_wanted;
	/* of the last NAT address, which most often is the next one's, too */
	struct cfg_addr nat;
	uint8_t proto;
	struct nat_ports ports;
};

static bool is_live(const struct xlb_target *t)
{
	return t->family && !(t->flags & XLB_TARGET_DELETED);
}

static bool same_key(const struct xlb_target *a, const struct xlb_target *b)
{
	return !memcmp(a, b, offsetof(struct xlb_target, port_lo));
}

/* Where the probe begins. */
static uint32_t home_of(const struct image *image, const struct xlb_target *t)
{
	__u32 l4;

	memcpy(&l4, &t->host_port, sizeof(l4));
	return xlb_target_hash(image->settings.hash_key, t->host_addr, l4, t->nat_addr);
}

static int find_target(const struct image *image, const struct xlb_target *key)
{
	uint32_t home = home_of(image, key);

	for (uint32_t i = 0; i < XLB_TARGET_PROBES; i++) {
		uint32_t slot = (home + i) & (XLB_TARGET_SLOTS - 1);

		if (!image->targets[slot].family)
			break;
		if (is_live(&image->targets[slot]) && same_key(&image->targets[slot], key))
			return slot;
	}
	return -ENOENT;
}

/* The first place in reach that nothing refers to any more. */
static int allot_target(struct image_work *w, const struct xlb_target *key)
{
	uint32_t home = home_of(w->next, key);

	for (uint32_t i = 0; i < XLB_TARGET_PROBES; i++) {
		uint32_t slot = (home + i) & (XLB_TARGET_SLOTS - 1);
		const struct slot_state *s = &w->next->target_state[slot];

		if (s->phase != SLOT_FREE || s->clean_at > w->in->scan->done)
			continue;
		w->next->targets[slot] = *key;
		w->next->targets[slot].next = XLB_TARGET_NONE;
		return slot;
	}
	return -ENOSPC;
}

static struct xlb_target key_of(const struct desired_service *s, const struct desired_host *h,
				const struct cfg_addr *nat)
{
	struct xlb_target key = { .host_port = htons(h->port),
				  .proto = s->proto,
				  .family = h->addr.family };
	size_t size = h->addr.family == AF_INET6 ? 16 : 4;

	memcpy(key.host_addr, &h->addr.v6, size);
	if (nat)
		memcpy(key.nat_addr, &nat->v6, size);
	return key;
}

static struct nat_ports ports_of(struct target_work *t, const struct cfg_addr *nat, uint8_t proto)
{
	const struct image_input *in = t->w->in;
	const struct nat_ports all = { in->nat_port_lo, in->nat_port_hi };

	if (t->nat.family == nat->family && t->proto == proto &&
	    !memcmp(&t->nat.v6, &nat->v6, nat->family == AF_INET6 ? 16 : 4))
		return t->ports;
	t->nat = *nat;
	t->proto = proto;
	t->ports = nat_ports_beside(all, in->desired, nat, proto);
	return t->ports;
}

static int give_ports(struct target_work *t, const struct desired_service *s,
		      const struct cfg_addr *nat, struct xlb_target *target)
{
	struct nat_ports ports = { 1, XLB_NAT_PORTS - 1 };
	char text[INET6_ADDRSTRLEN];

	if (nat)
		ports = ports_of(t, nat, s->proto);
	if (!ports.lo)
		return image_fail(
			t->w, -ENOSPC,
			"%s: no port of %s is left for NAT: services listen on all of them",
			s->name, inet_ntop(nat->family, &nat->v6, text, sizeof(text)));
	target->port_lo = ports.lo;
	target->port_hi = ports.hi;
	return 0;
}

/* nat NULL: transparent; then the "port" is a place and nothing else, and all of them are good. */
static int want_target(struct target_work *t, const struct desired_service *s,
		       const struct desired_host *h, const struct cfg_addr *nat)
{
	const struct xlb_target key = key_of(s, h, nat);
	struct image *next = t->w->next;
	int slot = find_target(next, &key), err;

	if (slot < 0)
		slot = allot_target(t->w, &key);
	if (slot < 0)
		return image_fail(t->w, slot, "no room for another host and port");
	if (next->target_state[slot].phase != SLOT_WANTED && ++t->n_wanted > MAX_TARGETS)
		return image_fail(t->w, -ENOSPC, "more than %d hosts and ports", MAX_TARGETS);
	next->target_state[slot].phase = SLOT_WANTED;
	err = give_ports(t, s, nat, &next->targets[slot]);
	return err ? err : slot;
}

/*
 * A target is in one chain only, in a ring, so that each service may begin where it likes; services
 * that share a host have to agree on who comes next.
 */
static int chain_targets(struct target_work *t, const struct desired_service *s,
			 const struct desired_host *h, const int *slots, size_t n)
{
	for (size_t i = 0; n > 1 && i < n; i++) {
		struct xlb_target *target = &t->w->next->targets[slots[i]];
		uint16_t next = slots[(i + 1) % n];

		if (target->next != XLB_TARGET_NONE && target->next != next)
			return image_fail(t->w, -EINVAL,
					  "%s: host %s has another list of NAT addresses "
					  "elsewhere",
					  s->name, h->name);
		target->next = next;
	}
	return 0;
}

static int check_host(struct target_work *t, const struct desired_service *s,
		      const struct desired_host *h)
{
	const struct image_input *in = t->w->in;

	if (!h->port)
		return image_fail(t->w, -EINVAL, "%s: host %s has no port", s->name, h->name);
	if (h->n_nat_addrs > DESIRED_NAT_ADDRS)
		return image_fail(t->w, -E2BIG, "%s: host %s has more than %d NAT addresses",
				  s->name, h->name, DESIRED_NAT_ADDRS);
	if (!s->transparent && (!in->nat_port_lo || in->nat_port_hi < in->nat_port_lo))
		return image_fail(t->w, -ENOSPC,
				  "%s: no port below %d is left for NAT: "
				  "net.ipv4.ip_local_port_range takes them",
				  s->name, XLB_NAT_PORT_HI + 1);
	return 0;
}

static int host_targets(struct target_work *t, const struct desired_service *s, uint16_t service,
			const struct desired_host *h)
{
	size_t n = s->transparent ? 1 : h->n_nat_addrs;
	int slots[DESIRED_NAT_ADDRS], slot, err = check_host(t, s, h);
	struct xlb_host *host;

	for (size_t i = 0; i < n && !err; i++) {
		slots[i] = want_target(t, s, h, s->transparent ? NULL : &h->nat_addrs[i]);
		if (slots[i] < 0)
			err = slots[i];
	}
	if (!err)
		err = chain_targets(t, s, h, slots, n);
	slot = image_work_host(t->w, service, &h->addr);
	if (err || slot < 0)
		return err;
	host = &t->w->next->hosts[slot];
	host->target = n ? slots[0] : XLB_TARGET_NONE;
	host->n_targets = n;
	return 0;
}

static void let_targets_go(struct image_work *w)
{
	for (int i = 0; i < XLB_TARGET_SLOTS; i++) {
		struct slot_state *state = &w->next->target_state[i];

		if (state->phase != SLOT_WANTED)
			continue;
		state->phase = SLOT_LEAVING;
		state->clean_at = w->in->scan->done + 2;
		w->next->targets[i].next = XLB_TARGET_NONE;
	}
}

int image_next_targets(struct image_work *w)
{
	const struct desired *desired = w->in->desired;
	struct target_work t = { .w = w };

	let_targets_go(w);
	for (size_t i = 0; i < desired->n_services; i++) {
		const struct desired_service *s = &desired->services[i];

		for (size_t j = 0; s->nat && j < s->n_hosts; j++) {
			int err = host_targets(&t, s, w->slots[i], &s->hosts[j]);

			if (err)
				return err;
		}
	}
	return 0;
}

/* A tombstone before an empty slot is passed by no probe. */
static void tidy_tombstones(struct image *next)
{
	for (uint32_t i = 2 * XLB_TARGET_SLOTS; i-- > 0;) {
		struct xlb_target *t = &next->targets[i & (XLB_TARGET_SLOTS - 1)];

		if (t->flags & XLB_TARGET_DELETED &&
		    !next->targets[(i + 1) & (XLB_TARGET_SLOTS - 1)].family)
			memset(t, 0, sizeof(*t));
	}
}

void image_age_targets(struct image *next, const struct scan_result *scan)
{
	bool freed = false;

	for (int i = 0; i < XLB_TARGET_SLOTS; i++) {
		struct slot_state *state = &next->target_state[i];
		struct xlb_target *t = &next->targets[i];

		if (state->phase != SLOT_LEAVING || scan->targets[i] ||
		    scan->done < state->clean_at)
			continue;
		*t = (struct xlb_target){ .family = t->family, .flags = XLB_TARGET_DELETED };
		slot_release(state, scan->done);
		freed = true;
	}
	if (freed)
		tidy_tombstones(next);
}
