/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/capability.h>

#include "daemon/privileges.h"

#define SET(cap) (1ull << (cap))
#define ALL (SET(CAP_BPF) | SET(CAP_NET_ADMIN) | SET(CAP_PERFMON))

struct row {
	uint64_t effective;
	int r;
	const char *missing;
};

Test(privileges, what_is_missing)
{
	static const struct row rows[] = {
		{ ALL, 0, "" },
		{ ~0ull, 0, "" },
		{ 0, -EPERM, "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON" },
		{ ALL & ~SET(CAP_BPF), -EPERM, "CAP_BPF" },
		{ ALL & ~SET(CAP_PERFMON), -EPERM, "CAP_PERFMON" },
		{ SET(CAP_BPF), -EPERM, "CAP_NET_ADMIN, CAP_PERFMON" },
		{ SET(CAP_SYS_ADMIN), -EPERM, "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char missing[64];

		cr_expect_eq(privileges_in(rows[i].effective, missing, sizeof(missing)), rows[i].r);
		cr_expect_str_eq(missing, rows[i].missing);
	}
}
