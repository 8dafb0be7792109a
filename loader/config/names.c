/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* relayd's words for the values of the configuration. */
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
	};

	return names[check->type];
}
