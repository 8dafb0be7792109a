/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "health/run.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int run_user_find(struct run_user *ret)
{
	static const char *const names[] = { "_xlb", "xlb", "nobody" };

	if (geteuid() != 0) {
		*ret = (struct run_user){ 0 };
		return 0;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct passwd *pw = getpwnam(names[i]);

		if (pw && pw->pw_uid != 0) {
			*ret = (struct run_user){ true, pw->pw_uid, pw->pw_gid };
			return 0;
		}
	}
	return -ENOENT;
}

static bool is_for_the_daemon(const char *variable)
{
	static const char *const names[] = {
		"NOTIFY_SOCKET=",        "WATCHDOG_",        "LISTEN_",
		"JOURNAL_STREAM=",       "STATE_DIRECTORY=", "RUNTIME_DIRECTORY=",
		"CREDENTIALS_DIRECTORY="
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(variable, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

char **run_environment(void)
{
	size_t n = 0, kept = 0;
	char **environment;

	while (environ[n])
		n++;
	environment = calloc(n + 1, sizeof(*environment));
	for (size_t i = 0; environment && i < n; i++)
		if (!is_for_the_daemon(environ[i]))
			environment[kept++] = environ[i];
	return environment;
}

/* ---- in the child -------------------------------------------------------------------------- */
/*
 * Up to its exec the child borrows our memory, as with posix_spawn(3), which cannot change the
 * user. So it makes system calls only; glibc's setuid(2) and its kin would reach for our threads.
 */
static bool change_user(const struct run_user *user)
{
	return !user->drop || (syscall(SYS_setgroups, 0, NULL) == 0 &&
			       syscall(SYS_setresgid, user->gid, user->gid, user->gid) == 0 &&
			       syscall(SYS_setresuid, user->uid, user->uid, user->uid) == 0);
}

/* Of a daemon that is not root they would outlive the exec: they are ambient. To lower the
 * inheritable set lowers the ambient one with it, see capabilities(7). */
static bool give_up_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capset, &header, none) == 0;
}

static bool give_up_privileges(const struct run_user *user)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && change_user(user) &&
	       give_up_capabilities();
}

static void default_signals(void)
{
	const struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int n = 1; n < NSIG; n++)
		sigaction(n, &action, NULL); /* refused for those that have no other */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Standard output and error stay: what it says is in the daemon's log. */
static void close_files(void)
{
	int null = open("/dev/null", O_RDONLY);

	if (null > STDIN_FILENO)
		dup2(null, STDIN_FILENO);
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
}

static _Noreturn void child(const struct run_user *user, char *const argv[],
			    char *const environment[], volatile int *error)
{
	setsid();
	default_signals();
	close_files();
	if (chdir("/") < 0 || !give_up_privileges(user)) {
		*error = EPERM;
		_exit(0);
	}
	execvpe(argv[0], argv, environment);
	*error = errno;
	_exit(0);
}

/* ---- in the daemon ------------------------------------------------------------------------- */
/* Nothing of ours may live across vfork() in this function, hence it is one. */
static __attribute__((noinline)) pid_t spawn(const struct run_user *user, char *const argv[],
					     char *const environment[], volatile int *error)
{
	pid_t pid = vfork();

	if (pid == 0)
		child(user, argv, environment, error);
	return pid;
}

int run_program(const struct run_user *user, char *const argv[], char *const environment[],
		pid_t *ret_pid)
{
	volatile int error = 0;
	sigset_t all, before;
	pid_t pid;

	/* A handler of ours must not run in the child. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	pid = spawn(user, argv, environment, &error);
	if (pid < 0)
		error = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return -error;
	if (error) {
		waitpid(pid, NULL, 0);
		return -error;
	}
	*ret_pid = pid;
	return 0;
}
