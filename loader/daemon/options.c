/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/options.h"
#include "capture/pflog_file.h"
#include "daemon/state.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum {
	OPT_BPFFS = 256,
	OPT_STATE,
	OPT_ONESHOT,
	OPT_ATTACH,
	OPT_MODE,
	OPT_TRACK_FILE,
	OPT_METRICS_FILE,
	OPT_PFLOG
};

static const struct option long_options[] = {
	{ "bpffs", required_argument, NULL, OPT_BPFFS },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "oneshot", no_argument, NULL, OPT_ONESHOT },
	{ "attach", required_argument, NULL, OPT_ATTACH },
	{ "mode", required_argument, NULL, OPT_MODE },
	{ "track-file", required_argument, NULL, OPT_TRACK_FILE },
	{ "pflog", required_argument, NULL, OPT_PFLOG },
	{ "metrics-file", required_argument, NULL, OPT_METRICS_FILE },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

void options_usage(void)
{
	fputs("usage: xlbd [-dnvV] [-D macro=value] [-f FILE] [-s SOCKET] [--bpffs DIR] [--state "
	      "DIR]\n"
	      "            [--oneshot] [--attach IFACE]... [--mode auto|native|generic]\n"
	      "            [--track-file FILE] [--metrics-file FILE] [--pflog FILE]\n"
	      "  -d            stay in the foreground, log to stderr\n"
	      "  -n            check the configuration and exit\n"
	      "  -v            log more; with -n: also what is not used\n"
	      "  -V            print the version\n"
	      "  -D NAME=VALUE define a macro; beats the file\n"
	      "  -f FILE       configuration (" XLB_DEFAULT_CONFIG ")\n"
	      "  -s SOCKET     control socket (/run/xlb/xlbd.sock)\n"
	      "  --bpffs DIR   where maps, program and links are pinned (" XLB_DEFAULT_BPFFS ")\n"
	      "  --state DIR   where is kept what was enabled and disabled (" XLB_STATE_DIRECTORY
	      ")\n"
	      "  --oneshot     load, check each host once, fill the maps, pin, exit\n"
	      "  --attach IFACE  attach there, too\n"
	      "  --mode MODE   how to attach; auto tries native, then generic\n"
	      "  --track-file FILE  keep there how many services no host serves\n"
	      "  --metrics-file FILE  write the metrics there, for a textfile collector\n"
	      "  --pflog FILE  where \"pflog\" in a listen line writes to (" PFLOG_FILE ")\n",
	      stderr);
}

static int add_macro(struct options *o, char *text)
{
	char *equals = strchr(text, '=');

	if (!equals || equals == text) {
		fprintf(stderr, "xlbd: -D wants NAME=VALUE, not \"%s\"\n", text);
		return -EINVAL;
	}
	if (o->n_macros == MAX_MACROS) {
		fprintf(stderr, "xlbd: more than %d times -D\n", MAX_MACROS);
		return -EINVAL;
	}
	*equals = '\0';
	o->macros[o->n_macros++] = (struct cfg_macro){ text, equals + 1 };
	return 0;
}

static int add_interface(struct options *o, const char *name)
{
	if (o->n_attach == MAX_ATTACH) {
		fprintf(stderr, "xlbd: more than %d times --attach\n", MAX_ATTACH);
		return -EINVAL;
	}
	o->attach[o->n_attach++] = name;
	return 0;
}

static int set_mode(struct options *o, const char *name)
{
	for (int mode = XDP_MODE_AUTO; mode <= XDP_MODE_GENERIC; mode++)
		if (!strcmp(name, xdp_mode_name(mode))) {
			o->mode = mode;
			return 0;
		}
	fprintf(stderr, "xlbd: --mode is auto, native or generic, not \"%s\"\n", name);
	return -EINVAL;
}

static int take(struct options *o, int option, char *arg)
{
	switch (option) {
	case 'd':
		o->foreground = true;
		return 0;
	case 'n':
		o->check_only = true;
		return 0;
	case 'v':
		o->verbose++;
		return 0;
	case 'V':
		o->show_version = true;
		return 0;
	case 'h':
		o->show_help = true;
		return 0;
	case 'D':
		return add_macro(o, arg);
	case 'f':
		o->config = arg;
		return 0;
	case 's':
		o->socket = arg;
		return 0;
	case OPT_BPFFS:
		o->bpffs = arg;
		return 0;
	case OPT_STATE:
		o->state = arg;
		return 0;
	case OPT_ONESHOT:
		o->oneshot = true;
		return 0;
	case OPT_ATTACH:
		return add_interface(o, arg);
	case OPT_TRACK_FILE:
		o->track_file = arg;
		return 0;
	case OPT_METRICS_FILE:
		o->metrics_file = arg;
		return 0;
	case OPT_PFLOG:
		o->pflog = arg;
		return 0;
	case OPT_MODE:
		return set_mode(o, arg);
	default:
		return -EINVAL; /* getopt has said what is wrong */
	}
}

int options_parse(int argc, char **argv, struct options *ret)
{
	struct options o = { .config = XLB_DEFAULT_CONFIG, .bpffs = XLB_DEFAULT_BPFFS };
	int option, r;

	while ((option = getopt_long(argc, argv, "dnvVhD:f:s:", long_options, NULL)) != -1) {
		r = take(&o, option, optarg);
		if (r)
			return r;
	}
	if (optind < argc) {
		fprintf(stderr, "xlbd: superfluous argument: %s\n", argv[optind]);
		return -EINVAL;
	}
	*ret = o;
	return 0;
}
