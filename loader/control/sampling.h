/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* From the data plane's and the kernel's counters to rates: what the control's timers do. */
#ifndef XLB_CONTROL_SAMPLING_H
#define XLB_CONTROL_SAMPLING_H

#include "control/meters.h"
#include "control/rates.h"
#include "control/view.h"

/* Sessions of each service, as relayctl shows them: each RATES_INTERVAL_S. No memory for a new
 * service: it is tried again at the next sample. */
void sample_sessions(const struct view *v, struct rates *rates);

/* Services, hosts, interfaces and reasons: each METERS_INTERVAL_MS. The view's now_ms counts. */
void sample_meters(const struct view *v, struct meters *meters);

#endif
