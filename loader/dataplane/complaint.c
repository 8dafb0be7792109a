/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/complaint.h"

#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char complaint[512];

static int __attribute__((format(printf, 2, 0)))
note(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level != LIBBPF_WARN)
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

int complaint_fail(char *error, size_t error_size, const char *what, int err)
{
	const char *text = complaint_text();

	snprintf(error, error_size, "%s: %s%s%s%s", what, strerror(-err), text[0] ? " (" : "", text,
		 text[0] ? ")" : "");
	return err;
}
