/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Checks that are no rows of a table: many packets, one property.
 */
#ifndef XLB_TESTS_CHECKS_H
#define XLB_TESTS_CHECKS_H

#include <stdbool.h>

#include "fixture.h"

struct check {
	const char *name; /* NULL ends the list */
	bool (*run)(struct fixture *fx); /* says on stdout what is wrong */
};

extern const struct check checks[];

#endif
