/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the parameters of /v1/capture ask for. */
#ifndef XLB_CONTROL_CAPTURE_REQUEST_H
#define XLB_CONTROL_CAPTURE_REQUEST_H

#include <jansson.h>

#include "capture/session.h"

#define CAPTURE_PARAMETERS "format snaplen count all filter"

/* query: object of strings, or NULL. -EINVAL: `error` says what is wrong; -ENOMEM. The filter in
 * *ret is the caller's. */
int capture_request_parse(const json_t *query, struct capture_request *ret, char *error,
			  size_t error_size);

#endif
