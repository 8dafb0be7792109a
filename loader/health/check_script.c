/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * "check script PATH": runs PATH HOST, with HOST as in the configuration. relayd's contract, the
 * opposite of a shell's custom: exit status 0 means DOWN, any other means up. A script that is
 * killed, does not end in time, or cannot be executed means down, too.
 *
 * Scripts run beside each other and beside everything else, each in a process group of its own.
 * What is left of that when the script ends, or at the deadline, is killed, and so is what has left
 * the group, see orphans.h. They run without capabilities, see run.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "health/check.h"
#include "health/orphans.h"
#include "health/run.h"

/* Of all hosts together: a burst of scripts must not take the machine. Others wait their turn. */
#define MAX_RUNNING 64

struct scripts {
	struct run_user user;
	char **environment;
	struct orphans *orphans;
	unsigned n_running;
};

struct script {
	sd_event_source *io; /* of the pidfd, which it owns; NULL: not running */
	pid_t pid;
};

static void forget(struct probe *p, struct script *script)
{
	struct scripts *scripts = p->shared;

	script->io = sd_event_source_disable_unref(script->io);
	orphans_script_over(scripts->orphans, script->pid);
	scripts->n_running--;
}

/* ---- the end ------------------------------------------------------------------------------- */
static int on_exit_seen(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct probe *p = data;
	struct script *script = p->state;
	struct scripts *scripts = p->shared;
	siginfo_t info = { 0 };

	kill(-script->pid, SIGKILL); /* it is over, and nobody else can have its number yet */
	if (waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
		return 0;
	forget(p, script);
	orphans_look(scripts->orphans);
	p->exit_zero = info.si_code == CLD_EXITED && info.si_status == 0;
	if (info.si_code == CLD_EXITED && info.si_status != 0)
		check_finish(p, HOST_UP, "script ok");
	else
		check_finish(p, HOST_DOWN, "script failed");
	return 0;
}

/* The loop owns the source, and the source the pidfd: both go with this. */
static int on_killed(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	siginfo_t info;

	waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG);
	orphans_look(data);
	sd_event_source_set_floating(source, false);
	return 0;
}

/* Even SIGKILL takes its time: the loop reaps it when it is dead, whatever has become of the probe.
 */
static void kill_and_forget(struct probe *p, struct script *script)
{
	int fd = sd_event_source_get_io_fd(script->io);
	struct scripts *scripts = p->shared;
	sd_event_source *source;

	kill(-script->pid, SIGKILL);
	sd_event_source_set_io_fd_own(script->io, false);
	forget(p, script);
	if (sd_event_add_io(check_event(p), &source, fd, EPOLLIN, on_killed, scripts->orphans) <
	    0) {
		close(fd);
		waitpid(script->pid, NULL, 0);
		return;
	}
	sd_event_source_set_io_fd_own(source, true);
	sd_event_source_set_floating(source, true);
	sd_event_source_unref(source);
}

/* ---- the start ----------------------------------------------------------------------------- */
/* 0 or -errno, as run_program(). */
static int run(const struct probe *p, pid_t *ret_pid)
{
	const struct scripts *scripts = p->shared;
	const struct probe_target *target = &p->target;
	char addr[INET6_ADDRSTRLEN] = "";
	const char *argv[] = { target->check->path, target->name, NULL };

	if (!argv[1])
		argv[1] = inet_ntop(target->addr.family, &target->addr.v6, addr, sizeof(addr));
	return run_program(&scripts->user, (char *const *)argv, scripts->environment, ret_pid);
}

/* false: we could not watch it, so it does not run. */
static bool watch(struct probe *p, struct script *script)
{
	int fd = (int)syscall(SYS_pidfd_open, script->pid, 0);

	if (fd >= 0 &&
	    sd_event_add_io(check_event(p), &script->io, fd, EPOLLIN, on_exit_seen, p) >= 0 &&
	    sd_event_source_set_io_fd_own(script->io, true) >= 0)
		return true;
	script->io = sd_event_source_disable_unref(script->io);
	if (fd >= 0)
		close(fd);
	return false;
}

static void abandon(const struct script *script)
{
	kill(-script->pid, SIGKILL);
	waitpid(script->pid, NULL, 0);
}

static void give_up(struct probe *p, const struct script *script)
{
	struct scripts *scripts = p->shared;

	abandon(script);
	orphans_script_over(scripts->orphans, script->pid);
	check_not_made(p, "script failed");
}

static bool our_own_fault(int r)
{
	return r == -EAGAIN || r == -ENOMEM || r == -EMFILE || r == -ENFILE;
}

static bool may_start(const struct probe *p)
{
	const struct scripts *scripts = p->shared;

	return scripts->n_running < MAX_RUNNING;
}

static void start(struct probe *p)
{
	struct script *script = p->state;
	struct scripts *scripts = p->shared;
	int r = run(p, &script->pid);

	if (r == 0 && orphans_script_began(scripts->orphans, script->pid) < 0) {
		abandon(script);
		r = -ENOMEM;
	}

	if (r == -EPERM)
		check_not_made(p, "script not run: privileges could not be given up");
	else if (our_own_fault(r))
		check_not_made(p, "script failed");
	else if (r < 0)
		check_finish(p, HOST_DOWN, "script failed");
	else if (watch(p, script))
		scripts->n_running++;
	else
		give_up(p, script);
}

static void deadline(struct probe *p)
{
	check_finish(p, HOST_DOWN, "script failed");
}

static void stop(struct probe *p)
{
	struct script *script = p->state;

	if (script->io)
		kill_and_forget(p, script);
}

static int open_scripts(sd_event *event, void **ret)
{
	struct scripts *scripts = calloc(1, sizeof(*scripts));
	int r = scripts ? run_user_find(&scripts->user) : -ENOMEM;

	if (r == 0) {
		scripts->environment = run_environment();
		r = scripts->environment ? orphans_open(event, &scripts->orphans) : -ENOMEM;
	}
	if (r < 0) {
		if (scripts)
			free(scripts->environment);
		free(scripts);
		return r;
	}
	*ret = scripts;
	return 0;
}

static void close_scripts(void *data)
{
	struct scripts *scripts = data;

	orphans_close(scripts->orphans);
	free(scripts->environment);
	free(scripts);
}

const struct check_ops script_check = {
	.open = open_scripts,
	.close = close_scripts,
	.may_start = may_start,
	.state_size = sizeof(struct script),
	.start = start,
	.deadline = deadline,
	.stop = stop,
};
