/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "metrics/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define STAT_START 22 /* field of /proc/PID/stat: start, in clock ticks since boot */

static size_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

/* The name, in parentheses, is the one field that can have blanks. */
static uint64_t stat_field(const char *text, unsigned field)
{
	const char *at = strrchr(text, ')');

	for (unsigned i = 2; at && i < field; i++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

/* Realtime of the boot, in ms. */
static uint64_t booted_at(void)
{
	struct timespec real, boot;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (uint64_t)(real.tv_sec - boot.tv_sec) * 1000 +
	       (uint64_t)((real.tv_nsec - boot.tv_nsec) / 1000000);
}

static uint64_t started_at(void)
{
	char text[1024];

	if (!read_file("/proc/self/stat", text, sizeof(text)))
		return 0;
	return booted_at() + stat_field(text, STAT_START) * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

static uint64_t resident(void)
{
	unsigned long long pages = 0;
	char text[128];

	read_file("/proc/self/statm", text, sizeof(text));
	if (sscanf(text, "%*u %llu", &pages) != 1)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t cpu_ms(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) < 0)
		return 0;
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* "." and "..", and the directory itself, are not counted. */
static uint64_t open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	uint64_t n = 0;

	if (!dir)
		return 0;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n > 3 ? n - 3 : 0;
}

void process_read(struct snapshot_process *ret)
{
	struct rlimit files = { 0 };

	getrlimit(RLIMIT_NOFILE, &files);
	*ret = (struct snapshot_process){
		.cpu_ms = cpu_ms(),
		.resident = resident(),
		.started_ms = started_at(),
		.files = open_files(),
		.max_files = files.rlim_cur,
	};
}
