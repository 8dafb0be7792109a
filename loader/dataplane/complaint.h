/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What libbpf complains of, or what file below bpffs it is about, kept for the message that
 * somebody else will write: each thread has its own.
 */
#ifndef XLB_DATAPLANE_COMPLAINT_H
#define XLB_DATAPLANE_COMPLAINT_H

#include <stddef.h>

/* Silences libbpf, and forgets what it said so far. */
void complaint_begin(void);

/* The cause, as far as it was said since then, in one line; empty if nothing was. */
const char *complaint_text(void);

/* "DOING PATH" is the cause; returns err. */
int complaint_at(const char *doing, const char *path, int err);

/* Appends " (COMPLAINT)" to what strerror() said, if there is one. */
void complaint_append(char *error, size_t error_size);

/* "WHAT: STRERROR (COMPLAINT)"; returns err, which is -errno. */
int complaint_fail(char *error, size_t error_size, const char *what, int err);

#endif
