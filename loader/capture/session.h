/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What one reader of a running capture gets, as bytes: a file of its own from the beginning. Each
 * packet is whole or not there at all; the reader is told how many it has lost.
 */
#ifndef XLB_CAPTURE_SESSION_H
#define XLB_CAPTURE_SESSION_H

#include "capture/buffer.h"
#include "capture/filter.h"
#include "capture/packet.h"

enum capture_format {
	CAPTURE_PFLOG,  /* pcap of link type 117: IP packets as they came */
	CAPTURE_PCAPNG, /* Ethernet frames as they came and as they left, with comments */
};

#define CAPTURE_SNAPLEN_MIN 64
#define CAPTURE_SNAPLEN_MAX XLB_TRACE_BYTES

struct capture_request {
	enum capture_format format;
	uint32_t snaplen;      /* bytes of each frame */
	uint64_t count;        /* ends after so many packets; 0: never */
	bool all;              /* also what is for no service */
	struct filter *filter; /* of the format's link type; NULL: everything. The session's */
};

struct capture_session;

/* Takes over the request's filter, also on failure. -ENOMEM. */
int capture_session_new(const struct capture_request *request, struct capture_session **ret);
void capture_session_free(struct capture_session *s); /* NULL is fine */

/* How many bytes of each frame the kernel is to hand up. */
uint32_t capture_session_snaplen(const struct capture_session *s);
bool capture_session_wants_all(const struct capture_session *s);

/* The three below write to memory that stays the session's until the next call. */
struct capture_bytes {
	const uint8_t *data;
	size_t len; /* 0: nothing */
};

/* The file's head. */
struct capture_bytes capture_session_begin(struct capture_session *s);
/* One packet; nothing if it isn't wanted. To be followed by capture_session_done(). */
struct capture_bytes capture_session_packet(struct capture_session *s,
					    const struct capture_packet *p);
/* The file's end. kernel_lost: packets that the kernel had no room for since the beginning. */
struct capture_bytes capture_session_end(struct capture_session *s, uint64_t time_ns,
					 uint64_t kernel_lost);

/* The reader has got the packet, or there was no room for it. */
void capture_session_done(struct capture_session *s, bool sent);

/* `count` has been reached. */
bool capture_session_is_over(const struct capture_session *s);

uint64_t capture_session_sent(const struct capture_session *s);
uint64_t capture_session_lost(const struct capture_session *s);

/* "pflog", "pcapng"; -EINVAL. */
int capture_format_parse(const char *name, enum capture_format *ret);
const char *capture_format_name(enum capture_format format);
uint32_t capture_format_linktype(enum capture_format format);

#endif
