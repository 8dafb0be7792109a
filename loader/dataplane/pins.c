/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "dataplane/complaint.h"

static const char *const subdirs[] = { PINS_LINKS, PINS_TC, PINS_ROWS, PINS_CONNS };

#define N_SUBDIRS (sizeof(subdirs) / sizeof(subdirs[0]))

int pins_path(const char *dir, const char *name, char ret[PATH_MAX])
{
	int n = snprintf(ret, PATH_MAX, "%s/%s", dir, name);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int pins_link_path(const char *dir, const char *sub, const char *interface, char ret[PATH_MAX])
{
	int n = snprintf(ret, PATH_MAX, "%s/%s/%s", dir, sub, interface);
	char *name;

	if (n < 0 || n >= PATH_MAX)
		return -ENAMETOOLONG;
	/* bpffs refuses dots */
	for (name = strrchr(ret, '/') + 1; *name; name++)
		if (*name == '.')
			*name = ':';
	return 0;
}

int pins_inner_path(const char *dir, const char *sub, uint32_t index, bool entered,
		    char ret[PATH_MAX])
{
	int n = snprintf(ret, PATH_MAX, "%s/%s/%u%s", dir, sub, index, entered ? "" : "-new");

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && fs.f_type == BPF_FS_MAGIC;
}

static int make_dir(const char *path, char *error, size_t error_size)
{
	if (!mkdir(path, 0700) || errno == EEXIST)
		return 0;
	snprintf(error, error_size, "cannot make %s: %s%s", path, strerror(errno),
		 errno == EPERM ? " (is its parent on a bpf file system?)" : "");
	return -errno;
}

static int make_subdir(const char *dir, const char *sub, char *error, size_t error_size)
{
	char path[PATH_MAX];
	int err = pins_path(dir, sub, path);

	return err ? err : make_dir(path, error, error_size);
}

int pins_prepare(const char *dir, char *error, size_t error_size)
{
	char parent[PATH_MAX], *slash;
	int err;

	if (strlen(dir) >= sizeof(parent))
		return -ENAMETOOLONG;
	strcpy(parent, dir);
	slash = strrchr(parent, '/');
	if (slash && slash != parent)
		*slash = 0;
	if (!is_bpffs(dir) && !is_bpffs(parent)) {
		snprintf(error, error_size,
			 "%s is not on a bpf file system: try mount -t bpf bpf /sys/fs/bpf", dir);
		return -EINVAL;
	}
	err = make_dir(dir, error, error_size);
	for (size_t i = 0; i < N_SUBDIRS && !err; i++)
		err = make_subdir(dir, subdirs[i], error, error_size);
	return err;
}

int pins_lock(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	err = errno == EWOULDBLOCK ? -EBUSY : -errno;
	close(fd);
	return err;
}

static bool is_subdir(const char *name)
{
	if (!strcmp(name, PINS_NEXT) || !strcmp(name, PINS_READY))
		return true;
	for (size_t i = 0; i < N_SUBDIRS; i++)
		if (!strcmp(name, subdirs[i]))
			return true;
	return false;
}

static bool is_skipped(const char *name, bool top)
{
	return name[0] == '.' || (top && is_subdir(name));
}

int pins_each(const char *dir, const char *sub, int (*each)(const char *path, void *data),
	      void *data)
{
	char where[PATH_MAX], path[PATH_MAX];
	struct dirent *entry;
	DIR *d;
	int err = pins_path(dir, sub, where);

	if (err)
		return err;
	d = opendir(where);
	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while (!err && (entry = readdir(d))) {
		if (is_skipped(entry->d_name, !sub[0]))
			continue;
		err = pins_path(where, entry->d_name, path);
		if (!err)
			err = each(path, data);
	}
	closedir(d);
	return err;
}

int pins_unlink(const char *path)
{
	return unlink(path) && errno != ENOENT ? complaint_at("removing", path, -errno) : 0;
}

int pins_put(int fd, const char *path)
{
	int err = bpf_obj_pin(fd, path);

	return err ? complaint_at("pinning", path, err) : 0;
}

int pins_check(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int err = pins_path(dir, name, path), fd;

	if (err)
		return err;
	fd = bpf_obj_get(path);
	if (fd >= 0)
		close(fd);
	return fd < 0 && fd != -ENOENT ? complaint_at("opening", path, fd) : 0;
}

int pins_may_remove(const char *dir, const char *sub)
{
	char path[PATH_MAX];
	int err = pins_path(dir, sub, path);

	if (err)
		return err;
	return access(path, W_OK) && errno != ENOENT ? complaint_at("changing", path, -errno) : 0;
}

static int remove_file(const char *path, void *data)
{
	return pins_unlink(path);
}

static int remove_objects(const char *dir)
{
	int err = pins_each(dir, PINS_ROWS, remove_file, NULL);

	if (!err)
		err = pins_each(dir, PINS_CONNS, remove_file, NULL);
	return err ? err : pins_each(dir, "", remove_file, NULL);
}

int pins_remove_objects(const char *dir)
{
	int err = pins_settle(dir);

	return err ? err : remove_objects(dir);
}

bool pins_is_known(const char *name)
{
	return !strncmp(name, "xlb_", 4) || !strncmp(name, "show_", 5) ||
	       !strcmp(name, PINS_LAYOUT);
}

/* ---- in place of others -------------------------------------------------------------------- */
static int remove_dir(const char *dir, const char *sub)
{
	char path[PATH_MAX];
	int err = pins_path(dir, sub, path);

	if (err)
		return err;
	return rmdir(path) && errno != ENOENT ? -errno : 0;
}

static int remove_next(const char *dir)
{
	char next[PATH_MAX];
	int err = pins_path(dir, PINS_NEXT, next);

	if (!err)
		err = remove_objects(next);
	if (!err)
		err = remove_dir(next, PINS_ROWS);
	if (!err)
		err = remove_dir(next, PINS_CONNS);
	return err ? err : remove_dir(dir, PINS_NEXT);
}

int pins_make_next(const char *dir, char ret[PATH_MAX])
{
	char next[PATH_MAX], error[256]; /* errno says it, too */
	int err = remove_next(dir);

	if (!err)
		err = pins_path(dir, PINS_NEXT, next);
	if (!err)
		err = make_dir(next, error, sizeof(error));
	if (!err)
		err = make_subdir(next, PINS_ROWS, error, sizeof(error));
	if (!err)
		err = make_subdir(next, PINS_CONNS, error, sizeof(error));
	if (!err)
		memcpy(ret, next, sizeof(next));
	return err;
}

static int move_up(const char *path, void *data)
{
	char to[PATH_MAX];
	int err = pins_path(data, strrchr(path, '/') + 1, to);

	if (err)
		return err;
	return rename(path, to) ? -errno : 0;
}

/* A whole directory: it is either there or here. */
static int move_dir_up(const char *dir, const char *ready, const char *sub)
{
	char from[PATH_MAX], to[PATH_MAX];
	int err = pins_path(ready, sub, from);

	if (!err)
		err = pins_path(dir, sub, to);
	if (err || access(from, F_OK))
		return err;
	err = pins_each(dir, sub, remove_file, NULL);
	if (!err)
		err = remove_dir(dir, sub);
	if (err)
		return err;
	return rename(from, to) ? -errno : 0;
}

static int finish_ready(const char *dir)
{
	char ready[PATH_MAX];
	int err = pins_path(dir, PINS_READY, ready);

	if (err || access(ready, F_OK))
		return err;
	err = move_dir_up(dir, ready, PINS_ROWS);
	if (!err)
		err = move_dir_up(dir, ready, PINS_CONNS);
	if (!err)
		err = pins_each(ready, "", move_up, (void *)dir);
	return err ? err : remove_dir(dir, PINS_READY);
}

int pins_take_place(const char *dir)
{
	char next[PATH_MAX], ready[PATH_MAX];
	int err = pins_path(dir, PINS_NEXT, next);

	if (!err)
		err = pins_path(dir, PINS_READY, ready);
	if (err)
		return err;
	return rename(next, ready) ? -errno : finish_ready(dir);
}

int pins_settle(const char *dir)
{
	int err = finish_ready(dir);

	return err ? err : remove_next(dir);
}

/* ---- the end ------------------------------------------------------------------------------- */
/* What somebody gave us, as tmpfiles.d does who owns bpffs, is not ours to remove. */
static bool was_given(int error)
{
	return error == EACCES || error == EPERM || error == EBUSY || error == EROFS;
}

int pins_remove_dirs(const char *dir)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < N_SUBDIRS; i++) {
		if (pins_path(dir, subdirs[i], path))
			return -ENAMETOOLONG;
		if (rmdir(path) && errno != ENOENT)
			return -errno;
	}
	return rmdir(dir) && errno != ENOENT && !was_given(errno) ? -errno : 0;
}
