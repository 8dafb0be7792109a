/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/tracing.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/complaint.h"
#include "xlb_tc.skel.h"
#include "xlb_tc_trace.skel.h"
#include "xlb_xdp.skel.h"
#include "xlb_xdp_trace.skel.h"

struct tracing {
	struct xlb_xdp_trace_bpf *xdp;
	struct xlb_tc_trace_bpf *tc;
};

/* Room for one packet's work is each object's own: packets interrupt a dry run. */
static bool is_shared(const struct bpf_map *map)
{
	return !bpf_map__is_internal(map) && !strstr(bpf_map__name(map), "scratch");
}

/* Maps that the other object has under the same name are the other one's. */
static int share_maps(struct bpf_object *obj, const struct bpf_object *with)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, obj) {
		const struct bpf_map *twin =
			is_shared(map) ? bpf_object__find_map_by_name(with, bpf_map__name(map)) :
					 NULL;

		if (twin && !err)
			err = bpf_map__reuse_fd(map, bpf_map__fd(twin));
	}
	return err;
}

static int prepare_xdp(struct xlb_xdp_trace_bpf *trace, const struct xlb_xdp_bpf *plain)
{
	memcpy((void *)trace->rodata->hash_key, (const void *)plain->rodata->hash_key,
	       sizeof(trace->rodata->hash_key));
	trace->rodata->flow4_mask = plain->rodata->flow4_mask;
	trace->rodata->flow6_mask = plain->rodata->flow6_mask;
	trace->rodata->use_test_clock = plain->rodata->use_test_clock;
	trace->bss->test_tick = plain->bss->test_tick;
	return share_maps(trace->obj, plain->obj);
}

static int prepare_tc(struct xlb_tc_trace_bpf *trace, const struct xlb_tc_bpf *plain)
{
	memcpy((void *)trace->rodata->hash_key, (const void *)plain->rodata->hash_key,
	       sizeof(trace->rodata->hash_key));
	trace->rodata->flow4_mask = plain->rodata->flow4_mask;
	trace->rodata->flow6_mask = plain->rodata->flow6_mask;
	trace->rodata->nat_mask = plain->rodata->nat_mask;
	trace->rodata->csum_ipv6_flag = plain->rodata->csum_ipv6_flag;
	trace->rodata->use_test_clock = plain->rodata->use_test_clock;
	trace->bss->test_tick = plain->bss->test_tick;
	return share_maps(trace->obj, plain->obj);
}

/* A dry run writes nothing to it. */
static int prepare_ring(struct bpf_map *map, int ring)
{
	return ring < 0 ? bpf_map__set_max_entries(map, sysconf(_SC_PAGESIZE)) :
			  bpf_map__reuse_fd(map, ring);
}

static int prepare(struct tracing *t, const struct maps *maps, int ring)
{
	int err;

	t->xdp = xlb_xdp_trace_bpf__open();
	t->tc = xlb_tc_trace_bpf__open();
	if (!t->xdp || !t->tc)
		return -errno;
	t->xdp->rodata->dry_run = t->tc->rodata->dry_run = ring < 0;
	err = prepare_ring(t->xdp->maps.traces, ring);
	if (!err)
		err = prepare_ring(t->tc->maps.traces, ring);
	if (!err)
		err = prepare_xdp(t->xdp, maps->skel);
	return err ? err : prepare_tc(t->tc, maps->tc);
}

int tracing_open(const struct maps *maps, int ring, struct tracing **ret)
{
	struct tracing *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	complaint_begin();
	err = prepare(t, maps, ring);
	if (err)
		tracing_free(t);
	else
		*ret = t;
	return err;
}

int tracing_load(struct tracing *t, char *error, size_t error_size)
{
	int err;

	complaint_begin();
	err = xlb_xdp_trace_bpf__load(t->xdp);
	if (!err)
		err = xlb_tc_trace_bpf__load(t->tc);
	if (!err)
		return 0;
	return complaint_fail(error, error_size, "the kernel refuses the tracing program", err);
}

void tracing_free(struct tracing *t)
{
	if (!t)
		return;
	xlb_tc_trace_bpf__destroy(t->tc);
	xlb_xdp_trace_bpf__destroy(t->xdp);
	free(t);
}

int tracing_xdp_fd(const struct tracing *t)
{
	return bpf_program__fd(t->xdp->progs.xlb_xdp);
}

int tracing_tc_fd(const struct tracing *t)
{
	return bpf_program__fd(t->tc->progs.xlb_tc);
}

/* The length last, and first to go: the programs look at it. */
static void set_capture(struct xlb_capture *to, const struct xlb_capture *from)
{
	__atomic_store_n(&to->snaplen, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&to->services_only, from->services_only, __ATOMIC_RELEASE);
	__atomic_store_n(&to->snaplen, from->snaplen, __ATOMIC_RELEASE);
}

void tracing_set_capture(struct tracing *t, const struct xlb_capture *capture)
{
	set_capture(&t->xdp->bss->capture, capture);
	set_capture(&t->tc->bss->capture, capture);
}

void tracing_set_test_tick(struct tracing *t, uint32_t tick)
{
	t->xdp->bss->test_tick = tick;
	t->tc->bss->test_tick = tick;
}

/* ---- dry runs ------------------------------------------------------------------------------ */
/* The trail that is not empty: that of the CPU which the run was on. clear: makes all empty. */
static int read_trail(int fd, bool clear, struct xlb_trail *ret)
{
	const int n = libbpf_num_possible_cpus();
	struct xlb_trail *all = n > 0 ? calloc(n, sizeof(*all)) : NULL;
	const __u32 zero = 0;
	int err = 0;

	if (!all)
		return -ENOMEM;
	err = clear ? bpf_map_update_elem(fd, &zero, all, BPF_ANY) :
		      bpf_map_lookup_elem(fd, &zero, all);
	for (int i = 0; i < n && !err && !clear; i++)
		if (all[i].hook)
			*ret = all[i];
	free(all);
	return err;
}

int tracing_dry_run(struct tracing *t, enum xlb_hook hook, uint32_t ifindex, uint8_t *frame,
		    size_t size, struct xlb_trail *ret)
{
	const bool xdp = hook == XLB_HOOK_XDP;
	const int trail = bpf_map__fd(xdp ? t->xdp->maps.trail : t->tc->maps.trail);
	struct xlb_trail found = { .hook = 0 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = size,
		    .data_out = frame, .data_size_out = size, .repeat = 1);
	int err = read_trail(trail, true, NULL);

	t->xdp->bss->dry_ifindex = t->tc->bss->dry_ifindex = ifindex;
	if (!err)
		err = bpf_prog_test_run_opts(xdp ? tracing_xdp_fd(t) : tracing_tc_fd(t), &run);
	if (!err)
		err = read_trail(trail, false, &found);
	if (!err && !found.hook)
		err = -ENODATA;
	if (!err)
		*ret = found;
	return err;
}
