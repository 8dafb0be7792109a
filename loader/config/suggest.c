/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "config/suggest.h"

#include <string.h>

/* The longest word worth comparing. */
#define SUGGEST_MAX_LEN 31

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment distance. */
static unsigned edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned d[SUGGEST_MAX_LEN + 1][SUGGEST_MAX_LEN + 1];

	for (size_t i = 0; i <= a_len; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= b_len; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		for (size_t j = 1; j <= b_len; j++) {
			unsigned change = a[i - 1] != b[j - 1];
			unsigned best = least(d[i - 1][j], d[i][j - 1]) + 1;

			best = least(best, d[i - 1][j - 1] + change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = least(best, d[i - 2][j - 2] + 1);
			d[i][j] = best;
		}
	}
	return d[a_len][b_len];
}

const char *suggest_nearest(const char *word, const char *const *words, size_t n)
{
	size_t len = strlen(word);
	unsigned allowed = len < 3 ? 0 : least((unsigned)(len + 2) / 3, 3);
	const char *nearest = NULL;

	if (len > SUGGEST_MAX_LEN)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t other = strlen(words[i]);
		unsigned distance;

		if (other > SUGGEST_MAX_LEN)
			continue;
		distance = edit_distance(word, len, words[i], other);
		/* A short word must keep a letter of its own. */
		if (distance == 0 || distance > allowed || distance >= other)
			continue;
		nearest = words[i];
		allowed = distance - 1;
	}
	return nearest;
}
