/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Blocks of pcapng, draft-ietf-opsawg-pcapng, in the box's byte order. */
#ifndef XLB_CAPTURE_PCAPNG_H
#define XLB_CAPTURE_PCAPNG_H

#include "capture/buffer.h"

/* epb_verdict: by whom */
enum pcapng_verdict { PCAPNG_VERDICT_NONE, PCAPNG_VERDICT_TC = 1, PCAPNG_VERDICT_XDP = 2 };

struct pcapng_packet {
	uint32_t interface; /* in the order of their blocks, from 0 */
	uint64_t time_ns;   /* since 1970 */
	const uint8_t *data;
	uint32_t captured; /* bytes at data */
	uint32_t length;   /* on the wire */
	const char *comment;
	bool outbound;
	uint64_t id;   /* the same for a packet that is seen twice */
	uint64_t lost; /* between this and the one before; 0: none */
	enum pcapng_verdict verdict_by;
	int64_t verdict; /* what the program returned: XDP_*, TC_ACT_* */
};

struct pcapng_statistics {
	uint32_t interface;
	uint64_t time_ns;
	uint64_t received;
	uint64_t dropped;    /* by whoever captures */
	uint64_t os_dropped; /* by the kernel */
};

/* A section's head. `application` is who writes. */
void pcapng_put_section(struct buffer *b, const char *application);

/* Ethernet, times in ns. */
void pcapng_put_interface(struct buffer *b, const char *name, uint32_t snaplen);
void pcapng_put_packet(struct buffer *b, const struct pcapng_packet *p);
void pcapng_put_statistics(struct buffer *b, const struct pcapng_statistics *s);

#endif
