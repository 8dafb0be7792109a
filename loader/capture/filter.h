/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which packets somebody wants, as a program of classic BPF: it comes compiled, by whoever wants
 * them. Text as of "tcpdump -ddd" and iptables' --bytecode: the number of instructions, then each
 * as "CODE JT JF K", all separated by commas.
 */
#ifndef XLB_CAPTURE_FILTER_H
#define XLB_CAPTURE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILTER_MAX 1024 /* instructions: so many a packet costs at most */

struct filter;

/*
 * Takes what may come from anybody: a program is only accepted if it can do nothing but read the
 * packet and end. -EINVAL, with a sentence in `error`; -ENOMEM.
 */
int filter_parse(const char *text, struct filter **ret, char *error, size_t error_size);
void filter_free(struct filter *f); /* NULL is fine */

/* data: `captured` bytes of a packet of `length`. NULL wants every packet. */
bool filter_matches(const struct filter *f, const uint8_t *data, uint32_t captured,
		    uint32_t length);

#endif
