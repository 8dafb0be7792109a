/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Any bytes as the answer to a DNS check, with the query's own first bytes and without. */
#include <stdlib.h>
#include <string.h>

#include "health/dns_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const uint8_t *query, size_t query_size, const uint8_t *answer, size_t size)
{
	unsigned rcode = 0;
	enum dns_verdict verdict = dns_judge(query, query_size, answer, size, &rcode);

	if (verdict > DNS_MALFORMED || (verdict == DNS_ERROR && !rcode))
		abort();
	if (verdict != DNS_FOREIGN && size < 12) /* who would know? */
		abort();
}

/* As an answer that begins as the query did: most others are foreign at once. */
static void judge_continued(const uint8_t *query, size_t query_size, const uint8_t *data,
			    size_t size)
{
	uint8_t answer[4096];

	if (size < 6 || query_size + size > sizeof(answer))
		return;
	memcpy(answer, query, query_size);
	answer[2] = data[0] | 0x80;
	answer[3] = data[1];
	memcpy(answer + 6, data + 2, 4);
	memcpy(answer + query_size, data + 6, size - 6);
	judge(query, query_size, answer, query_size + size - 6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t query[DNS_MAX_QUERY];
	char name[300] = "www.example.com";
	int n;

	if (size > 1 && data[0] % 4 == 0) {
		size_t len = data[1] < size - 2 ? data[1] : size - 2;

		memcpy(name, data + 2, len);
		name[len] = 0;
	}
	n = dns_query(0x1234, name, 1, query);
	if (n < 0)
		return 0;
	judge(query, n, data, size);
	judge_continued(query, n, data, size);
	return 0;
}
