// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Kills a program right before its N-th step: a system call that changes something that outlives
 * it, below bpffs, in maps, on interfaces, on disk.
 *
 * kill_at [-u] STEP LOG COMMAND...: LOG gets a line for each step. STEP 0 kills never. -u: steps
 * count from SIGUSR1 on. All threads and children are the program, too. SIGTERM is handed on. Ends
 * with the program's status, or 137 where it was killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_GET_SYSCALL_INFO
#error "this libc is too old"
#endif

#define KILLED (128 + SIGKILL)

struct named {
	uint64_t number;
	const char *name;
};

/* Calls of which some are steps; the others are not stopped at. */
static const struct named traced[] = {
	{ SYS_bpf, "bpf" },
	{ SYS_sendto, "sendto" },
	{ SYS_sendmsg, "sendmsg" },
	{ SYS_bind, "bind" },
	{ SYS_openat, "openat" },
	{ SYS_mkdirat, "mkdirat" },
	{ SYS_unlinkat, "unlinkat" },
	{ SYS_renameat2, "renameat2" },
	{ SYS_symlinkat, "symlinkat" },
	{ SYS_ftruncate, "ftruncate" },
#ifdef SYS_open
	{ SYS_open, "open" },
	{ SYS_mkdir, "mkdir" },
	{ SYS_rmdir, "rmdir" },
	{ SYS_unlink, "unlink" },
	{ SYS_rename, "rename" },
	{ SYS_renameat, "renameat" },
	{ SYS_symlink, "symlink" },
#endif
};

#define N_TRACED (sizeof(traced) / sizeof(traced[0]))

static volatile sig_atomic_t armed, ending;
static pid_t program;

/* ---- what a step is ------------------------------------------------------------------------ */
static bool peek(pid_t pid, uint64_t from, void *to, size_t size)
{
	struct iovec here = { to, size }, there = { (void *)(uintptr_t)from, size };

	return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* What only makes a descriptor is gone with whoever holds it. */
static const struct named bpf_changes[] = {
	{ BPF_MAP_UPDATE_ELEM, "bpf update" },
	{ BPF_MAP_DELETE_ELEM, "bpf delete" },
	{ BPF_MAP_UPDATE_BATCH, "bpf update" },
	{ BPF_MAP_DELETE_BATCH, "bpf delete" },
	{ BPF_OBJ_PIN, "bpf pin" },
	{ BPF_PROG_ATTACH, "bpf attach" },
	{ BPF_PROG_DETACH, "bpf detach" },
	{ BPF_LINK_CREATE, "bpf link" },
	{ BPF_LINK_UPDATE, "bpf relink" },
	{ BPF_LINK_DETACH, "bpf unlink" },
};

#define N_BPF_CHANGES (sizeof(bpf_changes) / sizeof(bpf_changes[0]))

/* NULL: it is none of them. */
static const char *name_of(const struct named *all, size_t n, uint64_t number)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].number == number)
			return all[i].name;
	return NULL;
}

/* rtnetlink's types come in fours: new, del, get, set. */
static bool asks_for_change(pid_t pid, uint64_t data, uint64_t size)
{
	struct nlmsghdr header;

	return size >= sizeof(header) && peek(pid, data, &header, sizeof(header)) &&
	       header.nlmsg_len == size && header.nlmsg_type >= RTM_BASE &&
	       header.nlmsg_type <= RTM_MAX && header.nlmsg_type % 4 != 2;
}

static bool message_asks_for_change(pid_t pid, uint64_t from)
{
	struct msghdr message;
	struct iovec first;

	return peek(pid, from, &message, sizeof(message)) && message.msg_iovlen &&
	       peek(pid, (uintptr_t)message.msg_iov, &first, sizeof(first)) &&
	       asks_for_change(pid, (uintptr_t)first.iov_base, first.iov_len);
}

static bool makes_socket(pid_t pid, uint64_t address)
{
	sa_family_t family;

	return peek(pid, address, &family, sizeof(family)) && family == AF_UNIX;
}

static bool is_step(pid_t pid, uint64_t nr, const __u64 *args, const char **ret_name)
{
	*ret_name = nr == SYS_bpf ? name_of(bpf_changes, N_BPF_CHANGES, args[0]) :
				    name_of(traced, N_TRACED, nr);
	switch (nr) {
	case SYS_bpf:
		return *ret_name;
	case SYS_sendto:
		return asks_for_change(pid, args[1], args[2]);
	case SYS_sendmsg:
		return message_asks_for_change(pid, args[1]);
	case SYS_bind:
		return makes_socket(pid, args[1]);
	case SYS_openat:
		return args[2] & (O_CREAT | O_TRUNC);
#ifdef SYS_open
	case SYS_open:
		return args[1] & (O_CREAT | O_TRUNC);
#endif
	default:
		return true;
	}
}

