/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* When checks start and end. */
#include "health/health.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <utlist.h>

#include "health/check.h"

#define RESERVED_FILES 192 /* for the rest of the program: some 80 maps and links, clients */
#define MIN_RUNNING 16
#define ACCURACY_US 1000
#define LATE_US 10000 /* the loop comes this much after a deadline: it was busy … */
#define GRACE_US 5000 /* … and answers that are there are to be seen first */

struct shared {
	const struct check_ops *ops;
	void *data;
	struct shared *next;
};

struct prober {
	sd_event *event;
	struct prober_callbacks callbacks;
	void *data;
	uint64_t epoch;   /* monotonic us; plans count from here */
	uint32_t n_added; /* ever: the next one's place in the interval */
	unsigned n_running;
	unsigned n_called; /* have a place kept */
	unsigned limit;
	struct probe *waiting; /* first come, first served */
	struct probe *probes;
	struct shared *shared; /* by kind, made for its first probe */
};

static uint64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- plan ---------------------------------------------------------------------------------- */
/* Places in the interval by the golden ratio: however many there are, they lie evenly. */
static uint64_t place_in_interval(uint32_t n, uint64_t interval)
{
	uint32_t fraction = n * 2654435769u; /* of 2^32 */

	return (interval * fraction) >> 32;
}

/* The first planned time not before `earliest`. */
static uint64_t next_planned(const struct probe *p, uint64_t base, uint64_t earliest)
{
	uint64_t interval = (uint64_t)p->interval_ms * 1000;

	if (earliest <= base)
		return base;
	return base + (earliest - base + interval - 1) / interval * interval;
}

static int start_at(struct probe *p, uint64_t when)
{
	int r = sd_event_source_set_time(p->start, when);

	return r < 0 ? r : sd_event_source_set_enabled(p->start, SD_EVENT_ONESHOT);
}

/* ---- turns --------------------------------------------------------------------------------- */
static bool must_wait(const struct probe *p)
{
	const struct prober *prober = p->prober;

	return prober->n_running + prober->n_called >= prober->limit ||
	       (p->ops->may_start && !p->ops->may_start(p));
}

static void wait_for_turn(struct probe *p)
{
	p->waits = true;
	DL_APPEND2(p->prober->waiting, p, wait_prev, wait_next);
}

static void leave_queue(struct probe *p)
{
	if (p->waits)
		DL_DELETE2(p->prober->waiting, p, wait_prev, wait_next);
	if (p->called)
		p->prober->n_called--;
	p->waits = false;
	p->called = false;
}

/* A check is over: the first that can now start does so, from the event loop. */
static void call_next(struct prober *prober)
{
	struct probe *p;

	DL_FOREACH2(prober->waiting, p, wait_next)
	{
		if (must_wait(p) || start_at(p, monotonic_us()) < 0)
			continue;
		leave_queue(p);
		p->called = true;
		prober->n_called++;
		return;
	}
}

/* ---- one check ----------------------------------------------------------------------------- */
static int on_deadline(sd_event_source *source, uint64_t usec, void *data)
{
	struct probe *p = data;
	uint64_t now = monotonic_us();

	if (now > usec + LATE_US && !p->late) {
		p->late = true;
		if (sd_event_source_set_time(source, now + GRACE_US) >= 0 &&
		    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) >= 0)
			return 0;
	}
	p->ops->deadline(p);
	return 0;
}

static void begin(struct probe *p)
{
	uint64_t deadline;

	p->started = monotonic_us();
	p->running = true;
	p->exit_zero = false;
	p->late = false;
	p->prober->n_running++;
	memset(p->state, 0, p->ops->state_size);
	deadline = p->started + (uint64_t)p->target.timeout_ms * 1000;
	if (sd_event_source_set_time(p->deadline, deadline) < 0 ||
	    sd_event_source_set_enabled(p->deadline, SD_EVENT_ONESHOT) < 0)
		check_not_made(p, "aborted");
	else
		p->ops->start(p);
}

