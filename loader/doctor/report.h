/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What doctor has found. */
#ifndef XLB_DOCTOR_REPORT_H
#define XLB_DOCTOR_REPORT_H

#include <stddef.h>

enum severity {
	SEVERITY_NOTE, /* worth knowing; nothing is wrong */
	SEVERITY_WARNING,
	SEVERITY_ERROR, /* clients are not served, or some of them */
};

struct finding {
	enum severity severity;
	const char *test; /* a word that stays; scripts know findings by it */
	char *seen;
	char *advice;
};

/* A test that could not be made. */
struct untested {
	const char *test;
	char *why;
};

struct report {
	struct finding *findings;
	size_t n_findings;
	struct untested *untested;
	size_t n_untested;
	size_t n_tests; /* things that were looked at */
	int error;      /* -ENOMEM: not all of it is here */
};

/* test: a literal. Something was found, by a test that has been counted. */
void report_add(struct report *report, enum severity severity, const char *test, const char *seen,
		...) __attribute__((format(printf, 4, 5)));

/* What to do about the last one. */
void report_advise(struct report *report, const char *advice, ...)
	__attribute__((format(printf, 2, 3)));

/* One more thing was looked at. */
void report_tested(struct report *report);

/* The same test and reason is told once. */
void report_untested(struct report *report, const char *test, const char *why, ...)
	__attribute__((format(printf, 3, 4)));

size_t report_count(const struct report *report, enum severity severity);
const char *severity_name(enum severity severity); /* "note", "warning", "error" */
void report_free(struct report *report);

#endif
