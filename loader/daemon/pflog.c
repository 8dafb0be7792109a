/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/pflog.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/pflog.h"
#include "daemon/daemon.h"
#include "daemon/log.h"

#define FILE_NAME "pflog"

char *pflog_path(const char *option)
{
	const char *systemd = getenv("LOGS_DIRECTORY");
	char *path;

	if (option || !systemd)
		return strdup(option ? option : PFLOG_FILE);
	return asprintf(&path, "%s/" FILE_NAME, systemd) < 0 ? NULL : path;
}

/* ---- records ------------------------------------------------------------------------------- */
static void on_packet(const struct trace_event *e, void *data)
{
	uint8_t bytes[PCAP_RECORD_HEADER + PFLOG_FILE_SNAPLEN];
	struct buffer record = { .data = bytes, .size = sizeof(bytes) };
	struct daemon *d = data;
	struct capture_packet p;
	const struct rule *rule;

	trace_packet(d, e, &p, &rule);
	/* the kernel knows of the service, not of its listen lines */
	if (rule && rule->listen->pflog && pflog_put_record(&record, &p, PFLOG_FILE_SNAPLEN))
		pflog_file_put(d->pflog.file, bytes, record.len);
}

/* ---- the file ------------------------------------------------------------------------------ */
static bool is_wanted(const struct daemon *d)
{
	for (unsigned i = 0; i < d->packets.rules.n; i++)
		if (d->packets.rules.list[i].listen->pflog)
			return true;
	return false;
}

static int group(void)
{
	struct group entry, *found = NULL;
	char buffer[16384];

	if (getgrnam_r(XLB_CONTROL_GROUP, &entry, buffer, sizeof(buffer), &found) != 0 || !found)
		return -1;
	return (int)entry.gr_gid;
}

static void open_file(struct daemon *d)
{
	char *path = pflog_path(d->options.pflog);
	int r = path ? pflog_file_open(path, group(), &d->pflog.file) : -ENOMEM;

	free(path);
	if (r == 0)
		r = trace_register(d, XLB_TRACE_PFLOG, on_packet, d);
	if (r < 0) {
		pflog_file_close(d->pflog.file);
		d->pflog.file = NULL;
		log_error("pflog: %s; nothing is written", strerror(-r));
	}
	d->pflog.told = (struct pflog_file_status){ 0 };
}

void pflog_follow(struct daemon *d)
{
	if (d->options.oneshot)
		return;
	if (!is_wanted(d))
		pflog_unfollow(d);
	else if (!d->pflog.file)
		open_file(d);
}

void pflog_unfollow(struct daemon *d)
{
	struct pflog_counts counts;
	uint64_t left;

	if (!d->pflog.file)
		return;
	trace_unregister(d, on_packet, d);
	counts = pflog_counted(d);
	left = pflog_file_close(d->pflog.file);
	d->pflog.file = NULL;
	d->pflog.records = counts.records;
	d->pflog.lost = counts.lost + left;
	if (left)
		log_warning("pflog: %" PRIu64 " records could not be written any more", left);
}

void pflog_reopen(struct daemon *d)
{
	if (d->pflog.file)
		pflog_file_reopen(d->pflog.file);
}

struct pflog_counts pflog_counted(const struct daemon *d)
{
	struct pflog_file_status now = { 0 };

	if (d->pflog.file)
		pflog_file_status(d->pflog.file, &now);
	return (struct pflog_counts){ d->pflog.records + now.records, d->pflog.lost + now.lost };
}

/* ---- what is wrong with it ----------------------------------------------------------------- */
static void tell_error(const struct pflog_file_status *before, const struct pflog_file_status *now)
{
	if (now->error && now->error != before->error)
		log_error("pflog: %s; records wait for as long as there is room",
			  strerror(now->error));
	else if (!now->error && before->error)
		log_notice("pflog: records are written again");
}

void pflog_tick(struct daemon *d)
{
	struct pflog_file_status now, *told = &d->pflog.told;

	if (!d->pflog.file)
		return;
	pflog_file_status(d->pflog.file, &now);
	tell_error(told, &now);
	if (now.put_aside != told->put_aside)
		log_warning("pflog: the file was none of pflog, and is called NAME.bad now");
	/* While it cannot be written that is what matters; how many were lost is said afterwards.
	 */
	if (!now.error && now.lost != told->lost)
		log_warning("pflog: %" PRIu64 " records were lost", now.lost - told->lost);
	if (now.error)
		now.lost = told->lost;
	*told = now;
}
