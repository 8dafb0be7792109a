/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Any bytes as the file of what was switched. What is taken from it is written again, and a daemon
 * that reads that must know the same.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/control/sample.h"
#include "daemon/log.h"
#include "daemon/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[] = "/dev/shm/xlb-fuzz-state-XXXXXX";
static char path[sizeof(directory) + 16], aside[sizeof(directory) + 24];

static void clean_up(void)
{
	unlink(path);
	unlink(aside);
	rmdir(directory);
}

/* Where the file is put aside each time, the log would say so each time. */
static void start(void)
{
	if (path[0])
		return;
	if (!mkdtemp(directory) || !freopen("/dev/null", "w", stdout))
		abort();
	snprintf(path, sizeof(path), "%s/state.json", directory);
	snprintf(aside, sizeof(aside), "%s.bad", path);
	atexit(clean_up);
}

static void write_input(const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

static void check_same(const struct model *a, const struct model *b)
{
	for (unsigned i = 0; i < a->n_services; i++)
		if (a->services[i].disabled != b->services[i].disabled)
			abort();
	for (unsigned i = 0; i < a->n_tables; i++) {
		if (a->tables[i].disabled != b->tables[i].disabled)
			abort();
		for (unsigned j = 0; j < a->tables[i].n_hosts; j++)
			if (a->tables[i].hosts[j].admin != b->tables[i].hosts[j].admin)
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sample first, second;

	start();
	sample_make(&first);
	sample_make(&second);
	write_input(data, size);
	state_load(&first.model, directory);
	if (state_save(&first.model, directory) < 0)
		abort();
	sample_host(&second, 4, &second.table[2], "192.168.1.3", HOST_UP, "");
	state_load(&second.model, directory);
	check_same(&first.model, &second.model);
	return 0;
}
