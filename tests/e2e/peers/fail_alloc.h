/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What a program that has fail_alloc.so loaded shares with whoever tells it when to fail: a file.
 */
#ifndef XLB_TESTS_FAIL_ALLOC_H
#define XLB_TESTS_FAIL_ALLOC_H

#include <stdint.h>

/* Allocations count from 1. Those from `from` on, and before `until`, fail. */
struct fail_alloc {
	uint64_t count;
	uint64_t failed;
	uint64_t from;
	uint64_t until;
};

#endif
