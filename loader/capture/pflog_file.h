/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The file that pflog's records go to. A thread writes it, as a disk may take its time: who has a
 * record never waits. What there is no room for, as the disk is full or slow, is counted; the
 * thread tries again every second, and what is in the file is whole records at any time.
 */
#ifndef XLB_CAPTURE_PFLOG_FILE_H
#define XLB_CAPTURE_PFLOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PFLOG_FILE "/var/log/xlb/pflog"
#define PFLOG_FILE_FLUSH_S 1 /* a record is in the file after so long */
#define PFLOG_FILE_BUFFER                                                                          \
	(1 << 18) /* bytes that wait, at most; the same again may be under way                     \
		   */

struct pflog_file;

struct pflog_file_status {
	uint64_t records;   /* that were taken, since it was opened */
	uint64_t lost;      /* … and that found no room */
	int error;          /* errno of the last attempt to open or to write; 0: it went well */
	uint64_t put_aside; /* files that were not ours, and are now called NAME.bad */
};

/* `group` gets the file if it is made; -1: nobody. Whether it can be written shows in the status.
 * -ENOMEM, -EAGAIN: no thread. The path is copied. */
int pflog_file_open(const char *path, int group, struct pflog_file **ret);

/* Writes what there is; waits a second or two for it, no more. Returns how many records are lost by
 * that. NULL is fine. */
uint64_t pflog_file_close(struct pflog_file *f);

/* A record with its header of pcap. false: there is no room, it is counted as lost. */
bool pflog_file_put(struct pflog_file *f, const void *record, size_t len);

/* The file has been renamed, or removed: from now on another one of that name. */
void pflog_file_reopen(struct pflog_file *f);

void pflog_file_status(struct pflog_file *f, struct pflog_file_status *ret);

#endif
