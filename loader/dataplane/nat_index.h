/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Takes words out of the index of NAT's connections. The program never does: it uses a word again
 * whose record is over, which it has to look at for that. Where the daemon was first, it doesn't.
 */
#ifndef XLB_DATAPLANE_NAT_INDEX_H
#define XLB_DATAPLANE_NAT_INDEX_H

#include <stdint.h>

#include "xlb/abi.h"

struct nat_index {
	struct xlb_nat_line *lines; /* shared with the program; NULL: none */
	uint32_t mask;              /* see xlb_nat_line() */
	const __u64 *hash_key;      /* 8 */
};

/* Words that were taken out, and where from; NULL: that one was not there. */
struct nat_words {
	union xlb_nat_way *way[2];
	__u64 raw[2];
};

/* The words of the connection at target t (number `target`) and nat_port; a transparent one has
 * two. */
void nat_index_take(const struct nat_index *index, const struct xlb_conn *conn,
		    const struct xlb_target *t, uint32_t target, uint32_t nat_port,
		    struct nat_words *ret);

/* As they were; but not where the program has written another one meanwhile. */
void nat_index_put_back(const struct nat_words *words);

#endif
