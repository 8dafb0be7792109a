/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/trace.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/state.h"
#include "dataplane/trace_ring.h"

/* At a time: the daemon has other things to do, too. */
#define TRACES_AT_A_TIME 20000

/* ---- decoding ------------------------------------------------------------------------------ */
static void name_service(const struct image *image, const struct xlb_trace *t,
			 struct trace_event *ret)
{
	const struct xlb_service *s;

	if (t->service >= XLB_MAX_SERVICES)
		return;
	s = &image->services[t->service];
	if (!s->name[0]) /* removed since then */
		return;
	ret->service = s->name;
	ret->service_id = s->id;
	ret->nat = s->flags & XLB_SERVICE_NAT;
}

static void name_host(const struct image *image, const struct xlb_trace *t, struct trace_event *ret)
{
	const struct xlb_host *h;

	if (t->host >= XLB_MAX_HOSTS)
		return;
	h = &image->hosts[t->host];
	if (!h->family)
		return;
	ret->host_name = h->name;
	ret->host.family = h->family;
	memcpy(&ret->host.v6, h->addr, h->family == AF_INET6 ? 16 : 4);
}

/* False: nothing that the programs would write. */
static bool decode(const struct image *image, const struct xlb_trace *t, size_t size,
		   struct trace_event *ret)
{
	if (size < sizeof(*t) || size < sizeof(*t) + t->before_len + t->after_len)
		return false;
	*ret = (struct trace_event){
		.time_ns = t->time_ns,
		.wants = t->wants,
		.hook = t->hook,
		.verdict = t->verdict,
		.reason = t->reason < XLB_REASON_COUNT ? t->reason : -1,
		.proto = t->proto,
		.tcp_flags = t->tcp_flags,
		.ifindex = t->ifindex,
		.egress = t->egress,
		.frame_len = t->frame_len,
		.is_new = t->flags & XLB_TRACE_NEW,
		.from_host = t->flags & XLB_TRACE_FROM_HOST,
		.before = (const uint8_t *)(t + 1),
		.before_len = t->before_len,
		.after = (const uint8_t *)(t + 1) + t->before_len,
		.after_len = t->after_len,
	};
	name_service(image, t, ret);
	name_host(image, t, ret);
	return true;
}

static int on_trace(void *data, void *message, size_t size)
{
	struct dataplane *dp = data;
	struct trace_event event;

	if (dp->on_trace && decode(dp->image, message, size, &event))
		dp->on_trace(&event, dp->on_trace_data);
	return --dp->traces_left ? 0 : -EAGAIN; /* which ends the reading */
}

void dataplane_on_trace(struct dataplane *dp, trace_fn *fn, void *data)
{
	dp->on_trace = fn;
	dp->on_trace_data = data;
}

int dataplane_traces_fd(const struct dataplane *dp)
{
	return dp->traces ? ring_buffer__epoll_fd(dp->traces) : -1;
}

int dataplane_read_traces(struct dataplane *dp)
{
	int n;

	if (!dp->traces)
		return 0;
	dp->traces_left = TRACES_AT_A_TIME;
	n = ring_buffer__consume(dp->traces);
	return n < 0 && n != -EAGAIN ? n : 0;
}

/* ---- the programs -------------------------------------------------------------------------- */
static bool is_wanted(const struct dataplane *dp)
{
	if (dp->capture.snaplen)
		return true;
	for (int i = 0; i < XLB_MAX_SERVICES; i++)
		if (dp->image->services[i].name[0] && dp->image->services[i].trace)
			return true;
	return false;
}

/* The programs take no less than a header. */
static uint32_t fit_snaplen(uint32_t wanted)
{
	if (wanted < ETH_HLEN)
		return ETH_HLEN;
	return wanted < XLB_TRACE_BYTES ? wanted : XLB_TRACE_BYTES;
}

static int read_ring(struct dataplane *dp, int ring)
{
	dp->traces = ring_buffer__new(ring, on_trace, dp, NULL);
	if (!dp->traces)
		return -errno;
	dp->ring = ring;
	return 0;
}

static int open_ring(struct dataplane *dp)
{
	int ring = dp->ring >= 0 ? dp->ring : trace_ring_new();
	int err = ring < 0 ? ring : 0;

	if (!err && dp->ring < 0)
		err = read_ring(dp, ring);
	if (!err)
		return 0;
	if (ring >= 0)
		close(ring);
	snprintf(dp->error, sizeof(dp->error), "the trace buffer: %s", strerror(-err));
	return err;
}

