/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "requests/counters.h"

static const struct {
	const char *name;
	const char *text;
	enum counter_kind kind;
} counters[] = {
#define REQUEST_COUNTER_ROW(id, kind, name, text) [REQUEST_##id] = { name, text, COUNTER_##kind },
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

enum counter_kind request_counter_kind(enum request_counter counter)
{
	return counters[counter].kind;
}
