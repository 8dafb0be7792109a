/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a client sent, as part of a log line. Whatever could end the line, or look like our own part
 * of it, is written as vis(3) has it: \ooo, three octal digits, for each byte. So are bytes beyond
 * ASCII: what is no UTF-8 breaks no reader, and what is cannot pretend to be something else.
 */
#ifndef XLB_REQUESTS_ESCAPE_H
#define XLB_REQUESTS_ESCAPE_H

#include <stddef.h>

#define ESCAPE_CUT "..." /* at the end of what was too long */

/*
 * Writes at most size - 1 bytes and NUL to buf; no escape is written in part. Returns bytes
 * written. size: more than ESCAPE_CUT takes.
 */
size_t escape(const char *text, char *buf, size_t size);

#endif
