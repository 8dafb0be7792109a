/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A struct cli whose output ends up in memory. */
#ifndef XLB_TESTS_UNIT_CLI_CAPTURE_H
#define XLB_TESTS_UNIT_CLI_CAPTURE_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

struct capture {
	struct cli cli;
	char *out, *err; /* what was written; valid after capture_read() */
	size_t out_size, err_size;
};

static inline void capture_open(struct capture *c)
{
	memset(c, 0, sizeof(*c));
	c->cli.out = open_memstream(&c->out, &c->out_size);
	c->cli.err = open_memstream(&c->err, &c->err_size);
	c->cli.socket = "/nowhere/xlbd.sock";
	c->cli.bpffs = "/nowhere/bpf";
}

static inline void capture_read(struct capture *c)
{
	fflush(c->cli.out);
	fflush(c->cli.err);
}

static inline void capture_close(struct capture *c)
{
	fclose(c->cli.out);
	fclose(c->cli.err);
	free(c->out);
	free(c->err);
}

#define MAX_ARGS 16

/* Runs "xlbctl LINE"; words are separated by single spaces. Returns the exit status. */
static inline int capture_run(struct capture *c, const char *line)
{
	char copy[512], *argv[MAX_ARGS + 2] = { (char[]){ "xlbctl" } }, *rest = copy, *word;
	int argc = 1, status;

	snprintf(copy, sizeof(copy), "%s", line);
	while ((word = strsep(&rest, " ")) && argc <= MAX_ARGS)
		if (*word)
			argv[argc++] = word;
	status = cli_main(&c->cli, argc, argv);
	capture_read(c);
	return status;
}

#endif
