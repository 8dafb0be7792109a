/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/inner.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "dataplane/pins.h"

int inner_pin(const char *dir, const char *sub, uint32_t index, int fd)
{
	char path[PATH_MAX];
	int err = pins_inner_path(dir, sub, index, false, path);

	if (err)
		return err;
	if (unlink(path) && errno != ENOENT)
		return -errno;
	return bpf_obj_pin(fd, path);
}

int inner_entered(const char *dir, const char *sub, uint32_t index)
{
	char from[PATH_MAX], to[PATH_MAX];
	int err = pins_inner_path(dir, sub, index, false, from);

	if (!err)
		err = pins_inner_path(dir, sub, index, true, to);
	if (err)
		return err;
	return rename(from, to) ? -errno : 0;
}

int inner_unpin(const char *dir, const char *sub, uint32_t index)
{
	char path[PATH_MAX];
	int err = pins_inner_path(dir, sub, index, true, path);

	if (err)
		return err;
	return unlink(path) && errno != ENOENT ? -errno : 0;
}

int inner_open(const char *dir, const char *sub, uint32_t index)
{
	char path[PATH_MAX];
	int err = pins_inner_path(dir, sub, index, true, path);

	return err ? err : bpf_obj_get(path);
}