static void end(struct probe *p)
{
	if (!p->running)
		return;
	p->running = false;
	p->prober->n_running--;
	sd_event_source_set_enabled(p->deadline, SD_EVENT_OFF);
	p->ops->stop(p);
	call_next(p->prober);
}

static void report(struct probe *p, const struct probe_result *result)
{
	struct probe_result copy = *result;

	copy.latency_ms = (uint32_t)((monotonic_us() - p->started) / 1000);
	copy.exit_zero = p->exit_zero;
	end(p);
	p->prober->callbacks.result(p->data, &copy, p->prober->data);
}

void check_finish(struct probe *p, enum host_health health, const char *reason)
{
	report(p, &(struct probe_result){ .health = health, .reason = reason });
}

void check_not_made(struct probe *p, const char *reason)
{
	report(p, &(struct probe_result){ .not_made = true, .reason = reason });
}

/* Either the planned time, or earlier by probe_now(). The plan goes on from itself, not from now.
 */
static int on_start(sd_event_source *source, uint64_t usec, void *data)
{
	struct probe *p = data;
	uint64_t now = monotonic_us();

	if (p->waits)
		return 0;
	leave_queue(p); /* its place was kept */
	if (!p->running && must_wait(p)) {
		wait_for_turn(p);
		return 0;
	}
	if (p->planned <= now)
		p->planned = next_planned(p, p->planned, now + 1);
	start_at(p, p->planned);
	if (!p->running)
		begin(p);
	return 0;
}

sd_event *check_event(const struct probe *p)
{
	return p->prober->event;
}

/* ---- kinds --------------------------------------------------------------------------------- */
const struct check_ops *check_ops_for(enum cfg_check_type type)
{
	static const struct check_ops *const kinds[] = {
		[CFG_CHECK_ICMP] = &icmp_check,        [CFG_CHECK_TCP] = &tcp_check,
		[CFG_CHECK_TLS] = &tls_check,          [CFG_CHECK_HTTP_CODE] = &http_check,
		[CFG_CHECK_HTTP_DIGEST] = &http_check, [CFG_CHECK_SEND_EXPECT] = &send_check,
		[CFG_CHECK_BINARY] = &send_check,      [CFG_CHECK_SCRIPT] = &script_check,
		[CFG_CHECK_DNS] = &dns_check,
	};

	return type < sizeof(kinds) / sizeof(kinds[0]) ? kinds[type] : NULL;
}

static int get_shared(struct prober *prober, const struct check_ops *ops, void **ret)
{
	struct shared *s;
	int r;

	if (!ops->open)
		return 0;
	LL_SEARCH_SCALAR(prober->shared, s, ops, ops);
	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s)
			return -ENOMEM;
		s->ops = ops;
		r = ops->open(prober->event, &s->data);
		if (r < 0) {
			free(s);
			return r;
		}
		LL_PREPEND(prober->shared, s);
	}
	*ret = s->data;
	return 0;
}

static void free_shared(struct prober *prober)
{
	struct shared *s, *next;

	LL_FOREACH_SAFE(prober->shared, s, next)
	{
		s->ops->close(s->data);
		free(s);
	}
}

/* ---- probes -------------------------------------------------------------------------------- */
static void free_probe(struct probe *p)
{
	sd_event_source_disable_unref(p->start);
	sd_event_source_disable_unref(p->deadline);
	free(p->state);
	free(p);
}

