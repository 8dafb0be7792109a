/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef XLB_CONFIG_DIAG_JSON_H
#define XLB_CONFIG_DIAG_JSON_H

#include <jansson.h>

#include "config/diag.h"

/*
 * An array of {"level", "file", "line", "col", "message", "source", "hint"}; what an item does not
 * have is null. Bytes that are not UTF-8 become '?'. The caller owns the reference; NULL when there
 * is no memory.
 */
json_t *diag_to_json(const struct diag *diag);

#endif
