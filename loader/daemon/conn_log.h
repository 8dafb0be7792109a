/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * "log connection": a line for each connection that has ended, in relayd's words, and then
 * ours; with "log connection opens" for each that begins, too. As many as line_limit.h
 * allows: a flood is counted, not written down.
 */
#ifndef XLB_DAEMON_CONN_LOG_H
#define XLB_DAEMON_CONN_LOG_H

#include <stddef.h>

#include "dataplane/dataplane.h"
#include "model/model.h"

struct daemon;

/*
 * The line, without a newline; returns buf. `kind` and name as in the configuration. *ret_error
 * says whether the connection failed, which is what "log connection errors" is about.
 */
const char *conn_log_text(enum service_kind kind, const struct conn_event *event, char *buf,
			  size_t size, bool *ret_error);

/* Writes the line, if such are wanted and there are not too many. */
void conn_log_event(struct daemon *d, const struct conn_event *event);

/* To be called about once a second: says how many lines have been left out. */
void conn_log_tick(struct daemon *d);

#endif
