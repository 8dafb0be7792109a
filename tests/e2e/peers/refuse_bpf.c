// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * refuse_bpf COMMAND ERROR PROGRAM...: runs a program for which bpf(COMMAND) fails with that error,
 * as it does where the kernel is locked down, a container may not, or the verifier does not agree.
 * Both are numbers, or one of the names below.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned number;
} names[] = {
	{ "MAP_CREATE", BPF_MAP_CREATE },
	{ "PROG_LOAD", BPF_PROG_LOAD },
	{ "OBJ_PIN", BPF_OBJ_PIN },
	{ "OBJ_GET", BPF_OBJ_GET },
	{ "LINK_CREATE", BPF_LINK_CREATE },
	{ "EPERM", EPERM },
	{ "EACCES", EACCES },
	{ "EINVAL", EINVAL },
	{ "ENOMEM", ENOMEM },
	{ "ENOSPC", ENOSPC },
};

static unsigned number_of(const char *text)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i].name, text))
			return names[i].number;
	return (unsigned)strtoul(text, NULL, 10);
}

static int refuse(unsigned command, unsigned error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, command, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fputs("usage: refuse_bpf COMMAND ERROR PROGRAM...\n", stderr);
		return 2;
	}
	if (refuse(number_of(argv[1]), number_of(argv[2]))) {
		perror("seccomp");
		return 2;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 127;
}
