/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/tracing.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/complaint.h"
#include "xlb_tc.skel.h"
#include "xlb_tc_trace.skel.h"
#include "xlb_xdp.skel.h"
#include "xlb_xdp_trace.skel.h"

struct tracing {
	struct xlb_xdp_trace_bpf *xdp;
	struct xlb_tc_trace_bpf *tc;
};

/* Maps that the other object has under the same name are the other one's. */
static int share_maps(struct bpf_object *obj, const struct bpf_object *with)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, obj) {
		const struct bpf_map *twin =
			bpf_map__is_internal(map) ?
				NULL :
				bpf_object__find_map_by_name(with, bpf_map__name(map));

		if (twin && !err)
			err = bpf_map__reuse_fd(map, bpf_map__fd(twin));
	}
	return err;
}

static int load_xdp(struct xlb_xdp_trace_bpf *trace, const struct xlb_xdp_bpf *plain)
{
	int err = share_maps(trace->obj, plain->obj);

	memcpy((void *)trace->rodata->hash_key, (const void *)plain->rodata->hash_key,
	       sizeof(trace->rodata->hash_key));
	trace->rodata->flow4_mask = plain->rodata->flow4_mask;
	trace->rodata->flow6_mask = plain->rodata->flow6_mask;
	trace->rodata->use_test_clock = plain->rodata->use_test_clock;
	trace->bss->test_tick = plain->bss->test_tick;
	return err ? err : xlb_xdp_trace_bpf__load(trace);
}

static int load_tc(struct xlb_tc_trace_bpf *trace, const struct xlb_tc_bpf *plain,
		   const struct xlb_xdp_trace_bpf *xdp)
{
	int err = share_maps(trace->obj, plain->obj);

	if (!err)
		err = bpf_map__reuse_fd(trace->maps.traces, bpf_map__fd(xdp->maps.traces));
	memcpy((void *)trace->rodata->hash_key, (const void *)plain->rodata->hash_key,
	       sizeof(trace->rodata->hash_key));
	trace->rodata->flow4_mask = plain->rodata->flow4_mask;
	trace->rodata->flow6_mask = plain->rodata->flow6_mask;
	trace->rodata->nat4_mask = plain->rodata->nat4_mask;
	trace->rodata->nat6_mask = plain->rodata->nat6_mask;
	trace->rodata->csum_ipv6_flag = plain->rodata->csum_ipv6_flag;
	trace->rodata->use_test_clock = plain->rodata->use_test_clock;
	trace->bss->test_tick = plain->bss->test_tick;
	return err ? err : xlb_tc_trace_bpf__load(trace);
}

static int open_and_load(struct tracing *t, const struct maps *maps)
{
	int err;

	t->xdp = xlb_xdp_trace_bpf__open();
	t->tc = xlb_tc_trace_bpf__open();
	if (!t->xdp || !t->tc)
		return -errno;
	err = load_xdp(t->xdp, maps->skel);
	return err ? err : load_tc(t->tc, maps->tc, t->xdp);
}

int tracing_load(const struct maps *maps, char *error, size_t error_size, struct tracing **ret)
{
	struct tracing *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	complaint_begin();
	err = open_and_load(t, maps);
	if (err) {
		tracing_free(t);
		return complaint_fail(error, error_size, "the kernel refuses the tracing program",
				      err);
	}
	*ret = t;
	return 0;
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

int tracing_ring_fd(const struct tracing *t)
{
	return bpf_map__fd(t->xdp->maps.traces);
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
