/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Messages for the journal, which are lost rather than waited for: sd_journal_sendv(3) waits while
 * systemd-journald takes nothing, and with it would whatever the daemon has to do.
 */
#ifndef XLB_DAEMON_JOURNAL_H
#define XLB_DAEMON_JOURNAL_H

#include <stdint.h>
#include <sys/uio.h>

#define JOURNAL_MAX_FIELDS 20

/* Fields are "NAME=value", JOURNAL_MAX_FIELDS at most. 0; -EAGAIN: it takes nothing now, and the
 * loss is counted; -EINVAL: a value has more than one line, so that it is for sd_journal_sendv().
 */
int journal_send(const struct iovec *fields, int n);

uint64_t journal_lost(void);

#endif
