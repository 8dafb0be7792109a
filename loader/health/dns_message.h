/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* As much of DNS messages (RFC 1035) as a check needs: a question out, a verdict on what comes. */
#ifndef XLB_HEALTH_DNS_MESSAGE_H
#define XLB_HEALTH_DNS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#define DNS_MAX_QUERY 512

enum dns_verdict {
	DNS_FOREIGN,  /* not an answer to this query: as if it had not come */
	DNS_OK,       /* no error, and at least one record in the answer */
	DNS_ERROR,    /* a return code other than 0 */
	DNS_EMPTY,    /* no error, and no record */
	DNS_MALFORMED /* an answer to the query that breaks off or points nowhere */
};

/*
 * Writes a recursive query of class IN: name as text, with or without a dot at its end, "." for the
 * root. Returns its size, or -EINVAL for a name that cannot be asked for.
 */
int dns_query(uint16_t id, const char *name, uint16_t type, uint8_t query[DNS_MAX_QUERY]);

/* `answer` is whatever came; *ret_rcode is written with DNS_ERROR only. */
enum dns_verdict dns_judge(const uint8_t *query, size_t query_size, const uint8_t *answer,
			   size_t size, unsigned *ret_rcode);

#endif
