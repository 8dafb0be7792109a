/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/image_next.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_NS (1ull << XLB_TICK_SHIFT)

int image_fail(struct image_work *w, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (w->error)
		vsnprintf(w->error->text, sizeof(w->error->text), format, args);
	va_end(args);
	return err;
}

int slot_allot(struct slot_state *states, size_t stride, int first, int n, uint64_t scans_done)
{
	for (int i = first; i < n; i++) {
		const struct slot_state *s = (const void *)((const char *)states + i * stride);

		if (s->phase == SLOT_FREE && s->clean_at <= scans_done)
			return i;
	}
	return -ENOSPC;
}

/* The look that is under way has begun before: it and one more have to be finished. */
void slot_release(struct slot_state *state, uint64_t scans_done)
{
	state->phase = SLOT_FREE;
	state->clean_at = scans_done + 2;
}

void slot_chains_make(struct slot_chains *c, const struct image *image)
{
	memset(c, 0xff, sizeof(*c)); /* CHAIN_END */
	for (int i = XLB_MAX_HOSTS - 1; i >= 0; i--) {
		const struct xlb_host *h = &image->hosts[i];

		if (!h->family)
			continue;
		c->next_host[i] = c->first_host[h->service];
		c->first_host[h->service] = i;
	}
	for (int i = IMAGE_MAX_LISTENS - 1; i >= 0; i--) {
		const struct image_listen *l = &image->listens[i];

		if (l->state.phase == SLOT_FREE)
			continue;
		c->next_listen[i] = c->first_listen[l->service];
		c->first_listen[l->service] = i;
	}
}

/* ---- services ------------------------------------------------------------------------------ */
static uint32_t ticks_of(uint32_t seconds)
{
	return (seconds * 1000000000ull + TICK_NS - 1) / TICK_NS;
}

static uint32_t at_most(uint32_t seconds, uint32_t limit)
{
	return limit && limit < seconds ? limit : seconds;
}

/*
 * pf's timeouts for states of which only the client's half is seen; never beyond the session's. UDP
 * has the first two: a flow's first packet, and what follows.
 */
static void set_timeouts(struct xlb_service *record, const struct desired_service *s)
{
	static const uint16_t tcp[XLB_FLOW_STATES] = { [XLB_FLOW_SYN] = 30,
						       [XLB_FLOW_CLOSING] = 900,
						       [XLB_FLOW_FINWAIT] = 45,
						       [XLB_FLOW_CLOSED] = 90 };
	static const uint16_t udp[XLB_FLOW_STATES] = { [XLB_FLOW_SYN] = 60 };
	const uint16_t *limit = s->proto == IPPROTO_UDP ? udp : tcp;

	for (int i = XLB_FLOW_SYN; i < XLB_FLOW_STATES; i++)
		record->timeout[i] = ticks_of(at_most(s->timeout_s, limit[i]));
}

/*
 * NAT sees both halves. A half-closed connection may go on transferring for as long as an open one;
 * a host's SYN-ACK, or a reset's last words, come soon or never. TIME_WAIT is as long as the NAT
 * port is kept from others: longer than a host's own (60 s in Linux).
 */
static void set_nat_timeouts(struct xlb_service *record, const struct desired_service *s)
{
	static const uint16_t tcp[XLB_FLOW_STATES] = { [XLB_CONN_SYN_SENT] = 30,
						       [XLB_CONN_SYN_RCVD] = 30,
						       [XLB_CONN_TIME_WAIT] = 90,
						       [XLB_CONN_RESET] = 10 };
	static const uint16_t udp[XLB_FLOW_STATES] = { [XLB_CONN_SYN_SENT] = 60 };
	const uint16_t *fixed = s->proto == IPPROTO_UDP ? udp : tcp;

	for (int i = XLB_CONN_SYN_SENT; i < XLB_FLOW_STATES; i++)
		record->timeout[i] =
			ticks_of(fixed[i] && i != XLB_CONN_STICKY ? fixed[i] : s->timeout_s);
}

/* Modes that choose per connection need an entry for it, of the flow or of the client; the load
 * of a host is the number of its flows. NAT has a record of every connection anyway. */
