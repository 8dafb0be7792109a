/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "requests/rules.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "requests/escape.h"

/* ---- the text ------------------------------------------------------------------------------ */
struct text {
	char *buf;
	size_t len;
	bool full;         /* something was left out */
	const char *label; /* NULL: none */
};

/* Pairs leave room for " ..." and the method behind them. */
#define TAIL 64

static void append(struct text *t, const char *word, size_t limit)
{
	const size_t n = strlen(word);

	if (t->len + n >= limit)
		return;
	memcpy(t->buf + t->len, word, n + 1);
	t->len += n;
}

/* Whole or not at all. */
static void append_whole(struct text *t, const char *pair)
{
	const size_t before = t->len;

	if (t->full)
		return;
	append(t, pair, RULES_TEXT - TAIL);
	t->full = t->len == before;
	if (t->full)
		append(t, " " ESCAPE_CUT, RULES_TEXT);
}

/* value NULL: there is none. */
static void append_pair(struct text *t, const char *key, const char *value)
{
	char label[RULES_WORD] = "", k[RULES_WORD], v[RULES_WORD] = "";
	char pair[3 * RULES_WORD + 16];

	if (t->label)
		escape(t->label, label, sizeof(label));
	escape(key, k, sizeof(k));
	if (value)
		escape(value, v, sizeof(v));
	snprintf(pair, sizeof(pair), "%s[%s%s%s%s%s]", t->len ? " " : "", label,
		 t->label ? ", " : "", k, value ? ": " : "", v);
	append_whole(t, pair);
}

/* ---- looking for keys ---------------------------------------------------------------------- */
/* Called for what was found; t NULL: it only was to be found. */
static void found(struct text *t, const char *key, const char *value, bool *ret_found)
{
	*ret_found = true;
	if (t)
		append_pair(t, key, value);
}

static bool matches(const char *pattern, const char *text, int flags)
{
	return !pattern || fnmatch(pattern, text, flags) == 0;
}

static bool look_in_headers(const struct cfg_key *key, const struct http_request *request,
			    struct text *t)
{
	const struct http_head *head = request->head;
	bool any = false;

	for (unsigned i = 0; i < head->n_fields; i++) {
		const char *name = http_head_text(head, head->fields[i].name);
		const char *value = http_head_text(head, head->fields[i].value);

		if (matches(key->key, name, FNM_CASEFOLD) && matches(key->value, value, 0))
			found(t, name, value, &any);
	}
	return any;
}

/*
 * "name=value" pairs, by a separator. What has no "=" is no pair, as with relayd; pairs longer than
 * the room here are cut.
 */
static bool look_in_pairs(const struct cfg_key *key, const char *text, const char *separators,
			  int flags, struct text *t)
{
	bool any = false;

	while (*(text += strspn(text, separators))) {
		size_t len = strcspn(text, separators);
		char pair[2 * RULES_WORD], *value;

		snprintf(pair, sizeof(pair), "%.*s", (int)len, text);
		text += len;
		value = strchr(pair, '=');
		if (!value)
			continue;
		*value++ = '\0';
		if (matches(key->key, pair, flags) && matches(key->value, value, flags))
			found(t, pair, value, &any);
	}
	return any;
}

static bool look_in_cookies(const struct cfg_key *key, const struct http_request *request,
			    struct text *t)
{
	const struct http_head *head = request->head;
	bool any = false;

	for (unsigned i = 0; i < head->n_fields; i++) {
		const struct http_field *f = &head->fields[i];

		if (strcasecmp(http_head_text(head, f->name), "Cookie") == 0)
			any |= look_in_pairs(key, http_head_text(head, f->value), "; ",
					     FNM_CASEFOLD, t);
	}
	return any;
}

/* With `log`, a value is no condition; its query is the path's value, as with relayd. */
static bool look_at_path(const struct cfg_key *key, const struct http_request *request,
			 struct text *t)
{
	const char *query = request->query ? request->query : "";
	bool any = false;

	if (matches(key->key, request->path, 0) &&
	    (key->log || matches(key->value, query, FNM_CASEFOLD)))
		found(t, request->path, request->query, &any);
	return any;
}

