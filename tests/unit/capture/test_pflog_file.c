/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The file of pflog: appended to, rotated, damaged, full, and not there. */
#include "packets.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "capture/pflog.h"
#include "capture/pflog_file.h"

static char directory[] = "/tmp/xlb-pflog-XXXXXX";
static char path[64], renamed[64], bad[72];
static struct pflog_file *file;

static void start(void)
{
	cr_assert_not_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/sub/pflog", directory);
	snprintf(renamed, sizeof(renamed), "%s/pflog.0", directory);
	snprintf(bad, sizeof(bad), "%s.bad", path);
}

static void stop(void)
{
	char sub[64];

	unlink(path);
	unlink(renamed);
	unlink(bad);
	snprintf(sub, sizeof(sub), "%s/sub", directory);
	rmdir(sub);
	cr_expect_eq(rmdir(directory), 0);
}

static void open_it(void)
{
	cr_assert_eq(pflog_file_open(path, -1, &file), 0);
}

static bool put(void)
{
	const struct trace_event e = make_event(syn4, sizeof(syn4));
	const struct capture_packet p = make_packet(&e);
	uint8_t bytes[512];
	struct buffer b = { .data = bytes, .size = sizeof(bytes) };

	cr_assert(pflog_put_record(&b, &p, PFLOG_FILE_SNAPLEN));
	return pflog_file_put(file, bytes, b.len);
}

#define RECORD (PCAP_RECORD_HEADER + PFLOG_HEADER + 40)

/* Records in a file that has to be nothing but whole ones; -1: there is no file. */
static int count(const char *name)
{
	struct stat st;

	if (stat(name, &st) < 0)
		return -1;
	cr_assert_geq(st.st_size, PCAP_FILE_HEADER);
	cr_assert_eq((st.st_size - PCAP_FILE_HEADER) % RECORD, 0, "%s: %ld", name,
		     (long)st.st_size);
	return (int)(st.st_size - PCAP_FILE_HEADER) / RECORD;
}

static bool has_size(const char *name, off_t size)
{
	struct stat st;

	return stat(name, &st) == 0 && st.st_size == size;
}

static int error(void)
{
	struct pflog_file_status status;

	pflog_file_status(file, &status);
	return status.error;
}

static bool wait_for(bool (*condition)(void))
{
	const struct timespec pause = { 0, 10000000 };

	for (int i = 0; i < 1000 && !condition(); i++)
		nanosleep(&pause, NULL);
	return condition();
}

static void write_file(const char *name, const void *data, size_t len)
{
	char sub[64];
	FILE *f;

	snprintf(sub, sizeof(sub), "%s/sub", directory);
	mkdir(sub, 0755);
	f = fopen(name, "w");
	cr_assert_not_null(f);
	cr_assert_eq(fwrite(data, 1, len, f), len);
	fclose(f);
}

static bool has_one(void)
{
	return has_size(path, PCAP_FILE_HEADER + RECORD);
}

Test(pflog_file, made_and_appended_to, .init = start, .fini = stop)
{
	struct stat st;

	open_it();
	cr_expect(put());
	cr_expect(wait_for(has_one), "a record is written soon");
	cr_expect_eq(pflog_file_close(file), 0);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0640);
	open_it();
	for (int i = 0; i < 3000; i++)
		while (!put())
			;
	cr_expect_eq(pflog_file_close(file), 0);
	cr_expect_eq(count(path), 3001);
}

static bool is_empty(void)
{
	return has_size(path, PCAP_FILE_HEADER);
}

Test(pflog_file, rotated, .init = start, .fini = stop)
{
	open_it();
	cr_assert(wait_for(is_empty));
	for (int i = 0; i < 500; i++)
		put();
	cr_assert_eq(rename(path, renamed), 0);
	for (int i = 0; i < 500; i++)
		put();
	pflog_file_reopen(file);
	cr_expect(wait_for(is_empty), "there is a new one at once");
	for (int i = 0; i < 500; i++)
		put();
	cr_expect_eq(pflog_file_close(file), 0);
	cr_expect_eq(count(renamed) + count(path), 1500);
	cr_expect_geq(count(path), 500);
}

