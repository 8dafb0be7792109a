/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/quantity.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *format_quantity(double value, char *buf, size_t size)
{
	static const char units[] = " kMGTPE";
	size_t unit = 0;

	/* What would be rounded to 1000 is one of the next unit. */
	while (value >= 999.5 && unit + 2 < sizeof(units)) {
		value /= 1000;
		unit++;
	}
	if (unit == 0 && (value >= 9.95 || value == floor(value)))
		snprintf(buf, size, "%.0f", value);
	else if (unit == 0)
		snprintf(buf, size, "%.1f", value);
	else
		snprintf(buf, size, value >= 99.95 ? "%.0f%c" : "%.1f%c", value, units[unit]);
	return buf;
}

#define LEVELS 8

static const char *level_text(int level, bool ascii)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const letters[] = { " ", ".", ".", ":", "-", "=", "+", "*", "#" };

	return (ascii ? letters : blocks)[level];
}

static int level_of(double value, double top)
{
	int level;

	if (!(value > 0) || !(top > 0))
		return 0;
	level = (int)ceil(value / top * LEVELS);
	return level > LEVELS ? LEVELS : level;
}

const char *format_sparkline(const double *values, size_t n, double top, bool ascii, char *buf,
			     size_t size)
{
	size_t used = 0;

	if (top <= 0)
		for (size_t i = 0; i < n; i++)
			top = values[i] > top ? values[i] : top;
	buf[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		const char *text = level_text(level_of(values[i], top), ascii);

		if (used + strlen(text) >= size)
			break;
		strcpy(buf + used, text);
		used += strlen(text);
	}
	return buf;
}
