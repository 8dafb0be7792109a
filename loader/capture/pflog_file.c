/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "capture/pflog_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "capture/pflog.h"

#define FILE_MODE 0640
#define DIRECTORY_MODE 0750
#define CLOSE_S 2 /* a disk that does not answer keeps nobody from leaving */

struct records {
	uint8_t *bytes; /* PFLOG_FILE_BUFFER */
	size_t len;
	uint64_t n;
};

struct pflog_file {
	char *path;
	int group;
	pthread_t thread;

	pthread_mutex_t lock; /* what follows; never held over a system call that may wait */
	pthread_cond_t wake;
	struct records pending;
	struct pflog_file_status status;
	uint64_t in_hand; /* records that the thread has and that are not in the file */
	bool reopen;
	bool quit;

	/* the thread's own */
	int fd; /* -1: not open */
	struct records writing;
};

/* ---- the file, by the thread --------------------------------------------------------------- */
static int write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* All of it or nothing: a part of a record would spoil whatever comes after it. */
static int append(int fd, const uint8_t *data, size_t len)
{
	off_t before = lseek(fd, 0, SEEK_END);
	int r = before < 0 ? -errno : write_all(fd, data, len);

	if (r < 0 && before >= 0 && ftruncate(fd, before) < 0)
		return -errno;
	return r;
}

static int write_head(int fd)
{
	uint8_t bytes[PCAP_FILE_HEADER];
	struct buffer head = { .data = bytes, .size = sizeof(bytes) };

	pflog_put_file_header(&head, PFLOG_FILE_SNAPLEN);
	return append(fd, bytes, head.len);
}

/* The end of the last whole record: the box may have crashed. */
static off_t end_of_records(int fd, off_t size)
{
	uint8_t header[PCAP_RECORD_HEADER];
	off_t at = PCAP_FILE_HEADER;

	while (pread(fd, header, sizeof(header), at) == sizeof(header)) {
		int64_t len = pcap_record_length(header);

		if (len < 0 || at + (off_t)sizeof(header) + len > size)
			break;
		at += (off_t)sizeof(header) + len;
	}
	return at;
}

/* -EBADMSG: it is something else's. */
static int take_over(int fd, off_t size)
{
	uint8_t header[PCAP_FILE_HEADER];
	off_t end;

	if (pread(fd, header, sizeof(header), 0) != sizeof(header) ||
	    !pcap_is_file_header(header, LINKTYPE_PFLOG))
		return -EBADMSG;
	end = end_of_records(fd, size);
	return end < size && ftruncate(fd, end) < 0 ? -errno : 0;
}

static int prepare(int fd, int group)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > 0)
		return take_over(fd, st.st_size);
	/* Whoever isn't root may not give it away; it is the owner's alone then. */
	if (group >= 0 && fchown(fd, (uid_t)-1, (gid_t)group) < 0 && errno != EPERM)
		return -errno;
	return write_head(fd);
}

/* The directory is made by the package; without it, by us. */
static void make_directory(const char *path)
{
	char *copy = strdup(path);

	if (copy)
		mkdir(dirname(copy), DIRECTORY_MODE);
	free(copy);
}

static int open_once(const struct pflog_file *f, int *ret)
{
	int fd, r;

	make_directory(f->path);
	fd = open(f->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		  FILE_MODE);
	if (fd < 0)
		return -errno;
	r = prepare(fd, f->group);
	if (r < 0)
		close(fd);
	else
		*ret = fd;
	return r;
}

static int put_aside(struct pflog_file *f)
{
	char *aside;
	int r = 0;

	if (asprintf(&aside, "%s.bad", f->path) < 0)
		return -ENOMEM;
	if (rename(f->path, aside) < 0)
		r = -errno;
	free(aside);
	if (r == 0) {
		pthread_mutex_lock(&f->lock);
		f->status.put_aside++;
		pthread_mutex_unlock(&f->lock);
	}
	return r;
}

static int open_file(struct pflog_file *f)
{
	int r = open_once(f, &f->fd);

	if (r != -EBADMSG)
		return r;
	r = put_aside(f);
	return r < 0 ? r : open_once(f, &f->fd);
}

static int write_records(struct pflog_file *f)
{
	int r = f->fd < 0 ? open_file(f) : 0;

	if (r == 0 && f->writing.len)
		r = append(f->fd, f->writing.bytes, f->writing.len);
	if (r == 0)
		f->writing.len = f->writing.n = 0;
	return r;
}

