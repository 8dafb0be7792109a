/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A BPF file system that only this process sees, for tests that pin.
 */
#ifndef XLB_TESTS_BPFFS_H
#define XLB_TESTS_BPFFS_H

#define BPFFS_PATH_SIZE 64

/* Moves the process into a mount namespace of its own; ret is where it is. -errno. */
int bpffs_mount(char ret[BPFFS_PATH_SIZE]);

/* An empty path is fine. */
void bpffs_unmount(const char *path);

#endif
