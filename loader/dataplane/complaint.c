/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/complaint.h"

#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local char complaint[512];

/* What only passes on that something failed, after the cause; and what is tried in another way. */
static bool says_nothing_new(const char *format)
{
	return strstr(format, "Retrying without BTF") ||
	       (complaint[0] &&
		(strstr(format, "failed to load") || strstr(format, "failed to initialize")));
}

/* The verifier's last word is why; then come numbers. */
static void note_verifier(char *log)
{
	size_t used = strlen(complaint);
	char *end = strstr(log, "\nprocessed "), *last;

	if (!end)
		end = strstr(log, "\n-- END");
	if (!end)
		return;
	*end = 0;
	last = strrchr(log, '\n');
	snprintf(complaint + used, sizeof(complaint) - used, ": %s", last ? last + 1 : log);
}

static void note_verifier_log(const char *format, va_list args)
{
	char *log;

	if (vasprintf(&log, format, args) < 0)
		return;
	note_verifier(log);
	free(log);
}

static int __attribute__((format(printf, 2, 0)))
note(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level != LIBBPF_WARN)
		return 0;
	if (strstr(format, "PROG LOAD LOG")) {
		note_verifier_log(format, args);
		return 0;
	}
	if (says_nothing_new(format))
		return 0;
	vsnprintf(complaint, sizeof(complaint), format, args);
	complaint[strcspn(complaint, "\n")] = 0;
	return 0;
}

void complaint_begin(void)
{
	complaint[0] = 0;
	libbpf_set_print(note);
}

const char *complaint_text(void)
{
	return complaint;
}

int complaint_at(const char *doing, const char *path, int err)
{
	snprintf(complaint, sizeof(complaint), "%s %s", doing, path);
	return err;
}

void complaint_append(char *error, size_t error_size)
{
	size_t used = strlen(error);

	if (complaint[0])
		snprintf(error + used, error_size - used, " (%s)", complaint);
}

int complaint_fail(char *error, size_t error_size, const char *what, int err)
{
	snprintf(error, error_size, "%s: %s", what, strerror(-err));
	complaint_append(error, error_size);
	return err;
}
