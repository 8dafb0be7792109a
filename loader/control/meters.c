/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "control/meters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define FINE 11u  /* samples, a second apart */
#define COARSE 7u /* samples, each tenth one of the above */
#define COARSE_STEP 10u

_Static_assert(sizeof(((struct meters *)0)->fine_at) == FINE * sizeof(uint64_t), "one for each");
_Static_assert(sizeof(((struct meters *)0)->coarse_at) == COARSE * sizeof(uint64_t), "the same");

struct meter {
	struct meter_key key;
	unsigned first; /* round of the first sample that counts */
	uint64_t first_at;
	uint64_t first_totals[METER_VALUES];
	unsigned last;
	uint64_t fine[FINE][METER_VALUES]; /* totals; by round */
	uint64_t coarse[COARSE][METER_VALUES];
	UT_hash_handle hh;
};

static unsigned fine_slot(unsigned round)
{
	return round % FINE;
}

static unsigned coarse_slot(unsigned round)
{
	return round / COARSE_STEP % COARSE;
}

static bool is_coarse(unsigned round)
{
	return round % COARSE_STEP == 0;
}

static struct meter *find(const struct meters *m, const struct meter_key *key)
{
	struct meter *meter;

	HASH_FIND(hh, m->items, key, sizeof(*key), meter);
	return meter;
}

static struct meter *add(struct meters *m, const struct meter_key *key)
{
	struct meter *meter = calloc(1, sizeof(*meter));

	if (!meter)
		return NULL;
	meter->key = *key;
	HASH_ADD(hh, m->items, key, sizeof(meter->key), meter);
	if (meter->hh.tbl)
		return meter;
	free(meter);
	return NULL;
}

void meters_begin(struct meters *m, uint64_t now_ms)
{
	m->round++;
	m->fine_at[fine_slot(m->round)] = now_ms;
	if (is_coarse(m->round))
		m->coarse_at[coarse_slot(m->round)] = now_ms;
}

static bool went_down(const struct meter *meter, const uint64_t totals[METER_VALUES])
{
	const uint64_t *before = meter->fine[fine_slot(meter->last)];

	for (unsigned i = 0; i < METER_VALUES; i++)
		if (totals[i] < before[i])
			return true;
	return false;
}

static void begin(const struct meters *m, struct meter *meter, const uint64_t totals[METER_VALUES])
{
	meter->first = m->round;
	meter->first_at = m->fine_at[fine_slot(m->round)];
	memcpy(meter->first_totals, totals, sizeof(meter->first_totals));
}

int meters_sample(struct meters *m, struct meter_key key, const uint64_t totals[METER_VALUES])
{
	struct meter *meter = find(m, &key);
	bool begins = !meter || went_down(meter, totals);

	if (!meter)
		meter = add(m, &key);
	if (!meter)
		return -ENOMEM;
	if (begins)
		begin(m, meter, totals);
	meter->last = m->round;
	memcpy(meter->fine[fine_slot(m->round)], totals, sizeof(meter->fine[0]));
	if (is_coarse(m->round))
		memcpy(meter->coarse[coarse_slot(m->round)], totals, sizeof(meter->coarse[0]));
	return 0;
}

void meters_end(struct meters *m)
{
	struct meter *meter, *next;

	HASH_ITER(hh, m->items, meter, next) {
		if (meter->last == m->round)
			continue;
		HASH_DEL(m->items, meter);
		free(meter);
	}
}

/* A sample to compare the last one with. */
struct base {
	uint64_t at;
	const uint64_t *totals;
};

/* `back` rounds ago, or the first that there is. */
static struct base fine_base(const struct meters *m, const struct meter *meter, unsigned back)
{
	unsigned age = meter->last - meter->first;
	unsigned slot = fine_slot(meter->last - (age < back ? age : back));

	return (struct base){ m->fine_at[slot], meter->fine[slot] };
}

/* The oldest coarse sample, or the first of a meter that is younger. */
static struct base coarse_base(const struct meters *m, const struct meter *meter)
{
	unsigned newest = meter->last - meter->last % COARSE_STEP;
	unsigned oldest = newest - (COARSE - 1) * COARSE_STEP;
	unsigned slot = coarse_slot(oldest);

	if (newest < (COARSE - 1) * COARSE_STEP || oldest < meter->first)
		return (struct base){ meter->first_at, meter->first_totals };
	return (struct base){ m->coarse_at[slot], meter->coarse[slot] };
}

static struct base base_of(const struct meters *m, const struct meter *meter,
			   enum meter_window window)
{
	switch (window) {
	case METER_1S:
		return fine_base(m, meter, 1);
	case METER_10S:
		return fine_base(m, meter, 10);
	default:
		return coarse_base(m, meter);
	}
}

bool meters_rate(const struct meters *m, struct meter_key key, enum meter_window window,
		 double ret[METER_VALUES])
{
	const struct meter *meter = find(m, &key);
	const uint64_t *totals;
	struct base base;
	uint64_t now;

	if (!meter || meter->first == meter->last)
		return false;
	now = m->fine_at[fine_slot(meter->last)];
	totals = meter->fine[fine_slot(meter->last)];
	base = base_of(m, meter, window);
	if (now <= base.at)
		return false;
	for (unsigned i = 0; i < METER_VALUES; i++)
		ret[i] = (double)(totals[i] - base.totals[i]) * 1000 / (double)(now - base.at);
	return true;
}

void meters_clear(struct meters *m)
{
	struct meter *meter, *next;

	HASH_ITER(hh, m->items, meter, next) {
		HASH_DEL(m->items, meter);
		free(meter);
	}
	*m = (struct meters){ 0 };
}
