/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "dataplane/complaint.h"

/* What libbpf says, line by line, and what of that is the cause. */
static const struct {
	const char *name;
	const char *said[5];
	const char *cause;
} table[] = {
	{ "nothing", { NULL }, "" },
	{ "the first, not those that pass it on",
	  { "libbpf: map 'hosts': failed to create: %s\n", "libbpf: failed to load object '%s'\n",
	    "libbpf: failed to load BPF skeleton '%s'\n" },
	  "libbpf: map 'hosts': failed to create: X" },
	{ "what passes on, if that is all",
	  { "libbpf: failed to load object '%s'\n" },
	  "libbpf: failed to load object 'X'" },
	{ "not what is tried in another way",
	  { "libbpf: Error in bpf_create_map_xattr(%s). Retrying without BTF.\n",
	    "libbpf: map 'hosts': failed to create: %s\n" },
	  "libbpf: map 'hosts': failed to create: X" },
	{ "the verifier's last word",
	  { "libbpf: prog 'p': BPF program load failed: %s\n",
	    "libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n0: (79) r1\nR1 invalid mem "
	    "access '%s'\nprocessed 4 insns (limit 1000000)\n-- END PROG LOAD LOG --\n",
	    "libbpf: prog '%s': failed to load: -13\n" },
	  "libbpf: prog 'p': BPF program load failed: X: R1 invalid mem access 'X'" },
	{ "a log that ends without numbers",
	  { "libbpf: prog 'p': BPF program load failed: %s\n",
	    "libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\nBPF map '%s' is referenced but "
	    "wasn't created\n-- END PROG LOAD LOG --\n" },
	  "libbpf: prog 'p': BPF program load failed: X: BPF map 'X' is referenced but wasn't "
	  "created" },
	{ "a log without lines",
	  { "libbpf: prog 'p': BPF program load failed: %s\n",
	    "libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n%s-- END PROG LOAD LOG --\n" },
	  "libbpf: prog 'p': BPF program load failed: X" },
};

static libbpf_print_fn_t print;

static void say(enum libbpf_print_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(level, format, args);
	va_end(args);
}

static void begin(void)
{
	complaint_begin();
	print = libbpf_set_print(NULL);
	libbpf_set_print(print);
}

Test(complaint, the_cause_is_kept)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		begin();
		say(LIBBPF_INFO, "libbpf: loaded %s\n", "X");
		for (size_t j = 0; table[i].said[j]; j++)
			say(LIBBPF_WARN, table[i].said[j], "X");
		cr_expect_str_eq(complaint_text(), table[i].cause, "%s: %s", table[i].name,
				 complaint_text());
	}
}

Test(complaint, goes_behind_the_error)
{
	char error[64];

	begin();
	cr_expect_eq(complaint_fail(error, sizeof(error), "cannot pin", -ENOSPC), -ENOSPC);
	cr_expect_str_eq(error, "cannot pin: No space left on device");
	cr_expect_eq(complaint_at("pinning", "/sys/fs/bpf/xlb/hosts", -EROFS), -EROFS);
	complaint_fail(error, sizeof(error), "cannot pin", -EROFS);
	cr_expect_str_eq(error, "cannot pin: Read-only file system (pinning /sys/fs/bpf/xlb/host");
}
