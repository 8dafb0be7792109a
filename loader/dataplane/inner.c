/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/inner.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#include "dataplane/pins.h"

int inner_pin(const char *dir, const char *sub, uint32_t index, int fd)
{
	char path[PATH_MAX];
	int err = pins_inner_path(dir, sub, index, path);

	if (err)
		return err;
	if (unlink(path) && errno != ENOENT)
		return -errno;
	return bpf_obj_pin(fd, path);
}

int inner_unpin(const char *dir, const char *sub, uint32_t index)
{
	char path[PATH_MAX];
	int err = pins_inner_path(dir, sub, index, path);

	if (err)
		return err;
	return unlink(path) && errno != ENOENT ? -errno : 0;
}

static int map_id(int fd, uint32_t *ret)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);
	int err = bpf_obj_get_info_by_fd(fd, &info, &size);

	*ret = info.id;
	return err;
}

int inner_open(const char *dir, const char *sub, int outer_fd, uint32_t index)
{
	uint32_t entered, pinned;
	char path[PATH_MAX];
	int err = pins_inner_path(dir, sub, index, path), fd;

	if (err)
		return err;
	/* the pin first: on Linux 6.1 a look-up in a map of maps waits for a grace period */
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fd;
	err = map_id(fd, &pinned);
	if (!err && bpf_map_lookup_elem(outer_fd, &index, &entered))
		err = -errno;
	if (!err && pinned != entered)
		err = -ENOENT;
	if (!err)
		return fd;
	close(fd);
	return err;
}
