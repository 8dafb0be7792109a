/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "requests/quic.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#define LONG_AND_FIXED 0xc0
#define TYPE_SHIFT 4
#define SAMPLE 16
#define SAMPLE_AT 4 /* behind the packet number's place */
#define SECRET 32

static const struct version {
	uint32_t number;
	uint8_t initial; /* type */
	uint8_t retry;   /* the one without a length */
	const char *key, *iv, *hp;
	uint8_t salt[20];
} versions[] = {
	{ QUIC_V1, 0, 3, "quic key", "quic iv", "quic hp", { 0x38, 0x76, 0x2c, 0xf7, 0xf5,
							     0x59, 0x34, 0xb3, 0x4d, 0x17,
							     0x9a, 0xe6, 0xa4, 0xc8, 0x0c,
							     0xad, 0xcc, 0xbb, 0x7f, 0x0a } },
	{ QUIC_V2, 1, 0, "quicv2 key", "quicv2 iv", "quicv2 hp", { 0x0d, 0xed, 0xe3, 0xde, 0xf7,
								   0x00, 0xa6, 0xdb, 0x81, 0x93,
								   0x81, 0xbe, 0x6e, 0x26, 0x9d,
								   0xcb, 0xf9, 0xbd, 0x2e, 0xd9 } },
};

static const struct version *find_version(uint32_t number)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (versions[i].number == number)
			return &versions[i];
	return NULL;
}

/* ---- keys ---------------------------------------------------------------------------------- */
static bool hmac(const uint8_t *key, size_t key_len, const uint8_t *data, size_t len,
		 uint8_t ret[SECRET])
{
	return HMAC(EVP_sha256(), key, (int)key_len, data, len, ret, NULL) != NULL;
}

/* HKDF-Expand-Label of RFC 8446, 7.1, for what is not longer than a hash. */
static bool expand(const uint8_t secret[SECRET], const char *label, uint8_t *ret, size_t len)
{
	uint8_t info[64], out[SECRET];
	int n = snprintf((char *)info + 3, sizeof(info) - 3, "tls13 %s", label);

	info[0] = 0;
	info[1] = (uint8_t)len;
	info[2] = (uint8_t)n;
	info[3 + n] = 0; /* no context */
	info[4 + n] = 1; /* the first block */
	if (!hmac(secret, SECRET, info, (size_t)n + 5, out))
		return false;
	memcpy(ret, out, len);
	return true;
}

int quic_derive(uint32_t version, const struct quic_id *id, struct quic_keys *ret)
{
	const struct version *v = find_version(version);
	uint8_t initial[SECRET], client[SECRET];

	if (!v)
		return -EPROTONOSUPPORT;
	if (!hmac(v->salt, sizeof(v->salt), id->bytes, id->len, initial) ||
	    !expand(initial, "client in", client, sizeof(client)) ||
	    !expand(client, v->key, ret->key, sizeof(ret->key)) ||
	    !expand(client, v->iv, ret->iv, sizeof(ret->iv)) ||
	    !expand(client, v->hp, ret->hp, sizeof(ret->hp)))
		return -EIO;
	return 0;
}

/* ---- headers ------------------------------------------------------------------------------- */
struct cursor {
	const uint8_t *at;
	size_t left;
};

static const uint8_t *take(struct cursor *c, uint64_t n)
{
	const uint8_t *at = c->at;

	if (n > c->left)
		return NULL;
	c->at += n;
	c->left -= n;
	return at;
}

/* RFC 9000, 16 */
static bool take_number(struct cursor *c, uint64_t *ret)
{
	const uint8_t *first = take(c, 1), *rest;
	size_t more;

	if (!first)
		return false;
	more = ((size_t)1 << (*first >> 6)) - 1;
	rest = take(c, more);
	if (!rest)
		return false;
	*ret = *first & 0x3f;
	for (size_t i = 0; i < more; i++)
		*ret = *ret << 8 | rest[i];
	return true;
}

static bool take_id(struct cursor *c, struct quic_id *ret)
{
	const uint8_t *len = take(c, 1), *bytes;

	if (!len || *len > QUIC_MAX_ID)
		return false;
	bytes = take(c, *len);
	if (!bytes)
		return false;
	*ret = (struct quic_id){ .known = true, .len = *len };
	memcpy(ret->bytes, bytes, *len);
	return true;
}

struct header {
	const struct version *version; /* NULL: not ours */
	uint8_t type;
	struct quic_id id;
	uint64_t token_len;
	size_t number_at; /* of the packet number */
	size_t size;      /* of the whole packet */
};

static bool parse_header(const uint8_t *data, size_t len, struct header *ret)
{
	struct cursor c = { data, len };
	const uint8_t *first = take(&c, 1), *number = take(&c, 4);
	struct quic_id source;
	uint64_t length;

	*ret = (struct header){ 0 };
	if (!first || !number || (*first & LONG_AND_FIXED) != LONG_AND_FIXED)
		return false;
	ret->version = find_version((uint32_t)number[0] << 24 | (uint32_t)number[1] << 16 |
				    (uint32_t)number[2] << 8 | number[3]);
	ret->type = *first >> TYPE_SHIFT & 3;
	if (!ret->version || ret->type == ret->version->retry)
		return false;
	if (!take_id(&c, &ret->id) || !take_id(&c, &source))
		return false;
	if (ret->type == ret->version->initial &&
	    (!take_number(&c, &ret->token_len) || !take(&c, ret->token_len)))
		return false;
	if (!take_number(&c, &length) || length > c.left)
		return false;
	ret->number_at = (size_t)(c.at - data);
	ret->size = ret->number_at + (size_t)length;
	return true;
}

