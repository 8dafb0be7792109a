/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/capture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/log.h"

static void on_packet(const struct trace_event *e, void *data)
{
	struct daemon *d = data;
	struct capture_packet p;

	trace_packet(d, e, &p, NULL);
	control_packet(d->control, &p);
}

int capture_switch(void *data, bool on, uint32_t snaplen, bool services_only,
		   struct control_error *error)
{
	struct daemon *d = data;
	int r;

	trace_unregister(d, on_packet, d);
	r = on ? trace_register(d, XLB_TRACE_CAPTURE, on_packet, d) : 0;
	if (r == 0)
		r = trace_capture(d, on, snaplen, services_only);
	if (r == 0) {
		if (on || d->trace.capturing)
			log_info(on ? "capturing packets" : "no more captures");
		d->trace.capturing = on;
		return 0;
	}
	trace_unregister(d, on_packet, d);
	if (r == -ENODEV)
		snprintf(error->message, sizeof(error->message), "the data plane is not loaded");
	else
		snprintf(error->message, sizeof(error->message), "capture: %s",
			 d->dataplane && dataplane_error(d->dataplane)[0] ?
				 dataplane_error(d->dataplane) :
				 strerror(-r));
	return r;
}
