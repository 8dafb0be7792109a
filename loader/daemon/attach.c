/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which interfaces the program is on: those the configuration implies (that own a listen address or
 * are named by `interface`, and those through which hosts are reached), plus and minus what the
 * user said.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/conns.h"
#include "daemon/log.h"
#include "dataplane/complaint.h"
#include "dataplane/plan.h"

static struct interface_wish *find_wish(struct daemon *d, const char *name)
{
	const struct net_link *link, *other;
	bool known = !net_link_by_name(d->net, name, &link);
	uint32_t ifindex = known ? link->ifindex : 0;

	for (unsigned i = 0; i < d->n_wishes; i++) {
		struct interface_wish *w = &d->wishes[i];

		if (!strcmp(w->name, name))
			return w;
		if (known && !net_link_by_name(d->net, w->name, &other) &&
		    other->ifindex == ifindex)
			return w;
	}
	return NULL;
}

static struct interface_wish *make_wish(struct daemon *d, const char *name)
{
	struct interface_wish *w = find_wish(d, name);

	if (w)
		return w;
	if (d->n_wishes == MAX_INTERFACES)
		return NULL;
	w = &d->wishes[d->n_wishes++];
	*w = (struct interface_wish){ 0 };
	snprintf(w->name, sizeof(w->name), "%s", name);
	return w;
}

/* ---- troubles ------------------------------------------------------------------------------ */
static struct interface_trouble *find_trouble(struct daemon *d, const char *name)
{
	for (unsigned i = 0; i < d->n_troubles; i++)
		if (!strcmp(d->troubles[i].name, name))
			return &d->troubles[i];
	return NULL;
}

static void trouble(struct daemon *d, const char *name, const char *text)
{
	struct interface_trouble *t = find_trouble(d, name);

	if (t && !strncmp(t->text, text, sizeof(t->text) - 1))
		return;
	log_error("%s", text);
	if (!t && d->n_troubles < MAX_INTERFACES)
		t = &d->troubles[d->n_troubles++];
	if (!t)
		return;
	snprintf(t->name, sizeof(t->name), "%s", name);
	snprintf(t->text, sizeof(t->text), "%s", text);
}

static void trouble_over(struct daemon *d, const char *name)
{
	struct interface_trouble *t = find_trouble(d, name);

	if (t)
		*t = d->troubles[--d->n_troubles];
}

/* ---- what the configuration implies -------------------------------------------------------- */
/* Attaches; a failure is told by the caller. */
static int attach_link(struct daemon *d, uint32_t ifindex, enum xdp_mode mode,
		       struct attachment *ret, char *error, size_t size)
{
	const struct net_link *link;

	if (net_link_by_index(d->net, ifindex, &link)) {
		snprintf(error, size, "no interface with index %u", ifindex);
		return -ENODEV;
	}
	return dataplane_attach(d->dataplane, ifindex, link->name, mode, ret, error, size);
}

static bool is_attached(const struct daemon *d, uint32_t ifindex)
{
	size_t n;
	const struct attachment *list = dataplane_attachments(d->dataplane, &n);

	for (size_t i = 0; i < n; i++)
		if (list[i].ifindex == ifindex)
			return true;
	return false;
}

/* What the log has of an interface's mode; NULL: nothing, and no room. */
static struct interface_mode *told_mode(struct daemon *d, const struct attachment *a)
{
	for (unsigned i = 0; i < d->n_told; i++)
		if (d->told[i].ifindex == a->ifindex)
			return &d->told[i];
	if (d->n_told == MAX_INTERFACES)
		return NULL;
	d->told[d->n_told] = (struct interface_mode){ a->ifindex, a->mode };
	return &d->told[d->n_told++];
}

static void tell_attached(struct daemon *d, const struct attachment *a)
{
	struct interface_mode *told = told_mode(d, a);

	if (told)
		told->mode = a->mode;
	publish(d, json_pack("{s:s, s:s, s:i, s:s?, s:s?}", "type", "attach", "interface", a->name,
			     "ifindex", (int)a->ifindex, "mode",
			     a->xdp ? xdp_mode_name(a->mode) : NULL, "nat",
			     !a->tc ? NULL :
			     a->tcx ? "tcx" :
				      "clsact"));

	if (a->xdp && a->mode == XDP_MODE_GENERIC && a->why_generic[0])
		log_warning("attached to %s in generic mode, which is slower: native mode: %s",
			    a->name, a->why_generic);
	else if (a->xdp)
		log_notice("attached to %s in %s mode", a->name, xdp_mode_name(a->mode));
	if (a->tc)
		log_notice("attached to %s for NAT, by %s", a->name, a->tcx ? "TCX" : "clsact");
}

