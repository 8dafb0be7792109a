/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "control/capture_request.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_COUNT 1000000000

static const char *parameter(const json_t *query, const char *name)
{
	return json_string_value(json_object_get(query, name));
}

/* text NULL: `absent` it is. */
static int parse_number(const char *name, const char *text, unsigned long min, unsigned long max,
			unsigned long absent, unsigned long *ret, char *error, size_t error_size)
{
	unsigned long value = absent;
	char *end;

	errno = 0;
	if (text)
		value = strtoul(text, &end, 10);
	if (text &&
	    (!isdigit((unsigned char)*text) || *end || errno || value < min || value > max)) {
		snprintf(error, error_size, "%s must be a number from %lu to %lu", name, min, max);
		return -EINVAL;
	}
	*ret = value;
	return 0;
}

static int parse_numbers(const json_t *query, struct capture_request *request, char *error,
			 size_t error_size)
{
	unsigned long snaplen, count, all;

	if (parse_number("snaplen", parameter(query, "snaplen"), CAPTURE_SNAPLEN_MIN,
			 CAPTURE_SNAPLEN_MAX, CAPTURE_SNAPLEN_MAX, &snaplen, error, error_size) ||
	    parse_number("count", parameter(query, "count"), 1, MAX_COUNT, 0, &count, error,
			 error_size) ||
	    parse_number("all", parameter(query, "all"), 0, 1, 0, &all, error, error_size))
		return -EINVAL;
	request->snaplen = (uint32_t)snaplen;
	request->count = count;
	request->all = all;
	return 0;
}

int capture_request_parse(const json_t *query, struct capture_request *ret, char *error,
			  size_t error_size)
{
	const char *format = parameter(query, "format"), *filter = parameter(query, "filter");
	struct capture_request request = { .format = CAPTURE_PFLOG };
	int r;

	if (format && capture_format_parse(format, &request.format) < 0) {
		snprintf(error, error_size, "format must be pflog or pcapng");
		return -EINVAL;
	}
	r = parse_numbers(query, &request, error, error_size);
	if (r == 0 && filter)
		r = filter_parse(filter, &request.filter, error, error_size);
	if (r == 0)
		*ret = request;
	return r;
}
