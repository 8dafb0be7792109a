/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The daemon's log: the journal where there is one, syslog where there is not, stderr with -d.
 * Libraries don't log; the daemon says once what happened.
 */
#ifndef XLB_DAEMON_LOG_H
#define XLB_DAEMON_LOG_H

#include <stdbool.h>
#include <syslog.h>

/* foreground: to stderr (or to the journal, if stderr leads there). */
void log_open(bool foreground);

/* Until this is called errors go to stderr, too: to whoever waits for the start. */
void log_started(void);

/* verbose: LOG_DEBUG is logged, too. */
void log_set_verbose(bool verbose);

/* priority: LOG_ERR … LOG_DEBUG of syslog(3). One line, no newline at its end. */
void log_message(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with fields for the journal: NAME, value, …, NULL; values of NULL are left out. */
void log_fields(int priority, const char *message, ...) __attribute__((sentinel));

#define log_error(...) log_message(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_message(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_DEBUG, __VA_ARGS__)

#endif
