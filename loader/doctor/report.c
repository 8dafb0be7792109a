/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "doctor/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *format(struct report *report, const char *text, va_list args)
{
	char *ret = NULL;

	if (vasprintf(&ret, text, args) < 0) {
		report->error = -ENOMEM;
		return NULL;
	}
	return ret;
}

/* The list's new last element, zeroed. */
static void *grow(struct report *report, void *list, size_t n, size_t size)
{
	char *grown = realloc(list, (n + 1) * size);

	if (grown)
		memset(grown + n * size, 0, size);
	else
		report->error = -ENOMEM;
	return grown;
}

void report_add(struct report *report, enum severity severity, const char *test, const char *seen,
		...)
{
	struct finding *list =
		grow(report, report->findings, report->n_findings, sizeof(*report->findings));
	va_list args;

	if (!list)
		return;
	report->findings = list;
	list += report->n_findings++;
	list->severity = severity;
	list->test = test;
	va_start(args, seen);
	list->seen = format(report, seen, args);
	va_end(args);
}

void report_advise(struct report *report, const char *advice, ...)
{
	struct finding *last;
	va_list args;

	if (report->n_findings == 0)
		return;
	last = &report->findings[report->n_findings - 1];
	free(last->advice);
	va_start(args, advice);
	last->advice = format(report, advice, args);
	va_end(args);
}

void report_tested(struct report *report)
{
	report->n_tests++;
}

static bool is_told(const struct report *report, const char *test, const char *why)
{
	for (size_t i = 0; i < report->n_untested; i++)
		if (strcmp(report->untested[i].test, test) == 0 && report->untested[i].why &&
		    strcmp(report->untested[i].why, why) == 0)
			return true;
	return false;
}

void report_untested(struct report *report, const char *test, const char *why, ...)
{
	struct untested *list;
	va_list args;
	char *text;

	va_start(args, why);
	text = format(report, why, args);
	va_end(args);
	if (!text || is_told(report, test, text)) {
		free(text);
		return;
	}
	list = grow(report, report->untested, report->n_untested, sizeof(*list));
	if (!list) {
		free(text);
		return;
	}
	report->untested = list;
	list[report->n_untested++] = (struct untested){ .test = test, .why = text };
}

size_t report_count(const struct report *report, enum severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < report->n_findings; i++)
		n += report->findings[i].severity == severity;
	return n;
}

const char *severity_name(enum severity severity)
{
	static const char *const names[] = { "note", "warning", "error" };

	return names[severity];
}

void report_free(struct report *report)
{
	for (size_t i = 0; i < report->n_findings; i++) {
		free(report->findings[i].seen);
		free(report->findings[i].advice);
	}
	for (size_t i = 0; i < report->n_untested; i++)
		free(report->untested[i].why);
	free(report->findings);
	free(report->untested);
	*report = (struct report){ 0 };
}
