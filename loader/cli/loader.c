/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/loader.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Where the program is that belongs to this one. */
static void find_loader(char path[PATH_MAX])
{
	char self[PATH_MAX - 16];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n > 0) {
		self[n] = '\0';
		snprintf(path, PATH_MAX, "%s/../sbin/xlbd", dirname(self));
		if (access(path, X_OK) == 0)
			return;
	}
	snprintf(path, PATH_MAX, "xlbd"); /* in PATH */
}

/* NULL: no memory. The strings are borrowed. */
static const char **make_argv(const struct cli *cli, const struct loader_options *o)
{
	const char **argv = calloc(9 + 2 * o->n_interfaces, sizeof(*argv));
	size_t n = 0;

	if (!argv)
		return NULL;
	argv[n++] = "xlbd";
	argv[n++] = "--oneshot";
	for (size_t i = 0; i < o->n_interfaces; i++) {
		argv[n++] = "--attach";
		argv[n++] = o->interfaces[i];
	}
	if (o->mode) {
		argv[n++] = "--mode";
		argv[n++] = o->mode;
	}
	argv[n++] = "--bpffs";
	argv[n++] = cli->bpffs;
	if (o->config) {
		argv[n++] = "-f";
		argv[n++] = o->config;
	}
	return argv;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return CLI_FAILED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : CLI_FAILED;
}

int loader_run(const struct cli *cli, const struct loader_options *options)
{
	const char **argv = make_argv(cli, options);
	char path[PATH_MAX];
	pid_t pid;
	int r;

	if (!argv) {
		fputs("xlbctl: out of memory\n", cli->err);
		return CLI_FAILED;
	}
	find_loader(path);
	r = posix_spawnp(&pid, path, NULL, NULL, (char *const *)argv, environ);
	free(argv);
	if (r != 0) {
		fprintf(cli->err, "xlbctl: cannot run the loader %s: %s\n", path, strerror(r));
		return CLI_FAILED;
	}
	return wait_for(pid);
}
