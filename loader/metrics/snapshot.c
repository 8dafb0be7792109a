/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "metrics/snapshot.h"

#include <stdlib.h>

#define MAX_MEMORY ((size_t)64 << 20)

const char *const host_state_names[N_STATES] = {
	[STATE_UP] = "up",
	[STATE_DOWN] = "down",
	[STATE_UNKNOWN] = "unknown",
	[STATE_DISABLED] = "disabled",
	[STATE_DRAINING] = "draining",
};

struct snapshot *snapshot_new(void)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->arena = arena_new(MAX_MEMORY);
	if (!s->arena) {
		free(s);
		return NULL;
	}
	return s;
}

void snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	arena_free(s->arena);
	free(s);
}
