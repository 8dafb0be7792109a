/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What libbpf complains of, kept for the message that somebody else will write: each thread has its
 * own.
 */
#ifndef XLB_DATAPLANE_COMPLAINT_H
#define XLB_DATAPLANE_COMPLAINT_H

#include <stddef.h>

/* Silences libbpf, and forgets what it said so far. */
void complaint_begin(void);

/* The last complaint since then, one line; empty if there was none. */
const char *complaint_text(void);

/* "WHAT: STRERROR (COMPLAINT)"; returns err, which is -errno. */
int complaint_fail(char *error, size_t error_size, const char *what, int err);

#endif
