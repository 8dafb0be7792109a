/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dataplane/keys.h"

static const __u64 box_a[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const __u64 box_b[8] = { 1, 2, 3, 4, 5, 6, 7, 9 };

struct row {
	const char *name;
	struct desired_service a;
	struct desired_service b;
	bool same_on_one_box;
	bool same_on_two_boxes;
};

#define KEY(text) .has_key = true, .key = text

static const struct row table[] = {
	{ "the service itself, no key",
	  { .name = "www", .proto = IPPROTO_TCP },
	  { .name = "www", .proto = IPPROTO_TCP },
	  true, false },
	{ "another name, no key",
	  { .name = "www", .proto = IPPROTO_TCP },
	  { .name = "ssh", .proto = IPPROTO_TCP },
	  false, false },
	{ "another protocol, no key",
	  { .name = "dns", .proto = IPPROTO_TCP },
	  { .name = "dns", .proto = IPPROTO_UDP },
	  false, false },
	{ "the same key",
	  { .name = "www", .proto = IPPROTO_TCP, KEY("0123456789abcdef") },
	  { .name = "www", .proto = IPPROTO_TCP, KEY("0123456789abcdef") },
	  true, true },
	{ "the same key, another service",
	  { .name = "www", .proto = IPPROTO_TCP, KEY("0123456789abcdef") },
	  { .name = "ssh", .proto = IPPROTO_TCP, KEY("0123456789abcdef") },
	  true, true },
	{ "another key",
	  { .name = "www", .proto = IPPROTO_TCP, KEY("0123456789abcdef") },
	  { .name = "www", .proto = IPPROTO_TCP, KEY("0123456789abcdeg") },
	  false, false },
};

static bool same(const struct desired_service *a, const __u64 *box_of_a,
		 const struct desired_service *b, const __u64 *box_of_b)
{
	struct service_keys x, y;

	cr_assert_eq(service_keys(a, box_of_a, &x), 0);
	cr_assert_eq(service_keys(b, box_of_b, &y), 0);
	cr_assert_eq(!memcmp(x.row, y.row, sizeof(x.row)),
		     !memcmp(x.maglev, y.maglev, sizeof(x.maglev)));
	return !memcmp(&x, &y, sizeof(x));
}

Test(keys, who_shares_them)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct row *r = &table[i];

		cr_assert_eq(same(&r->a, box_a, &r->b, box_a), r->same_on_one_box, "%s", r->name);
		cr_assert_eq(same(&r->a, box_a, &r->b, box_b), r->same_on_two_boxes, "%s",
			     r->name);
	}
}

Test(keys, all_parts_differ)
{
	const struct desired_service s = { .name = "www", .proto = IPPROTO_TCP };
	struct service_keys keys;

	cr_assert_eq(service_keys(&s, box_a, &keys), 0);
	for (int i = 0; i < 6; i++)
		for (int j = 0; j < i; j++)
			cr_assert_neq(keys.row[i], keys.row[j]);
}

/* LBs of different versions share clients by a configured key. */
Test(keys, configured_keys_are_what_they_always_were)
{
	const struct desired_service s = { .name = "www", .proto = IPPROTO_TCP,
					   KEY("0123456789abcdef") };
	struct service_keys keys;

	cr_assert_eq(service_keys(&s, box_a, &keys), 0);
	cr_assert_eq(keys.row[0], 0xffb0586b3c7c1dbcull, "%#llx", (unsigned long long)keys.row[0]);
	cr_assert_eq(digest_u64(keys.maglev), 0x975ae9ce93e0850aull, "%#llx",
		     (unsigned long long)digest_u64(keys.maglev));
}

/* ---- memory that cannot be had ------------------------------------------------------------- */
static unsigned allocations, fails_at;

static bool fails(void)
{
	return ++allocations == fails_at;
}

static void *allocate(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return fails() ? NULL : malloc(size);
}

static void *reallocate(void *p, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return fails() ? NULL : realloc(p, size);
}

static void release(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

/* The library initialises itself. Returns an exit status. */
static int first_digest(void)
{
	const struct digest_part part = { "abc", 3 };
	uint8_t ret[KEYS_SIZE];
	int err;

	if (!CRYPTO_set_mem_functions(allocate, reallocate, release))
		return 3;
	err = digest(&part, 1, ret);
	if (!err && allocations < fails_at)
		return 2;
	return err == 0 || err == -ENOMEM ? 0 : 1;
}

static int ended(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int in_child(int (*work)(void))
{
	pid_t pid = fork();

	if (!pid)
		_exit(work());
	return ended(pid);
}

#define EACH_ALLOCATION "TEST_KEYS_EACH_ALLOCATION"

/* Before criterion uses the library, too. The first ones are of the library's initialisation, and
 * then it reads tables, the same way thousands of times. */
__attribute__((constructor)) static void each_allocation(void)
{
	int r = 0;

	if (!getenv(EACH_ALLOCATION))
		return;
	for (fails_at = 1; !r; fails_at += fails_at < 400 ? 1 : 331)
		r = in_child(first_digest);
	if (r != 2)
		fprintf(stderr, "allocation %u: %d\n", fails_at, r);
	_exit(r);
}

Test(keys, any_allocation_of_the_first_digest_may_fail)
{
	pid_t pid = fork();

	if (!pid) {
		setenv(EACH_ALLOCATION, "", 1);
		execl("/proc/self/exe", "test_keys", NULL);
		_exit(127);
	}
	cr_assert_eq(ended(pid), 2);
}
