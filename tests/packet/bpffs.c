// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "bpffs.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

int bpffs_mount(char ret[BPFFS_PATH_SIZE])
{
	char dir[] = "/tmp/xlb-bpffs.XXXXXX";

	ret[0] = 0;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    !mkdtemp(dir))
		return -errno;
	if (mount("bpf", dir, "bpf", 0, NULL)) {
		int err = -errno;

		rmdir(dir);
		return err;
	}
	snprintf(ret, BPFFS_PATH_SIZE, "%s", dir);
	return 0;
}

void bpffs_unmount(const char *path)
{
	if (path[0] && !umount2(path, MNT_DETACH))
		rmdir(path);
}
