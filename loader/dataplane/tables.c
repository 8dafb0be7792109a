/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/tables.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_table(int fd)
{
	static const char *const names[] = { "settings",   "vips",    "services", "hosts",
					     "mac_filter", "targets", "listens" };
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) || info.type != BPF_MAP_TYPE_ARRAY ||
	    info.max_entries != 1)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(info.name, names[i]))
			return true;
	return false;
}

/* A 64-bit immediate takes two instructions; the second has the offset in the value. */
static void take_addresses(struct bpf_insn *insns, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		if (insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (insns[i].src_reg == BPF_PSEUDO_MAP_FD && is_table(insns[i].imm)) {
			insns[i].src_reg = BPF_PSEUDO_MAP_VALUE;
			insns[i + 1].imm = 0;
		}
		i++;
	}
}

static int before_load(struct bpf_program *program, struct bpf_prog_load_opts *options, long cookie)
{
	size_t n = bpf_program__insn_cnt(program);
	struct bpf_insn *insns = malloc(n * sizeof(*insns));
	int err = insns ? 0 : -ENOMEM;

	(void)options;
	(void)cookie;
	if (!err) {
		memcpy(insns, bpf_program__insns(program), n * sizeof(*insns));
		take_addresses(insns, n);
		err = bpf_program__set_insns(program, insns, n);
	}
	free(insns);
	return err;
}

static int registered;

static void take_part(void)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, options, .prog_prepare_load_fn = before_load);

	registered = libbpf_register_prog_handler("xdp", BPF_PROG_TYPE_XDP, BPF_XDP, &options);
	if (registered >= 0)
		registered =
			libbpf_register_prog_handler("tc", BPF_PROG_TYPE_SCHED_CLS, 0, &options);
}

int tables_prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, take_part);
	return registered < 0 ? registered : 0;
}
