/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "daemon/journal.h"

static enum { TO_STDERR, TO_JOURNAL, TO_SYSLOG } target = TO_STDERR;
static int max_priority = LOG_INFO;
static bool started;

/* systemd.exec(5): JOURNAL_STREAM holds device and inode of the stream that is the journal. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	if (!stream || sscanf(stream, "%llu:%llu", &dev, &ino) != 2 || fstat(STDERR_FILENO, &st))
		return false;
	return st.st_dev == dev && st.st_ino == ino;
}

void log_open(bool foreground)
{
	if (foreground)
		target = stderr_is_journal() ? TO_JOURNAL : TO_STDERR;
	else if (!access("/run/systemd/journal/socket", W_OK))
		target = TO_JOURNAL;
	else
		target = TO_SYSLOG;
	if (target == TO_SYSLOG)
		openlog("xlbd", LOG_PID, LOG_DAEMON);
}

void log_started(void)
{
	started = true;
}

void log_set_verbose(bool verbose)
{
	max_priority = verbose ? LOG_DEBUG : LOG_INFO;
}

static void put(int priority, const char *message)
{
	if (!started && target != TO_STDERR && priority <= LOG_ERR && !stderr_is_journal())
		fprintf(stderr, "xlbd: %s\n", message);
	switch (target) {
	case TO_STDERR:
		fprintf(stderr, "%s\n", message);
		break;
	case TO_JOURNAL:
		log_fields(priority, message, NULL);
		break;
	case TO_SYSLOG:
		syslog(priority, "%s", message);
		break;
	}
}

void log_message(int priority, const char *format, ...)
{
	char message[1024];
	va_list args;

	if (priority > max_priority)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	put(priority, message);
}

static void add_field(struct iovec *iov, int *n, const char *name, const char *value)
{
	char *text;

	if (*n == JOURNAL_MAX_FIELDS || asprintf(&text, "%s=%s", name, value) < 0)
		return;
	iov[*n] = (struct iovec){ text, strlen(text) };
	(*n)++;
}

void log_fields(int priority, const char *message, ...)
{
	struct iovec iov[JOURNAL_MAX_FIELDS];
	char number[12];
	const char *name, *value;
	va_list args;
	int n = 0;

	if (priority > max_priority)
		return;
	if (target != TO_JOURNAL) {
		put(priority, message);
		return;
	}
	snprintf(number, sizeof(number), "%d", priority);
	add_field(iov, &n, "MESSAGE", message);
	add_field(iov, &n, "PRIORITY", number);
	add_field(iov, &n, "SYSLOG_IDENTIFIER", "xlbd");
	va_start(args, message);
	while ((name = va_arg(args, const char *))) {
		value = va_arg(args, const char *);
		if (value)
			add_field(iov, &n, name, value);
	}
	va_end(args);
	if (journal_send(iov, n) == -EINVAL)
		sd_journal_sendv(iov, n);
	while (n > 0)
		free(iov[--n].iov_base);
}
