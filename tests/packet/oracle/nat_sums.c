// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "nat_sums.h"

#include <netinet/in.h>
#include <string.h>

/* The sum of 16-bit words, in one's complement: 0xffff is 0. */
static uint32_t words(const struct frame *f, size_t at, size_t end)
{
	uint64_t sum = 0;

	for (size_t i = at; i < end; i++)
		sum += (uint64_t)f->data[i] << ((i - at) % 2 ? 0 : 8);
	return sum % 0xffff;
}

static size_t addresses_at(const struct dissected *d)
{
	return d->l3 + (d->family == AF_INET6 ? 8 : 12);
}

static uint32_t addresses(const struct frame *f, const struct dissected *d)
{
	return words(f, addresses_at(d), addresses_at(d) + (d->family == AF_INET6 ? 32 : 8));
}

/* Takes the checksum over into the wanted frame, and says whether sums agree. */
static bool take_over(const struct frame *out, struct frame *wanted, size_t at, uint32_t before,
		      uint32_t after)
{
	memcpy(wanted->data + at, out->data + at, 2);
	return before % 0xffff == after % 0xffff;
}

static bool ip_header(const struct frame *in, const struct frame *out, struct frame *wanted,
		      const struct dissected *d)
{
	if (d->family == AF_INET6)
		return true;
	return take_over(out, wanted, d->l3 + 10, words(in, d->l3, d->l4),
			 words(out, d->l3, d->l4));
}

/* TCP's or UDP's, as far as the packet has it: addresses, ports and checksum are all that changes.
 */
static bool transport(const struct frame *in, const struct frame *out, struct frame *wanted,
		      const struct dissected *d, size_t end)
{
	size_t at = d->l4 + (d->proto == IPPROTO_TCP ? 16 : 6);
	uint32_t before, after;

	if (at + 2 > end || !d->first)
		return true;
	if (d->proto == IPPROTO_UDP && !words(in, at, at + 2) && !in->data[at])
		return !out->data[at] && !out->data[at + 1]; /* none */
	before = addresses(in, d) + words(in, d->l4, d->l4 + 4) + words(in, at, at + 2);
	after = addresses(out, d) + words(out, d->l4, d->l4 + 4) + words(out, at, at + 2);
	if (d->proto == IPPROTO_UDP && !out->data[at] && !out->data[at + 1])
		return false; /* would say that there is none */
	return take_over(out, wanted, at, before, after);
}

static bool icmp(const struct frame *in, const struct frame *out, struct frame *wanted,
		 const struct dissected *d)
{
	uint32_t before = words(in, d->l4, d->end), after = words(out, d->l4, d->end);

	if (d->family == AF_INET6) {
		before += addresses(in, d);
		after += addresses(out, d);
	}
	return take_over(out, wanted, d->l4 + 2, before, after);
}

const char *nat_sums(const struct frame *in, const struct frame *out, struct nat_answer *a)
{
	struct frame *wanted = &a->frame;

	if (a->verdict != SENT)
		return NULL;
	if (!ip_header(in, out, wanted, &a->outer))
		return "IP header's checksum";
	if (!a->icmp)
		return transport(in, out, wanted, &a->outer, a->outer.end) ? NULL :
									     "transport checksum";
	if (!ip_header(in, out, wanted, &a->inner))
		return "quoted IP header's checksum";
	if (!transport(in, out, wanted, &a->inner, a->outer.end))
		return "quoted transport checksum";
	return icmp(in, out, wanted, &a->outer) ? NULL : "ICMP checksum";
}
