/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/cli.h"

#include <getopt.h>

#include "cli/dispatch.h"
#include "cli/watch.h"

enum { OPTION_BPFFS = 256 };

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "watch", required_argument, NULL, 'w' },
	{ "socket", required_argument, NULL, 's' },
	{ "bpffs", required_argument, NULL, OPTION_BPFFS },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static const char usage[] =
	"usage: xlbctl [-j] [-w SECONDS] [-s SOCKET] [--bpffs DIR] COMMAND ...\n\n"
	"  -j, --json           print the daemon's JSON\n"
	"  -w, --watch SECONDS  show again and again, with \"show\"\n"
	"  -s, --socket SOCKET  the daemon's control socket (" XLB_DEFAULT_SOCKET_PATH ")\n"
	"      --bpffs DIR      where things are pinned, for use without a daemon\n"
	"  -V, --version        print the version\n"
	"  -h, --help           print this\n\n"
	"Commands and their words can be abbreviated.\n\n";

/* -1: go on with the command; else the exit status. */
static int parse_options(struct cli *cli, int argc, char **argv)
{
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:jw:s:Vh", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			cli->json = true;
			break;
		case 'w':
			if (watch_parse(optarg, &cli->watch_ms) < 0) {
				fprintf(cli->err,
					"xlbctl: -w wants seconds, 0.1 to 86400, not \"%s\"\n",
					optarg);
				return CLI_USAGE;
			}
			break;
		case 's':
			cli->socket = optarg;
			break;
		case OPTION_BPFFS:
			cli->bpffs = optarg;
			break;
		case 'V':
			fprintf(cli->out, "xlbctl %s\n", XLB_VERSION);
			return CLI_DONE;
		case 'h':
			fputs(usage, cli->out);
			print_usage(cli->out, commands);
			return CLI_DONE;
		default:
			fprintf(cli->err, "xlbctl: %s: %s\ntry: xlbctl --help\n",
				option == ':' ? "option needs an argument" : "unknown option",
				argv[optind - 1]);
			return CLI_USAGE;
		}
	}
	return -1;
}

int cli_main(struct cli *cli, int argc, char **argv)
{
	int r = parse_options(cli, argc, argv);

	if (r >= 0)
		return r;
	r = dispatch(cli, argc - optind, argv + optind);
	if (fflush(cli->out) != 0 || ferror(cli->out)) {
		fputs("xlbctl: cannot write the output\n", cli->err);
		return CLI_FAILED;
	}
	return r;
}
