/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Memory of one configuration: handed out piece by piece, freed in one call.
 */
#ifndef XLB_CONFIG_ARENA_H
#define XLB_CONFIG_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct cfg_arena;

/* max: bytes that it may hand out. NULL when there is no memory. */
struct cfg_arena *arena_new(size_t max);

/* Zeroed and aligned for any type; NULL when there is no memory, or no more of it allowed. */
void *arena_alloc(struct cfg_arena *arena, size_t size);

/* NUL-terminated copies. Never NULL: without memory they are "" and arena_failed() says so. */
const char *arena_strdup(struct cfg_arena *arena, const char *text);
const char *arena_strndup(struct cfg_arena *arena, const char *text, size_t len);

/* As if an allocation had failed: from here on nothing succeeds, what was built is incomplete. */
void arena_fail(struct cfg_arena *arena);

/* True from the first allocation on that failed. */
bool arena_failed(const struct cfg_arena *arena);

/* NULL is fine. */
void arena_free(struct cfg_arena *arena);

#endif
