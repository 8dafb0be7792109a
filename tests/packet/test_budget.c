// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What each program that packets run through may cost the kernel: instructions, instructions that
 * the verifier walks through, stack, and machine code. The figures are in a file; whoever makes a
 * program grow by more than 5 % changes them in the same commit:
 *
 *	test_budget FILE            compares; prints TAP
 *	test_budget --update FILE   writes what is
 *
 * They hold for one version of the kernel and one architecture, which the file names; elsewhere the
 * test is skipped, as verifiers and JITs differ. The views (xlb_show.bpf.c), which run when
 *somebody reads them, and which not every kernel allows, have no budgets.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "dataplane/tables.h"
#include "xlb/abi.h"
#include "xlb_probe.skel.h"
#include "xlb_tc.skel.h"
#include "xlb_tc_old.skel.h"
#include "xlb_tc_trace.skel.h"
#include "xlb_xdp.skel.h"
#include "xlb_xdp_trace.skel.h"

#define SKIPPED 77
#define GROWTH 1.05
#define LOG_STATS 4 /* the verifier's BPF_LOG_STATS */
#define LOG_SIZE (1 << 16)
#define PROGRAMS_MAX 32
#define NAME_SIZE 32

enum figure { INSTRUCTIONS, VERIFIED, STACK, CODE, FIGURES };
static const char *const figure_names[FIGURES] = { "instructions", "verified instructions",
						   "bytes of stack", "bytes of machine code" };

struct budget {
	char program[NAME_SIZE];
	unsigned figure[FIGURES];
};

struct budgets {
	char where[144]; /* kernel and architecture */
	struct budget list[PROGRAMS_MAX];
	size_t n;
};

/* ---- what is ------------------------------------------------------------------------------------
 */
/* Of all functions together, from "stack depth 120+0+48". */
static unsigned stack_depth(const char *log)
{
	const char *p = strstr(log, "stack depth ");
	unsigned sum = 0;

	if (!p)
		return 0;
	for (p += strlen("stack depth "); *p >= '0' && *p <= '9'; p += *p == '+') {
		char *end;

		sum += strtoul(p, &end, 10);
		p = end;
	}
	return sum;
}

/* build: what the program's name is followed by. */
static int read_program(const struct bpf_program *program, const char *build, struct budget *ret)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	size_t log_size;
	const char *log = bpf_program__log_buf(program, &log_size);
	int err = bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size);

	if (err)
		return err;
	snprintf(ret->program, sizeof(ret->program), "%s%s", bpf_program__name(program), build);
	ret->figure[INSTRUCTIONS] = info.xlated_prog_len / sizeof(struct bpf_insn);
	ret->figure[VERIFIED] = info.verified_insns;
	ret->figure[STACK] = stack_depth(log);
	ret->figure[CODE] = info.jited_prog_len;
	return 0;
}

/* Loads the object and notes its programs; what libbpf complains of is on stderr. */
static int read_object(struct bpf_object *obj, const char *build, struct budgets *ret)
{
	struct bpf_program *program;
	int err = 0;

	if (!obj)
		return -errno;
	bpf_object__for_each_program(program, obj)
	{
		char *log = calloc(1, LOG_SIZE);

		if (!log)
			return -ENOMEM;
		bpf_program__set_log_buf(program, log, LOG_SIZE);
		bpf_program__set_log_level(program, LOG_STATS);
	}
	err = bpf_object__load(obj);
	bpf_object__for_each_program(program, obj)
	{
		size_t size;

		if (!err && ret->n == PROGRAMS_MAX)
			err = -E2BIG;
		if (!err)
			err = read_program(program, build, &ret->list[ret->n++]);
		free((char *)bpf_program__log_buf(program, &size));
		bpf_program__set_log_buf(program, NULL, 0);
	}
	return err;
}

static void name_kernel(char *ret, size_t size)
{
	struct utsname u;
	int dots = 0;

	uname(&u);
	for (char *p = u.release; *p; p++)
		if (*p == '.' && ++dots == 2)
			*p = 0;
	snprintf(ret, size, "Linux %s %s", u.release, u.machine);
}

static int read_programs(struct budgets *ret)
{
	struct xlb_xdp_bpf *xdp = xlb_xdp_bpf__open();
	struct xlb_tc_bpf *tc = xlb_tc_bpf__open();
	struct xlb_tc_old_bpf *tc_old = xlb_tc_old_bpf__open();
	struct xlb_xdp_trace_bpf *xdp_trace = xlb_xdp_trace_bpf__open();
	struct xlb_tc_trace_bpf *tc_trace = xlb_tc_trace_bpf__open();
	struct xlb_probe_bpf *probe = xlb_probe_bpf__open();
	int err = xdp && tc && tc_old && xdp_trace && tc_trace && probe ? 0 : -errno;

	*ret = (struct budgets){ .n = 0 };
	name_kernel(ret->where, sizeof(ret->where));
	if (!err)
		err = read_object(xdp->obj, "", ret);
	if (!err)
		err = read_object(tc->obj, "", ret);
	if (!err)
		err = read_object(tc_old->obj, "_old", ret);
	if (!err)
		err = read_object(xdp_trace->obj, "_trace", ret);
	if (!err)
		err = read_object(tc_trace->obj, "_trace", ret);
	if (!err)
		err = read_object(probe->obj, "", ret);
	xlb_xdp_bpf__destroy(xdp);
	xlb_tc_bpf__destroy(tc);
	xlb_tc_old_bpf__destroy(tc_old);
	xlb_xdp_trace_bpf__destroy(xdp_trace);
	xlb_tc_trace_bpf__destroy(tc_trace);
	xlb_probe_bpf__destroy(probe);
	return err;
}

