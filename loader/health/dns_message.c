/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "health/dns_message.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define HEADER 12
#define MAX_NAME 255 /* on the wire */
#define MAX_LABEL 63
#define QUESTION_TAIL 4 /* type and class */
#define RECORD_TAIL 10  /* type, class, TTL, length of the data */
#define CLASS_IN 1

#define FLAG_RESPONSE 0x80 /* of the first octet of flags */
#define FLAG_RECURSE 0x01
#define OPCODE 0x78
#define RCODE 0x0f   /* of the second */
#define POINTER 0xc0 /* the two bits of a label that is none */

static void put16(uint8_t *at, unsigned n)
{
	at[0] = (uint8_t)(n >> 8);
	at[1] = (uint8_t)n;
}

static unsigned get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* ---- query --------------------------------------------------------------------------------- */
/* Its size, or -EINVAL. */
static int put_name(const char *name, uint8_t *to)
{
	size_t n = 0;

	while (*name && strcmp(name, ".") != 0) {
		size_t label = strcspn(name, ".");

		if (label == 0 || label > MAX_LABEL || n + label + 2 > MAX_NAME)
			return -EINVAL;
		to[n++] = (uint8_t)label;
		memcpy(to + n, name, label);
		n += label;
		name += label;
		if (*name == '.')
			name++;
	}
	to[n++] = 0;
	return (int)n;
}

int dns_query(uint16_t id, const char *name, uint16_t type, uint8_t query[DNS_MAX_QUERY])
{
	int n;

	memset(query, 0, HEADER);
	put16(query, id);
	query[2] = FLAG_RECURSE;
	put16(query + 4, 1);
	n = put_name(name, query + HEADER);
	if (n < 0)
		return n;
	put16(query + HEADER + n, type);
	put16(query + HEADER + n + 2, CLASS_IN);
	return HEADER + n + QUESTION_TAIL;
}

/* ---- answer -------------------------------------------------------------------------------- */
/* Past the name at *at: labels up to the root or a pointer, which needs no following. */
static bool skip_name(const uint8_t *bytes, size_t size, size_t *at)
{
	while (*at < size) {
		uint8_t label = bytes[*at];

		if ((label & POINTER) == POINTER) {
			bool inside = *at + 2 <= size && (get16(bytes + *at) & 0x3fff) < *at;

			*at += 2;
			return inside;
		}
		if (label > MAX_LABEL)
			return false;
		*at += 1 + (size_t)label;
		if (label == 0)
			return true;
	}
	return false;
}

static bool skip_record(const uint8_t *bytes, size_t size, size_t *at)
{
	if (!skip_name(bytes, size, at) || size - *at < RECORD_TAIL)
		return false;
	*at += RECORD_TAIL;
	if (size - *at < get16(bytes + *at - 2))
		return false;
	*at += get16(bytes + *at - 2);
	return true;
}

/* Servers may answer in another case than they were asked in. */
static bool same_question(const uint8_t *a, const uint8_t *b, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (tolower(a[i]) != tolower(b[i]))
			return false;
	return true;
}

static bool is_answer(const uint8_t *query, const uint8_t *answer, size_t size)
{
	return size >= HEADER && get16(answer) == get16(query) && (answer[2] & FLAG_RESPONSE) &&
	       (answer[2] & OPCODE) == 0;
}

enum dns_verdict dns_judge(const uint8_t *query, size_t query_size, const uint8_t *answer,
			   size_t size, unsigned *ret_rcode)
{
	unsigned records;
	size_t at = query_size;

	if (!is_answer(query, answer, size))
		return DNS_FOREIGN;
	/* With an error the question may be left out. */
	if (answer[3] & RCODE) {
		*ret_rcode = answer[3] & RCODE;
		return DNS_ERROR;
	}
	if (size < query_size || get16(answer + 4) != 1)
		return DNS_MALFORMED;
	if (!same_question(query + HEADER, answer + HEADER, query_size - HEADER))
		return DNS_FOREIGN;
	records = get16(answer + 6);
	for (unsigned i = 0; i < records; i++)
		if (!skip_record(answer, size, &at))
			return DNS_MALFORMED;
	return records ? DNS_OK : DNS_EMPTY;
}
