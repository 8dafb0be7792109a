/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How the keys and values of maps are laid out, as the objects' BTF tells it, and how a value of
 * one layout becomes one of another: member by member, by name. What has another meaning has
 * another name (see include/xlb/abi.h), so that nothing is misread.
 */
#ifndef XLB_DATAPLANE_LAYOUT_H
#define XLB_DATAPLANE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf; /* of a BPF object, with the definitions of its maps */

/* Are key and value of that map laid out alike in both? False also if one of them has no such map.
 * Of a map of maps the inner map's value is compared. */
bool layout_same(const struct btf *a, const struct btf *b, const char *map);

struct layout; /* from one layout of a map's value to another */

/*
 * `must` are the members, up to a NULL, without which a value means nothing. -ENOTSUP: one of them
 * is not there, or would not fit; -ENOENT: no such map, or keys of another layout; -ENOMEM.
 */
int layout_open(const struct btf *from, const struct btf *to, const char *map,
		const char *const *must, struct layout **ret);
void layout_free(struct layout *layout); /* NULL is fine */

/* Sizes of a value; of one in the array, where a map's only value is an array. */
size_t layout_from_size(const struct layout *layout);
size_t layout_to_size(const struct layout *layout);

/* Members that the old layout does not have are zero. */
void layout_convert(const struct layout *layout, const void *from, void *to);

#endif
