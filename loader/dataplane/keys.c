/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/keys.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/socket.h>

/*
 * Looked up once: each time costs as much as a digest. In a context of our own: without memory for
 * its default one, OpenSSL 3.0 crashes in the look-up.
 */
static const EVP_MD *sha512_256(void)
{
	static OSSL_LIB_CTX *context;
	static EVP_MD *md;

	if (!context)
		context = OSSL_LIB_CTX_new();
	if (!md && context)
		md = EVP_MD_fetch(context, "SHA512-256", NULL);
	return md;
}

int digest(const struct digest_part *parts, size_t n, uint8_t ret[KEYS_SIZE])
{
	const EVP_MD *md = sha512_256();
	EVP_MD_CTX *ctx = md ? EVP_MD_CTX_new() : NULL;
	int ok = ctx && EVP_DigestInit_ex(ctx, md, NULL);

	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].size);
	ok = ok && EVP_DigestFinal_ex(ctx, ret, NULL);
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : -ENOMEM;
}

uint64_t digest_u64(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | bytes[i];
	return value;
}

/* The secret that all keys of the service come from. */
static int master_key(const struct desired_service *s, const __u64 hash_key[8],
		      uint8_t ret[KEYS_SIZE])
{
	const struct digest_part configured[] = { { "xlb configured key", 18 },
						  { s->key, sizeof(s->key) } };
	const struct digest_part own[] = { { "xlb own key", 11 },
					   { hash_key, 8 * sizeof(*hash_key) },
					   { &s->proto, sizeof(s->proto) },
					   { s->name, strlen(s->name) } };

	return s->has_key ? digest(configured, 2, ret) : digest(own, 4, ret);
}

/* The first listen address and port; relayd makes a relay of its own of each. */
static int mix_listen(const struct desired_service *s, uint64_t *word)
{
	const struct desired_listen *l = s->listens;
	uint8_t mixed[KEYS_SIZE];
	const uint8_t port[2] = { l->port_lo >> 8, l->port_lo & 0xff };
	const struct digest_part parts[] = { { word, sizeof(*word) },
					     { &l->addr.v6, l->addr.family == AF_INET6 ? 16 : 4 },
					     { port, sizeof(port) } };
	int err = digest(parts, 3, mixed);

	if (!err)
		*word = digest_u64(mixed);
	return err;
}

/* What counts, besides the client's address: row_key[0] is a constant, the others multiply. */
static int fit_row_key(const struct desired_service *s, uint64_t row[6])
{
	if (s->hash_nothing_else)
		memset(&row[1], 0, 5 * sizeof(*row));
	return s->hash_listen && s->n_listens ? mix_listen(s, &row[0]) : 0;
}

int service_keys(const struct desired_service *s, const __u64 hash_key[8], struct service_keys *ret)
{
	uint8_t master[KEYS_SIZE], block[2][KEYS_SIZE];
	struct service_keys keys;
	int err = master_key(s, hash_key, master);

	if (err)
		return err;
	for (int i = 0; i < 3; i++) {
		const uint8_t number = i;
		const struct digest_part parts[] = { { master, sizeof(master) }, { &number, 1 } };

		err = digest(parts, 2, i ? block[i - 1] : keys.maglev);
		if (err)
			return err;
	}
	for (int i = 0; i < 6; i++)
		keys.row[i] = digest_u64(&block[i / 4][i % 4 * 8]);
	err = fit_row_key(s, keys.row);
	if (err)
		return err;
	*ret = keys;
	return 0;
}
