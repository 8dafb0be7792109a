/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What xlb has to say about a packet, in a line: the comment of a packet in a pcapng file. */
#ifndef XLB_CAPTURE_COMMENT_H
#define XLB_CAPTURE_COMMENT_H

#include <stddef.h>

#include "capture/packet.h"

#define CAPTURE_COMMENT_SIZE 512

/*
 * "stage=before service=web host=192.168.1.3 verdict=forward reason=fragment_first new=yes". Words
 * that are not known are left out; what has blanks or quotes is in quotes, as in "xlbctl monitor".
 * Returns buf.
 */
const char *capture_comment(const struct capture_packet *p, bool after, char *buf, size_t size);

/* "pass", "drop", "forward" */
const char *capture_verdict_name(enum xlb_trace_verdict verdict);

#endif