static int say_failed(struct dataplane *dp, const struct loading *l)
{
	snprintf(dp->error, sizeof(dp->error), "%s", l->error[0] ? l->error : strerror(-l->err));
	return l->err;
}

int trace_need(struct dataplane *dp, struct loading *l, int ring)
{
	struct tracing *tracing;
	int err = 0;

	if (!l->tracing && !l->job) {
		if (loading_has_failed(l))
			return say_failed(dp, l);
		err = tracing_open(dp->maps, ring, &tracing);
		if (err)
			return err;
		if (loading_begin(l, tracing, dp->loaded_fd))
			return say_failed(dp, l);
	}
	if (l->tracing)
		return 0;
	snprintf(dp->error, sizeof(dp->error), "the kernel is still checking the programs for it");
	return -EAGAIN;
}

static int use_programs(struct dataplane *dp, bool tracing)
{
	int err;

	dp->former = false;
	dp->is_tracing = tracing;
	if (tracing)
		err = trace_ring_pin(dp->bpffs, dp->ring);
	else
		err = trace_ring_unpin(dp->bpffs);
	links_use(dp->links, dataplane_program_fd(dp), dataplane_tc_program_fd(dp));
	return err ? err : links_update(dp->links);
}

/* While programs are being loaded those of a former daemon go on. They have the same maps, as else
 * ours would be beside them, and would be filled now. */
int trace_fit(struct dataplane *dp)
{
	const bool wanted = is_wanted(dp);
	int err;

	if (dp->maps->beside) /* not filled yet: the sync that does comes here, too */
		return 0;
	err = wanted ? open_ring(dp) : 0;
	if (!err && wanted)
		err = trace_need(dp, &dp->tracing, dp->ring);
	if (err == -EAGAIN) {
		dp->error[0] = 0;
		return dp->former ? 0 : use_programs(dp, false);
	}
	if (err)
		use_programs(dp, false);
	return err ? err : use_programs(dp, wanted);
}

bool dataplane_is_loading(const struct dataplane *dp)
{
	return dp->tracing.job && is_wanted(dp);
}

int dataplane_loading_fd(const struct dataplane *dp)
{
	return dp->loaded_fd;
}

int dataplane_loaded(struct dataplane *dp)
{
	eventfd_t count;
	int err = 0;

	eventfd_read(dp->loaded_fd, &count);
	dp->error[0] = 0;
	loading_collect(&dp->dry); /* a failure is for those who ask again */
	if (loading_collect(&dp->tracing))
		err = trace_fit(dp);
	return err;
}

bool dataplane_is_tracing(const struct dataplane *dp)
{
	return dp->is_tracing || dp->former;
}

int dataplane_capture(struct dataplane *dp, bool on, uint32_t snaplen, bool services_only)
{
	const struct xlb_capture before = dp->capture;
	int err;

	if (on && !snaplen)
		return -EINVAL;
	dp->error[0] = 0;
	dp->capture = (struct xlb_capture){ 0 };
	if (on)
		dp->capture = (struct xlb_capture){
			.snaplen = fit_snaplen(snaplen),
			.services_only = services_only,
		};
	err = trace_fit(dp);
	if (!err && on)
		err = trace_need(dp, &dp->tracing, dp->ring);
	if (err)
		dp->capture = before;
	else if (dp->tracing.tracing)
		tracing_set_capture(dp->tracing.tracing, &dp->capture);
	return err;
}

int trace_open(struct dataplane *dp, bool background)
{
	int ring = -ENOENT, err = 0;

	if (background) {
		dp->loaded_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (dp->loaded_fd < 0)
			return -errno;
	}
	if (dp->maps->adopted && !dp->maps->beside)
		ring = trace_ring_adopt(dp->bpffs);
	if (ring < 0)
		return ring == -ENOENT ? 0 : ring;
	err = read_ring(dp, ring);
	if (err)
		close(ring);
	dp->former = !err;
	return err;
}

void trace_close(struct dataplane *dp)
{
	dp->capture = (struct xlb_capture){ 0 };
	if (dp->tracing.tracing)
		tracing_set_capture(dp->tracing.tracing, &dp->capture);
	if (dp->is_tracing && !is_wanted(dp))
		use_programs(dp, false);
	ring_buffer__free(dp->traces);
	loading_free(&dp->dry);
	loading_free(&dp->tracing);
	if (dp->ring >= 0)
		close(dp->ring);
	if (dp->loaded_fd >= 0)
		close(dp->loaded_fd);
}
