/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/trace_packet.h"

#include <time.h>

#include "capture/headers.h"
#include "daemon/daemon.h"
#include "daemon/log.h"

void trace_packets_follow(struct daemon *d)
{
	struct rules rules;

	trace_packets_clear(d);
	if (rules_build(d->model, &rules) < 0)
		log_error("out of memory: packets are without the numbers of their rules");
	else
		d->packets.rules = rules;
}

void trace_packets_clear(struct daemon *d)
{
	rules_clear(&d->packets.rules);
}

static uint64_t ns_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The kernel's time of a packet is the monotonic clock's. */
static uint64_t realtime_of(uint64_t monotonic_ns)
{
	return ns_of(CLOCK_REALTIME) - (ns_of(CLOCK_MONOTONIC) - monotonic_ns);
}

static const char *name_of(const struct daemon *d, uint32_t ifindex)
{
	const struct net_link *link;

	if (!ifindex)
		return "";
	return net_link_by_index(d->net, ifindex, &link) ? "unknown" : link->name;
}

/* What the client connects to: where its packets go, and where those come from that it gets. */
static const struct rule *rule_of(struct daemon *d, const struct trace_event *e, const char *in)
{
	struct headers h = { 0 };
	bool known;

	if (!e->service)
		return NULL;
	known = e->from_host ? headers_parse(e->after, e->after_len, e->frame_len, &h) :
			       headers_parse(e->before, e->before_len, e->frame_len, &h);
	if (known && e->from_host)
		return rules_find(&d->packets.rules, e->service, e->proto, &h.src, h.src_port,
				  NULL);
	return rules_find(&d->packets.rules, e->service, e->proto, &h.dst, h.dst_port, in);
}

void trace_packet(struct daemon *d, const struct trace_event *e, struct capture_packet *ret,
		  const struct rule **ret_rule)
{
	const char *in = name_of(d, e->ifindex);
	const struct rule *rule = rule_of(d, e, in);

	*ret = (struct capture_packet){
		.event = e,
		.time_ns = realtime_of(e->time_ns),
		.id = ++d->packets.n,
		.in = in,
		.out = name_of(d, e->egress),
		.rule = rule ? rule->number : CAPTURE_NO_RULE,
		.sub_rule = rule ? rule->sub_number : CAPTURE_NO_RULE,
	};
	if (ret_rule)
		*ret_rule = rule;
}
