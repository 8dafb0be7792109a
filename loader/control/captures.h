/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The readers of /v1/capture. Each has a session and a bounded queue; whoever falls behind loses
 * packets, which are counted. The kernel tells of packets while there is a reader.
 */
#ifndef XLB_CONTROL_CAPTURES_H
#define XLB_CONTROL_CAPTURES_H

#include "capture/session.h"
#include "control/control.h"
#include "control/stream.h"

#define CAPTURES_MAX 4
#define CAPTURE_QUEUE (1 << 20) /* bytes a reader may be behind, besides what its socket holds */

struct capture_reader;

struct captures {
	struct stream_loop loop;
	const struct control_ops *ops;
	void *data;
	struct capture_reader *readers;
	unsigned n;
	struct capture_counts counts; /* of all that there ever were */
};

/*
 * Takes over the session, also on failure. -EBUSY: enough readers; -ENODEV: no data plane; -EAGAIN: not yet; what the
 * kernel says. `error` may get a sentence.
 */
int captures_subscribe(struct captures *c, struct MHD_Connection *connection,
		       struct capture_session *session, struct control_error *error,
		       struct MHD_Response **ret);

/* One packet, for all readers. */
void captures_packet(struct captures *c, const struct capture_packet *p);

/* The data plane is another one, or has loaded programs: it is told what is wanted. */
void captures_refresh(struct captures *c);

/* Ends all of them; they go when MHD runs next. */
void captures_end(struct captures *c);

#endif
