/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "config/diag_json.h"
#include "config/suggest.h"
#include "texts.h"

/* Static: gcc takes the stream for one that keeps a local's address. */
static char *printed(const struct diag *diag, bool colour)
{
	static char *text;
	static size_t size;
	FILE *out = open_memstream(&text, &size);

	diag_print(diag, out, colour);
	fclose(out);
	return text;
}

static void check_printed(const struct diag *diag, const char *expected)
{
	char *text = printed(diag, false);

	cr_expect_str_eq(text, expected, "%s", text);
	free(text);
}

Test(diag, place_line_caret_hint)
{
	struct diag diag = { 0 };
	struct cfg_pos pos = { "xlb.conf", 12, 3 };

	diag_add(&diag, DIAG_ERROR, pos, "\tlisten", "did you mean it?", "bad %s", "word");
	check_printed(&diag, "xlb.conf:12:3: error: bad word\n"
			     "    \tlisten\n"
			     "    \t ^\n"
			     "    hint: did you mean it?\n");
	cr_expect_eq(diag.n_errors, 1);
	diag_clear(&diag);
	cr_expect_eq(diag.n_items, 0);
	cr_expect_eq(diag.n_errors, 0);
}

Test(diag, without_a_place)
{
	struct diag diag = { 0 };

	diag_add(&diag, DIAG_WARNING, (struct cfg_pos){ .file = "xlb.conf" }, NULL, NULL, "w");
	diag_add(&diag, DIAG_NOTE, (struct cfg_pos){ 0 }, NULL, NULL, "n");
	check_printed(&diag, "xlb.conf: warning: w\nnote: n\n");
	cr_expect_eq(diag.n_warnings, 1);
	cr_expect_eq(diag.n_errors, 0);
	diag_clear(&diag);
}

/* The place may be one behind the line's end, where a newline was not expected. */
Test(diag, caret_behind_the_line)
{
	struct diag diag = { 0 };

	diag_add(&diag, DIAG_ERROR, (struct cfg_pos){ "f", 1, 4 }, "abc", NULL, "m");
	diag_add(&diag, DIAG_ERROR, (struct cfg_pos){ "f", 1, 99 }, "abc", NULL, "m");
	check_printed(&diag, "f:1:4: error: m\n    abc\n       ^\n"
			     "f:1:99: error: m\n    abc\n       ^\n");
	diag_clear(&diag);
}

Test(diag, long_lines_are_cut)
{
	struct diag diag = { 0 };
	ptrdiff_t mark, caret;
	char line[1001], *text;

	memset(line, 'a', 1000);
	line[1000] = '\0';
	line[499] = 'X';
	diag_add(&diag, DIAG_ERROR, (struct cfg_pos){ "f", 1, 500 }, line, NULL, "m");
	text = printed(&diag, false);
	cr_expect_lt(strlen(text), 300);
	/* The caret stands below the X. */
	mark = strchr(text, 'X') - strstr(text, "    a");
	caret = strchr(text, '^') - strstr(text, "\n     ") - 1;
	cr_expect_eq(mark, caret);
	free(text);
	diag_clear(&diag);
}

/* A configuration must not be able to send escape sequences to the terminal. */
Test(diag, control_bytes_are_not_printed)
{
	struct diag diag = { 0 };

	diag_add(&diag, DIAG_ERROR, (struct cfg_pos){ "f\033", 1, 1 }, "\033[2J", "\007", "\033m");
	check_printed(&diag, "f?:1:1: error: ?m\n    ?[2J\n    ^\n    hint: ?\n");
	diag_clear(&diag);
}

Test(diag, colour_only_when_asked)
{
	struct diag diag = { 0 };
	char *text;

	diag_add(&diag, DIAG_ERROR, (struct cfg_pos){ "f", 1, 1 }, "x", NULL, "m");
	text = printed(&diag, true);
	cr_expect(strstr(text, "\033[1;31merror:\033[0m m"), "%s", text);
	free(text);
	text = printed(&diag, false);
	cr_expect_null(strchr(text, '\033'));
	free(text);
	diag_clear(&diag);
}

Test(diag, json)
{
	struct diag diag = { 0 };
	json_t *json, *expected;

	diag_add(&diag, DIAG_ERROR, (struct cfg_pos){ "f", 2, 3 }, "x \xff", "h", "m");
	diag_add(&diag, DIAG_NOTE, (struct cfg_pos){ 0 }, NULL, NULL, "n");
	json = diag_to_json(&diag);
	expected = json_pack("[{s:s,s:s,s:i,s:i,s:s,s:s,s:s},{s:s,s:n,s:n,s:n,s:s,s:n,s:n}]",
			     "level", "error", "file", "f", "line", 2, "col", 3, "message", "m",
			     "source", "x ?", "hint", "h", "level", "note", "file", "line", "col",
			     "message", "n", "source", "hint");
	cr_assert_not_null(expected);
	cr_expect(json_equal(json, expected));
	json_decref(json);
	json_decref(expected);
	diag_clear(&diag);
}

Test(suggest, nearest)
{
	static const char *const words[] = { "check", "interval", "interface", "to", "tls" };
	static const struct {
		const char *word;
		const char *nearest;
	} rows[] = {
		{ "chekc", "check" },
		{ "chck", "check" },
		{ "intervall", "interval" },
		{ "interfce", "interface" },
		{ "tsl", "tls" },
		{ "check", NULL },
		{ "xyzzy", NULL },
		{ "x", NULL },
		{ "", NULL },
		{ "a-word-that-is-longer-than-any-keyword-is", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *nearest = suggest_nearest(rows[i].word, words, 5);

		cr_expect_str_eq(nearest ? nearest : "(none)",
				 rows[i].nearest ? rows[i].nearest : "(none)", "%s", rows[i].word);
	}
}

Test(diag, one_line)
{
	static const struct {
		struct cfg_pos pos;
		const char *text;
	} rows[] = {
		{ { .file = "a.conf", .line = 12, .col = 3 }, "a.conf:12:3: what 7" },
		{ { .file = "a.conf", .line = 12 }, "a.conf:12: what 7" },
		{ { .file = "a.conf" }, "a.conf: what 7" },
		{ { 0 }, "what 7" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct diag diag = { 0 };
		char text[64];

		diag_add(&diag, DIAG_NOTE, rows[i].pos, NULL, NULL, "what %d", 7);
		diag_text(&diag.items[0], text, sizeof(text));
		cr_expect_str_eq(text, rows[i].text);
		diag_clear(&diag);
	}
}
