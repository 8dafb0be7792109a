/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Starts a program that is not to be trusted with what the daemon may do: in a session and process
 * group of its own, at /, without our descriptors, without capabilities and without a way to get
 * any, and by root's daemon also as another user.
 */
#ifndef XLB_HEALTH_RUN_H
#define XLB_HEALTH_RUN_H

#include <stdbool.h>
#include <sys/types.h>

struct run_user {
	bool drop; /* false: we are not root, it runs as we do */
	uid_t uid;
	gid_t gid;
};

/* The first of these that exists: _xlb, xlb, nobody. -ENOENT. */
int run_user_find(struct run_user *ret);

/* The environment for programs: ours, without what systemd means for the daemon. To be freed with
 * free(), its strings are ours. NULL: no memory. */
char **run_environment(void);

/*
 * 0 or -errno: of a failure to fork, to give privileges up (-EPERM, it did not run then) or to
 * execute. argv[0] is searched for in PATH. The child leads the process group *ret_pid.
 */
int run_program(const struct run_user *user, char *const argv[], char *const environment[],
		pid_t *ret_pid);

#endif
