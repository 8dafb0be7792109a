// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "report.h"

#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/utsname.h>

/* `return XDP_TX` by BPF_PROG_RUN on the machine that the peer's figures are from. */
#define PEER_BARE_NS 11.5

static double scale(const struct bench *b)
{
	return b->bare_ns / PEER_BARE_NS;
}

static int family_number(int family)
{
	return family == AF_INET6 ? 6 : 4;
}

/* What the scenario should cost here, 0: nothing said. */
static double target_ns(const struct bench *b, const struct result *r)
{
	const struct scenario *s = r->scenario;

	if (s->target_ns)
		return s->target_ns * scale(b);
	return s->target[r->flows] * peer_ns(s->peer, r->family, r->flows) * scale(b);
}

void report_head(const struct bench *b)
{
	struct utsname u;

	uname(&u);
	printf("Linux %s; %u packets a run, medians of %u rounds (quartiles).\n", u.release,
	       b->packets, b->rounds);
	printf("`return XDP_TX` takes %.1f ns here; Katran's printed figures are scaled by "
	       "%.1f/%.1f = %.2f.\n",
	       b->bare_ns, b->bare_ns, PEER_BARE_NS, scale(b));
	printf("net: ns per packet without the verdict alone; floor: parses and swaps MACs, "
	       "net.\n\n");
	printf("%-16s %-4s %8s %8s %15s %6s %8s %8s %7s %8s\n", "scenario", "IP", "flows", "net",
	       "", "floor", "x floor", "Katran", "ratio", "target");
}

static void print_peer(const struct bench *b, const struct result *r)
{
	const double peer = peer_ns(r->scenario->peer, r->family, r->flows) * scale(b);
	const double target = target_ns(b, r);

	if (peer)
		printf(" %8.1f %7.3f", peer, r->net.median / peer);
	else
		printf(" %8s %7s", "-", "-");
	if (target)
		printf(" %8.1f %s", target, r->net.median <= target ? "met" : "MISSED");
}

void report_line(const struct bench *b, const struct result *r)
{
	char flows[16];

	if (r->scenario->always_new)
		snprintf(flows, sizeof(flows), "new");
	else
		snprintf(flows, sizeof(flows), "%u", flow_counts[r->flows]);
	printf("%-16s v%-3d %8s %8.1f %7.1f-%-7.1f %6.1f %8.1f", r->scenario->name,
	       family_number(r->family), flows, r->net.median, r->net.low, r->net.high,
	       r->floor.median, r->net.median / r->floor.median);
	print_peer(b, r);
	printf("\n");
	fflush(stdout);
}

/* ---- JSON ---------------------------------------------------------------------------------------
 */
static json_t *spread_json(const struct spread *s)
{
	return json_pack("{s:f, s:f, s:f}", "median", s->median, "low", s->low, "high", s->high);
}

static json_t *result_json(const struct bench *b, const struct result *r)
{
	const double peer = peer_ns(r->scenario->peer, r->family, r->flows) * scale(b);
	json_t *o = json_pack("{s:s, s:i, s:i, s:b, s:o, s:o}", "scenario", r->scenario->name,
			      "family", family_number(r->family), "flows",
			      (int)flow_counts[r->flows], "always_new", r->scenario->always_new,
			      "net_ns", spread_json(&r->net), "floor_ns", spread_json(&r->floor));

	if (peer)
		json_object_set_new(o, "katran_scaled_ns", json_real(peer));
	if (target_ns(b, r))
		json_object_set_new(o, "target_ns", json_real(target_ns(b, r)));
	return o;
}

int report_json(const struct bench *b, const struct result *results, size_t n, const char *path)
{
	json_t *list = json_array(), *all;
	struct utsname u;
	int err;

	uname(&u);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, result_json(b, &results[i]));
	all = json_pack("{s:i, s:s, s:i, s:i, s:f, s:f, s:o}", "schema", 1, "kernel", u.release,
			"packets", (int)b->packets, "rounds", (int)b->rounds, "bare_ns", b->bare_ns,
			"scale", scale(b), "results", list);
	err = json_dump_file(all, path, JSON_INDENT(2) | JSON_REAL_PRECISION(5)) ? -EIO : 0;
	json_decref(all);
	return err;
}