void attach_tell_changes(struct daemon *d)
{
	size_t n;
	const struct attachment *list = dataplane_attachments(d->dataplane, &n);

	for (size_t i = 0; i < n; i++) {
		const struct interface_mode *told = list[i].xdp ? told_mode(d, &list[i]) : NULL;

		if (told && told->mode != list[i].mode)
			tell_attached(d, &list[i]);
	}
}

static void tell_detached(const struct daemon *d, const char *interface)
{
	publish(d, json_pack("{s:s, s:s}", "type", "detach", "interface", interface));
}

static int detach_link(struct daemon *d, uint32_t ifindex)
{
	const struct attachment *list;
	char name[IFNAMSIZ] = "";
	size_t n;
	int r;

	list = dataplane_attachments(d->dataplane, &n);
	for (size_t i = 0; i < n; i++)
		if (list[i].ifindex == ifindex)
			memcpy(name, list[i].name, sizeof(name));
	r = dataplane_detach(d->dataplane, ifindex);
	if (!r)
		tell_detached(d, name);
	return r;
}

static void attach_implied(struct daemon *d, uint32_t ifindex)
{
	struct attachment attached;
	struct interface_wish *w;
	const struct net_link *link;
	char error[512];

	if (!ifindex || is_attached(d, ifindex) || net_link_by_index(d->net, ifindex, &link))
		return;
	if (!strcmp(link->name, "lo"))
		return; /* the VIP may be there, too; frames don't come that way */
	w = find_wish(d, link->name);
	if (w && w->detached)
		return;
	if (attach_link(d, ifindex, w ? w->mode : d->options.mode, &attached, error,
			sizeof(error))) {
		trouble(d, link->name, error);
		return;
	}
	trouble_over(d, link->name);
	tell_attached(d, &attached);
	attach_tell_changes(d);
}

static uint32_t link_index(const struct daemon *d, const char *name)
{
	const struct net_link *link;

	return net_link_by_name(d->net, name, &link) ? 0 : link->ifindex;
}

static void attach_name(struct daemon *d, const char *name)
{
	uint32_t ifindex = link_index(d, name);
	char text[256];

	if (ifindex) {
		trouble_over(d, name);
		attach_implied(d, ifindex);
		return;
	}
	snprintf(text, sizeof(text), "there is no interface %s%s", name,
		 d->options.oneshot ? "" : "; it is used as soon as it appears");
	trouble(d, name, text);
}

/* Hosts reached as the routing table says: answers come back that way. */
static void attach_ways(struct daemon *d, const struct table *t)
{
	for (unsigned i = 0; i < t->n_hosts; i++)
		attach_implied(d, t->hosts[i].next_hop.ifindex);
}

static void attach_service(struct daemon *d, const struct service *s)
{
	const struct cfg_listen *l = s->listen;

	for (unsigned i = 0; i < s->n_listen; i++, l = l->next) {
		if (l->interface)
			attach_name(d, l->interface);
		else
			attach_implied(d, net_address_owner(d->net, &l->addr));
	}
	for (struct table **t = s->tables; t && *t; t++) {
		if ((*t)->target->interface)
			attach_name(d, (*t)->target->interface);
		else
			attach_ways(d, *t);
	}
}

void attach_all(struct daemon *d)
{
	if (!d->dataplane)
		return;
	for (unsigned i = 0; i < d->model->n_services; i++)
		if (d->model->services[i].served)
			attach_service(d, &d->model->services[i]);
	for (unsigned i = 0; i < d->n_wishes; i++)
		if (!d->wishes[i].detached)
			attach_name(d, d->wishes[i].name);
}

void attach_retry(struct daemon *d)
{
	if (d->n_troubles && d->synced)
		attach_all(d);
}

bool attach_wishes_met(const struct daemon *d)
{
	for (unsigned i = 0; i < d->n_wishes; i++)
		if (!d->wishes[i].detached && !is_attached(d, link_index(d, d->wishes[i].name)))
			return false;
	return true;
}

