/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What to say about a token that cannot stand where it stands. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config/parse.h"
#include "config/suggest.h"

/* More than these are not listed. */
#define MAX_LISTED 5

#define MAX_KEYWORDS 256

/* Names of tokens in the grammar. */
#define NEWLINE "'\\n'"
#define WORD "a word or string"
#define NUMBER "a number"

/* Words of older relayds, and of neighbours, that deserve an answer of their own. */
static const struct {
	int block;   /* enum parse_block, or -1: anywhere */
	unsigned at; /* which token of the line it is; 0: any */
	const char *word;
	const char *message;
	const char *hint;
} known_words[] = {
	{ -1, 0, "ssl", "\"ssl\" is the old word for tls",
	  "write \"tls\", or drop it: xlb leaves TLS to the hosts" },
	{ BLOCK_TOP, 2, "updates", "\"log updates\" is gone", "use \"log state changes\"" },
	{ BLOCK_TOP, 2, "all", "\"log all\" is gone",
	  "use \"log state changes\" and \"log host checks\"" },
	{ BLOCK_TOP, 1, "snmp", "\"snmp\" is gone, \"agentx\" has replaced it",
	  "remove it: agentx has no effect here, xlbctl -j show … prints the same values" },
	{ BLOCK_TOP, 1, "service", "\"service\" is the old word for redirect",
	  "write \"redirect\"" },
	{ BLOCK_REDIRECT, 1, "virtual", "\"virtual ip\" is the old form of a listen line",
	  "use \"listen on ADDRESS port PORT\"" },
	{ BLOCK_REDIRECT, 1, "tag", "\"tag\" in a redirect is the old word for pftag",
	  "write \"pftag\"" },
	{ BLOCK_TABLE, 0, "real", "\"real\" is old syntax", "list the hosts in one { … }" },
	{ BLOCK_PROTOCOL, 1, "header", "this is the filter syntax of before OpenBSD 5.6",
	  "use \"match request header …\"" },
	{ BLOCK_PROTOCOL, 1, "cookie", "this is the filter syntax of before OpenBSD 5.6",
	  "use \"match request cookie …\"" },
	{ BLOCK_PROTOCOL, 1, "url", "this is the filter syntax of before OpenBSD 5.6",
	  "use \"match request url …\"" },
	{ BLOCK_PROTOCOL, 1, "path", "this is the filter syntax of before OpenBSD 5.6",
	  "use \"match request path …\"" },
	{ BLOCK_PROTOCOL, 1, "query", "this is the filter syntax of before OpenBSD 5.6",
	  "use \"match request query …\"" },
	{ BLOCK_PROTOCOL, 1, "request", "this is the filter syntax of before OpenBSD 5.6",
	  "begin the rule with match, pass or block" },
	{ BLOCK_PROTOCOL, 1, "response", "this is the filter syntax of before OpenBSD 5.6",
	  "begin the rule with match, pass or block" },
	{ BLOCK_PROTOCOL, 1, "label", "this is the filter syntax of before OpenBSD 5.6",
	  "use \"match label …\"" },
	{ BLOCK_PROTOCOL, 1, "no", "it does not say what \"no\" is for",
	  "use \"tcp no …\", \"tls no …\" or \"match no label\"" },
};

static bool report_known_word(struct parse *p, const struct syntax_error *error)
{
	if (error->kind != SYNTAX_WORD && error->kind != SYNTAX_KEYWORD)
		return false;
	for (size_t i = 0; i < sizeof(known_words) / sizeof(known_words[0]); i++) {
		if (known_words[i].block >= 0 && known_words[i].block != (int)p->block)
			continue;
		if (known_words[i].at && known_words[i].at != error->at)
			continue;
		if (strcmp(known_words[i].word, error->text) != 0)
			continue;
		parse_error(p, error->pos, known_words[i].hint, "syntax error: %s",
			    known_words[i].message);
		return true;
	}
	return false;
}

static bool expects(const struct syntax_error *error, const char *name)
{
	for (size_t i = 0; i < error->n_expected; i++) {
		if (strcmp(error->expected[i], name) == 0)
			return true;
	}
	return false;
}

static bool is_keyword_name(const char *name)
{
	return islower((unsigned char)name[0]) && !strchr(name, ' ');
}

/* Names as the grammar has them: "a number", 'x', or a keyword. */
static void describe(char *buffer, size_t size, const char *name)
{
	size_t used = strlen(buffer);

	if (strcmp(name, NEWLINE) == 0)
		snprintf(buffer + used, size - used, "the end of the line");
	else if (is_keyword_name(name))
		snprintf(buffer + used, size - used, "\"%s\"", name);
	else
		snprintf(buffer + used, size - used, "%s", name);
}

static void describe_found(char *buffer, size_t size, const struct syntax_error *error)
{
	buffer[0] = '\0';
	switch (error->kind) {
	case SYNTAX_NEWLINE:
		snprintf(buffer, size, "end of line");
		break;
	case SYNTAX_END:
		snprintf(buffer, size, "end of file");
		break;
	case SYNTAX_NUMBER:
		snprintf(buffer, size, "number %s", error->text);
		break;
	case SYNTAX_CHARACTER:
		snprintf(buffer, size, "%s", error->text);
		break;
	default:
		snprintf(buffer, size, "\"%.60s\"", error->text);
		break;
	}
}

