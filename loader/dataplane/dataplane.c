/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/dataplane.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <time.h>

#include "dataplane/apply.h"
#include "dataplane/complaint.h"
#include "dataplane/pins.h"
#include "dataplane/plan.h"
#include "dataplane/plan_flows.h"
#include "dataplane/show.h"
#include "dataplane/state.h"
#include "xlb_tc.skel.h"
#include "xlb_xdp.skel.h"

/* Lines of each flow table that a tick looks at: the default tables take four ticks. */
#define LINES_PER_TICK (1u << 16)

uint32_t dataplane_now(const struct dataplane *dp)
{
	struct timespec ts;

	if (dp->test_clock)
		return dp->maps->skel->bss->test_tick;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (ts.tv_sec * 1000000000ull + ts.tv_nsec) >> XLB_TICK_SHIFT;
}

void dataplane_set_test_tick(struct dataplane *dp, uint32_t tick)
{
	dp->maps->skel->bss->test_tick = tick;
	dp->maps->tc->bss->test_tick = tick;
	if (dp->tracing.tracing)
		tracing_set_test_tick(dp->tracing.tracing, tick);
	if (dp->dry.tracing)
		tracing_set_test_tick(dp->dry.tracing, tick);
}

int dataplane_program_fd(const struct dataplane *dp)
{
	return dp->is_tracing ? tracing_xdp_fd(dp->tracing.tracing) :
				bpf_program__fd(dp->maps->skel->progs.xlb_xdp);
}

int dataplane_tc_program_fd(const struct dataplane *dp)
{
	return dp->is_tracing ? tracing_tc_fd(dp->tracing.tracing) :
				bpf_program__fd(dp->maps->tc->progs.xlb_tc);
}

const char *dataplane_note(const struct dataplane *dp)
{
	return maps_note(dp->maps);
}

const char *dataplane_error(const struct dataplane *dp)
{
	return dp->error;
}

/* ---- open and close ------------------------------------------------------------------------ */
/* While nobody was there hosts may have gone down and services may have changed hands. */
static void sweep_all(struct dataplane *dp)
{
	sweep_restart(dp->sweep);
	while (!sweep_step(dp->sweep, &dp->tables, dp->image, dataplane_now(dp), UINT32_MAX))
		;
}

static int lock(const char *bpffs, char *error, size_t error_size, int *ret)
{
	int fd = pins_lock(bpffs);

	if (fd == -EBUSY)
		snprintf(error, error_size, "%s is in use by another xlbd", bpffs);
	else if (fd < 0)
		snprintf(error, error_size, "cannot lock %s: %s", bpffs, strerror(-fd));
	if (fd < 0)
		return fd;
	*ret = fd;
	return 0;
}

static int fail_open(struct dataplane *dp, const char *what, int err, char *error,
		     size_t error_size)
{
	complaint_fail(error, error_size, what, err);
	dataplane_close(dp);
	return err;
}

static int pin_views(const struct dataplane *dp)
{
	const struct xlb_xdp_bpf *skel = dp->maps->skel;

	return show_pin(dp->bpffs, &(struct show_maps){
					   .services = bpf_map__fd(skel->maps.services),
					   .each_service = bpf_map__fd(skel->maps.cursors),
					   .hosts = bpf_map__fd(skel->maps.hosts),
					   .each_host = bpf_map__fd(skel->maps.loads),
					   .flows4 = bpf_map__fd(skel->maps.flows4),
					   .flows6 = bpf_map__fd(skel->maps.flows6),
				   });
}

static void describe_tables(struct dataplane *dp)
{
	dp->conns = (struct conn_tables){ .conns = dp->maps->conns,
					  .loads = dp->maps->loads,
					  .index = { .lines = dp->maps->nat_index,
						     .mask = dp->maps->nat_mask,
						     .hash_key = dp->maps->tc->rodata->hash_key },
					  .data = dp };
	dp->tables = (struct flow_tables){ .v4 = dp->maps->flows4,
					   .v4_lines = dp->maps->flow4_lines,
					   .v4_mask = dp->maps->flow4_mask,
					   .v6 = dp->maps->flows6,
					   .v6_lines = dp->maps->flow6_lines,
					   .v6_mask = dp->maps->flow6_mask,
					   .loads = dp->maps->loads,
					   .conns = &dp->conns };
}

