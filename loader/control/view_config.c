/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The configuration in use, and what another one would change. */
#include <stdio.h>
#include <stdlib.h>

#include "config/print.h"
#include "control/view.h"
#include "dataplane/plan.h"

const char *config_state_name(enum control_config_state state)
{
	switch (state) {
	case CONFIG_UNCONFIRMED:
		return "unconfirmed";
	case CONFIG_ROLLED_BACK:
		return "rolled back";
	case CONFIG_LOADED:
		break;
	}
	return "loaded";
}

/* NULL: no memory. */
static json_t *config_text(const struct cfg *conf)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *string = NULL;
	int r = -1;

	if (out) {
		r = cfg_print(conf, out);
		r = fclose(out) != 0 ? -1 : r;
	}
	if (r == 0)
		string = json_string(text);
	if (r == 0 && !string) /* bytes that are not UTF-8 */
		string = json_null();
	free(text);
	return string;
}

json_t *view_config(const struct cfg *conf, const struct control_info *info)
{
	bool waits = info->config_state == CONFIG_UNCONFIRMED;

	return json_pack("{s:i, s:o, s:s, s:o, s:o}", "schema", XLB_API_SCHEMA, "file",
			 json_text(info->loaded_from), "state",
			 config_state_name(info->config_state), "confirm_in_s",
			 waits ? json_integer(info->confirm_in_s) : json_null(), "text",
			 config_text(conf));
}

static json_t *operation_json(const struct plan_op *op)
{
	return json_pack("{s:s, s:I, s:b}", "text", op->text, "flows", (json_int_t)op->flows,
			 "uncounted", op->uncounted);
}

json_t *view_plan(const struct plan *plan)
{
	json_t *list = json_array();
	bool uncounted = false;
	uint64_t flows = 0;

	for (size_t i = 0; list && i < plan_size(plan); i++) {
		const struct plan_op *op = plan_get(plan, i);

		flows += op->flows;
		uncounted |= op->uncounted;
		if (json_array_append_new(list, operation_json(op)) < 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return json_pack("{s:i, s:o, s:I, s:b}", "schema", XLB_API_SCHEMA, "operations", list,
			 "flows", (json_int_t)flows, "uncounted", uncounted);
}
