/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "requests/counters.h"

static const struct {
	const char *name;
	const char *text;
} counters[] = {
#define REQUEST_COUNTER_ROW(id, name, text) [REQUEST_##id] = { name, text },
	REQUEST_COUNTERS(REQUEST_COUNTER_ROW)
#undef REQUEST_COUNTER_ROW
};

const char *request_counter_name(enum request_counter counter)
{
	return counters[counter].name;
}

const char *request_counter_text(enum request_counter counter)
{
	return counters[counter].text;
}
