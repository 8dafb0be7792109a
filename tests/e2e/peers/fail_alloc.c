// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Says when allocations of a program that has fail_alloc.so loaded fail.
 *
 * fail_alloc FILE              prints how many there were and how many of them failed
 * fail_alloc FILE SKIP N       lets SKIP more succeed, then N fail (0: none any more)
 * fail_alloc FILE -- COMMAND   runs COMMAND with it, from what FILE says of a count that is 0 again
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fail_alloc.h"

static struct fail_alloc *map(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	void *at;

	if (fd < 0 || ftruncate(fd, sizeof(struct fail_alloc)))
		return NULL;
	at = mmap(NULL, sizeof(struct fail_alloc), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return at == MAP_FAILED ? NULL : at;
}

static int run(const char *self, struct fail_alloc *shared, const char *path, char **command)
{
	char library[4096];

	shared->until -= shared->count;
	shared->from -= shared->count;
	shared->count = shared->failed = 0;
	snprintf(library, sizeof(library), "%.*s/libfail_alloc.so",
		 (int)(strrchr(self, '/') ? strrchr(self, '/') - self : 0), self);
	setenv("FAIL_ALLOC", path, 1);
	setenv("LD_PRELOAD", library, 1);
	execvp(command[0], command);
	perror(command[0]);
	return 127;
}

int main(int argc, char **argv)
{
	struct fail_alloc *shared;

	if (argc < 2 || argc == 3) {
		fputs("usage: fail_alloc FILE [SKIP N | -- COMMAND...]\n", stderr);
		return 2;
	}
	shared = map(argv[1]);
	if (!shared) {
		perror(argv[1]);
		return 1;
	}
	if (argc == 2) {
		printf("%" PRIu64 " %" PRIu64 "\n", shared->count, shared->failed);
		return 0;
	}
	if (!strcmp(argv[2], "--"))
		return run(argv[0], shared, argv[1], argv + 3);
	/* Never both of a former order and of this. */
	shared->until = 0;
	shared->from = shared->count + strtoull(argv[2], NULL, 10) + 1;
	shared->until = shared->from + strtoull(argv[3], NULL, 10);
	return 0;
}