static uint64_t path_argument(uint64_t nr, const __u64 *args)
{
	switch (nr) {
	case SYS_openat:
	case SYS_mkdirat:
	case SYS_unlinkat:
	case SYS_renameat2:
		return args[1];
	case SYS_bpf:
	case SYS_sendto:
	case SYS_sendmsg:
	case SYS_bind:
	case SYS_ftruncate:
		return 0;
	default:
		return args[0];
	}
}

static void describe(FILE *log, int step, pid_t pid, uint64_t nr, const __u64 *args,
		     const char *name)
{
	uint64_t from = path_argument(nr, args);
	char path[4096] = "";
	union bpf_attr attr = { 0 };

	if (nr == SYS_bpf && args[0] == BPF_OBJ_PIN && peek(pid, args[1], &attr, 12))
		from = attr.pathname;
	for (size_t i = 0; from && i < sizeof(path) - 1 && peek(pid, from + i, &path[i], 1); i++)
		if (!path[i])
			break;
	fprintf(log, "%d %s %s\n", step, name, path);
	fflush(log);
}

/* ---- the program --------------------------------------------------------------------------- */
static int stop_at_traced(void)
{
	struct sock_filter filter[2 + 2 * N_TRACED + 1], *f = filter;
	struct sock_fprog all = { .filter = filter };

	*f++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					    offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < N_TRACED; i++) {
		*f++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						    (uint32_t)traced[i].number, 0, 1);
		*f++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	}
	*f++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	all.len = f - filter;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all);
}

static void become(char **command)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP); /* until there is a tracer with its options */
	if (stop_at_traced())
		perror("kill_at: seccomp");
	else
		execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

/* ---- the tracer ---------------------------------------------------------------------------- */
static pid_t known[256];
static size_t n_known;

static void know(pid_t pid)
{
	for (size_t i = 0; i < n_known; i++)
		if (known[i] == pid)
			return;
	if (n_known < sizeof(known) / sizeof(known[0]))
		known[n_known++] = pid;
}

static void forget(pid_t pid)
{
	for (size_t i = 0; i < n_known; i++)
		if (known[i] == pid)
			known[i--] = known[--n_known];
}

/* Returns when all are gone, and with them their locks. */
static int kill_all(void)
{
	for (size_t i = 0; i < n_known; i++)
		kill(known[i], SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
	return KILLED;
}

static bool is_due(pid_t pid, bool wait_for_signal, int wanted, FILE *log)
{
	struct __ptrace_syscall_info info;
	const char *name = "";
	static int step;

	if (wait_for_signal && !armed)
		return false;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_SECCOMP ||
	    !is_step(pid, info.seccomp.nr, (const __u64 *)info.seccomp.args, &name))
		return false;
	describe(log, ++step, pid, info.seccomp.nr, (const __u64 *)info.seccomp.args, name);
	return step == wanted;
}

static int follow(bool wait_for_signal, int wanted, FILE *log)
{
	int status, result = 0;

	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);
		int event = status >> 16, signal = 0;

		if (ending == 1) {
			ending = 2;
			kill(program, SIGTERM);
		}
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return result;
		if (!WIFSTOPPED(status)) {
			forget(pid);
			if (pid == program)
				result = WIFEXITED(status) ? WEXITSTATUS(status) :
							     128 + WTERMSIG(status);
			continue;
		}
		know(pid);
		if (event == PTRACE_EVENT_SECCOMP && is_due(pid, wait_for_signal, wanted, log))
			return kill_all();
		if (!event && WSTOPSIG(status) != SIGSTOP)
			signal = WSTOPSIG(status);
		ptrace(PTRACE_CONT, pid, NULL, (void *)(uintptr_t)signal);
	}
}

static void on_signal(int signal)
{
	if (signal == SIGUSR1)
		armed = 1;
	else
		ending = 1;
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal };
	bool wait_for_signal = argc > 1 && !strcmp(argv[1], "-u");
	FILE *log;
	int status;

	argv += wait_for_signal;
	argc -= wait_for_signal;
	if (argc < 4) {
		fputs("usage: kill_at [-u] STEP LOG COMMAND...\n", stderr);
		return 2;
	}
	log = fopen(argv[2], "we");
	if (!log) {
		perror(argv[2]);
		return 2;
	}
	program = fork();
	if (program == 0)
		become(argv + 3);
	if (program < 0 || waitpid(program, &status, 0) != program || !WIFSTOPPED(status)) {
		perror("kill_at");
		return 2;
	}
	know(program);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	ptrace(PTRACE_SETOPTIONS, program, NULL,
	       (void *)(uintptr_t)(PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE |
				   PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC));
	ptrace(PTRACE_CONT, program, NULL, NULL);
	return follow(wait_for_signal, atoi(argv[1]), log);
}
