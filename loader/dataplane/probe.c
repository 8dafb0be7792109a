/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/complaint.h"
#include "dataplane/probe_hook.h"
#include "xlb/probe.h"
#include "xlb_probe.skel.h"

struct probes {
	struct xlb_probe_bpf *skel;                /* NULL: no check needs it */
	struct xlb_probe_vip vips[XLB_PROBE_VIPS]; /* what the map holds */
	struct probe_hook *hooks;
	size_t n_hooks;
};

int probes_open(struct probes **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

/* ---- VIPs ---------------------------------------------------------------------------------- */
static struct xlb_probe_vip probe_vip(const struct cfg_vip *vip)
{
	struct xlb_probe_vip entry = { .port = htons(vip->port), .family = vip->addr.family };

	memcpy(entry.addr, &vip->addr.v6, vip->addr.family == AF_INET6 ? 16 : 4);
	return entry;
}

static int find_vip(const struct probes *p, const struct xlb_probe_vip *vip)
{
	for (int i = 0; i < XLB_PROBE_VIPS; i++)
		if (memcmp(&p->vips[i], vip, sizeof(*vip)) == 0)
			return i;
	return -ENOENT;
}

static int store_vip(struct probes *p, uint32_t index, const struct xlb_probe_vip *vip)
{
	int err = bpf_map_update_elem(bpf_map__fd(p->skel->maps.probe_vips), &index, vip, BPF_ANY);

	if (!err)
		p->vips[index] = *vip;
	return err;
}

/* Those that stay keep their index, as sockets are marked with it. */
static int drop_vips(struct probes *p, const struct probe_need *needs, size_t n)
{
	const struct xlb_probe_vip none = { 0 };
	bool used[XLB_PROBE_VIPS] = { false };
	int err = 0;

	for (size_t i = 0; i < n; i++) {
		struct xlb_probe_vip vip = probe_vip(&needs[i].vip);
		int index = find_vip(p, &vip);

		if (index >= 0)
			used[index] = true;
	}
	for (uint32_t i = 0; i < XLB_PROBE_VIPS && !err; i++)
		if (p->vips[i].family && !used[i])
			err = store_vip(p, i, &none);
	return err;
}

static int add_vip(struct probes *p, const struct cfg_vip *wanted)
{
	const struct xlb_probe_vip vip = probe_vip(wanted), none = { 0 };
	int index = find_vip(p, &vip);

	if (index >= 0)
		return 0;
	index = find_vip(p, &none);
	return index < 0 ? -ENOSPC : store_vip(p, index, &vip);
}

/* ---- interfaces ---------------------------------------------------------------------------- */
static bool is_needed(uint32_t ifindex, const struct probe_need *needs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (needs[i].ifindex == ifindex)
			return true;
	return false;
}

static bool is_hooked(const struct probes *p, uint32_t ifindex)
{
	for (size_t i = 0; i < p->n_hooks; i++)
		if (p->hooks[i].ifindex == ifindex)
			return true;
	return false;
}

static void drop_hooks(struct probes *p, const struct probe_need *needs, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n_hooks; i++) {
		if (is_needed(p->hooks[i].ifindex, needs, n))
			p->hooks[kept++] = p->hooks[i];
		else
			probe_hook_detach(&p->hooks[i]);
	}
	p->n_hooks = kept;
}

static int add_hook(struct probes *p, uint32_t ifindex)
{
	struct probe_hook *hooks, hook;
	int err;

	if (is_hooked(p, ifindex))
		return 0;
	hooks = realloc(p->hooks, (p->n_hooks + 1) * sizeof(*hooks));
	if (!hooks)
		return -ENOMEM;
	p->hooks = hooks;
	err = probe_hook_attach(ifindex, bpf_program__fd(p->skel->progs.probe_in),
				bpf_program__fd(p->skel->progs.probe_out), &hook);
	if (!err)
		hooks[p->n_hooks++] = hook;
	return err;
}

/* ---- all of it ----------------------------------------------------------------------------- */
static int load(struct probes *p, char *error, size_t error_size)
{
	complaint_begin();
	p->skel = xlb_probe_bpf__open_and_load();
	return p->skel ? 0 :
			 complaint_fail(error, error_size,
					"cannot load the program of checks with dsr", -errno);
}

static void unload(struct probes *p)
{
	drop_hooks(p, NULL, 0);
	xlb_probe_bpf__destroy(p->skel);
	p->skel = NULL;
	memset(p->vips, 0, sizeof(p->vips));
}

static int add_need(struct probes *p, const struct probe_need *need, char *error, size_t error_size)
{
	char name[IF_NAMESIZE], what[IF_NAMESIZE + 48];
	int err = add_vip(p, &need->vip);

	if (err == -ENOSPC)
		snprintf(error, error_size, "checks with dsr go to %d addresses and ports at most",
			 XLB_PROBE_VIPS);
	if (err || !if_indextoname(need->ifindex, name))
		return err ? err : -ENODEV;
	complaint_begin();
	err = add_hook(p, need->ifindex);
	snprintf(what, sizeof(what), "%s: cannot attach checks with dsr", name);
	return err ? complaint_fail(error, error_size, what, err) : 0;
}

int probes_sync(struct probes *p, const struct probe_need *needs, size_t n, char *error,
		size_t error_size)
{
	int err = 0, first;

	if (n == 0) {
		unload(p);
		return 0;
	}
	if (!p->skel)
		err = load(p, error, error_size);
	if (err)
		return err;
	drop_hooks(p, needs, n);
	first = drop_vips(p, needs, n);
	for (size_t i = 0; i < n; i++) {
		err = add_need(p, &needs[i], error, error_size);
		/* its interface has just gone: rtnetlink will say so, too */
		if (err && err != -ENODEV && !first)
			first = err;
	}
	return first;
}

int probes_mark(const struct probes *p, const struct probe_need *need, uint32_t *ret)
{
	const struct xlb_probe_vip vip = probe_vip(&need->vip);
	int index = find_vip(p, &vip);

	if (index < 0 || !is_hooked(p, need->ifindex))
		return -ENOENT;
	*ret = XLB_PROBE_MARK + index;
	return 0;
}

void probes_close(struct probes *p)
{
	if (!p)
		return;
	unload(p);
	free(p->hooks);
	free(p);
}

void probes_clean(void)
{
	struct if_nameindex *list = if_nameindex();

	complaint_begin();
	for (struct if_nameindex *i = list; i && i->if_index; i++)
		probe_hook_clean(i->if_index);
	if (list)
		if_freenameindex(list);
}
