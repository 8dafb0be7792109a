/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A text that grows. Lack of memory is remembered, and makes the rest do nothing. */
#ifndef XLB_METRICS_TEXT_H
#define XLB_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *p; /* owned; not terminated */
	size_t len;
	size_t size;
	bool failed; /* no memory: p is what there was before */
};

void text_add(struct text *t, const char *s, size_t len);
void text_puts(struct text *t, const char *s);
/* value * 10^-decimals: 1234 with 3 decimals is "1.234". */
void text_number(struct text *t, uint64_t value, unsigned decimals);
/* name="value" with what Prometheus' text format escapes; bytes that are not UTF-8 become '?'. */
void text_label(struct text *t, const char *name, const char *value);
void text_free(struct text *t);

#endif
