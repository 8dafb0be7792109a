/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/inner.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "dataplane/complaint.h"
#include "dataplane/pins.h"

static int unpin(const char *dir, const char *sub, uint32_t index, bool entered)
{
	char path[PATH_MAX];
	int err = pins_inner_path(dir, sub, index, entered, path);

	if (err)
		return err;
	return pins_unlink(path);
}

int inner_pin(const char *dir, const char *sub, uint32_t index, int fd)
{
	char path[PATH_MAX];
	int err = unpin(dir, sub, index, false);

	if (!err)
		err = pins_inner_path(dir, sub, index, false, path);
	return err ? err : pins_put(fd, path);
}

static int note_entered(const char *dir, const char *sub, uint32_t index)
{
	char from[PATH_MAX], to[PATH_MAX];
	int err = pins_inner_path(dir, sub, index, false, from);

	if (!err)
		err = pins_inner_path(dir, sub, index, true, to);
	if (err)
		return err;
	return rename(from, to) ? complaint_at("renaming", from, -errno) : 0;
}

static int update_each(int outer, const uint32_t *indexes, const int *fds, uint32_t n)
{
	int err = 0;

	for (uint32_t i = 0; i < n && !err; i++)
		err = bpf_map_update_elem(outer, &indexes[i], &fds[i], BPF_ANY);
	return err;
}

int inner_enter(int outer, const char *dir, const char *sub, const uint32_t *indexes,
		const int *fds, uint32_t n)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint32_t done = n;
	int err = 0;

	if (n > 1)
		err = bpf_map_update_batch(outer, indexes, fds, &done, &opts);
	if (n == 1 || err) /* one by one, then */
		err = update_each(outer, indexes, fds, n);
	for (uint32_t i = 0; i < n && !err; i++)
		err = note_entered(dir, sub, indexes[i]);
	return err;
}

int inner_remove(int outer, const char *dir, const char *sub, uint32_t index)
{
	int err = bpf_map_delete_elem(outer, &index);

	if (err && err != -ENOENT)
		return err;
	err = unpin(dir, sub, index, false);
	return err ? err : unpin(dir, sub, index, true);
}

static int open_pin(const char *dir, const char *sub, uint32_t index, bool entered)
{
	char path[PATH_MAX];
	int err = pins_inner_path(dir, sub, index, entered, path);

	return err ? err : bpf_obj_get(path);
}

int inner_open(const char *dir, const char *sub, uint32_t index, bool *ret_entered)
{
	int fd = open_pin(dir, sub, index, true);

	*ret_entered = fd >= 0;
	return fd == -ENOENT ? open_pin(dir, sub, index, false) : fd;
}
