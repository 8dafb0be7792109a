/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the daemon must be allowed to do: three capabilities, as root or as any other user. */
#ifndef XLB_DAEMON_PRIVILEGES_H
#define XLB_DAEMON_PRIVILEGES_H

#include <stddef.h>
#include <stdint.h>

/*
 * 0: `effective`, a set of capabilities (bit n is capability n, capabilities(7)), has all that are
 * needed. -EPERM: `missing` gets the names of those that it lacks.
 */
int privileges_in(uint64_t effective, char *missing, size_t size);

/* The same of this process. */
int privileges_check(char *missing, size_t size);

#endif
