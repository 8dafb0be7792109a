/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* relayd's words for the values of the configuration. */
#include <string.h>
#include <strings.h>

#include "config/config.h"

const char *cfg_mode_name(enum cfg_mode mode)
{
	static const char *const names[] = {
		[CFG_MODE_ROUNDROBIN] = "roundrobin",   [CFG_MODE_RANDOM] = "random",
		[CFG_MODE_SOURCE_HASH] = "source-hash", [CFG_MODE_LEAST_STATES] = "least-states",
		[CFG_MODE_LOADBALANCE] = "loadbalance", [CFG_MODE_HASH] = "hash",
		[CFG_MODE_MAGLEV] = "maglev",
	};

	return names[mode];
}

const char *cfg_check_name(const struct cfg_check *check)
{
	static const char *const names[] = {
		[CFG_CHECK_NONE] = "none",
		[CFG_CHECK_ICMP] = "icmp",
		[CFG_CHECK_TCP] = "tcp",
		[CFG_CHECK_TLS] = "tcp", /* logged as "tcp use tls" */
		[CFG_CHECK_HTTP_CODE] = "http code",
		[CFG_CHECK_HTTP_DIGEST] = "http digest",
		[CFG_CHECK_SEND_EXPECT] = "send expect",
		[CFG_CHECK_BINARY] = "send expect",
		[CFG_CHECK_SCRIPT] = "script",
		[CFG_CHECK_DNS] = "dns",
	};
	static const char *const dsr_names[] = {
		[CFG_CHECK_TCP] = "tcp dsr",
		[CFG_CHECK_TLS] = "tcp dsr",
		[CFG_CHECK_HTTP_CODE] = "http code dsr",
		[CFG_CHECK_HTTP_DIGEST] = "http digest dsr",
		[CFG_CHECK_SEND_EXPECT] = "send expect dsr",
		[CFG_CHECK_BINARY] = "send expect dsr",
	};

	return check->dsr ? dsr_names[check->type] : names[check->type];
}

static const struct {
	const char *name;
	uint16_t type;
} dns_types[] = {
	{ "A", 1 },   { "NS", 2 },   { "CNAME", 5 }, { "SOA", 6 },  { "PTR", 12 },
	{ "MX", 15 }, { "TXT", 16 }, { "AAAA", 28 }, { "SRV", 33 },
};

#define N_DNS_TYPES (sizeof(dns_types) / sizeof(dns_types[0]))

const char *cfg_dns_type_name(uint16_t type)
{
	for (size_t i = 0; i < N_DNS_TYPES; i++)
		if (dns_types[i].type == type)
			return dns_types[i].name;
	return NULL;
}

uint16_t cfg_dns_type(const char *name)
{
	for (size_t i = 0; i < N_DNS_TYPES; i++)
		if (strcasecmp(dns_types[i].name, name) == 0)
			return dns_types[i].type;
	return 0;
}
