/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Filter rules. xlb sees requests pass and can log what they say, but it cannot answer, change or
 * sort them: what only logs is observed, what would decide or rewrite is refused. In protocols
 * other than http relayd itself never looks at them.
 */
#include <stdio.h>

#include "config/parse.h"

static const char *const key_names[] = {
	[CFG_KEY_COOKIE] = "cookie", [CFG_KEY_HEADER] = "header", [CFG_KEY_PATH] = "path",
	[CFG_KEY_QUERY] = "query",   [CFG_KEY_URL] = "url",
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
	p->rule = (struct rule_draft){ .action = action,
				       .rule = { .pass = action == RULE_PASS, .pos = pos } };
	if (action != RULE_BLOCK)
		return;
	if (!rules_run(p)) {
		parse_warning(p, pos, "rules are for http protocols",
			      "block never runs in a protocol that is not http, in relayd neither");
		return;
	}
	p->rule.refused = true;
	service_refuse(p, pos, "block", "xlb sees requests pass, it cannot refuse any",
		       "refuse them at the hosts");
}

void rule_unlooked(struct parse *p)
{
	p->rule.unlooked = true;
}

void rule_family(struct parse *p, sa_family_t family)
{
	p->rule.rule.family = family;
}

void rule_method(struct parse *p, const char *method)
{
	p->rule.rule.method = method;
}

/* bits -1: all of them. */
struct cfg_prefix rule_prefix(struct parse *p, struct cfg_pos pos, const char *name, int64_t bits)
{
	struct cfg_prefix prefix = { 0 };
	unsigned all;

	if (!address_parse(name, &prefix.addr)) {
		rule_unlooked(p);
		return prefix;
	}
	all = prefix.addr.family == AF_INET ? 32 : 128;
	if (bits < -1 || bits > all)
		parse_error(p, pos, NULL, "invalid prefix length: %s/%lld", name, (long long)bits);
	prefix.bits = bits < 0 || bits > all ? all : (unsigned)bits;
	return prefix;
}

static void rule_refuse(struct parse *p, struct cfg_pos pos, const char *what, const char *why,
			const char *instead)
{
	p->rule.refused = true;
	if (rules_run(p))
		service_refuse(p, pos, what, why, instead);
}

static void add_key(struct parse *p, struct cfg_pos pos, enum cfg_key_type type, bool log,
		    struct key_value what)
{
	struct cfg_key **tail = &p->rule.rule.keys;
	struct cfg_key *key = arena_alloc(p->arena, sizeof(*key));

	if (!key)
		return;
	key->type = type;
	key->key = what.key ? what.key : "*";
	key->value = what.value;
	key->log = log;
	key->pos = pos;
	while (*tail)
		tail = &(*tail)->next;
	*tail = key;
}

/* relayd looks a url up by parts of its host and path, unless it is only to be logged. */
static void rule_look_for(struct parse *p, struct cfg_pos pos, enum cfg_key_type type,
			  struct key_value what)
{
	if (type == CFG_KEY_URL)
		rule_unlooked(p);
	else
		add_key(p, pos, type, false, what);
}

/* What HTTP itself allows for a key. */
static void rule_check_key(struct parse *p, struct cfg_pos pos, enum cfg_key_type type,
			   enum key_option option)
{
	bool request_only = type != CFG_KEY_HEADER && type != CFG_KEY_COOKIE;

	if (request_only && p->rule.rule.response)
		parse_error(p, pos, NULL, "%s is for requests only", key_names[type]);
	if ((type == CFG_KEY_QUERY || type == CFG_KEY_URL) &&
	    (option == KEY_APPEND || option == KEY_SET || option == KEY_REMOVE))
		parse_error(p, pos, NULL, "%s cannot be changed", key_names[type]);
}

void rule_key(struct parse *p, struct cfg_pos pos, enum cfg_key_type type, enum key_option option,
	      struct key_value key)
{
	char what[32];

	rule_check_key(p, pos, type, option);
	snprintf(what, sizeof(what), "%s %s", key_names[type], option_names[option]);
	switch (option) {
	case KEY_NONE:
		rule_look_for(p, pos, type, key);
		break;
	case KEY_LOG:
		add_key(p, pos, type, true, key);
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

void rule_tag(struct parse *p, struct cfg_pos pos)
{
	p->rule.marks = true;
	if (rules_run(p) && !p->rule.refused)
		parse_note(p, NOTE_TAG, pos, NULL,
			   "tag has no effect here: requests are not marked");
}

void rule_label(struct parse *p, const char *label)
{
	p->rule.marks = true;
	p->rule.rule.label = label;
}

static const struct cfg_key *logged_key(const struct cfg_rule *rule)
{
	const struct cfg_key *key = rule->keys;

	while (key && !key->log)
		key = key->next;
	return key;
}

static void rule_note_idle(struct parse *p)
{
	const struct cfg_rule *rule = &p->rule.rule;

	if (rule->pass && !rule->quick)
		parse_note(p, NOTE_PASS, rule->pos, NULL,
			   "pass has no effect here: everything is passed");
	else if (!rule->pass && !p->rule.marks)
		parse_note(p, NOTE_IDLE_RULE, rule->pos, NULL,
			   "a match without an action has no effect");
}

static void rule_warn(struct parse *p)
{
	const struct cfg_rule *rule = &p->rule.rule;
	const struct cfg_key *key = logged_key(rule);

	if (rule->response && (key->type == CFG_KEY_HEADER || key->type == CFG_KEY_COOKIE))
		parse_warning(p, rule->pos, NULL, "responses are not read: nothing is logged");
	else if (p->rule.unlooked)
		parse_warning(p, rule->pos,
			      "looked at are method, inet, addresses, and keys of header, cookie, "
			      "path and query",
			      "logged without regard to some of the rule's conditions");
}

static void note_what_is_logged(struct cfg_protocol *protocol, const struct cfg_rule *rule)
{
	if (rule->response)
		return;
	protocol->logs |= logged_key(rule) != NULL;
	for (const struct cfg_key *key = rule->keys; key; key = key->next)
		protocol->match_url_log |= key->log && key->type == CFG_KEY_URL;
}

static void rule_keep(struct parse *p)
{
	struct cfg_rule **tail = &p->protocol->rules;
	struct cfg_rule *rule = arena_alloc(p->arena, sizeof(*rule));

	if (!rule)
		return;
	*rule = p->rule.rule;
	note_what_is_logged(p->protocol, rule);
	while (*tail)
		tail = &(*tail)->next;
	*tail = rule;
}

void rule_end(struct parse *p)
{
	const struct cfg_rule *rule = &p->rule.rule;

	if (!rules_run(p)) {
		if (p->rule.action != RULE_BLOCK)
			parse_note(p, NOTE_TCP_RULE, rule->pos, "begin it with: http protocol",
				   "rules have no effect in a protocol that is not http, "
				   "in relayd neither");
		return;
	}
	if (p->rule.refused)
		return;
	if (logged_key(rule))
		rule_warn(p);
	else
		rule_note_idle(p);
	rule_keep(p);
}