static int open_links(struct dataplane *dp)
{
	const struct xlb_tc_bpf *tc = dp->maps->tc;
	const struct link_programs programs = {
		.xdp = dataplane_program_fd(dp),
		.tc = dataplane_tc_program_fd(dp),
		.ports = { .ports = bpf_map__fd(tc->maps.ports),
			   .port_index = bpf_map__fd(tc->maps.port_index) },
	};

	return links_open(dp->bpffs, &programs, &dp->links);
}

int dataplane_open(const struct dataplane_options *options, char *error, size_t error_size,
		   struct dataplane **ret)
{
	struct dataplane *dp = calloc(1, sizeof(*dp));
	int err;

	if (!dp)
		return -ENOMEM;
	dp->lock = dp->loaded_fd = dp->ring = -1;
	dp->test_clock = options->test_clock;
	dp->bpffs = strdup(options->bpffs);
	dp->sweep = sweep_new();
	dp->conn_ids = conn_ids_new();
	if (!dp->bpffs || !dp->sweep || !dp->conn_ids)
		return fail_open(dp, "data plane", -ENOMEM, error, error_size);
	err = pins_prepare(dp->bpffs, error, error_size);
	if (!err)
		err = lock(dp->bpffs, error, error_size, &dp->lock);
	if (!err)
		err = maps_open(options, error, error_size, &dp->maps);
	if (err) {
		dataplane_close(dp);
		return err;
	}
	complaint_begin();
	describe_tables(dp);
	err = maps_read_image(dp->maps, dataplane_now(dp), &dp->image);
	if (err)
		return fail_open(dp, "cannot read the maps", err, error, error_size);
	err = events_open(bpf_map__fd(dp->maps->tc->maps.events), dp, &dp->events);
	if (err)
		return fail_open(dp, "cannot read the event buffer", err, error, error_size);
	err = nat_ports_read(&dp->nat_ports);
	if (err)
		return fail_open(dp, "cannot read net.ipv4.ip_local_port_range", err, error,
				 error_size);
	err = open_links(dp);
	if (err)
		return fail_open(dp, "cannot adopt the links", err, error, error_size);
	err = trace_open(dp, options->background);
	if (err)
		return fail_open(dp, "cannot read the trace buffer", err, error, error_size);
	if (dp->maps->adopted || dp->maps->beside)
		sweep_all(dp);
	probes_clean();
	err = probes_open(&dp->probes);
	if (err)
		return fail_open(dp, "data plane", err, error, error_size);
	dp->has_views = !pin_views(dp); /* nothing that anybody is served by */
	*ret = dp;
	return 0;
}

bool dataplane_has_views(const struct dataplane *dp)
{
	return dp->has_views;
}

void dataplane_close(struct dataplane *dp)
{
	if (!dp)
		return;
	probes_close(dp->probes);
	trace_close(dp);
	links_close(dp->links);
	events_close(dp->events);
	image_free(dp->image);
	maps_close(dp->maps);
	sweep_free(dp->sweep);
	conn_ids_free(dp->conn_ids);
	free(dp->host_entries);
	dataplane_release_counters(dp);
	if (dp->lock >= 0)
		close(dp->lock);
	free(dp->signs);
	free(dp->bpffs);
	free(dp);
}

/* ---- changes ------------------------------------------------------------------------------- */
static void ifname(uint32_t ifindex, char ret[IF_NAMESIZE])
{
	if (!if_indextoname(ifindex, ret))
		ret[0] = 0;
}

static void host_leaves(uint16_t host, uint16_t service, void *data)
{
	struct dataplane *dp = data;
	struct traffic t;

	if (host_traffic(dp->maps, host, &t))
		return;
	dp->retired[service].packets += t.packets;
	dp->retired[service].bytes += t.bytes;
	dp->retired[service].sessions += t.sessions;
}

static void service_enters(uint16_t service, void *data)
{
	struct dataplane *dp = data;

	dp->retired[service] = (struct traffic){ 0 };
}

/* After a failure the maps hold something between two images: they are asked what. */
static void reread(struct dataplane *dp)
{
	struct image *image;

	if (maps_read_image(dp->maps, dataplane_now(dp), &image))
		return;
	image_free(dp->image);
	dp->image = image;
	dp->lookup.valid = false;
	sweep_all(dp);
}

