/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a client begins a QUIC connection with: Initial packets (RFC 9000, 17.2.2), whose keys
 * follow from the connection's id that is in them (RFC 9001, 5.2; version 2: RFC 9369), so that
 * whoever sees the first one can read them. Pure.
 */
#ifndef XLB_REQUESTS_QUIC_H
#define XLB_REQUESTS_QUIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUIC_V1 0x00000001u
#define QUIC_V2 0x6b3343cfu
#define QUIC_MAX_ID 20
#define QUIC_MIN_DATAGRAM 1200 /* of one with an Initial */
#define QUIC_TAG 16

/* The id that the client has chosen for the server: that of its first Initial. */
struct quic_id {
	bool known;
	uint8_t len;
	uint8_t bytes[QUIC_MAX_ID];
};

struct quic_keys {
	uint8_t key[16], iv[12], hp[16];
};

/* Of the client's Initials. -EPROTONOSUPPORT: not of that version; -EIO. */
int quic_derive(uint32_t version, const struct quic_id *id, struct quic_keys *ret);

enum quic_result {
	QUIC_INITIAL, /* decrypted */
	QUIC_OTHER,   /* of another kind, or version: nothing to read */
	QUIC_BAD,     /* not what it says, or cut off */
};

struct quic_plain {
	struct quic_id id; /* that it was decrypted by */
	bool has_token;
	size_t len;
	uint8_t bytes[2048];
};

/* Is it worth reading? Datagrams of other kinds are not, nor such as are too short for an Initial.
 */
bool quic_begins(const uint8_t *datagram, size_t len);

/*
 * The packet that a datagram, or what is left of one, begins with; *ret_size: its bytes, 0 with
 * QUIC_BAD. `id` of the connection is tried first, then the packet's own.
 */
enum quic_result quic_open(const uint8_t *data, size_t len, const struct quic_id *id,
			   struct quic_plain *ret, size_t *ret_size);

/* Each piece of the handshake's bytes that is in there. -EBADMSG: frames that may not be in an
 * Initial, or are cut short; those before were told. */
typedef void quic_crypto_fn(uint64_t offset, const uint8_t *data, size_t len, void *context);
int quic_frames(const struct quic_plain *plain, quic_crypto_fn *fn, void *context);

#endif
