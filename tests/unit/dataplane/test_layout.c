/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Values of maps from one layout to another, by the names of their members. */
#include <bpf/btf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/layout.h"

struct member {
	const char *name;
	unsigned size; /* 1, 2, 4, 8 */
	unsigned n;    /* an array of so many; 0: none */
};

#define MEMBERS 6

/* A map "m" whose values have these members, one after the other, and keys of that size. */
static struct btf *describe(const struct member *members, unsigned key_size)
{
	struct btf *btf = btf__new_empty();
	int ints[9] = { 0 }, members_of[MEMBERS], value, def, pointers[2];
	unsigned at = 0;

	for (unsigned size = 1; size <= 8; size *= 2) {
		char name[8];

		snprintf(name, sizeof(name), "u%u", size * 8);
		ints[size] = btf__add_int(btf, name, size, 0);
	}
	for (int i = 0; i < MEMBERS && members[i].name; i++) {
		members_of[i] = ints[members[i].size];
		if (members[i].n)
			members_of[i] = btf__add_array(btf, ints[4], members_of[i], members[i].n);
		at += members[i].size * (members[i].n ? members[i].n : 1);
	}
	value = btf__add_struct(btf, "value", at);
	at = 0;
	for (int i = 0; i < MEMBERS && members[i].name; i++) {
		btf__add_field(btf, members[i].name, members_of[i], at * 8, 0);
		at += members[i].size * (members[i].n ? members[i].n : 1);
	}
	pointers[0] = btf__add_ptr(btf, ints[key_size]);
	pointers[1] = btf__add_ptr(btf, value);
	def = btf__add_struct(btf, NULL, 16);
	btf__add_field(btf, "key", pointers[0], 0, 0);
	btf__add_field(btf, "value", pointers[1], 64, 0);
	cr_assert_gt(btf__add_var(btf, "m", BTF_VAR_GLOBAL_ALLOCATED, def), 0);
	return btf;
}

static const struct row {
	const char *name;
	struct member from[MEMBERS], to[MEMBERS];
	const char *must[3];
	unsigned to_key; /* 0: 4, as from */
	bool same;
	int err;
	const char *old, *new; /* values */
} rows[] = {
	{ "the same",
	  { { "a", 2, 0 }, { "b", 2, 0 } },
	  { { "a", 2, 0 }, { "b", 2, 0 } },
	  { "a", "b" },
	  .same = true,
	  .old = "AaBb",
	  .new = "AaBb" },
	{ "another order",
	  { { "a", 2, 0 }, { "b", 2, 0 } },
	  { { "b", 2, 0 }, { "a", 2, 0 } },
	  { "a", "b" },
	  .old = "AaBb",
	  .new = "BbAa" },
	{ "another name means another thing",
	  { { "a", 2, 0 }, { "b", 2, 0 } },
	  { { "a", 2, 0 }, { "c", 2, 0 } },
	  { "a" },
	  .old = "AaBb",
	  .new = "Aa\0\0" },
	{ "one more in front",
	  { { "a", 2, 0 } },
	  { { "new", 4, 0 }, { "a", 2, 0 } },
	  { "a" },
	  .old = "Aa",
	  .new = "\0\0\0\0Aa" },
	{ "one less",
	  { { "former", 4, 0 }, { "a", 2, 0 } },
	  { { "a", 2, 0 } },
	  { "a" },
	  .old = "ffffA!",
	  .new = "A!" },
	{ "a longer array",
	  { { "a", 1, 2 }, { "b", 1, 0 } },
	  { { "a", 1, 3 }, { "b", 1, 0 } },
	  { "a", "b" },
	  .old = "xyB",
	  .new = "xy\0B" },
	{ "a shorter array loses something",
	  { { "a", 1, 3 } },
	  { { "a", 1, 2 } },
	  { "a" },
	  .err = -ENOTSUP },
	{ "a shorter array that nobody needs",
	  { { "a", 1, 3 }, { "b", 1, 0 } },
	  { { "a", 1, 2 }, { "b", 1, 0 } },
	  { "b" },
	  .old = "xyzB",
	  .new = "xyB" },
	{ "a narrower number loses something",
	  { { "a", 4, 0 } },
	  { { "a", 2, 0 } },
	  { "a" },
	  .err = -ENOTSUP },
	{ "what is needed was not there",
	  { { "a", 4, 0 } },
	  { { "a", 4, 0 }, { "b", 4, 0 } },
	  { "a", "b" },
	  .err = -ENOTSUP },
	{ "what is needed is there no more",
	  { { "a", 4, 0 }, { "b", 4, 0 } },
	  { { "a", 4, 0 } },
	  { "a", "b" },
	  .err = -ENOTSUP },
	{ "other keys",
	  { { "a", 4, 0 } },
	  { { "a", 4, 0 } },
	  { "a" },
	  .to_key = 8,
	  .err = -ENOENT },
};

static void check(const struct row *row)
{
	struct btf *from = describe(row->from, 4),
		   *to = describe(row->to, row->to_key ? row->to_key : 4);
	struct layout *layout = NULL;
	char value[64];

	cr_expect_eq(layout_same(from, to, "m"), row->same, "%s", row->name);
	cr_expect_eq(layout_open(from, to, "m", row->must, &layout), row->err, "%s", row->name);
	if (layout) {
		memset(value, 0xee, sizeof(value));
		layout_convert(layout, row->old, value);
		cr_expect_arr_eq(value, row->new, layout_to_size(layout), "%s", row->name);
	}
	layout_free(layout);
	btf__free(from);
	btf__free(to);
}

Test(layout, rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

Test(layout, wider_numbers_keep_their_value)
{
	const struct member narrow[MEMBERS] = { { "a", 2, 0 } }, wide[MEMBERS] = { { "a", 8, 0 } };
	const char *const must[] = { "a", NULL };
	struct btf *from = describe(narrow, 4), *to = describe(wide, 4);
	struct layout *layout;
	uint16_t old = 0xfedc;
	uint64_t new = ~0ull;

	cr_assert_eq(layout_open(from, to, "m", must, &layout), 0);
	cr_assert_eq(layout_from_size(layout), sizeof(old));
	layout_convert(layout, &old, &new);
	cr_assert_eq(new, 0xfedc);
	layout_free(layout);
	btf__free(from);
	btf__free(to);
}

Test(layout, maps_that_are_not_there)
{
	const struct member members[MEMBERS] = { { "a", 2, 0 } };
	struct btf *btf = describe(members, 4), *none = btf__new_empty();

	cr_assert(layout_same(btf, btf, "m"));
	cr_assert_not(layout_same(btf, none, "m"));
	cr_assert_not(layout_same(none, btf, "m"));
	cr_assert_not(layout_same(none, none, "m"));
	btf__free(none);
	btf__free(btf);
}
