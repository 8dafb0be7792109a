/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "requests/stream.h"

#include <stdlib.h>
#include <string.h>

struct stream_piece {
	struct stream_piece *next;
	struct stream_segment segment; /* its data follow */
	uint8_t data[];
};

/* Sequence numbers go round; RFC 9293, 3.4. */
static int32_t distance(uint32_t from, uint32_t to)
{
	return (int32_t)(to - from);
}

static size_t at_most(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- pieces -------------------------------------------------------------------------------- */
static size_t piece_size(size_t captured)
{
	return sizeof(struct stream_piece) + captured;
}

static struct stream_piece *piece_new(const struct stream_segment *segment,
				      struct stream_budget *budget)
{
	size_t size = piece_size(segment->captured);
	struct stream_piece *piece;

	if (budget->used + size > budget->max)
		return NULL;
	piece = malloc(size);
	if (!piece)
		return NULL;
	budget->used += size;
	piece->segment = *segment;
	piece->segment.data = piece->data;
	if (segment->captured)
		memcpy(piece->data, segment->data, segment->captured);
	return piece;
}

static void piece_free(struct stream_piece *piece, struct stream_budget *budget)
{
	budget->used -= piece_size(piece->segment.captured);
	free(piece);
}

static struct stream_piece *take_first(struct stream *s)
{
	struct stream_piece *piece = s->pieces;

	s->pieces = piece->next;
	s->n_pieces--;
	return piece;
}

/* After those that begin at the same place: they came first. */
static void insert(struct stream *s, struct stream_piece *piece)
{
	struct stream_piece **at = &s->pieces;

	while (*at && distance((*at)->segment.seq, piece->segment.seq) >= 0)
		at = &(*at)->next;
	piece->next = *at;
	*at = piece;
	s->n_pieces++;
}

/* ---- reading ------------------------------------------------------------------------------- */
static void emit(const struct stream_segment *segment, struct stream_reader *reader)
{
	if (segment->captured)
		reader->sink(segment->data, segment->captured, reader->context);
	if (segment->len > segment->captured)
		reader->sink(NULL, segment->len - segment->captured, reader->context);
}

/* The part of it that is new, which may be nothing. It does not begin behind s->next. */
static void read_segment(struct stream *s, struct stream_segment segment,
			 struct stream_reader *reader)
{
	size_t old = at_most((size_t)distance(segment.seq, s->next), segment.len);
	size_t skipped = at_most(old, segment.captured);

	reader->repeated += old;
	if (skipped)
		segment.data += skipped;
	segment.captured -= skipped;
	segment.len -= old;
	s->next += (uint32_t)segment.len;
	emit(&segment, reader);
}

static void read_pieces(struct stream *s, struct stream_reader *reader)
{
	while (s->pieces && distance(s->next, s->pieces->segment.seq) <= 0) {
		struct stream_piece *piece = take_first(s);

		read_segment(s, piece->segment, reader);
		piece_free(piece, reader->budget);
	}
}

/* What is missing before the first piece is given up. */
static void give_up(struct stream *s, struct stream_reader *reader)
{
	uint32_t missing = s->pieces->segment.seq - s->next;

	s->next += missing;
	reader->sink(NULL, missing, reader->context);
	read_pieces(s, reader);
}

static void keep(struct stream *s, const struct stream_segment *segment, uint64_t now_ns,
		 struct stream_reader *reader)
{
	struct stream_piece *piece;

	if (s->n_pieces == 0)
		s->waiting_since = now_ns;
	piece = piece_new(segment, reader->budget);
	if (piece)
		insert(s, piece);
	else
		reader->no_room++;
	if (s->n_pieces == STREAM_MAX_PIECES)
		give_up(s, reader);
	s->waiting_since = s->n_pieces ? s->waiting_since : 0;
}

/* ---- the interface ------------------------------------------------------------------------- */
void stream_begin(struct stream *s, uint32_t seq)
{
	s->begun = true;
	s->next = seq;
}

void stream_add(struct stream *s, const struct stream_segment *segment, uint64_t now_ns,
		struct stream_reader *reader)
{
	if (!s->begun)
		stream_begin(s, segment->seq);
	if (segment->len == 0)
		return;
	if (distance(s->next, segment->seq) > 0) {
		keep(s, segment, now_ns, reader);
		return;
	}
	read_segment(s, *segment, reader);
	read_pieces(s, reader);
}

void stream_flush(struct stream *s, struct stream_reader *reader)
{
	while (s->pieces)
		give_up(s, reader);
}

uint32_t stream_missing(const struct stream *s, uint32_t seq)
{
	int32_t missing = s->begun && !s->pieces ? distance(s->next, seq) : 0;

	return missing > 0 ? (uint32_t)missing : 0;
}

void stream_free(struct stream *s, struct stream_budget *budget)
{
	while (s->pieces)
		piece_free(take_first(s), budget);
}
