/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "control/rates.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES_PER_HOUR (3600u / RATES_INTERVAL_S)
#define SAMPLES_PER_DAY (24u * SAMPLES_PER_HOUR)

static uint64_t moving_average(uint64_t average, uint64_t value)
{
	return (average + value) / 2;
}

/* Closes the hour or day that ends with this sample. */
static void roll(struct session_rate *r)
{
	if (r->samples % SAMPLES_PER_HOUR == 0) {
		r->average_hour = moving_average(r->average_hour, r->hour);
		r->hour = 0;
	}
	if (r->samples % SAMPLES_PER_DAY == 0) {
		r->average_day = moving_average(r->average_day, r->day);
		r->day = 0;
	}
}

static void count(struct session_rate *r, uint64_t total)
{
	/* A smaller total is a data plane that was taken out and loaded again. */
	r->last = total >= r->total ? total - r->total : total;
	r->total = total;
	r->samples++;
	r->average = moving_average(r->average, r->last);
	r->hour += r->last;
	r->day += r->last;
	roll(r);
}

static struct session_rate *find(const struct rates *rates, const char *name)
{
	for (size_t i = 0; i < rates->n; i++)
		if (strcmp(rates->items[i].name, name) == 0)
			return &rates->items[i];
	return NULL;
}

static int add(struct rates *rates, const char *name, uint64_t total)
{
	struct session_rate *items = reallocarray(rates->items, rates->n + 1, sizeof(*items));
	struct session_rate *r;

	if (!items)
		return -ENOMEM;
	rates->items = items;
	r = &items[rates->n++];
	*r = (struct session_rate){ .total = total, .round = rates->round };
	snprintf(r->name, sizeof(r->name), "%s", name);
	return 0;
}

void rates_begin(struct rates *rates)
{
	rates->round++;
}

int rates_sample(struct rates *rates, const char *name, uint64_t total)
{
	struct session_rate *r = find(rates, name);

	if (!r)
		return add(rates, name, total);
	r->round = rates->round;
	count(r, total);
	return 0;
}

void rates_end(struct rates *rates)
{
	size_t kept = 0;

	for (size_t i = 0; i < rates->n; i++)
		if (rates->items[i].round == rates->round)
			rates->items[kept++] = rates->items[i];
	rates->n = kept;
}

const struct session_rate *rates_find(const struct rates *rates, const char *name)
{
	const struct session_rate *r = find(rates, name);

	return r && r->samples ? r : NULL;
}

void rates_clear(struct rates *rates)
{
	free(rates->items);
	*rates = (struct rates){ 0 };
}
