/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What stands outside of the blocks. */
#include <limits.h>

#include "config/parse.h"

/* PROC_MAX_INSTANCES of relayd. */
#define MAX_PREFORK 32

/* A day; keeps every sum of times far from overflowing. */
#define MAX_SECONDS 86400

void global_interval(struct parse *p, struct cfg_pos pos, int64_t seconds)
{
	if (seconds < 1 || seconds > MAX_SECONDS) {
		parse_error(p, pos, "1 to 86400 seconds", "invalid interval: %lld",
			    (long long)seconds);
		return;
	}
	p->cfg->interval_s = (unsigned)seconds;
	p->interval_pos = pos;
}

void global_timeout(struct parse *p, struct cfg_pos pos, int64_t ms)
{
	if (ms < 1 || ms > MAX_SECONDS * 1000) {
		parse_error(p, pos, "in milliseconds, at least 1", "invalid timeout: %lld",
			    (long long)ms);
		return;
	}
	if (p->cfg->tables && p->cfg->timeout_ms != (unsigned)ms)
		parse_warning(p, pos, "move it above the tables",
			      "this timeout does not reach the tables defined above it");
	p->cfg->timeout_ms = (unsigned)ms;
	p->timeout_pos = pos;
}

void global_prefork(struct parse *p, struct cfg_pos pos, int64_t n)
{
	if (n < 1 || n > MAX_PREFORK) {
		parse_error(p, pos, "1 to 32", "invalid number of preforked relays: %lld",
			    (long long)n);
		return;
	}
	parse_note(p, NOTE_PREFORK, pos, NULL,
		   "prefork has no effect here: the kernel forwards, there are no relay processes");
}

void global_agentx(struct parse *p, struct cfg_pos pos)
{
	parse_note(p, NOTE_AGENTX, pos, "xlbctl -j show … prints the same values as JSON",
		   "agentx has no effect here: xlb has no SNMP agent");
}

void router_refuse(struct parse *p, struct cfg_pos pos, const char *name)
{
	p->refused_any = true;
	parse_error(p, pos, "use a multipath route (ip route … nexthop) or a routing daemon",
		    "router %s is not supported: xlb does not change routing tables", name);
}
