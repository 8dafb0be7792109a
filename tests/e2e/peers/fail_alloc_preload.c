// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Preloaded, makes some of a program's allocations fail: those that the file named by FAIL_ALLOC
 * says (fail_alloc.h), which fail_alloc(1) beside this writes. All of the process fail, those of
 * its libraries, too; children have no part in it. FAIL_ALLOC_TRACE=1: says where from, on stderr.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fail_alloc.h"

/* The C library's own, by the names that are left to those who replace them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static struct fail_alloc *shared;
static bool traces;
static _Thread_local bool tracing;

static __attribute__((constructor)) void begin(void)
{
	const char *path = getenv("FAIL_ALLOC");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at;

	/* Scripts of checks and other children are programs of their own. */
	unsetenv("LD_PRELOAD");
	traces = getenv("FAIL_ALLOC_TRACE") != NULL;
	if (fd < 0)
		return;
	at = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at != MAP_FAILED)
		shared = at;
}

static void trace(void)
{
	void *frames[24];

	if (tracing)
		return;
	tracing = true; /* backtrace() may allocate */
	backtrace_symbols_fd(frames, backtrace(frames, 24), STDERR_FILENO);
	(void)!write(STDERR_FILENO, "--\n", 3);
	tracing = false;
}

static bool fails(void)
{
	uint64_t n;

	if (!shared || tracing)
		return false;
	n = __atomic_add_fetch(&shared->count, 1, __ATOMIC_RELAXED);
	if (n < __atomic_load_n(&shared->from, __ATOMIC_RELAXED) ||
	    n >= __atomic_load_n(&shared->until, __ATOMIC_RELAXED))
		return false;
	__atomic_add_fetch(&shared->failed, 1, __ATOMIC_RELAXED);
	if (traces)
		trace();
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

/* What gets smaller never fails with the C library; some rely on it. */
void *realloc(void *old, size_t size)
{
	return size && fails() ? NULL : __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
	return fails() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	void *at = memalign(alignment, size);

	if (!at)
		return ENOMEM;
	*ret = at;
	return 0;
}