/* The pattern is for the path, or for host and path. */
static bool look_at_url(const struct cfg_key *key, const struct http_request *request,
			struct text *t)
{
	static char url[HTTP_MAX_HOST + HTTP_HEAD_TEXT];
	bool any = false;

	snprintf(url, sizeof(url), "%s%s", request->host, request->path);
	if (matches(key->key, request->path, FNM_CASEFOLD) || matches(key->key, url, FNM_CASEFOLD))
		found(t, url, request->query, &any);
	return any;
}

static bool look(const struct cfg_key *key, const struct http_request *request, struct text *t)
{
	switch (key->type) {
	case CFG_KEY_COOKIE:
		return look_in_cookies(key, request, t);
	case CFG_KEY_HEADER:
		return look_in_headers(key, request, t);
	case CFG_KEY_PATH:
		return look_at_path(key, request, t);
	case CFG_KEY_QUERY:
		return request->query && look_in_pairs(key, request->query, "&", 0, t);
	case CFG_KEY_URL:
		return look_at_url(key, request, t);
	}
	return false;
}

/* ---- rules --------------------------------------------------------------------------------- */
static bool in_prefix(const struct cfg_prefix *prefix, const struct cfg_addr *addr)
{
	const uint8_t *a = (const uint8_t *)&prefix->addr.v6, *b = (const uint8_t *)&addr->v6;
	const unsigned bytes = prefix->bits / 8, rest = prefix->bits % 8;

	if (prefix->addr.family == AF_UNSPEC)
		return true;
	if (prefix->addr.family != addr->family || memcmp(a, b, bytes) != 0)
		return false;
	return !rest || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0;
}

static bool rule_matches(const struct cfg_rule *rule, const struct request_event *event)
{
	const struct request_flow *flow = event->flow;

	if (rule->response || (rule->family && rule->family != flow->client.family) ||
	    !in_prefix(&rule->from, &flow->client) || !in_prefix(&rule->to, &flow->listen) ||
	    (rule->method && strcmp(rule->method, event->http->method) != 0))
		return false;
	for (const struct cfg_key *key = rule->keys; key; key = key->next)
		if (!look(key, event->http, NULL))
			return false;
	return true;
}

static void log_keys(const struct cfg_rule *rule, const struct request_event *event, struct text *t)
{
	for (const struct cfg_key *key = rule->keys; key; key = key->next)
		if (key->log)
			look(key, event->http, t);
}

static void set_label(struct text *t, const struct cfg_rule *rule)
{
	if (rule->label)
		t->label = rule->label[0] ? rule->label : NULL;
}

/*
 * Each match rule that matches counts, and the last such pass rule (relay_test() of relay_http.c).
 * Labels are those of the whole evaluation, so they are known before anything is written.
 */
struct verdict {
	const struct cfg_rule *pass; /* NULL: none matched */
	const struct cfg_rule *end;  /* the first that is not looked at any more */
};

static struct verdict evaluate(const struct cfg_rule *rules, const struct request_event *event,
			       struct text *t)
{
	struct verdict v = { 0 };

	for (const struct cfg_rule *rule = rules; rule; rule = rule->next) {
		if (!rule_matches(rule, event))
			continue;
		set_label(t, rule);
		if (rule->pass)
			v.pass = rule;
		if (rule->quick) {
			v.end = rule->next;
			return v;
		}
	}
	return v;
}

bool rules_text(const struct cfg_rule *rules, const struct request_event *event,
		char ret[RULES_TEXT])
{
	struct text t = { .buf = ret };
	const struct verdict v = evaluate(rules, event, &t);

	ret[0] = '\0';
	for (const struct cfg_rule *rule = rules; rule != v.end; rule = rule->next)
		if (!rule->pass && rule_matches(rule, event))
			log_keys(rule, event, &t);
	if (v.pass)
		log_keys(v.pass, event, &t);
	if (t.len == 0)
		return false;
	append(&t, " ", RULES_TEXT);
	append(&t, event->http->method, RULES_TEXT);
	return true;
}
