/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What looks at the counters of a host make of them. */
#include <criterion/criterion.h>

#include "dataplane/signs.h"

#define MAX_STEPS 8

struct step {
	uint64_t packets; /* as the counters show them */
	uint64_t sessions;
	bool stalled;
};

struct row {
	const char *name;
	size_t n;
	struct step steps[MAX_STEPS];
};

static const struct row rows[] = {
	{ "nothing happens", 2,
	  { { 0, 0, false }, { 0, 0, false } } },
	{ "whole sessions", 3,
	  { { 40, 10, false }, { 80, 20, false }, { 120, 30, false } } },
	{ "SYNs only", 2,
	  { { 4, 4, true }, { 8, 8, true } } },
	{ "entries and repeated SYNs", 1,
	  { { 10, 4, true } } },
	{ "shortest sessions: SYN, ACK, RST", 1,
	  { { 12, 4, false } } },
	{ "just begun, and going on", 3,
	  { { 3, 3, false }, { 15, 3, false }, { 18, 6, false } } },
	{ "few at a time add up", 4,
	  { { 1, 1, false }, { 2, 2, false }, { 3, 3, false }, { 4, 4, true } } },
	{ "few over a long time don't", 7,
	  { { 1, 1, false }, { 2, 2, false }, { 3, 3, false }, { 3, 3, false },
	    { 3, 3, false }, { 4, 4, false }, { 5, 5, false } } },
	{ "it worked before", 3,
	  { { 1000, 100, false }, { 1010, 110, true }, { 1100, 120, false } } },
	{ "old sessions go on", 2,
	  { { 1000, 4, false }, { 2000, 8, false } } },
	{ "the counters begin anew", 3,
	  { { 1000, 100, false }, { 5, 5, false }, { 10, 10, true } } },
};

Test(signs, looks)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sign_sample sample = { 0 };

		for (size_t j = 0; j < rows[i].n; j++) {
			const struct step *s = &rows[i].steps[j];
			struct traffic now = { .packets = s->packets, .sessions = s->sessions };

			cr_expect_eq(sign_of_stall(&sample, &now), s->stalled, "%s, look %zu",
				     rows[i].name, j + 1);
		}
	}
}
