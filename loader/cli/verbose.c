/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/verbose.h"

#include <string.h>

static int bad_argument(const struct cli *cli, const char *what, const char *argument)
{
	fprintf(cli->err, "xlbctl: %s argument: %s\n", what, argument);
	if (argument[0] == '-')
		fputs("options come before the command\n", cli->err);
	return CLI_USAGE;
}

int parse_verbose(const struct cli *cli, int argc, char **argv, int max, int *ret_verbose,
		  const char **ret_name)
{
	const char *name = NULL;
	int verbose = 0;

	for (int i = 1; i < argc; i++) {
		size_t n = strspn(argv[i] + (argv[i][0] == '-'), "v");

		if (argv[i][0] == '-') {
			if (n == 0 || argv[i][1 + n])
				return bad_argument(cli, "superfluous", argv[i]);
			verbose += (int)n;
		} else if (name || !ret_name) {
			return bad_argument(cli, "superfluous", argv[i]);
		} else {
			name = argv[i];
		}
	}
	*ret_verbose = verbose < max ? verbose : max;
	if (ret_name)
		*ret_name = name;
	return CLI_DONE;
}