/* Carries out what leads from dp->image to next, and takes next over. */
static int go_to(struct dataplane *dp, struct image *next, const struct plan *plan,
		 uint32_t *ret_no_egress)
{
	struct apply apply = { .maps = dp->maps,
			       .prev = dp->image,
			       .next = next,
			       .plan = plan,
			       .tables = &dp->tables,
			       .host_leaves = host_leaves,
			       .service_enters = service_enters,
			       .data = dp };
	int err;

	complaint_begin();
	err = apply_plan(&apply);

	*ret_no_egress = apply.no_egress;
	if (!err) {
		image_free(dp->image);
		dp->image = next;
		dp->lookup.valid = false;
		return 0;
	}
	complaint_fail(dp->error, sizeof(dp->error),
		       apply.failed < plan_size(plan) ? plan_get(plan, apply.failed)->text :
							"entering tables",
		       err);
	image_free(next);
	reread(dp);
	return err;
}

static int prepare(struct dataplane *dp, const struct image_input *in, struct image **ret_next,
		   struct plan **ret_plan)
{
	struct image_error error;
	int err = image_next(dp->image, in, &error, ret_next);

	if (err) {
		snprintf(dp->error, sizeof(dp->error), "%s", error.text);
		return err;
	}
	err = plan_diff(dp->image, *ret_next, in->scan->done, ifname, ret_plan);
	if (err)
		image_free(*ret_next);
	return err;
}

static int plan_only(struct dataplane *dp, const struct desired *desired, bool flows,
		     struct plan **ret_plan)
{
	const struct image_input in = { .desired = desired,
					.scan = sweep_result(dp->sweep),
					.now = dataplane_now(dp),
					.is_used = service_is_used,
					.data = dp,
					.nat_port_lo = dp->nat_ports.lo,
					.nat_port_hi = dp->nat_ports.hi };
	struct image *next;
	int err;

	dp->error[0] = 0;
	err = prepare(dp, &in, &next, ret_plan);
	if (err)
		return err;
	if (flows)
		err = plan_count_flows(*ret_plan, dp->image, next, &dp->tables, in.now);
	image_free(next);
	if (err)
		plan_free(*ret_plan);
	return err;
}

int dataplane_plan(struct dataplane *dp, const struct desired *desired, struct plan **ret_plan)
{
	return plan_only(dp, desired, false, ret_plan);
}

int dataplane_plan_flows(struct dataplane *dp, const struct desired *desired,
			 struct plan **ret_plan)
{
	return plan_only(dp, desired, true, ret_plan);
}

/* The programs that interfaces need: those of services that are on their way out, too, as long as
 * they have something to forward. */
static int fit_links(struct dataplane *dp)
{
	unsigned programs = 0;

	for (int i = 0; i < XLB_MAX_SERVICES; i++)
		if (dp->image->services[i].name[0])
			programs |=
				dp->image->services[i].flags & XLB_SERVICE_NAT ? LINK_TC : LINK_XDP;
	return links_want(dp->links, programs ? programs : LINK_XDP, dp->image->tx_ports, dp->error,
			  sizeof(dp->error));
}

int dataplane_check(const struct desired *desired, char *error, size_t error_size)
{
	const struct xlb_settings settings = { .abi_version = XLB_ABI_VERSION };
	struct image *none = image_new(&settings), *next;
	struct scan_result *scan = calloc(1, sizeof(*scan));
	const struct image_input in = { .desired = desired,
					.scan = scan,
					.nat_port_lo = XLB_NAT_PORT_LO,
					.nat_port_hi = XLB_NAT_PORT_HI };
	struct image_error why = { 0 };
	int err = -ENOMEM;

	if (none && scan)
		err = image_next(none, &in, &why, &next);
	if (!err)
		image_free(next);
	else
		snprintf(error, error_size, "%s", why.text[0] ? why.text : strerror(-err));
	free(scan);
	image_free(none);
	return err;
}

/* An interface may go while its hosts are still believed in: then the rest is done without it. */
int dataplane_sync(struct dataplane *dp, const struct desired *desired, struct plan **ret_plan)
{
	uint32_t no_egress[MAX_NO_EGRESS], gone = 0;
	struct image_input in = { .desired = desired,
				  .no_egress = no_egress,
				  .is_used = service_is_used,
				  .data = dp,
				  .nat_port_lo = dp->nat_ports.lo,
				  .nat_port_hi = dp->nat_ports.hi };
	struct plan *plan = NULL;
	struct image *next;
	int err;

	do {
		dp->error[0] = 0;
		if (gone)
			no_egress[in.n_no_egress++] = gone;
		plan_free(plan);
		plan = NULL;
		in.scan = sweep_result(dp->sweep);
		in.now = dataplane_now(dp);
		err = prepare(dp, &in, &next, &plan);
		if (!err)
			err = go_to(dp, next, plan, &gone);
	} while (err && gone && in.n_no_egress < MAX_NO_EGRESS);
	if (!err)
		err = maps_take_place(dp->maps);
	if (!err)
		err = trace_fit(dp);
	if (!err)
		err = fit_links(dp);
	if (!err && ret_plan)
		*ret_plan = plan;
	else
		plan_free(plan);
	return err;
}

