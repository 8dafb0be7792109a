/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * "match url log" and its kin, "match sni log": a line for each request of a client that the rules
 * log, and for each TLS client. Read out of the packets that daemon/trace.h hands on; as many lines
 * as line_limit.h allows.
 */
#ifndef XLB_DAEMON_REQUEST_LOG_H
#define XLB_DAEMON_REQUEST_LOG_H

#include <stddef.h>

#include "dataplane/dataplane.h"
#include "model/model.h"
#include "requests/rules.h"

#define REQUEST_LOG_LINE (RULES_TEXT + 256)

struct daemon;

/*
 * The line, without a newline; returns buf. `text`: by rules_text(), or of a TLS client. service
 * NULL: it is gone from the configuration.
 *
 * relay web, 203.0.113.10:40001 -> 192.168.1.3:80, [example.com/path] GET
 */
const char *request_log_text(const struct service *service, const struct request_flow *flow,
			     const char *text, char buf[REQUEST_LOG_LINE]);

/* With "log connection": what was logged of a connection's requests, for the line of its end:
 * "[a/x] GET; [a/y] GET;", at most REQUESTS_KEPT. NULL: nothing. */
const char *request_log_kept(const struct daemon *d, const struct session *session);

/* From the daemon's start to its end. 0 or -errno. */
int request_log_open(struct daemon *d);
void request_log_close(struct daemon *d);

/* To be called about once a second: gives up what will not come, and says how many lines have been
 * left out. */
void request_log_tick(struct daemon *d);

#endif