static int add_sources(struct probe *p)
{
	sd_event *event = p->prober->event;
	int r = sd_event_add_time(event, &p->start, CLOCK_MONOTONIC, 0, ACCURACY_US, on_start, p);

	if (r >= 0)
		r = sd_event_source_set_enabled(p->start, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(event, &p->deadline, CLOCK_MONOTONIC, 0, ACCURACY_US,
				      on_deadline, p);
	if (r >= 0)
		r = sd_event_source_set_priority(p->deadline, PROBER_RESULT_PRIORITY);
	if (r >= 0)
		r = sd_event_source_set_enabled(p->deadline, SD_EVENT_OFF);
	return r < 0 ? r : 0;
}

/* The second check of a new host comes at its place, yet not before half an interval is over. */
static int plan_first(struct probe *p, bool first)
{
	uint64_t interval = (uint64_t)p->target.interval_ms * 1000;
	uint64_t base = p->prober->epoch + place_in_interval(p->prober->n_added++, interval);
	uint64_t now = monotonic_us();

	p->place = base;
	p->planned = next_planned(p, base, first ? now + interval / 2 : now);
	return start_at(p, first ? now : p->planned);
}

int prober_add(struct prober *prober, const struct probe_target *target, bool first,
	       void *probe_data, struct probe **ret)
{
	const struct check_ops *ops = check_ops_for(target->check->type);
	struct probe *p;
	int r;

	if (!ops)
		return -EOPNOTSUPP;
	if ((target->addr.family != AF_INET && target->addr.family != AF_INET6) ||
	    target->interval_ms == 0 || target->timeout_ms == 0)
		return -EINVAL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->prober = prober;
	p->target = *target;
	p->interval_ms = target->interval_ms;
	p->ops = ops;
	p->data = probe_data;
	p->state = calloc(1, ops->state_size);
	r = p->state ? get_shared(prober, ops, &p->shared) : -ENOMEM;
	if (r == 0)
		r = add_sources(p);
	if (r == 0)
		r = plan_first(p, first);
	if (r < 0) {
		free_probe(p);
		return r;
	}
	DL_APPEND(prober->probes, p);
	*ret = p;
	return 0;
}

void prober_remove(struct probe *p)
{
	if (!p)
		return;
	leave_queue(p);
	end(p);
	call_next(p->prober);
	DL_DELETE(p->prober->probes, p);
	free_probe(p);
}

void probe_set_interval(struct probe *p, unsigned interval_ms)
{
	uint64_t interval = (uint64_t)interval_ms * 1000, now = monotonic_us();

	if (interval_ms == p->interval_ms)
		return;
	p->interval_ms = interval_ms;
	if (interval_ms == p->target.interval_ms)
		p->planned = next_planned(p, p->place, now + interval / 2);
	else
		p->planned = p->started + interval > now ? p->started + interval : now;
	start_at(p, p->planned);
}

void probe_now(struct probe *p)
{
	if (!p->running)
		start_at(p, monotonic_us());
}

void prober_poll(struct prober *prober)
{
	struct probe *p;

	DL_FOREACH(prober->probes, p) {
		probe_now(p);
	}
}

/* ---- prober -------------------------------------------------------------------------------- */
static unsigned running_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < RESERVED_FILES + MIN_RUNNING)
		return MIN_RUNNING;
	if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > UINT16_MAX)
		return UINT16_MAX;
	return (unsigned)limit.rlim_cur - RESERVED_FILES;
}

int prober_open(sd_event *event, const struct prober_callbacks *callbacks, void *data,
		struct prober **ret)
{
	struct prober *prober = calloc(1, sizeof(*prober));

	if (!prober)
		return -ENOMEM;
	prober->event = sd_event_ref(event);
	prober->callbacks = *callbacks;
	prober->data = data;
	prober->epoch = monotonic_us();
	prober->limit = running_limit();
	*ret = prober;
	return 0;
}

void prober_close(struct prober *prober)
{
	struct probe *p, *next;

	if (!prober)
		return;
	DL_FOREACH_SAFE(prober->probes, p, next)
	{
		prober_remove(p);
	}
	free_shared(prober);
	sd_event_unref(prober->event);
	free(prober);
}

unsigned prober_limit(const struct prober *prober)
{
	return prober->limit;
}
