/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbd(8) */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/privileges.h"
#include "review/review.h"

static int read_config(const struct options *o, struct cfg **ret)
{
	const struct cfg_options options = { .macros = o->macros,
					     .n_macros = o->n_macros,
					     .verbose = o->verbose > 0 };
	struct diag diag = { 0 };
	int r = cfg_parse_file(o->config, &options, &diag, ret);

	diag_print(&diag, stderr, isatty(STDERR_FILENO) && !getenv("NO_COLOR"));
	diag_clear(&diag);
	return r;
}

static int check_only(const struct options *o)
{
	struct diag diag = { 0 };
	struct cfg *conf;
	int r;

	if (read_config(o, &conf))
		return EXIT_FAILED;
	r = review_all(conf, &diag);
	diag_print(&diag, stderr, isatty(STDERR_FILENO) && !getenv("NO_COLOR"));
	diag_clear(&diag);
	if (r)
		return EXIT_FAILED;
	fputs("configuration OK\n", stderr);
	return EXIT_DONE;
}

/*
 * Into the background. The parent stays until the child says how its start went, so that the exit
 * status tells. Returns the descriptor to tell it by, in the child only.
 */
static int go_background(void)
{
	int pipes[2], status;
	char result;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid > 0) {
		close(pipes[1]);
		if (read(pipes[0], &result, 1) != 1)
			result = waitpid(pid, &status, 0) == pid && WIFEXITED(status) ?
					 WEXITSTATUS(status) :
					 EXIT_FAILED;
		_exit(result);
	}
	close(pipes[0]);
	setsid();
	return chdir("/") ? -errno : pipes[1];
}

/* The terminal that it was started from hears of mistakes until now. */
static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
}

static void tell_parent(int fd, char result)
{
	while (write(fd, &result, 1) < 0 && errno == EINTR)
		;
	close(fd);
}

static void started(int parent)
{
	log_started();
	if (parent < 0)
		return;
	leave_terminal();
	tell_parent(parent, EXIT_DONE);
}

static int run(const struct options *o, struct cfg *conf, bool rolled_back, int parent)
{
	struct daemon d;
	int r;

	r = daemon_start(&d, o, conf, rolled_back);
	if (!r) {
		started(parent);
		r = sd_event_loop(d.event);
	}
	daemon_stop(&d);
	return r ? EXIT_FAILED : EXIT_DONE;
}

/* The background's directory is another one. What -f names may be a link to what is current: it is
 * followed anew with each reload. */
static int make_absolute(const char **path)
{
	char *here, *text;
	int n;

	if (!*path || **path == '/')
		return 0;
	here = getcwd(NULL, 0);
	if (!here)
		return -errno;
	n = asprintf(&text, "%s/%s", here, *path);
	free(here);
	if (n < 0)
		return -ENOMEM;
	*path = text; /* as long as the process */
	return 0;
}

static int make_paths_absolute(struct options *o)
{
	int r = make_absolute(&o->config);

	if (!r)
		r = make_absolute(&o->socket);
	if (!r)
		r = make_absolute(&o->bpffs);
	if (!r)
		r = make_absolute(&o->pflog);
	if (!r)
		r = make_absolute(&o->track_file);
	if (!r)
		r = make_absolute(&o->metrics_file);
	return r ? r : make_absolute(&o->state);
}

static bool may_run(void)
{
	char missing[64];
	int r = privileges_check(missing, sizeof(missing));

	if (r == -EPERM)
		fprintf(stderr, "xlbd: needs to be root, or to have %s\n", missing);
	else if (r)
		fprintf(stderr, "xlbd: capabilities: %s\n", strerror(-r));
	return r == 0;
}

int main(int argc, char **argv)
{
	struct options o;
	struct cfg *conf;
	bool rolled_back;
	int parent = -1, r;

	if (options_parse(argc, argv, &o)) {
		options_usage();
		return EXIT_USAGE;
	}
	if (o.show_help) {
		options_usage();
		return EXIT_DONE;
	}
	if (o.show_version) {
		puts("xlbd " XLB_VERSION);
		return EXIT_DONE;
	}
	if (o.check_only)
		return check_only(&o);
	if (!may_run())
		return EXIT_FAILED;
	if (read_config(&o, &conf) || confirm_recover(&o, &conf, &rolled_back))
		return EXIT_FAILED;
	log_set_verbose(o.verbose > 0);
	r = make_paths_absolute(&o);
	if (!r && !o.foreground && !o.oneshot)
		r = parent = go_background();
	if (r < 0) {
		fprintf(stderr, "xlbd: %s\n", strerror(-r));
		return EXIT_FAILED;
	}
	log_open(o.foreground || o.oneshot);
	return run(&o, conf, rolled_back, parent);
}
