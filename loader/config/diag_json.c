/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "config/diag_json.h"

#include <stdlib.h>
#include <string.h>

/* jansson refuses what is not UTF-8, and a configuration may hold any byte. */
static json_t *json_text(const char *text)
{
	json_t *value;
	char *ascii;

	if (!text)
		return json_null();
	value = json_string(text);
	if (value)
		return value;
	ascii = strdup(text);
	if (!ascii)
		return NULL;
	for (char *c = ascii; *c; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	}
	value = json_string(ascii);
	free(ascii);
	return value;
}

static json_t *json_place(int number)
{
	return number > 0 ? json_integer(number) : json_null();
}

static json_t *item_to_json(const struct diag_item *item)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "level",
			 diag_level_name(item->level), "file", json_text(item->file), "line",
			 json_place(item->line), "col", json_place(item->col), "message",
			 json_text(item->message), "source", json_text(item->source), "hint",
			 json_text(item->hint));
}

json_t *diag_to_json(const struct diag *diag)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < diag->n_items; i++) {
		if (json_array_append_new(list, item_to_json(&diag->items[i])) == 0)
			continue;
		json_decref(list);
		list = NULL;
	}
	return list;
}
