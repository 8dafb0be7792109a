/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One direction of a TCP connection, put in order by its sequence numbers (RFC 9293). Segments may
 * come twice, overlap, come in the wrong order, or be captured in part; what never comes is given
 * up after a while. Of bytes that come twice the first count.
 */
#ifndef XLB_REQUESTS_STREAM_H
#define XLB_REQUESTS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_MAX_PIECES 16 /* segments that wait for what comes before them */

/* Memory that all streams share, in bytes. */
struct stream_budget {
	size_t used;
	size_t max;
};

struct stream_segment {
	uint32_t seq;
	const uint8_t *data;
	size_t captured; /* the first so many of len bytes are at data */
	size_t len;
};

struct stream_piece;

/* All 0 in the beginning. */
struct stream {
	bool begun;
	uint32_t next;               /* the sequence number that is waited for */
	struct stream_piece *pieces; /* by sequence number */
	unsigned n_pieces;
	uint64_t waiting_since; /* ns; of the first piece */
};

/* Gets everything, each byte once, in order: as bytes, or (data NULL) as bytes that were not seen.
 */
typedef void stream_sink(const uint8_t *data, size_t len, void *context);

struct stream_reader {
	stream_sink *sink;
	void *context;
	struct stream_budget *budget;
	uint64_t repeated; /* out: bytes that were had already, added up */
	uint64_t no_room;  /* out: segments that waiting had no memory for, added up */
};

/* The first byte will be this one. */
void stream_begin(struct stream *s, uint32_t seq);

/* A stream that has not begun begins here. */
void stream_add(struct stream *s, const struct stream_segment *segment, uint64_t now_ns,
		struct stream_reader *reader);

/* Gives up what has not come: all pieces are read, with gaps before them. */
void stream_flush(struct stream *s, struct stream_reader *reader);

/* So many bytes are missing before `seq` (of a FIN), and nothing waits; 0: none, or it is older. */
uint32_t stream_missing(const struct stream *s, uint32_t seq);

void stream_free(struct stream *s, struct stream_budget *budget);

#endif
