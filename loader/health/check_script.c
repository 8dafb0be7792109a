/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * "check script PATH": runs PATH HOST, with HOST as in the configuration. relayd's contract, the
 * opposite of a shell's custom: exit status 0 means DOWN, any other means up. A script that is
 * killed, does not end in time, or cannot be executed means down, too.
 *
 * Scripts run beside each other and beside everything else, each in a process group of its own,
 * which is killed at the deadline.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "health/check.h"

struct script {
	sd_event_source *io; /* of the pidfd, which it owns; NULL: not running */
	pid_t pid;
};

/* ---- the end --------------------------------------------------------------------------------- */
static int on_exit_seen(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct probe *p = data;
	struct script *script = p->state;
	siginfo_t info = { 0 };

	if (waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
		return 0;
	script->io = sd_event_source_disable_unref(script->io);
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
	sd_event_source_set_floating(source, false);
	return 0;
}

/* Even SIGKILL takes its time: the loop reaps it when it is dead, whatever has become of the probe.
 */
static void kill_and_forget(struct probe *p, struct script *script)
{
	int fd = sd_event_source_get_io_fd(script->io);
	sd_event_source *source;

	kill(-script->pid, SIGKILL);
	sd_event_source_set_io_fd_own(script->io, false);
	script->io = sd_event_source_disable_unref(script->io);
	if (sd_event_add_io(check_event(p), &source, fd, EPOLLIN, on_killed, NULL) < 0) {
		close(fd);
		waitpid(script->pid, NULL, 0);
		return;
	}
	sd_event_source_set_io_fd_own(source, true);
	sd_event_source_set_floating(source, true);
	sd_event_source_unref(source);
}

/* ---- the start ------------------------------------------------------------------------------- */
static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t defaults, none;

	sigemptyset(&none);
	sigfillset(&defaults);
	sigdelset(&defaults, SIGKILL);
	sigdelset(&defaults, SIGSTOP);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
						     POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setsigdefault(attributes, &defaults);
	return posix_spawnattr_setsigmask(attributes, &none);
}

static int set_actions(posix_spawn_file_actions_t *actions)
{
	int r = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (r == 0)
		r = posix_spawn_file_actions_addchdir_np(actions, "/");
	return r ? r : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}

/* 0 or an error number, as posix_spawn(3). */
static int spawn(const struct probe_target *target, pid_t *ret_pid)
{
	char addr[INET6_ADDRSTRLEN] = "";
	const char *argv[] = { target->check->path, target->name, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r;

	if (!argv[1])
		argv[1] = inet_ntop(target->addr.family, &target->addr.v6, addr, sizeof(addr));
	if (posix_spawn_file_actions_init(&actions) != 0)
		return ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return ENOMEM;
	}
	r = set_attributes(&attributes);
	if (r == 0)
		r = set_actions(&actions);
	if (r == 0)
		r = posix_spawnp(ret_pid, argv[0], &actions, &attributes, (char *const *)argv,
				 environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return r;
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
	kill(-script->pid, SIGKILL);
	waitpid(script->pid, NULL, 0);
	return false;
}

static bool our_own_fault(int error)
{
	return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
}

static void start(struct probe *p)
{
	struct script *script = p->state;
	int error = spawn(&p->target, &script->pid);

	if (our_own_fault(error))
		check_not_made(p, "script failed");
	else if (error)
		check_finish(p, HOST_DOWN, "script failed");
	else if (!watch(p, script))
		check_not_made(p, "script failed");
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

const struct check_ops script_check = {
	.state_size = sizeof(struct script),
	.start = start,
	.deadline = deadline,
	.stop = stop,
};
