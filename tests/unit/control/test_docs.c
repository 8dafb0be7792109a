/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* docs/api.md and the table of routes say the same: a section for each call, an example in each. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "control/routes.h"

#define MAX_SECTIONS 64

struct section {
	char method[8];
	char path[64]; /* NAME as in the headings */
	unsigned examples;
};

static struct section sections[MAX_SECTIONS];
static size_t n_sections;

/* A segment that is NAME, or '*', goes with any one. */
static bool same_path(const char *pattern, const char *path)
{
	while (*pattern || *path) {
		size_t a = strcspn(pattern, "/"), b = strcspn(path, "/");
		bool any = (a == 1 && *pattern == '*') || (a == 4 && !strncmp(pattern, "NAME", 4));

		if (!any && (a != b || strncmp(pattern, path, a) != 0))
			return false;
		if (pattern[a] != path[b])
			return false;
		pattern += a + (pattern[a] != '\0');
		path += b + (path[b] != '\0');
	}
	return true;
}

static void take_heading(const char *line)
{
	struct section *s = &sections[n_sections];

	cr_assert_lt(n_sections, MAX_SECTIONS);
	cr_assert_eq(sscanf(line, "### %7s %63s", s->method, s->path), 2, "%s", line);
	n_sections++;
}

/* curl asks by GET unless it is told otherwise, or given a body. */
static void take_example(const char *line, const char *url)
{
	bool post = strstr(line, " -d ") || strstr(line, " -X POST");
	char path[128];

	if (n_sections == 0)
		return;
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(url, "?' \n"), url);
	cr_expect(same_path(sections[n_sections - 1].path, path), "%s in the section of %s", path,
		  sections[n_sections - 1].path);
	cr_expect_str_eq(sections[n_sections - 1].method, post ? "POST" : "GET", "%s", line);
	cr_expect_not_null(strstr(line, "curl "), "%s", line);
	cr_expect_not_null(strstr(line, "--unix-socket /run/xlb/xlbd.sock "), "%s", line);
	sections[n_sections - 1].examples++;
}

static void read_document(void)
{
	FILE *f = fopen(XLB_SOURCE_DIR "/docs/api.md", "r");
	char line[1024];

	cr_assert_not_null(f);
	while (fgets(line, sizeof(line), f)) {
		const char *url = strstr(line, "http://xlb");

		if (strncmp(line, "### ", 4) == 0)
			take_heading(line);
		else if (url)
			take_example(line, url + strlen("http://xlb"));
	}
	fclose(f);
}

static bool is_route(const struct section *s)
{
	const char *method, *pattern;

	for (size_t i = 0; api_route_at(i, &method, &pattern) == 0; i++)
		if (strcmp(method, s->method) == 0 && same_path(pattern, s->path))
			return true;
	return false;
}

static bool is_documented(const char *method, const char *pattern)
{
	for (size_t i = 0; i < n_sections; i++)
		if (strcmp(method, sections[i].method) == 0 && same_path(pattern, sections[i].path))
			return true;
	return false;
}

Test(docs, routes)
{
	const char *method, *pattern;
	size_t n = 0;

	read_document();
	for (; api_route_at(n, &method, &pattern) == 0; n++)
		cr_expect(is_documented(method, pattern), "not in api.md: %s %s", method, pattern);
	cr_assert_gt(n, 20);
	for (size_t i = 0; i < n_sections; i++) {
		cr_expect(is_route(&sections[i]), "only in api.md: %s %s", sections[i].method,
			  sections[i].path);
		cr_expect_gt(sections[i].examples, 0, "no example: %s", sections[i].path);
	}
	cr_expect_eq(n_sections, n, "each one once");
}
