/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Filter rules. xlb sees requests pass and can log what they say, but it cannot answer, change or
 * sort them: what only logs is observed, what would decide or rewrite is refused. In protocols
 * other than http relayd itself never looks at them.
 */
#include <stdio.h>

#include "config/parse.h"

static const char *const key_names[] = {
	[CFG_OBSERVE_COOKIE] = "cookie", [CFG_OBSERVE_HEADER] = "header",
	[CFG_OBSERVE_PATH] = "path",     [CFG_OBSERVE_QUERY] = "query",
	[CFG_OBSERVE_URL] = "url",
};

static const char *const option_names[] = {
	[KEY_NONE] = "",         [KEY_APPEND] = "append", [KEY_SET] = "set",
	[KEY_REMOVE] = "remove", [KEY_HASH] = "hash",     [KEY_LOG] = "log",
};

static bool rules_run(const struct parse *p)
{
	return p->protocol && p->protocol->type == CFG_PROTO_HTTP;
}

void rule_begin(struct parse *p, struct cfg_pos pos, enum rule_action action)
{
	p->rule = (struct rule){ .action = action, .pos = pos };
	if (action != RULE_BLOCK)
		return;
	if (!rules_run(p)) {
		parse_warning(p, pos, "rules are for http protocols",
			      "block never runs in a protocol that is not http, in relayd neither");
		return;
	}
	p->rule.refused = true;
	service_refuse(p, pos, "block", "xlb passes requests on unread, it cannot refuse any",
		       "refuse them at the hosts");
}

void rule_condition(struct parse *p)
{
	p->rule.n_conditions++;
}

static void rule_refuse(struct parse *p, struct cfg_pos pos, const char *what, const char *why,
			const char *instead)
{
	p->rule.refused = true;
	if (rules_run(p))
		service_refuse(p, pos, what, why, instead);
}

static void rule_observe(struct parse *p, struct cfg_pos pos, enum cfg_observe_type type,
			 const char *key)
{
	struct cfg_observe **tail = &p->protocol->observe;
	struct cfg_observe *observe = arena_alloc(p->arena, sizeof(*observe));

	if (!observe)
		return;
	observe->type = type;
	observe->key = key ? key : "*";
	observe->response = p->rule.response;
	observe->pos = pos;
	if (type == CFG_OBSERVE_URL)
		p->protocol->match_url_log = true;
	while (*tail)
		tail = &(*tail)->next;
	*tail = observe;
}

/* What HTTP itself allows for a key. */
static void rule_check_key(struct parse *p, struct cfg_pos pos, enum cfg_observe_type type,
			   enum key_option option)
{
	bool request_only = type != CFG_OBSERVE_HEADER && type != CFG_OBSERVE_COOKIE;

	if (request_only && p->rule.response)
		parse_error(p, pos, NULL, "%s is for requests only", key_names[type]);
	if ((type == CFG_OBSERVE_QUERY || type == CFG_OBSERVE_URL) &&
	    (option == KEY_APPEND || option == KEY_SET || option == KEY_REMOVE))
		parse_error(p, pos, NULL, "%s cannot be changed", key_names[type]);
}

void rule_key(struct parse *p, struct cfg_pos pos, enum cfg_observe_type type,
	      enum key_option option, const char *key, bool limited)
{
	char what[32];

	rule_check_key(p, pos, type, option);
	snprintf(what, sizeof(what), "%s %s", key_names[type], option_names[option]);
	switch (option) {
	case KEY_NONE:
		rule_condition(p);
		break;
	case KEY_LOG:
		p->rule.logs = true;
		p->rule.n_conditions += limited;
		if (rules_run(p))
			rule_observe(p, pos, type, key);
		break;
	case KEY_HASH:
		rule_refuse(p, pos, what,
			    "xlb chooses the host by the first packet, not by requests",
			    "use mode source-hash or maglev");
		break;
	default:
		rule_refuse(p, pos, what, "xlb changes no requests and no responses",
			    "with \"transparent forward to\" or \"route to\" the hosts see the "
			    "client's address; let them set their headers");
		break;
	}
}

void rule_path_strip(struct parse *p, struct cfg_pos pos)
{
	rule_refuse(p, pos, "path strip", "xlb changes no requests", "rewrite paths at the hosts");
}

void rule_forward(struct parse *p, struct cfg_pos pos, const char *table)
{
	char what[CFG_TABLE_NAME_MAX + 32];

	snprintf(what, sizeof(what), "forward to <%.*s>", CFG_TABLE_NAME_MAX, table);
	rule_refuse(
		p, pos, what, "xlb chooses the host before it sees a request",
		"give each table its own listen address or port, or sort requests at the hosts");
}

void rule_mark(struct parse *p, enum parse_note note, struct cfg_pos pos, const char *what)
{
	p->rule.marks = true;
	if (rules_run(p) && !p->rule.refused)
		parse_note(p, note, pos, NULL, "%s has no effect here: requests are not marked",
			   what);
}

static void rule_note_idle(struct parse *p)
{
	if (p->rule.action == RULE_PASS)
		parse_note(p, NOTE_PASS, p->rule.pos, NULL,
			   "pass has no effect here: everything is passed");
	else if (!p->rule.marks)
		parse_note(p, NOTE_IDLE_RULE, p->rule.pos, NULL,
			   "a match without an action has no effect");
}

void rule_end(struct parse *p)
{
	const struct rule *rule = &p->rule;

	if (!rules_run(p)) {
		if (rule->action != RULE_BLOCK)
			parse_note(p, NOTE_TCP_RULE, rule->pos, "begin it with: http protocol",
				   "rules have no effect in a protocol that is not http, "
				   "in relayd neither");
		return;
	}
	if (rule->refused)
		return;
	if (!rule->logs)
		rule_note_idle(p);
	else if (rule->n_conditions)
		parse_warning(p, rule->pos, NULL,
			      "logged for all requests: the rule's conditions are not looked at");
}
