/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/layout.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_MOVES 1024
#define MAX_DEPTH 16

struct move {
	uint32_t from, to; /* offsets */
	uint32_t from_size, to_size;
};

struct layout {
	const struct btf *from, *to;
	uint32_t from_size, to_size;
	size_t n;
	struct move moves[MAX_MOVES];
};

/* ---- types --------------------------------------------------------------------------------- */
static const struct btf_type *plain_type(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (t && (btf_is_mod(t) || btf_is_typedef(t)))
		t = btf__type_by_id(btf, t->type);
	return t;
}

static const char *name_of(const struct btf *btf, const struct btf_member *m)
{
	return btf__name_by_offset(btf, m->name_off);
}

static int find_member(const struct btf *btf, const struct btf_type *t, const char *name)
{
	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(name_of(btf, &btf_members(t)[i]), name))
			return i;
	return -ENOENT;
}

/* What a map's definition has as that attribute: a pointer, or an array of pointers. */
static const struct btf_type *map_attribute(const struct btf *btf, const char *map,
					    const char *attribute)
{
	int var = btf__find_by_name_kind(btf, map, BTF_KIND_VAR), i;
	const struct btf_type *t;

	if (var < 0)
		return NULL;
	t = plain_type(btf, btf__type_by_id(btf, var)->type);
	i = t && btf_is_struct(t) ? find_member(btf, t, attribute) : -ENOENT;
	if (i < 0)
		return NULL;
	t = plain_type(btf, btf_members(t)[i].type);
	if (t && btf_is_array(t))
		t = plain_type(btf, btf_array(t)->type);
	return t && btf_is_ptr(t) ? plain_type(btf, t->type) : NULL;
}

static uint32_t size_of(const struct btf *btf, const struct btf_type *t)
{
	const struct btf_array *a;

	if (!btf_is_array(t))
		return t->size;
	a = btf_array(t);
	return a->nelems * size_of(btf, plain_type(btf, a->type));
}

/* ---- the same ------------------------------------------------------------------------------ */
static bool same_type(const struct btf *a, const struct btf_type *x, const struct btf *b,
		      const struct btf_type *y, int depth);

static bool same_members(const struct btf *a, const struct btf_type *x, const struct btf *b,
			 const struct btf_type *y, int depth)
{
	if (x->size != y->size || btf_vlen(x) != btf_vlen(y) || btf_kflag(x) != btf_kflag(y))
		return false;
	for (int i = 0; i < btf_vlen(x); i++) {
		const struct btf_member *m = &btf_members(x)[i], *n = &btf_members(y)[i];

		if (m->offset != n->offset || strcmp(name_of(a, m), name_of(b, n)) ||
		    !same_type(a, plain_type(a, m->type), b, plain_type(b, n->type), depth + 1))
			return false;
	}
	return true;
}

static bool same_array(const struct btf *a, const struct btf_type *x, const struct btf *b,
		       const struct btf_type *y, int depth)
{
	const struct btf_array *m = btf_array(x), *n = btf_array(y);

	return m->nelems == n->nelems &&
	       same_type(a, plain_type(a, m->type), b, plain_type(b, n->type), depth + 1);
}

static bool same_type(const struct btf *a, const struct btf_type *x, const struct btf *b,
		      const struct btf_type *y, int depth)
{
	if (!x || !y || depth > MAX_DEPTH || btf_kind(x) != btf_kind(y))
		return false;
	switch (btf_kind(x)) {
	case BTF_KIND_INT:
		return x->size == y->size && btf_int_encoding(x) == btf_int_encoding(y) &&
		       btf_int_offset(x) == btf_int_offset(y) && btf_int_bits(x) == btf_int_bits(y);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return x->size == y->size;
	case BTF_KIND_ARRAY:
		return same_array(a, x, b, y, depth);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return same_members(a, x, b, y, depth);
	default:
		return false;
	}
}

static bool same_attribute(const struct btf *a, const struct btf *b, const char *map,
			   const char *attribute)
{
	const struct btf_type *x = map_attribute(a, map, attribute);
	const struct btf_type *y = map_attribute(b, map, attribute);

	return (!x && !y) || same_type(a, x, b, y, 0);
}

bool layout_same(const struct btf *a, const struct btf *b, const char *map)
{
	if (btf__find_by_name_kind(a, map, BTF_KIND_VAR) < 0 ||
	    btf__find_by_name_kind(b, map, BTF_KIND_VAR) < 0)
		return false;
	if (map_attribute(a, map, "values") || map_attribute(b, map, "values"))
		return same_attribute(a, b, map, "key"); /* the inner map has a name of its own */
	return same_attribute(a, b, map, "key") && same_attribute(a, b, map, "value");
}

/* ---- from one to the other ----------------------------------------------------------------- */
static int add_move(struct layout *l, uint32_t from, uint32_t from_size, uint32_t to,
		    uint32_t to_size)
{
	struct move *last = l->n ? &l->moves[l->n - 1] : NULL;

	if (last && from_size == to_size && last->from_size == last->to_size &&
	    last->from + last->from_size == from && last->to + last->to_size == to) {
		last->from_size += from_size;
		last->to_size += to_size;
		return 0;
	}
	if (l->n == MAX_MOVES)
		return -ENOTSUP;
	l->moves[l->n++] = (struct move){ from, to, from_size, to_size };
	return 0;
}