void attach_next_hop(struct daemon *d, uint32_t ifindex)
{
	if (d->dataplane && d->synced && ifindex && !is_attached(d, ifindex))
		attach_all(d);
}

/* Answers of NAT leave with the interface's MAC. */
static void refresh(struct daemon *d, uint32_t ifindex)
{
	int r = dataplane_refresh(d->dataplane, ifindex);

	if (r)
		log_error("following the MAC of the interface with index %u: %s", ifindex,
			  strerror(-r));
}

void attach_link_event(struct daemon *d, uint32_t ifindex)
{
	const struct net_link *link;

	if (!d->dataplane || !d->synced)
		return;
	if (net_link_by_index(d->net, ifindex, &link) && is_attached(d, ifindex)) {
		log_warning("interface with index %u is gone", ifindex);
		detach_link(d, ifindex);
	} else if (is_attached(d, ifindex)) {
		refresh(d, ifindex);
	}
	attach_all(d);
	sync_soon(d); /* listens on an interface by its name */
}

/* ---- what the user says -------------------------------------------------------------------- */
/* After detach from everything: load again. */
static int reopen(struct daemon *d, struct control_error *error)
{
	const struct dataplane_options options = { .bpffs = d->options.bpffs, .background = true };
	int r;

	if (d->dataplane)
		return 0;
	r = dataplane_open(&options, error->message, sizeof(error->message), &d->dataplane);
	if (!r)
		r = full_begin(d);
	if (!r)
		r = conns_follow(d);
	if (!r)
		r = sync_now(d);
	if (!r)
		control_refresh_captures(d->control);
	return r ? r : hosts_refresh(d);
}

int attach_wish(struct daemon *d, const char *name, enum xdp_mode mode, struct attachment *ret,
		struct control_error *error)
{
	uint32_t ifindex = link_index(d, name);
	bool reopened = !d->dataplane;
	struct interface_wish *w;
	int r;

	if (!ifindex) {
		snprintf(error->message, sizeof(error->message), "no interface \"%s\"", name);
		return -ENODEV;
	}
	r = reopen(d, error);
	if (r)
		return r;
	r = attach_link(d, ifindex, mode, ret, error->message, sizeof(error->message));
	if (!r) {
		trouble_over(d, name);
		tell_attached(d, ret);
		attach_tell_changes(d);
		w = make_wish(d, name);
		if (w) {
			w->mode = mode;
			w->detached = false;
		}
	}
	if (reopened)
		attach_all(d);
	return r;
}

int detach_wish(struct daemon *d, const char *name, struct control_error *error)
{
	struct interface_wish *w;
	uint32_t ifindex = link_index(d, name);
	int r;

	if (!ifindex || !d->dataplane || !is_attached(d, ifindex)) {
		snprintf(error->message, sizeof(error->message), "not attached to \"%s\"", name);
		return -ENOENT;
	}
	r = detach_link(d, ifindex);
	if (r) {
		snprintf(error->message, sizeof(error->message),
			 "cannot detach from %s, it goes on: %s", name, strerror(-r));
		complaint_append(error->message, sizeof(error->message));
		return r;
	}
	log_notice("detached from %s", name);
	w = make_wish(d, name);
	if (w)
		w->detached = true;
	return 0;
}

int detach_everything(struct daemon *d, struct control_error *error)
{
	char names[MAX_INTERFACES][IFNAMSIZ];
	const struct attachment *list;
	size_t n;
	int r;

	if (!d->dataplane)
		return 0;
	list = dataplane_attachments(d->dataplane, &n);
	for (size_t i = 0; i < n && i < MAX_INTERFACES; i++)
		memcpy(names[i], list[i].name, sizeof(names[i]));
	r = dataplane_remove(d->dataplane);
	if (r) {
		snprintf(error->message, sizeof(error->message), "removing what is pinned: %s",
			 strerror(-r));
		complaint_append(error->message, sizeof(error->message));
		return r;
	}
	conns_unfollow(d);
	trace_unfollow(d);
	dataplane_close(d->dataplane);
	d->dataplane = NULL;
	page_restart(d->page);
	d->n_wishes = 0;
	d->n_troubles = 0;
	hosts_refresh(d); /* only ends checks */
	for (size_t i = 0; i < n && i < MAX_INTERFACES; i++)
		tell_detached(d, names[i]);
	log_notice("detached from all interfaces, nothing is pinned any more");
	return 0;
}