/* ---- the file -----------------------------------------------------------------------------------
 */
static int read_file(const char *path, struct budgets *ret)
{
	FILE *f = fopen(path, "r");
	char line[160];
	int err = 0;

	*ret = (struct budgets){ .n = 0 };
	if (!f)
		return -errno;
	while (!err && fgets(line, sizeof(line), f)) {
		struct budget *b = &ret->list[ret->n];
		unsigned *g = b->figure;

		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "on ", 3))
			snprintf(ret->where, sizeof(ret->where), "%.140s", line + 3);
		else if (line[0] && line[0] != '#')
			err = ret->n < PROGRAMS_MAX && sscanf(line, "%31s %u %u %u %u", b->program,
							      &g[0], &g[1], &g[2], &g[3]) == 5 ?
				      (ret->n++, 0) :
				      -EINVAL;
	}
	fclose(f);
	return err;
}

static int write_file(const char *path, const struct budgets *now)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return -errno;
	fprintf(f,
		"# What each program costs the kernel, see tests/packet/test_budget.c. Written by\n"
		"# `tests/packet/budget --update`.\n"
		"on %s\n\n"
		"#%-23s %12s %12s %12s %12s\n",
		now->where, "program", "instructions", "verified", "stack", "machine code");
	for (size_t i = 0; i < now->n; i++) {
		const unsigned *g = now->list[i].figure;

		fprintf(f, "%-24s %12u %12u %12u %12u\n", now->list[i].program, g[0], g[1], g[2],
			g[3]);
	}
	return fclose(f) ? -errno : 0;
}

/* ---- comparing ----------------------------------------------------------------------------------
 */
static const struct budget *find(const struct budgets *b, const char *program)
{
	for (size_t i = 0; i < b->n; i++)
		if (!strcmp(b->list[i].program, program))
			return &b->list[i];
	return NULL;
}

static bool within(const struct budget *now, const struct budget *allowed)
{
	bool ok = true;

	if (!allowed) {
		printf("# %s has no budget\n", now->program);
		return false;
	}
	for (int i = 0; i < FIGURES; i++) {
		const unsigned have = now->figure[i], had = allowed->figure[i];

		if (have > had * GROWTH) {
			printf("# %s: %u %s, the budget says %u\n", now->program, have,
			       figure_names[i], had);
			ok = false;
		}
	}
	return ok;
}

static int compare(const struct budgets *now, const struct budgets *allowed)
{
	int failed = 0;
	size_t missing = 0;

	printf("1..%zu\n", now->n + 1);
	for (size_t i = 0; i < now->n; i++) {
		const bool ok = within(&now->list[i], find(allowed, now->list[i].program));

		printf("%sok %zu - %s\n", ok ? "" : "not ", i + 1, now->list[i].program);
		failed += !ok;
	}
	for (size_t i = 0; i < allowed->n; i++) {
		if (find(now, allowed->list[i].program))
			continue;
		printf("# %s is there no more\n", allowed->list[i].program);
		missing++;
	}
	failed += missing;
	printf("%sok %zu - every budget has its program\n", missing ? "not " : "", now->n + 1);
	if (failed)
		printf("# if that has to be: tests/packet/budget --update, in the same commit\n");
	return failed != 0;
}

int main(int argc, char **argv)
{
	const bool update = argc == 3 && !strcmp(argv[1], "--update");
	struct budgets now, allowed;
	int err;

	if (argc != 2 && !update) {
		fprintf(stderr, "usage: test_budget [--update] FILE\n");
		return 2;
	}
	if (geteuid() != 0) {
		printf("1..0 # SKIP loads BPF programs: run as root\n");
		return SKIPPED;
	}
	err = tables_prepare();
	if (!err)
		err = read_programs(&now);
	if (!err && update)
		err = write_file(argv[2], &now);
	else if (!err)
		err = read_file(argv[1], &allowed);
	if (err)
		fprintf(stderr, "test_budget: %s: %s\n", argv[argc - 1], strerror(-err));
	if (err || update)
		return err != 0;
	if (strcmp(now.where, allowed.where) != 0) {
		printf("1..0 # SKIP the budgets are for %s, not for %s\n", allowed.where,
		       now.where);
		return SKIPPED;
	}
	return compare(&now, &allowed);
}