Test(pflog_file, reopened_without_a_reason, .init = start, .fini = stop)
{
	open_it();
	put();
	cr_assert(wait_for(has_one));
	pflog_file_reopen(file);
	put();
	cr_expect_eq(pflog_file_close(file), 0);
	cr_expect_eq(count(path), 2);
}

/* After a crash. */
Test(pflog_file, an_end_that_is_missing, .init = start, .fini = stop)
{
	struct stat st;

	open_it();
	put();
	put();
	pflog_file_close(file);
	for (off_t cut = 1; cut < RECORD; cut += 13) {
		cr_assert_eq(truncate(path, PCAP_FILE_HEADER + 2 * RECORD - cut), 0);
		open_it();
		put();
		cr_expect_eq(pflog_file_close(file), 0);
		cr_expect_eq(count(path), 2, "%ld", (long)cut);
	}
	/* zeros at the end */
	cr_assert_eq(truncate(path, PCAP_FILE_HEADER + 3 * RECORD), 0);
	open_it();
	put();
	cr_expect_eq(pflog_file_close(file), 0);
	cr_expect_eq(count(path), 3);
	cr_assert_eq(stat(path, &st), 0);
}

Test(pflog_file, what_is_not_ours_is_put_aside, .init = start, .fini = stop)
{
	struct pflog_file_status status;

	write_file(path, "precious", 8);
	open_it();
	put();
	cr_assert(wait_for(has_one));
	pflog_file_status(file, &status);
	cr_expect_eq(status.put_aside, 1);
	cr_expect_eq(status.error, 0);
	pflog_file_close(file);
	cr_expect(has_size(bad, 8));
}

static bool has_error(void)
{
	return error() != 0;
}

static bool has_none(void)
{
	return error() == 0;
}

/* A directory in its place: as root, permissions would not do. */
Test(pflog_file, cannot_be_opened, .init = start, .fini = stop)
{
	struct pflog_file_status status;
	char sub[64];

	snprintf(sub, sizeof(sub), "%s/sub", directory);
	mkdir(sub, 0755);
	mkdir(path, 0755);
	open_it();
	put();
	cr_assert(wait_for(has_error));
	cr_expect_eq(error(), EISDIR);
	rmdir(path);
	cr_assert(wait_for(has_none), "it tries again");
	pflog_file_status(file, &status);
	cr_expect_eq(status.lost, 0);
	cr_expect_eq(pflog_file_close(file), 0);
	cr_expect_eq(count(path), 1);
}

Test(pflog_file, a_device_is_no_file, .init = start, .fini = stop)
{
	snprintf(path, sizeof(path), "/dev/null");
	open_it();
	put();
	cr_assert(wait_for(has_error));
	cr_expect_eq(pflog_file_close(file), 1, "what is lost is said");
	snprintf(path, sizeof(path), "%s/sub/pflog", directory);
}

/* A file that may not grow, as on a full disk. */
Test(pflog_file, full, .init = start, .fini = stop)
{
	struct pflog_file_status status;
	uint64_t taken = 0;

	const struct rlimit small = { 60000, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	open_it();
	while (put())
		taken++;
	cr_assert(wait_for(has_error));
	while (put())
		taken++;
	for (int i = 0; i < 100; i++)
		cr_expect_not(put());
	pflog_file_status(file, &status);
	cr_expect_geq(status.lost, 100);
	cr_expect_eq(status.records, taken);
	cr_expect_leq(taken, (60000 + 2 * PFLOG_FILE_BUFFER) / RECORD + 2);
	cr_expect_eq(pflog_file_close(file) + (uint64_t)count(path), taken);
}
