/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Which requests the status page answers. No I/O. */
#ifndef XLB_PAGE_REQUEST_H
#define XLB_PAGE_REQUEST_H

#include <stdbool.h>

/*
 * May the page be called by what a request's Host header says? An address, "localhost", and the
 * names given (NULL-terminated, may be NULL) may. A name of somebody else's that leads here does
 * not: a browser would hand over the answer to pages from there (DNS rebinding). NULL: HTTP/1.0
 * without the header, which no browser sends.
 */
bool request_host_is_ours(const char *host, const char *const *names);

#endif