static int age(struct dataplane *dp)
{
	const struct image_input in = { .scan = sweep_result(dp->sweep), .now = dataplane_now(dp) };
	struct image *next;
	struct plan *plan;
	uint32_t gone;
	int err = image_age(dp->image, &in, &next);

	if (err)
		return err;
	err = plan_diff(dp->image, next, in.scan->done, ifname, &plan);
	if (err) {
		image_free(next);
		return err;
	}
	err = go_to(dp, next, plan, &gone);
	plan_free(plan);
	return err;
}

int dataplane_tick(struct dataplane *dp)
{
	uint32_t now = dataplane_now(dp);
	int err = dataplane_read_events(dp); /* beginnings before the ends that the sweep finds */
	bool finished = sweep_step(dp->sweep, &dp->tables, dp->image, now, LINES_PER_TICK);

	dp->error[0] = 0;
	links_tidy(dp->links);
	if (!err && (finished || image_is_due(dp->image, now))) {
		err = age(dp);
		if (!err)
			err = fit_links(dp);
	}
	return err;
}

/* ---- interfaces ---------------------------------------------------------------------------- */
int dataplane_attach(struct dataplane *dp, uint32_t ifindex, const char *name, enum xdp_mode mode,
		     struct attachment *ret, char *error, size_t error_size)
{
	return links_attach(dp->links, ifindex, name, mode, ret, error, error_size);
}

int dataplane_detach(struct dataplane *dp, uint32_t ifindex)
{
	return links_detach(dp->links, ifindex);
}

int dataplane_refresh(struct dataplane *dp, uint32_t ifindex)
{
	return links_refresh(dp->links, ifindex);
}

const struct attachment *dataplane_attachments(const struct dataplane *dp, size_t *ret_n)
{
	return links_list(dp->links, ret_n);
}

int dataplane_probes(struct dataplane *dp, const struct probe_need *needs, size_t n, char *error,
		     size_t error_size)
{
	return probes_sync(dp->probes, needs, n, error, error_size);
}

int dataplane_probe_mark(const struct dataplane *dp, const struct probe_need *need, uint32_t *ret)
{
	return probes_mark(dp->probes, need, ret);
}

int dataplane_remove(struct dataplane *dp)
{
	int err = links_detach_all(dp->links);

	if (!err)
		err = pins_remove_objects(dp->bpffs);
	return err ? err : pins_remove_dirs(dp->bpffs);
}

static int remove_pins(const char *bpffs)
{
	int err = links_remove_pins(bpffs);

	if (err)
		return err;
	probes_clean();
	err = pins_remove_objects(bpffs);
	return err ? err : pins_remove_dirs(bpffs);
}

int dataplane_remove_pins(const char *bpffs, char *error, size_t error_size)
{
	int fd, err;

	if (access(bpffs, F_OK) && errno == ENOENT)
		return 0;
	err = lock(bpffs, error, error_size, &fd);
	if (err)
		return err;
	complaint_begin();
	err = remove_pins(bpffs);
	if (err) {
		snprintf(error, error_size, "cannot remove what is pinned in %s: %s", bpffs,
			 strerror(-err));
		complaint_append(error, error_size);
	}
	close(fd);
	return err;
}

/* Pins have the interface's own name; the user may have said another. */
static const char *own_name(const char *interface, char buffer[IF_NAMESIZE])
{
	unsigned ifindex = if_nametoindex(interface);

	return ifindex && if_indextoname(ifindex, buffer) ? buffer : interface;
}

int dataplane_remove_link_pin(const char *bpffs, const char *interface, char *error,
			      size_t error_size)
{
	char name[IF_NAMESIZE];
	int fd = -1, err;

	if (access(bpffs, F_OK) && errno == ENOENT)
		err = -ENOENT;
	else
		err = lock(bpffs, error, error_size, &fd);
	complaint_begin();
	if (!err)
		err = links_remove_pin(bpffs, own_name(interface, name));
	if (err == -ENOENT) {
		snprintf(error, error_size, "not attached to \"%s\"", interface);
	} else if (err && fd >= 0) {
		snprintf(error, error_size, "cannot detach from %s: %s", interface, strerror(-err));
		complaint_append(error, error_size);
	}
	if (fd >= 0)
		close(fd);
	return err;
}
