/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Numbers and their history in little room. */
#ifndef XLB_CLI_QUANTITY_H
#define XLB_CLI_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>

/* "0", "7.5", "999", "12.3k", "4.0M", ...: at most five characters, in powers of 1000. Returns buf.
 */
const char *format_quantity(double value, char *buf, size_t size);

/*
 * One character for each of the n values, the highest is `top` (0: the highest of them): blocks of
 * Unicode, or ASCII. What is not 0 is not blank. Returns buf, which needs 3 * n + 1 bytes.
 */
const char *format_sparkline(const double *values, size_t n, double top, bool ascii, char *buf,
			     size_t size);

#endif
