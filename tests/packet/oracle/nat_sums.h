/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Checksums of a translated frame against those of the one that came in. A translation takes
 * nothing from the truth and adds nothing to it: what a checksum covers sums up to the same as
 * before, so it is right if it was, and wrong by as much if not (RFC 1071, RFC 3022 4.1).
 */
#ifndef XLB_TESTS_NAT_SUMS_H
#define XLB_TESTS_NAT_SUMS_H

#include "nat.h"

/* Makes the checksums of `frame` those of `out` where they may differ: then the rest can be
 * compared. Returns NULL, or which of them is wrong. */
const char *nat_sums(const struct frame *in, const struct frame *out, struct nat_answer *a);

#endif
