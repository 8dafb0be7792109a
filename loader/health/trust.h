/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Whom TLS checks with "verify" believe. A CA file is read when it is first needed, and again when
 * it has changed.
 */
#ifndef XLB_HEALTH_TRUST_H
#define XLB_HEALTH_TRUST_H

#include <openssl/x509_vfy.h>

#include "health/check.h"

struct trust; /* one list of authorities after the other; NULL: none yet */

/* The authorities in a file of PEM, or the system's if file is NULL. *ret is the list's. -errno. */
int trust_get(struct trust **list, const char *file, X509_STORE **ret);
void trust_free(struct trust *list); /* NULL is fine */

/* The name that TLS asks for and verifies: "sni", else with "verify" the host's name. NULL: none,
 * it is the address that is verified. */
const char *trust_name(const struct probe_target *target);

/* "tls verify failed,REASON" for the result. libcurl leaves X509_V_OK or X509_V_ERR_UNSPECIFIED
 * where it is but the name that is another one. */
const char *trust_complaint(long verify_result, char *buf, size_t size);

#endif
