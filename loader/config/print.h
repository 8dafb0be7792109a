/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef XLB_CONFIG_PRINT_H
#define XLB_CONFIG_PRINT_H

#include <stdio.h>

#include "config/config.h"

/*
 * Writes the effective configuration: macros and includes replaced, defaults that differ per place
 * written out, what has no effect left out. Read again, it gives an equal configuration (but for
 * the places). 0, or -EIO when the stream has an error.
 */
int cfg_print(const struct cfg *cfg, FILE *out);

#endif
