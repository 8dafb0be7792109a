/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the filter rules of a protocol log of a request, in relayd's form (kv_log() in relay.c):
 * "[example.com/path] [User-Agent: curl] GET". Clients' words are escaped (escape.h) and cut.
 */
#ifndef XLB_REQUESTS_RULES_H
#define XLB_REQUESTS_RULES_H

#include <stdbool.h>

#include "config/config.h"
#include "requests/requests.h"

#define RULES_WORD 768  /* escaped, of one key or value; longer ones are cut */
#define RULES_TEXT 4096 /* of all together; what is beyond is left out, and "..." stands there */

/* false: nothing is to be logged. */
bool rules_text(const struct cfg_rule *rules, const struct request_event *event,
		char ret[RULES_TEXT]);

#endif
