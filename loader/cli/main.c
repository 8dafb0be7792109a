/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "dataplane/dataplane.h"

static bool wants_colour(FILE *file)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_color && *no_color)
		return false;
	return isatty(fileno(file)) && term && *term;
}

int main(int argc, char **argv)
{
	struct cli cli = {
		.socket = XLB_DEFAULT_SOCKET_PATH,
		.bpffs = XLB_DEFAULT_BPFFS,
		.out = stdout,
		.err = stderr,
		.terminal = isatty(STDOUT_FILENO),
		.colour_out = wants_colour(stdout),
		.colour_err = wants_colour(stderr),
	};

	return cli_main(&cli, argc, argv);
}