static uint8_t service_flags(const struct desired_service *s)
{
	uint8_t flags = (s->track ? XLB_SERVICE_TRACK : 0) | (s->sticky ? XLB_SERVICE_STICKY : 0);

	if (s->nat)
		return (flags & XLB_SERVICE_STICKY) | XLB_SERVICE_NAT |
		       (s->transparent ? XLB_SERVICE_TRANSPARENT : 0);
	if (s->choose == XLB_CHOOSE_LEAST_STATES || (s->choose != XLB_CHOOSE_ROW && !s->sticky))
		flags |= XLB_SERVICE_TRACK;
	return flags;
}

static void fill_service(const struct desired_service *s, const struct service_keys *keys,
			 struct xlb_service *record)
{
	memset(record, 0, sizeof(*record));
	memcpy(record->row_key, keys->row, sizeof(record->row_key));
	record->port_mask = s->hash_ports ? ~0u : 0;
	record->choose = s->choose;
	record->proto = s->proto;
	record->flags = service_flags(s);
	record->trace = s->trace;
	record->id = s->id;
	if (s->nat)
		set_nat_timeouts(record, s);
	else
		set_timeouts(record, s);
	record->ttl = s->nat ? s->ttl : 0;
	record->min_ttl = s->nat ? s->min_ttl : 0;
	memcpy(record->name, s->name, strlen(s->name));
}

static int check_service(struct image_work *w, const struct desired_service *s)
{
	if (!s->name[0] || strlen(s->name) >= XLB_NAME_SIZE)
		return image_fail(w, -EINVAL, "service name \"%s\": 1 to %d characters", s->name,
				  XLB_NAME_SIZE - 1);
	if (s->proto != IPPROTO_TCP && s->proto != IPPROTO_UDP)
		return image_fail(w, -EINVAL, "%s: protocol %u is neither TCP nor UDP", s->name,
				  s->proto);
	if (!s->timeout_s)
		return image_fail(w, -EINVAL, "%s: no session timeout", s->name);
	return 0;
}

static int next_service(struct image_work *w, size_t i)
{
	const struct desired_service *s = &w->in->desired->services[i];
	struct image *next = w->next;
	int err = check_service(w, s), slot;

	if (err)
		return err;
	/* In the order of the last time, most often. */
	slot = image_guess_service(next, s->name, s->proto, i ? w->slots[i - 1] + 1 : 0);
	if (slot < 0)
		slot = slot_allot(next->service_state, sizeof(*next->service_state), 0,
				  XLB_MAX_SERVICES, w->in->scan->done);
	else if (next->service_state[slot].phase == SLOT_WANTED)
		return image_fail(w, -EEXIST, "service %s is there twice", s->name);
	if (slot < 0)
		return image_fail(w, slot, "more than %d services", XLB_MAX_SERVICES);
	next->service_state[slot].phase = SLOT_WANTED;
	w->slots[i] = slot;
	err = service_keys(s, w->prev->settings.hash_key, &w->keys[i]);
	if (!err)
		fill_service(s, &w->keys[i], &next->services[slot]);
	return err;
}

static int next_services(struct image_work *w)
{
	const struct desired *desired = w->in->desired;
	int err = 0;

	for (int i = 0; i < XLB_MAX_SERVICES; i++)
		if (w->next->service_state[i].phase == SLOT_WANTED)
			w->next->service_state[i].phase = SLOT_LEAVING;
	for (size_t i = 0; i < desired->n_services && !err; i++)
		err = next_service(w, i);
	return err;
}

/* ---- all together -------------------------------------------------------------------------- */
static int run_steps(struct image_work *w)
{
	int err = next_services(w);

	if (err)
		return err;
	slot_chains_make(&w->chains, w->next);
	err = image_next_hosts(w);
	if (!err)
		err = image_next_targets(w);
	if (!err)
		err = image_next_rows(w);
	if (!err)
		err = image_next_vips(w);
	return err ? err : image_next_macs(w);
}

int image_next(const struct image *prev, const struct image_input *in, struct image_error *error,
	       struct image **ret)
{
	struct image_work *w = calloc(1, sizeof(*w));
	int err = -ENOMEM;

	if (error)
		error->text[0] = 0;
	if (!w)
		return err;
	w->prev = prev;
	w->in = in;
	w->error = error;
	w->next = image_clone(prev);
	w->slots = calloc(in->desired->n_services + 1, sizeof(*w->slots));
	w->keys = calloc(in->desired->n_services + 1, sizeof(*w->keys));
	if (w->next && w->slots && w->keys)
		err = run_steps(w);
	if (err)
		image_free(w->next);
	else
		*ret = w->next;
	free(w->slots);
	free(w->keys);
	free(w);
	return err;
}
