/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the options of checks come to, for those who check and for those who compare. */
#include <string.h>

#include "config/config.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_codes(const struct cfg_check *a, const struct cfg_check *b)
{
	return a->code == b->code && a->n_more_codes == b->n_more_codes &&
	       (a->n_more_codes == 0 || memcmp(a->more_codes, b->more_codes,
					       a->n_more_codes * sizeof(a->more_codes[0])) == 0);
}

static bool same_tls(const struct cfg_check *a, const struct cfg_check *b)
{
	return a->tls == b->tls && a->verify == b->verify && same_text(a->ca, b->ca) &&
	       same_text(a->sni, b->sni);
}

static bool same_vip(const struct cfg_vip *a, const struct cfg_vip *b)
{
	size_t size = a->addr.family == AF_INET  ? sizeof(a->addr.v4) :
		      a->addr.family == AF_INET6 ? sizeof(a->addr.v6) :
						   0;

	return a->addr.family == b->addr.family && a->port == b->port &&
	       memcmp(&a->addr.v6, &b->addr.v6, size) == 0;
}

static bool same_dsr(const struct cfg_check *a, const struct cfg_check *b)
{
	return a->dsr == b->dsr && same_vip(&a->vip4, &b->vip4) && same_vip(&a->vip6, &b->vip6);
}

bool cfg_same_check(const struct cfg_check *a, const struct cfg_check *b)
{
	return a->type == b->type && same_tls(a, b) && same_codes(a, b) && same_dsr(a, b) &&
	       same_text(a->path, b->path) && same_text(a->host, b->host) &&
	       same_text(a->digest, b->digest) && same_text(a->send, b->send) &&
	       same_text(a->expect, b->expect) && same_text(a->token, b->token) &&
	       same_text(a->query, b->query) && a->qtype == b->qtype;
}

unsigned cfg_rise(const struct cfg_host *host, const struct cfg_target *target)
{
	unsigned rise = host->rise ? host->rise : target->rise;

	return rise ? rise : 1;
}

unsigned cfg_fall(const struct cfg_host *host, const struct cfg_target *target)
{
	if (host->fall)
		return host->fall;
	if (host->has_retry || !target->fall)
		return host->retry + 1;
	return target->fall;
}

unsigned cfg_fast_interval_ms(const struct cfg_host *host, const struct cfg_target *target)
{
	unsigned interval_ms = target->interval_s * 1000, half = interval_ms / 2;

	if (target->fast_interval_s)
		return target->fast_interval_s * 1000;
	if (!host->rise && !host->fall && !target->rise && !target->fall)
		return interval_ms;
	return half > target->timeout_ms ? half : target->timeout_ms;
}
