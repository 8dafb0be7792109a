// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "mutate.h"

#include <netinet/in.h>
#include <string.h>

/* Where changes are likely to matter: the headers of an ICMP error and of what it quotes. */
#define HEADERS 130

static size_t anywhere(const struct frame *f, struct random *r)
{
	size_t end = random_percent(r, 90) && f->size > HEADERS ? HEADERS : f->size;

	return random_below(r, end);
}

/* Mostly behind the Ethernet header: else nothing is left to look at. */
static size_t somewhere(const struct frame *f, struct random *r)
{
	size_t at = anywhere(f, r);

	return at < 14 && f->size > 20 && random_percent(r, 90) ? at + 14 - at / 8 : at;
}

static void flip_bit(struct frame *f, struct random *r)
{
	size_t at = somewhere(f, r) % f->size;

	f->data[at] ^= 1 << random_below(r, 8);
}

static void set_byte(struct frame *f, struct random *r)
{
	static const uint8_t telling[] = { 0,    1,    4,    5,    6,    7,    8,    15,
					   17,   20,   43,   44,   58,   59,   60,   0x20,
					   0x40, 0x45, 0x4f, 0x60, 0x7f, 0x80, 0xfe, 0xff };
	size_t at = somewhere(f, r) % f->size;

	f->data[at] = random_percent(r, 50) ? telling[random_below(r, sizeof(telling))] :
					      random_below(r, 256);
}

/* A length, an offset or a checksum that is a little off, or at an end of its range. */
static void change_word(struct frame *f, struct random *r)
{
	static const int16_t by[] = { -40, -20, -8, -4, -2, -1, 1, 2, 4, 8, 20, 40 };
	size_t at = somewhere(f, r) % f->size & ~(size_t)1;
	uint16_t word;

	if (at + 2 > f->size)
		return;
	word = f->data[at] << 8 | f->data[at + 1];
	word += by[random_below(r, sizeof(by) / sizeof(*by))];
	if (random_percent(r, 20))
		word = random_percent(r, 50) ? 0 : 0xffff;
	f->data[at] = word >> 8;
	f->data[at + 1] = word;
}

static void cut(struct frame *f, struct random *r)
{
	size_t least = MUTATE_MIN_SIZE;

	if (f->size > least)
		f->size = random_percent(r, 50) ? least + random_below(r, f->size - least) :
						  f->size - 1 - random_below(r, f->size - least);
}

static void draw_out(struct frame *f, struct random *r)
{
	size_t more = 1 + random_below(r, random_percent(r, 90) ? 64 : 600);

	if (f->size + more > MUTATE_MAX_SIZE)
		return;
	for (size_t i = 0; i < more; i++)
		f->data[f->size++] = random_below(r, 256);
}

static void leave_out(struct frame *f, struct random *r)
{
	size_t at = somewhere(f, r) % f->size, n = 1 + random_below(r, 24);

	if (at + n > f->size || f->size - n < MUTATE_MIN_SIZE)
		return;
	memmove(f->data + at, f->data + at + n, f->size - at - n);
	f->size -= n;
}

static void repeat(struct frame *f, struct random *r)
{
	size_t at = somewhere(f, r) % f->size, n = (1 + random_below(r, 5)) * 8;

	if (at + n > f->size || f->size + n > MUTATE_MAX_SIZE)
		return;
	memmove(f->data + at + n, f->data + at, f->size - at);
	f->size += n;
}

/* Whole fields of the same frame end up elsewhere: addresses, ports, lengths. */
static void swap(struct frame *f, struct random *r)
{
	static const uint8_t sizes[] = { 1, 2, 4, 6, 8, 16 };
	size_t n = sizes[random_below(r, sizeof(sizes))];
	size_t a = somewhere(f, r) % f->size, b = somewhere(f, r) % f->size;
	uint8_t kept[16];

	if (a + n > f->size || b + n > f->size)
		return;
	memcpy(kept, f->data + a, n);
	memmove(f->data + a, f->data + b, n);
	memcpy(f->data + b, kept, n);
}

void mutate(struct frame *f, unsigned most, struct random *r)
{
	static void (*const change[])(struct frame *, struct random *) = {
		flip_bit, flip_bit, set_byte,  set_byte, change_word, change_word,
		cut,      draw_out, leave_out, repeat,   swap,
	};
	unsigned n = random_percent(r, 60) ? random_below(r, 2) : random_below(r, most + 1);

	while (n-- > 0)
		change[random_below(r, sizeof(change) / sizeof(*change))](f, r);
}
