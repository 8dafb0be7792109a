/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The client's side of requests/quic.h: Initials are made, and protected. */
#ifndef XLB_TESTS_UNIT_REQUESTS_QUIC_SEAL_H
#define XLB_TESTS_UNIT_REQUESTS_QUIC_SEAL_H

#include <openssl/evp.h>
#include <string.h>

#include "requests/quic.h"

#define QUIC_NUMBER_LEN 4

/* A header without token up to the packet number, which is 4 bytes long; returns its length. */
static inline size_t quic_head(uint8_t *to, uint32_t version, const struct quic_id *id,
			       uint32_t number, size_t plain_len)
{
	const size_t length = QUIC_NUMBER_LEN + plain_len + QUIC_TAG;
	size_t n = 0;

	to[n++] = (version == QUIC_V2 ? 0xd0 : 0xc0) | (QUIC_NUMBER_LEN - 1);
	for (int shift = 24; shift >= 0; shift -= 8)
		to[n++] = (uint8_t)(version >> shift);
	to[n++] = id->len;
	memcpy(to + n, id->bytes, id->len);
	n += id->len;
	to[n++] = 0; /* source id */
	to[n++] = 0; /* token */
	to[n++] = (uint8_t)(0x40 | length >> 8);
	to[n++] = (uint8_t)length;
	for (int shift = 24; shift >= 0; shift -= 8)
		to[n++] = (uint8_t)(number >> shift);
	return n;
}

/* packet: the head, head_len bytes; the payload is added and all is protected, by the keys of `id`.
 * Returns the packet's length; 0: OpenSSL would not. */
static inline size_t quic_seal(uint8_t *packet, size_t head_len, uint32_t version,
			       const struct quic_id *id, const uint8_t *plain, size_t len)
{
	const size_t number_at = head_len - QUIC_NUMBER_LEN;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t nonce[12], mask[16];
	struct quic_keys keys;
	int n = 0, last = 0;
	bool ok;

	if (quic_derive(version, id, &keys))
		return 0;
	memcpy(nonce, keys.iv, sizeof(nonce));
	for (size_t i = 0; i < QUIC_NUMBER_LEN; i++)
		nonce[8 + i] ^= packet[number_at + i];
	ok = EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, keys.key, nonce) &&
	     EVP_EncryptUpdate(ctx, NULL, &n, packet, (int)head_len) &&
	     EVP_EncryptUpdate(ctx, packet + head_len, &n, plain, (int)len) &&
	     EVP_EncryptFinal_ex(ctx, packet + head_len + n, &last) &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, QUIC_TAG, packet + head_len + len);
	EVP_CIPHER_CTX_free(ctx);
	ctx = EVP_CIPHER_CTX_new();
	ok = ok && EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, keys.hp, NULL) &&
	     EVP_EncryptUpdate(ctx, mask, &n, packet + number_at + 4, sizeof(mask));
	EVP_CIPHER_CTX_free(ctx);
	packet[0] ^= mask[0] & 0x0f;
	for (size_t i = 0; i < QUIC_NUMBER_LEN; i++)
		packet[number_at + i] ^= mask[1 + i];
	return ok ? head_len + len + QUIC_TAG : 0;
}

#endif
