/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>
#include <string.h>

#include "metrics/text.h"

static void expect(const char *name, struct text *t, const char *expected)
{
	cr_expect(t->len == strlen(expected) && memcmp(t->p, expected, t->len) == 0,
		  "%s: %.*s, not %s", name, (int)t->len, t->p, expected);
	text_free(t);
}

Test(text, numbers)
{
	static const struct {
		uint64_t value;
		unsigned decimals;
		const char *text;
	} rows[] = {
		{ 0, 0, "0" },
		{ 7, 0, "7" },
		{ 10, 0, "10" },
		{ UINT64_MAX, 0, "18446744073709551615" },
		{ 0, 3, "0.000" },
		{ 5, 3, "0.005" },
		{ 1234, 3, "1.234" },
		{ 999999, 6, "0.999999" },
		{ UINT64_MAX, 6, "18446744073709.551615" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text t = { 0 };

		text_number(&t, rows[i].value, rows[i].decimals);
		expect("number", &t, rows[i].text);
	}
}

Test(text, labels)
{
	static const struct {
		const char *name;
		const char *value;
		const char *text;
	} rows[] = {
		{ "plain", "192.168.1.3", "l=\"192.168.1.3\"" },
		{ "empty", "", "l=\"\"" },
		{ "quote, backslash and newline", "a\"b\\c\nd", "l=\"a\\\"b\\\\c\\nd\"" },
		{ "other control bytes stand for themselves", "a\tb\r", "l=\"a\tb\r\"" },
		{ "UTF-8", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		  "l=\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "lone bytes",
		  "\xff"
		  "a\x80",
		  "l=\"?a?\"" },
		{ "cut short", "a\xe2\x82", "l=\"a??\"" },
		{ "overlong", "\xc0\xaf\xe0\x80\xaf", "l=\"?????\"" },
		{ "surrogate", "\xed\xa0\x80", "l=\"???\"" },
		{ "beyond the last character", "\xf4\x90\x80\x80", "l=\"????\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text t = { 0 };

		text_label(&t, "l", rows[i].value);
		expect(rows[i].name, &t, rows[i].text);
	}
}

Test(text, grows)
{
	struct text t = { 0 };

	for (int i = 0; i < 10000; i++)
		text_puts(&t, "0123456789");
	cr_assert_not(t.failed);
	cr_assert_eq(t.len, 100000);
	for (size_t i = 0; i < t.len; i++)
		cr_assert_eq(t.p[i], (char)('0' + i % 10));
	text_free(&t);
}
