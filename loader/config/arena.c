/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "config/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_CHUNK_SIZE 8192u

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	size_t used;
	alignas(max_align_t) char data[];
};

struct cfg_arena {
	struct arena_chunk *chunks; /* the current one first */
	size_t left;                /* bytes still allowed */
	bool failed;
};

struct cfg_arena *arena_new(size_t max)
{
	struct cfg_arena *arena = calloc(1, sizeof(*arena));

	if (arena)
		arena->left = max;
	return arena;
}

static struct arena_chunk *arena_grow(struct cfg_arena *arena, size_t size)
{
	size_t room = size > ARENA_CHUNK_SIZE ? size : ARENA_CHUNK_SIZE;
	struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + room);

	if (!chunk)
		return NULL;
	chunk->size = room;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	return chunk;
}

void *arena_alloc(struct cfg_arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_chunk *chunk = arena->chunks;
	void *piece;

	size = (size + align - 1) & ~(align - 1);
	if (arena->left < size)
		chunk = NULL;
	else if (!chunk || chunk->size - chunk->used < size)
		chunk = arena_grow(arena, size);
	if (!chunk) {
		arena_fail(arena);
		return NULL;
	}
	arena->left -= size;
	piece = chunk->data + chunk->used;
	chunk->used += size;
	return piece;
}

const char *arena_strndup(struct cfg_arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	if (!copy)
		return "";
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

const char *arena_strdup(struct cfg_arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

void arena_fail(struct cfg_arena *arena)
{
	arena->left = 0;
	arena->failed = true;
}

bool arena_failed(const struct cfg_arena *arena)
{
	return arena->failed;
}

void arena_free(struct cfg_arena *arena)
{
	if (!arena)
		return;
	while (arena->chunks) {
		struct arena_chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		free(chunk);
	}
	free(arena);
}
