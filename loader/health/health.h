/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The prober: starts each host's check once per interval, spread over it, with one deadline a
 * check, and reports results. It knows nothing of states; the model decides what a result means.
 */
#ifndef XLB_HEALTH_HEALTH_H
#define XLB_HEALTH_HEALTH_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "config/config.h"
#include "model/model.h"

struct prober;
struct probe; /* one host's recurring check */

struct prober_callbacks {
	/* `probe_data` as given to prober_add(). Called from the event loop, never from within
	 * prober_add() or prober_poll(). */
	void (*result)(void *probe_data, const struct probe_result *result, void *data);
};

struct probe_target {
	struct cfg_addr addr;
	uint16_t port;			 /* host byte order */
	const struct cfg_check *check;	 /* borrowed for the life of the probe */
	unsigned interval_ms;
	unsigned timeout_ms;
	unsigned ttl;			 /* 0: system's */
};

int prober_open(sd_event *event, const struct prober_callbacks *callbacks, void *data,
		struct prober **ret);
void prober_close(struct prober *prober);

/* The first check starts at once for a host that was never checked (`first`), else within the
 * interval. -EOPNOTSUPP: a kind of check this version does not do. */
int prober_add(struct prober *prober, const struct probe_target *target, bool first,
	       void *probe_data, struct probe **ret);
void prober_remove(struct probe *probe);

/* Checks now: one, or all of them. */
void probe_now(struct probe *probe);
void prober_poll(struct prober *prober);

#endif
