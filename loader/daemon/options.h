/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbd's command line. */
#ifndef XLB_DAEMON_OPTIONS_H
#define XLB_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "dataplane/dataplane.h"

#define XLB_DEFAULT_CONFIG "/etc/xlb/xlb.conf"
#define MAX_MACROS 64
#define MAX_ATTACH 64

/* Exit codes of xlbd and xlbctl. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NO_DAEMON = 3 };

struct options {
	bool foreground; /* -d */
	bool check_only; /* -n */
	bool oneshot;    /* --oneshot */
	bool show_version;
	bool show_help;
	unsigned verbose; /* -v, counted */
	const char *config;
	const char *socket; /* NULL: the configuration's, else the default */
	const char *bpffs;
	const char *state;        /* directory; NULL: systemd's, else the default */
	const char *track_file;   /* NULL: none */
	const char *metrics_file; /* NULL: none */
	const char *pflog;        /* NULL: systemd's, else the default */
	enum xdp_mode mode;
	struct cfg_macro macros[MAX_MACROS];
	size_t n_macros;
	const char *attach[MAX_ATTACH]; /* --attach IFACE */
	size_t n_attach;
};

/* 0, or -EINVAL with the mistake told on stderr. Cuts "macro=value" in argv apart. */
int options_parse(int argc, char **argv, struct options *ret);
void options_usage(void);

#endif
