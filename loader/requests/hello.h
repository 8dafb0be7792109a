/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The server name that a TLS client asks for: SNI (RFC 6066, 3) in the ClientHello (RFC
 * 8446, 4.1.2), which may be in pieces over records and segments. Nothing is decrypted; with
 * Encrypted Client Hello it is the outer name.
 */
#ifndef XLB_REQUESTS_HELLO_H
#define XLB_REQUESTS_HELLO_H

#include <stddef.h>
#include <stdint.h>

#include "requests/counters.h"
#include "requests/stream.h"

#define HELLO_MAX_NAME 255   /* of a host name in DNS */
#define HELLO_MAX_SIZE 16384 /* of the message; hosts take no more in general */

enum hello_result {
	HELLO_NAME,
	HELLO_NO_NAME, /* the message is whole, and has none */
	HELLO_MORE,    /* the message goes on behind what there is */
	HELLO_BAD,     /* no ClientHello */
};

/* A handshake message, as far as it has come. ret_name gets text with NUL; it may have any bytes
 * but NUL. */
enum hello_result hello_parse(const uint8_t *message, size_t len,
			      char ret_name[HELLO_MAX_NAME + 1]);

/* TLS records, as far as they have come: their handshake message goes to `message`. HELLO_MORE, or
 * HELLO_BAD; *ret_len: bytes written. */
enum hello_result hello_unwrap(const uint8_t *records, size_t len, uint8_t *message, size_t size,
			       size_t *ret_len);

struct hello_shared {
	void (*on_name)(const char *name, void *context); /* empty: it has none */
	void *context;
	uint64_t *counters;
	struct stream_budget *budget;
	uint8_t bytes[2 * HELLO_MAX_SIZE]; /* of the reader at work */
	uint8_t message[HELLO_MAX_SIZE];
};

struct hello_reader {
	bool over;      /* the name was found, or will not be */
	uint8_t *saved; /* what has come so far, between segments; NULL: nothing */
	size_t saved_len;
};

/* The next bytes of the stream; data NULL: so many that were not seen. The reader is all 0 in the
 * beginning. */
void hello_read(struct hello_reader *reader, struct hello_shared *shared, const uint8_t *data,
		size_t len);

void hello_end(struct hello_reader *reader, struct stream_budget *budget);

#endif
