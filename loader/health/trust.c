/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "health/trust.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <utlist.h>

struct trust {
	char *file; /* NULL: the system's */
	struct stat seen;
	X509_STORE *store;
	struct trust *next;
};

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static X509_STORE *read_store(const char *file)
{
	X509_STORE *store = X509_STORE_new();
	int ok = 0;

	if (store)
		ok = file ? X509_STORE_load_file(store, file) : X509_STORE_set_default_paths(store);
	ERR_clear_error();
	if (ok == 1)
		return store;
	X509_STORE_free(store);
	return NULL;
}

static struct trust *find(struct trust *list, const char *file)
{
	struct trust *t;

	LL_FOREACH(list, t) {
		if (file ? t->file && strcmp(t->file, file) == 0 : !t->file)
			return t;
	}
	return NULL;
}

static int add(struct trust **list, const char *file, struct trust **ret)
{
	struct trust *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	if (file) {
		t->file = strdup(file);
		if (!t->file) {
			free(t);
			return -ENOMEM;
		}
	}
	LL_PREPEND(*list, t);
	*ret = t;
	return 0;
}

/* A file that cannot be read any more is none: not what it was. */
static int refresh(struct trust *t)
{
	struct stat now = { 0 };

	if (t->file && stat(t->file, &now) < 0)
		return -errno;
	if (t->store && same_file(&now, &t->seen))
		return 0;
	X509_STORE_free(t->store);
	t->store = read_store(t->file);
	t->seen = now;
	return t->store ? 0 : -EINVAL;
}

int trust_get(struct trust **list, const char *file, X509_STORE **ret)
{
	struct trust *t = find(*list, file);
	int r = t ? 0 : add(list, file, &t);

	if (r == 0)
		r = refresh(t);
	if (r == 0)
		*ret = t->store;
	return r;
}

void trust_free(struct trust *list)
{
	struct trust *t, *next;

	LL_FOREACH_SAFE(list, t, next)
	{
		X509_STORE_free(t->store);
		free(t->file);
		free(t);
	}
}

static bool is_address(const char *name)
{
	struct in6_addr addr;

	return inet_pton(AF_INET, name, &addr) == 1 || inet_pton(AF_INET6, name, &addr) == 1;
}

const char *trust_name(const struct probe_target *target)
{
	const struct cfg_check *check = target->check;

	if (check->sni)
		return check->sni;
	return check->verify && target->name && !is_address(target->name) ? target->name : NULL;
}

const char *trust_complaint(long verify_result, char *buf, size_t size)
{
	bool trusted = verify_result == X509_V_OK || verify_result == X509_V_ERR_UNSPECIFIED;
	long error = trusted ? X509_V_ERR_HOSTNAME_MISMATCH : verify_result;

	snprintf(buf, size, "tls verify failed,%s", X509_verify_cert_error_string(error));
	return buf;
}
