/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What all commands of xlbctl share. */
#ifndef XLB_CLI_CLI_H
#define XLB_CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

#define XLB_DEFAULT_SOCKET_PATH "/run/xlb/xlbd.sock"
#define XLB_DEFAULT_CONFIG "/etc/xlb/xlb.conf"

/* Exit codes, of commands and of the program. */
enum cli_status {
	CLI_DONE = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_UNREACHABLE = 3, /* no answer from the daemon */
};

struct cli {
	bool json;
	const char *socket;
	const char *bpffs;
	FILE *out;
	FILE *err;
	unsigned watch_ms; /* -w: between one output and the next; 0: once */
	int verbose;        /* -v of "show" */
	unsigned timeout_s; /* for the daemon's answer; 0: the default */
	bool terminal;     /* out is one: columns are aligned for eyes */
	bool colour_out;   /* a terminal, and NO_COLOR isn't set */
	bool colour_err;
};

struct command {
	const char *name;
	const char *args; /* what follows the name, for usage; NULL: nothing */
	int min_args;
	int max_args; /* -1: any number, or options: the function looks at them itself */
	/* argv[0] is the name. Returns enum cli_status. */
	int (*function)(struct cli *cli, int argc, char **argv);
	const char *help;          /* one line, no full stop */
	const char *details;       /* more lines, or NULL */
	const struct command *sub; /* words that follow, ended by a NULL name; function is NULL */
};

/* All of them, ended by a NULL name. */
extern const struct command commands[];

/* The program: options, then a command. Writes to cli's files only. */
int cli_main(struct cli *cli, int argc, char **argv);

#endif
