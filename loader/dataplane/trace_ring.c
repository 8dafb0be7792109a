/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/trace_ring.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/pins.h"
#include "xlb/abi.h"

/* Says how records are laid out. */
#define VALUE_(number) "traces_v" #number
#define VALUE(number) VALUE_(number)
#define NAME VALUE(XLB_TRACE_VERSION)

static bool is_ours(int fd)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == BPF_MAP_TYPE_RINGBUF &&
	       info.max_entries == XLB_TRACES_SIZE && !strcmp(info.name, NAME);
}

int trace_ring_adopt(const char *bpffs)
{
	char path[PATH_MAX];
	int err = pins_path(bpffs, PINS_TRACES, path), fd;

	if (err)
		return err;
	fd = bpf_obj_get(path);
	if (fd < 0 || is_ours(fd))
		return fd;
	close(fd);
	err = trace_ring_unpin(bpffs);
	return err ? err : -ENOENT;
}

int trace_ring_new(void)
{
	return bpf_map_create(BPF_MAP_TYPE_RINGBUF, NAME, 0, 0, XLB_TRACES_SIZE, NULL);
}

int trace_ring_pin(const char *bpffs, int fd)
{
	char path[PATH_MAX];
	int err = pins_path(bpffs, PINS_TRACES, path);

	if (!err)
		err = pins_put(fd, path);
	return err == -EEXIST ? 0 : err;
}

int trace_ring_unpin(const char *bpffs)
{
	char path[PATH_MAX];
	int err = pins_path(bpffs, PINS_TRACES, path);

	if (err)
		return err;
	return pins_unlink(path);
}
