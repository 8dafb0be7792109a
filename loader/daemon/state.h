/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the administrator switched, over restarts of the daemon: a file that says where hosts,
 * tables, redirects and relays are not what the configuration makes of them.
 */
#ifndef XLB_DAEMON_STATE_H
#define XLB_DAEMON_STATE_H

#include <stddef.h>

#include "model/model.h"

#define XLB_STATE_DIRECTORY "/var/lib/xlb"

/* Where the file is, unless an option says so: systemd's StateDirectory=, or the default. */
const char *state_directory(const char *option);

/*
 * Takes over what the file says, where the configuration says the same about `disable` as it did
 * then. Whatever is wrong with the file is logged; a file that cannot be understood is put aside.
 */
void state_load(struct model *m, const char *directory);

/* The whole text in the file's place, on the disk, or the file as it was: 0 or -errno. */
int state_write_file(const char *path, const char *text, size_t len);

/* Writes the file anew, or not at all. Failures are logged; 0 or -errno. */
int state_save(const struct model *m, const char *directory);

#endif
