/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Any bytes as the filter of a capture. What is accepted must end, whatever packet it is given, and
 * must not read beyond it.
 */
#include <stdlib.h>
#include <string.h>

#include "capture/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const struct filter *f, size_t captured)
{
	/* of just that size, for AddressSanitizer */
	uint8_t *packet = malloc(captured ? captured : 1);

	if (!packet)
		abort();
	for (size_t i = 0; i < captured; i++)
		packet[i] = (uint8_t)(i * 37);
	filter_matches(f, packet, (uint32_t)captured, 1500);
	free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), error[256];
	struct filter *f;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (filter_parse(text, &f, error, sizeof(error)) == 0) {
		run(f, 0);
		run(f, 60);
		run(f, 1500);
		filter_free(f);
	}
	free(text);
	return 0;
}
