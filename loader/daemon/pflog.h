/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * "pflog" in a listen line: packets that begin something, and those that are refused or dropped, to
 * a file in pf's form. It is there as long as some listen line says so.
 */
#ifndef XLB_DAEMON_PFLOG_H
#define XLB_DAEMON_PFLOG_H

#include <stdint.h>

#include "capture/pflog_file.h"

struct daemon;

struct pflog_state {
	struct pflog_file *file;       /* NULL: nobody wants it */
	struct pflog_file_status told; /* what the log has of it */
	uint64_t records, lost;        /* of former files */
};

/* Where the file is: NULL, the directory that systemd gives, or the default. The caller frees it;
 * NULL: no memory. */
char *pflog_path(const char *option);

/* Opens or closes the file, as the model in use wants it. To be called after
 * trace_packets_follow(). */
void pflog_follow(struct daemon *d);
void pflog_unfollow(struct daemon *d);

/* The file has been renamed: another one. */
void pflog_reopen(struct daemon *d);

/* To be called about once a second: says what is wrong with the file, and when it is over. */
void pflog_tick(struct daemon *d);

/* Records taken, and lost, ever. */
struct pflog_counts {
	uint64_t records;
	uint64_t lost;
};
struct pflog_counts pflog_counted(const struct daemon *d);

#endif