/* A reload is no reason to look through a file again that is the same. */
static bool is_the_same(const struct pflog_file *f)
{
	struct stat ours, there;

	return f->fd >= 0 && fstat(f->fd, &ours) == 0 && lstat(f->path, &there) == 0 &&
	       ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

static void let_go(struct pflog_file *f)
{
	if (f->fd >= 0 && !is_the_same(f)) {
		close(f->fd);
		f->fd = -1;
	}
}

/* ---- the thread ---------------------------------------------------------------------------- */
/* After a failure it is no use to hurry. */
static void wait_for_work(struct pflog_file *f, bool failed)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PFLOG_FILE_FLUSH_S;
	while (!f->quit && !f->reopen && (failed || f->pending.len < PFLOG_FILE_BUFFER / 2))
		if (pthread_cond_timedwait(&f->wake, &f->lock, &until))
			return;
}

/* What could not be written comes first. */
static void take_pending(struct pflog_file *f)
{
	struct records empty = f->writing;

	if (f->writing.len || !f->pending.len)
		return;
	f->writing = f->pending;
	f->pending = empty;
	f->in_hand = f->writing.n;
}

static int work(struct pflog_file *f, bool reopen)
{
	int r = write_records(f);

	if (!reopen)
		return r;
	let_go(f);
	return write_records(f);
}

static void *run(void *data)
{
	struct pflog_file *f = data;
	bool reopen = false, quit = false;

	while (!quit) {
		int r = work(f, reopen);

		pthread_mutex_lock(&f->lock);
		f->status.error = -r;
		f->in_hand = f->writing.n;
		quit = f->quit && (r < 0 || !f->pending.len);
		if (!quit)
			wait_for_work(f, r < 0);
		take_pending(f);
		reopen = f->reopen;
		f->reopen = false;
		pthread_mutex_unlock(&f->lock);
	}
	return NULL;
}

/* Signals are the main thread's. */
static int start(struct pflog_file *f)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&f->thread, NULL, run, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

/* ---- the others' side ---------------------------------------------------------------------- */
static void release(struct pflog_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->pending.bytes);
	free(f->writing.bytes);
	free(f->path);
	free(f);
}

static void init_lock(struct pflog_file *f)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&f->wake, &attributes);
	pthread_condattr_destroy(&attributes);
}

int pflog_file_open(const char *path, int group, struct pflog_file **ret)
{
	struct pflog_file *f = calloc(1, sizeof(*f));
	int r = -ENOMEM;

	if (!f)
		return -ENOMEM;
	f->fd = -1;
	f->group = group;
	f->path = strdup(path);
	f->pending.bytes = malloc(PFLOG_FILE_BUFFER);
	f->writing.bytes = malloc(PFLOG_FILE_BUFFER);
	init_lock(f);
	if (f->path && f->pending.bytes && f->writing.bytes)
		r = start(f);
	if (r < 0)
		release(f);
	else
		*ret = f;
	return r;
}

uint64_t pflog_file_close(struct pflog_file *f)
{
	struct timespec until;
	uint64_t left;

	if (!f)
		return 0;
	pthread_mutex_lock(&f->lock);
	f->quit = true;
	left = f->pending.n + f->in_hand;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += CLOSE_S;
	if (pthread_timedjoin_np(f->thread, NULL, &until))
		return left; /* it has hold of everything until the process ends */
	left = f->pending.n + f->in_hand;
	release(f);
	return left;
}

bool pflog_file_put(struct pflog_file *f, const void *record, size_t len)
{
	struct records *p = &f->pending;
	bool room;

	pthread_mutex_lock(&f->lock);
	room = len <= PFLOG_FILE_BUFFER - p->len;
	if (room) {
		memcpy(p->bytes + p->len, record, len);
		p->len += len;
		p->n++;
		f->status.records++;
	} else {
		f->status.lost++;
	}
	if (p->len >= PFLOG_FILE_BUFFER / 2)
		pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
	return room;
}

void pflog_file_reopen(struct pflog_file *f)
{
	pthread_mutex_lock(&f->lock);
	f->reopen = true;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
}

void pflog_file_status(struct pflog_file *f, struct pflog_file_status *ret)
{
	pthread_mutex_lock(&f->lock);
	*ret = f->status;
	pthread_mutex_unlock(&f->lock);
}
