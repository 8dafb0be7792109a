/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The directory on bpffs in which everything is pinned:
 *   DIR/<map name>   DIR/xlb_xdp, DIR/xlb_tc (the programs)
 *   DIR/links/<interface, with ':' for '.'>   XDP
 *   DIR/tc/<interface>   TC: a TCX link; or the program, as a sign of our filter on clsact
 *   DIR/rows_of/<service slot>, DIR/conns_of/<target slot>   inner maps of `rows` and `conns`
 *   DIR/next/   the same but links and tc: maps of another layout than those in use, not whole yet
 *   DIR/ready/  these when they are whole, on their way to DIR
 */
#ifndef XLB_DATAPLANE_PINS_H
#define XLB_DATAPLANE_PINS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PINS_PROGRAM "xlb_xdp"
#define PINS_TC_PROGRAM "xlb_tc"
#define PINS_LINKS "links"
#define PINS_TC "tc"
#define PINS_ROWS "rows_of"
#define PINS_CONNS "conns_of"
#define PINS_NEXT "next"
#define PINS_READY "ready"
#define PINS_LAYOUT "layout"
#define PINS_TRACES "xlb_traces"

/* Makes DIR and the directories in it that are missing. -EINVAL: not on bpffs; -errno. `error` gets
 * a sentence. */
int pins_prepare(const char *dir, char *error, size_t error_size);

/* Only one at a time writes what is pinned in DIR. Returns a descriptor that holds the lock until
 * it is closed or its process ends; -EBUSY: another process has it; -ENOENT: no DIR. */
int pins_lock(const char *dir);

/* DIR/NAME, or -ENAMETOOLONG. */
int pins_path(const char *dir, const char *name, char ret[PATH_MAX]);

/* DIR/SUB/FILE for an interface; sub is PINS_LINKS or PINS_TC. */
int pins_link_path(const char *dir, const char *sub, const char *interface, char ret[PATH_MAX]);

/* DIR/SUB/INDEX for an inner map, INDEX-new for one that is not entered yet; sub is PINS_ROWS or
 * PINS_CONNS. */
int pins_inner_path(const char *dir, const char *sub, uint32_t index, bool entered,
		    char ret[PATH_MAX]);

/* Calls `each` with the file names in DIR/SUB (sub "": in DIR) until it returns non-zero, which is
 * then returned. A directory that is not there is empty. */
int pins_each(const char *dir, const char *sub, int (*each)(const char *path, void *data),
	      void *data);

/* Removes a pin, or does nothing where there is none; -errno, and then a complaint names it. */
int pins_unlink(const char *path);

/* Pins a map, program or link there; -errno, and then a complaint names it. */
int pins_put(int fd, const char *path);

/* Can DIR/NAME be opened, or is it not there? -errno, and then a complaint names it. */
int pins_check(const char *dir, const char *name);

/* Can pins in DIR/SUB be removed? -errno, and then a complaint names it. */
int pins_may_remove(const char *dir, const char *sub);

/* No map, but ours: programs, views, the description of the maps. */
bool pins_is_known(const char *name);

/* Makes DIR/next, empty, whose path `ret` gets. -errno. */
int pins_make_next(const char *dir, char ret[PATH_MAX]);

/* What is in DIR/next replaces what is in DIR: all of it, even if we are killed over it and it is
 * pins_settle() that finishes. */
int pins_take_place(const char *dir);

/* Finishes what somebody has left who was killed. */
int pins_settle(const char *dir);

/* Unpins maps and programs; links stay. */
int pins_remove_objects(const char *dir);

/* Removes the directories, which must be empty by now. */
int pins_remove_dirs(const char *dir);

#endif
