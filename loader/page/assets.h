/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The files of the status page, as they are in the program. */
#ifndef XLB_PAGE_ASSETS_H
#define XLB_PAGE_ASSETS_H

#include <stddef.h>

struct asset {
	const char *name;
	const char *text; /* not terminated */
	size_t len;
};

extern const struct asset page_assets[]; /* the last one has no name */

#endif
