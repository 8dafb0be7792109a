/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/pinned.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/pins.h"

/* Tables whose size is an option. */
static bool is_flow_table(const struct bpf_map *map)
{
	static const char *const names[] = { "flows4", "flows6", "nat_index" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(bpf_map__name(map), names[i]))
			return true;
	return false;
}

static bool fits(const struct bpf_map *map, const struct bpf_map_info *info)
{
	const __u32 added = BPF_F_RDONLY_PROG; /* to a devmap, by the kernel */

	return info->type == bpf_map__type(map) && info->key_size == bpf_map__key_size(map) &&
	       info->value_size == bpf_map__value_size(map) &&
	       (info->map_flags & ~added) == bpf_map__map_flags(map) &&
	       (is_flow_table(map) || info->max_entries == bpf_map__max_entries(map));
}

int pinned_open(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int err = pins_path(dir, name, path);

	return err ? err : bpf_obj_get(path);
}

enum pinned pinned_look(const char *dir, const struct bpf_map *map)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);
	int fd = pinned_open(dir, bpf_map__name(map)), err;

	if (fd < 0)
		return PINNED_NONE;
	err = bpf_obj_get_info_by_fd(fd, &info, &size);
	close(fd);
	return err || !fits(map, &info) ? PINNED_OTHER_LAYOUT : PINNED_WHOLE;
}

int pinned_reuse(const char *dir, struct bpf_map *map)
{
	int fd = pinned_open(dir, bpf_map__name(map)), err;

	if (fd < 0)
		return fd;
	err = bpf_map__reuse_fd(map, fd);
	close(fd);
	return err;
}

int pinned_pin(const char *dir, const char *name, int fd)
{
	char path[PATH_MAX];
	int err = pins_path(dir, name, path);

	if (err)
		return err;
	err = pins_unlink(path);
	return err ? err : pins_put(fd, path);
}
