/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The prober: starts each host's check once per interval, spread over it, with one deadline a
 * check, and reports results. It knows nothing of states; the model decides what a result means.
 * The program is expected to ignore SIGPIPE.
 */
#ifndef XLB_HEALTH_HEALTH_H
#define XLB_HEALTH_HEALTH_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "config/config.h"
#include "model/model.h"

/*
 * Priority of event sources by which a check ends, for good or bad, and which each check has but
 * once: deadlines, and connections. They go before everything else that waits in the loop, as they
 * may be a host's end. What a server can keep busy (reading) has no such right.
 */
#define PROBER_RESULT_PRIORITY (-30)

struct prober;
struct probe; /* one host's recurring check */

struct prober_callbacks {
	/* `probe_data` as given to prober_add(). Called from the event loop, never from within
	 * prober_add(), probe_now() or prober_poll(). May remove probes, this one too. */
	void (*result)(void *probe_data, const struct probe_result *result, void *data);
};

struct probe_target {
	struct cfg_addr addr;
	const char *name;              /* as configured, for scripts; NULL: the address. Borrowed */
	uint16_t port;                 /* host byte order */
	const struct cfg_check *check; /* borrowed for the life of the probe */
	unsigned interval_ms;          /* > 0 */
	unsigned timeout_ms;           /* of the whole check, from its start; > 0 */
	unsigned ttl;                  /* 0: system's */
	uint32_t mark;                 /* checks with `dsr`: of the sockets, SO_MARK; 0: none */
	uint32_t ifindex; /* the interface that they leave by; 0: as the routing table says */
};

/* Callbacks are copied. */
int prober_open(sd_event *event, const struct prober_callbacks *callbacks, void *data,
		struct prober **ret);
void prober_close(struct prober *prober); /* probes that are left go with it; NULL is fine */

/*
 * The first check starts at once for a host that was never checked (`first`), else within the
 * interval. Later ones come at the host's own time in the interval, as planned: a late one does not
 * make the next one late. When all sockets that the prober may have are in use a check waits.
 * -EOPNOTSUPP: a kind of check this version does not do. -EINVAL: no address, interval or timeout.
 */
int prober_add(struct prober *prober, const struct probe_target *target, bool first,
	       void *probe_data, struct probe **ret);
void prober_remove(struct probe *probe); /* a check that runs is abandoned; NULL is fine */

/*
 * The time between checks from now on; back at the target's own, checks return to the host's place
 * in the interval. ms > 0.
 */
void probe_set_interval(struct probe *probe, unsigned interval_ms);

/* Checks now (from the event loop): one, or all of them. A check that runs is left to finish. */
void probe_now(struct probe *probe);
void prober_poll(struct prober *prober);

/* How many checks may run at the same time: what RLIMIT_NOFILE allows, less what the rest of the
 * program needs. */
unsigned prober_limit(const struct prober *prober);

#endif
