/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/keys.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

int digest(const struct digest_part *parts, size_t n, uint8_t ret[KEYS_SIZE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha512_256(), NULL);

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

int service_keys(const struct desired_service *s, const __u64 hash_key[8],
		 struct service_keys *ret)
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
	*ret = keys;
	return 0;
}
