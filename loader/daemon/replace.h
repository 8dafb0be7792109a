/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Files that others read at any time. */
#ifndef XLB_DAEMON_REPLACE_H
#define XLB_DAEMON_REPLACE_H

#include <stddef.h>

/* Readers see the old text or the new one, never half of it or none. Mode 0644, not synced. The
 * draft is PATH.new. 0 or -errno; the old file stays then. */
int replace_file(const char *path, const char *text, size_t len);

#endif