/* Our own keywords are words like any other where a word may stand. */
static bool is_worth_naming(const struct syntax_error *error, size_t i)
{
	static const char *const ours[] = { "dns",   "dsr",   "fall",  "fast",   "maglev",
					    "opens", "panic", "pflow", "rise",   "sni",
					    "status", "token", "type",  "verify", "weight" };

	for (size_t n = 0; n < sizeof(ours) / sizeof(ours[0]); n++) {
		if (strcmp(error->expected[i], ours[n]) == 0)
			return !expects(error, WORD);
	}
	return true;
}

/* ", expected A, B or C", or nothing if there are too many to help. */
static void describe_expected(char *buffer, size_t size, const struct syntax_error *error)
{
	const char *names[MAX_LISTED];
	size_t n = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < error->n_expected; i++) {
		if (!is_worth_naming(error, i))
			continue;
		if (n == MAX_LISTED)
			return;
		names[n++] = error->expected[i];
	}
	for (size_t i = 0; i < n; i++) {
		size_t used = strlen(buffer);

		snprintf(buffer + used, size - used, "%s",
			 i == 0     ? ", expected " :
			 i + 1 == n ? " or " :
				      ", ");
		describe(buffer, size, names[i]);
	}
}

/* The keyword that was meant by a misspelt one. */
static const char *nearest_expected(const struct syntax_error *error)
{
	const char *words[MAX_KEYWORDS];
	size_t n = 0;

	for (size_t i = 0; i < error->n_expected && n < MAX_KEYWORDS; i++) {
		if (is_keyword_name(error->expected[i]) && is_worth_naming(error, i))
			words[n++] = error->expected[i];
	}
	return suggest_nearest(error->text, words, n);
}

static void hint_word(const struct parse *p, const struct syntax_error *error, char *hint,
		      size_t size)
{
	const char *nearest = nearest_expected(error);

	if (nearest)
		snprintf(hint, size, "did you mean \"%s\"?", nearest);
	else if (expects(error, NUMBER) && error->text[strspn(error->text, "0123456789")] == '\0')
		snprintf(hint, size, "write the number without quotes");
	else if (expects(error, WORD) && error->kind == SYNTAX_KEYWORD)
		snprintf(hint, size, "\"%s\" is a keyword: quote it to use it as a name",
			 error->text);
	else if (p->word_macro)
		snprintf(hint, size, "macro '%s' is \"%.80s\"", p->word_macro->name,
			 p->word_macro->value);
	else if (p->level > 0 && error->at > 1 && expects(error, NEWLINE))
		snprintf(hint, size, "one directive a line");
}

static void hint_other(const struct parse *p, const struct syntax_error *error, char *hint,
		       size_t size)
{
	bool wants_word = expects(error, WORD);

	if (error->kind == SYNTAX_NUMBER && wants_word)
		snprintf(hint, size, "quote it: \"%.40s\"", error->text);
	else if (error->kind == SYNTAX_CHARACTER && strcmp(error->text, "'/'") == 0 && wants_word)
		snprintf(hint, size, "quote paths: \"/…\"");
	else if (error->kind == SYNTAX_CHARACTER && strcmp(error->text, "'{'") == 0 &&
		 p->level == 0 && error->pos.line == 1)
		snprintf(hint, size, "this does not look like relayd.conf(5)'s language");
	else if (error->kind == SYNTAX_CHARACTER && strcmp(error->text, "'='") == 0 &&
		 error->at == 2)
		snprintf(hint, size, "a keyword cannot name a macro");
	else if (error->kind == SYNTAX_CHARACTER && strcmp(error->text, "'}'") == 0 &&
		 p->level > 0 && expects(error, NEWLINE))
		snprintf(hint, size, "put it on a line of its own");
}

static void report_unclosed(struct parse *p, const struct syntax_error *error)
{
	unsigned level = p->level < PARSE_MAX_LEVEL ? p->level : PARSE_MAX_LEVEL;

	parse_error(p, p->opened[level], NULL, "this '{' is never closed: end of file in line %d",
		    error->pos.line);
}

/*
 * Outside of blocks any word may begin a line, as a macro's name or a protocol's type. If neither
 * "=" nor "protocol" follows, it is the word that is wrong, not what comes after it.
 */
static void blame_first_word(struct parse *p, struct syntax_error *error, const char **keywords,
			     size_t max)
{
	if (p->block != BLOCK_TOP || error->at != 2 || !p->line.word)
		return;
	error->pos = p->line.first;
	error->kind = SYNTAX_WORD;
	error->text = p->line.word;
	error->at = 1;
	error->expected = keywords;
	error->n_expected = grammar_keywords(keywords, max);
}

void syntax_report(struct parse *p, struct syntax_error *error)
{
	const char *keywords[MAX_KEYWORDS];
	char found[128], expected[512], hint[256] = "";

	if (error->kind == SYNTAX_REPORTED || parse_failed(p))
		return;
	if (error->kind == SYNTAX_END && p->level > 0) {
		report_unclosed(p, error);
		return;
	}
	error->at = p->line.n_tokens;
	blame_first_word(p, error, keywords, MAX_KEYWORDS);
	if (report_known_word(p, error))
		return;
	describe_found(found, sizeof(found), error);
	describe_expected(expected, sizeof(expected), error);
	if (error->kind == SYNTAX_WORD || error->kind == SYNTAX_KEYWORD)
		hint_word(p, error, hint, sizeof(hint));
	else
		hint_other(p, error, hint, sizeof(hint));
	parse_error(p, error->pos, hint[0] ? hint : NULL, "syntax error: unexpected %s%s", found,
		    expected);
}