bool quic_begins(const uint8_t *datagram, size_t len)
{
	struct header h;

	return len >= QUIC_MIN_DATAGRAM && parse_header(datagram, len, &h) &&
	       h.type == h.version->initial;
}

/* ---- decrypting ---------------------------------------------------------------------------- */
static bool header_mask(const uint8_t hp[16], const uint8_t sample[SAMPLE], uint8_t ret[SAMPLE])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;
	bool ok = ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, hp, NULL) &&
		  EVP_CIPHER_CTX_set_padding(ctx, 0) &&
		  EVP_EncryptUpdate(ctx, ret, &n, sample, SAMPLE) && n == SAMPLE;

	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

struct sealed {
	const uint8_t *head; /* without its protection */
	size_t head_len;
	const uint8_t *text;
	size_t len; /* without the tag, which follows */
};

static bool decrypt(const struct quic_keys *keys, const uint8_t nonce[12], const struct sealed *s,
		    uint8_t *plain)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;
	bool ok = ctx && EVP_DecryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, keys->key, nonce) &&
		  EVP_DecryptUpdate(ctx, NULL, &n, s->head, (int)s->head_len) &&
		  EVP_DecryptUpdate(ctx, plain, &n, s->text, (int)s->len) &&
		  EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, QUIC_TAG,
				      (void *)(s->text + s->len)) &&
		  EVP_DecryptFinal_ex(ctx, plain + n, &n) > 0;

	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

/* Packet numbers of Initials are small: what is there of one is all of it. */
static bool open_with(const struct quic_id *id, const uint8_t *data, const struct header *h,
		      struct quic_plain *ret)
{
	uint8_t head[1200], mask[SAMPLE], nonce[12];
	struct quic_keys keys;
	struct sealed s = { .head = head };
	size_t number_len;

	if (h->number_at + 4 > sizeof(head) || h->size < h->number_at + SAMPLE_AT + SAMPLE ||
	    quic_derive(h->version->number, id, &keys) ||
	    !header_mask(keys.hp, data + h->number_at + SAMPLE_AT, mask))
		return false;
	memcpy(head, data, h->number_at + 4);
	head[0] ^= mask[0] & 0x0f;
	number_len = (head[0] & 3) + 1u;
	memcpy(nonce, keys.iv, sizeof(nonce));
	for (size_t i = 0; i < number_len; i++) {
		head[h->number_at + i] ^= mask[1 + i];
		nonce[sizeof(nonce) - number_len + i] ^= head[h->number_at + i];
	}
	s.head_len = h->number_at + number_len;
	s.text = data + s.head_len;
	s.len = h->size - s.head_len - QUIC_TAG;
	if (s.len > sizeof(ret->bytes) || !decrypt(&keys, nonce, &s, ret->bytes))
		return false;
	ret->id = *id;
	ret->len = s.len;
	ret->has_token = h->token_len > 0;
	return true;
}

enum quic_result quic_open(const uint8_t *data, size_t len, const struct quic_id *id,
			   struct quic_plain *ret, size_t *ret_size)
{
	struct header h;

	*ret_size = 0;
	if (!parse_header(data, len, &h))
		return len && data[0] & 0x80 ? QUIC_BAD : QUIC_OTHER;
	if (h.type != h.version->initial) {
		*ret_size = h.size;
		return QUIC_OTHER;
	}
	if (!(id->known && open_with(id, data, &h, ret)) && !open_with(&h.id, data, &h, ret))
		return QUIC_BAD;
	*ret_size = h.size;
	return QUIC_INITIAL;
}

/* ---- frames -------------------------------------------------------------------------------- */
enum frame { PADDING = 0, PING = 1, ACK = 2, ACK_ECN = 3, CRYPTO = 6, CLOSE = 0x1c };

static bool skip_numbers(struct cursor *c, uint64_t n)
{
	uint64_t ignored;

	while (n--)
		if (!take_number(c, &ignored))
			return false;
	return true;
}

/* largest, delay, ranges, first range; then two for each range */
static bool skip_ack(struct cursor *c, bool ecn)
{
	uint64_t ranges;

	if (!skip_numbers(c, 2) || !take_number(c, &ranges) || ranges > c->left)
		return false;
	return skip_numbers(c, 1 + 2 * ranges + (ecn ? 3 : 0));
}

static bool read_crypto(struct cursor *c, quic_crypto_fn *fn, void *context)
{
	uint64_t offset, len;
	const uint8_t *data;

	if (!take_number(c, &offset) || !take_number(c, &len))
		return false;
	data = take(c, len);
	if (data && len)
		fn(offset, data, (size_t)len, context);
	return data != NULL;
}

static bool skip_close(struct cursor *c)
{
	uint64_t len;

	return skip_numbers(c, 2) && take_number(c, &len) && take(c, len);
}

int quic_frames(const struct quic_plain *plain, quic_crypto_fn *fn, void *context)
{
	struct cursor c = { plain->bytes, plain->len };
	uint64_t type;
	bool ok = true;

	while (ok && c.left) {
		ok = take_number(&c, &type);
		if (!ok || type == PADDING || type == PING)
			continue;
		if (type == ACK || type == ACK_ECN)
			ok = skip_ack(&c, type == ACK_ECN);
		else if (type == CRYPTO)
			ok = read_crypto(&c, fn, context);
		else
			ok = type == CLOSE && skip_close(&c);
	}
	return ok ? 0 : -EBADMSG;
}