/* -ENOTSUP: something of it gets lost. */
static int move_type(struct layout *l, const struct btf_type *x, uint32_t from,
		     const struct btf_type *y, uint32_t to, int depth);

static bool is_bitfield(const struct btf_type *t, int member)
{
	return btf_member_bitfield_size(t, member) || btf_member_bit_offset(t, member) % 8;
}

static int move_member(struct layout *l, const struct btf_type *x, int i, uint32_t from,
		       const struct btf_type *y, int k, uint32_t to, int depth)
{
	if (is_bitfield(x, i) || is_bitfield(y, k))
		return -ENOTSUP;
	return move_type(l, plain_type(l->from, btf_members(x)[i].type),
			 from + btf_member_bit_offset(x, i) / 8,
			 plain_type(l->to, btf_members(y)[k].type),
			 to + btf_member_bit_offset(y, k) / 8, depth + 1);
}

static int move_members(struct layout *l, const struct btf_type *x, uint32_t from,
			const struct btf_type *y, uint32_t to, int depth)
{
	int lost = 0;

	for (int i = 0; i < btf_vlen(x); i++) {
		int k = find_member(l->to, y, name_of(l->from, &btf_members(x)[i]));
		int err = k < 0 ? -ENOTSUP : move_member(l, x, i, from, y, k, to, depth);

		lost = err ? err : lost;
	}
	return lost;
}

static int move_array(struct layout *l, const struct btf_type *x, uint32_t from,
		      const struct btf_type *y, uint32_t to, int depth)
{
	const struct btf_array *a = btf_array(x), *b = btf_array(y);
	const struct btf_type *p = plain_type(l->from, a->type), *q = plain_type(l->to, b->type);
	int lost = a->nelems > b->nelems ? -ENOTSUP : 0;

	if (!p || !q)
		return -ENOTSUP;
	for (uint32_t i = 0; i < a->nelems && i < b->nelems; i++) {
		int err = move_type(l, p, from + i * size_of(l->from, p), q,
				    to + i * size_of(l->to, q), depth + 1);

		lost = err ? err : lost;
	}
	return lost;
}

static int move_type(struct layout *l, const struct btf_type *x, uint32_t from,
		     const struct btf_type *y, uint32_t to, int depth)
{
	if (!x || !y || depth > MAX_DEPTH || btf_kind(x) != btf_kind(y))
		return -ENOTSUP;
	if (same_type(l->from, x, l->to, y, depth))
		return add_move(l, from, size_of(l->from, x), to, size_of(l->to, y));
	if (btf_is_array(x))
		return move_array(l, x, from, y, to, depth);
	if (btf_is_struct(x))
		return move_members(l, x, from, y, to, depth);
	if (btf_is_int(x) && x->size < y->size && !(btf_int_encoding(y) & BTF_INT_SIGNED))
		return add_move(l, from, x->size, to, y->size);
	return -ENOTSUP;
}

static int keep_members(struct layout *l, const struct btf_type *x, const struct btf_type *y,
			const char *const *must)
{
	for (int i = 0; i < btf_vlen(x); i++) {
		int k = find_member(l->to, y, name_of(l->from, &btf_members(x)[i]));

		if (k >= 0) /* what can't be kept whole is looked at below */
			move_member(l, x, i, 0, y, k, 0, 0);
	}
	for (; *must; must++) {
		struct layout dry = { .from = l->from, .to = l->to };
		int i = find_member(l->from, x, *must), k = find_member(l->to, y, *must);

		if (i < 0 || k < 0 || move_member(&dry, x, i, 0, y, k, 0, 0))
			return -ENOTSUP;
	}
	return 0;
}

/* A value, or one of those that are all in one (XLB_TABLE in bpf/maps.h). */
static const struct btf_type *element(const struct btf *btf, const char *map)
{
	const struct btf_type *t = map_attribute(btf, map, "value");

	return t && btf_is_array(t) ? plain_type(btf, btf_array(t)->type) : t;
}

int layout_open(const struct btf *from, const struct btf *to, const char *map,
		const char *const *must, struct layout **ret)
{
	const struct btf_type *x = element(from, map), *y = element(to, map);
	struct layout *l;
	int err;

	if (!x || !y || !same_attribute(from, to, map, "key"))
		return -ENOENT;
	if (!btf_is_struct(x) || !btf_is_struct(y))
		return -ENOTSUP;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->from = from;
	l->to = to;
	l->from_size = x->size;
	l->to_size = y->size;
	err = keep_members(l, x, y, must);
	if (err)
		free(l);
	else
		*ret = l;
	return err;
}

void layout_free(struct layout *layout)
{
	free(layout);
}

size_t layout_from_size(const struct layout *layout)
{
	return layout->from_size;
}

size_t layout_to_size(const struct layout *layout)
{
	return layout->to_size;
}

/* Numbers that have become wider: their low bytes. */
static void move_bytes(const struct move *m, const uint8_t *from, uint8_t *to)
{
	uint32_t shift = 0;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	shift = m->to_size - m->from_size;
#endif
	memcpy(to + m->to + shift, from + m->from, m->from_size);
}

void layout_convert(const struct layout *layout, const void *from, void *to)
{
	memset(to, 0, layout->to_size);
	for (size_t i = 0; i < layout->n; i++)
		move_bytes(&layout->moves[i], from, to);
}
