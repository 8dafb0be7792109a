// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "report.h"

#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/utsname.h>

static double scale(const struct report *r)
{
	return r->bare_ns / r->peer_bare_ns;
}

static int family_number(int family)
{
	return family == AF_INET6 ? 6 : 4;
}

void report_head(const struct report *r)
{
	struct utsname u;

	uname(&u);
	printf("Linux %s; %u packets a run, medians of %u rounds (quartiles).\n", u.release,
	       r->packets, r->rounds);
	printf("`return %s` takes %.1f ns here; %s's printed figures are scaled by "
	       "%.1f/%.1f = %.2f.\n",
	       r->verdict, r->bare_ns, r->peer, r->bare_ns, r->peer_bare_ns, scale(r));
	printf("by shape: by what a program of its shape takes here and took there.\n");
	printf("net: ns per packet without the verdict alone; floor: parses and swaps MACs, "
	       "net.\n\n");
	printf("%-16s %-4s %8s %8s %15s %6s %8s %8s %7s %8s\n", "scenario", "IP", "flows", "net",
	       "", "floor", "x floor", r->peer, "ratio", "target");
}

static void print_floor(const struct result *r)
{
	if (r->floor.median)
		printf(" %6.1f %8.1f", r->floor.median, r->net.median / r->floor.median);
	else
		printf(" %6s %8s", "-", "-");
}

static void print_peer(const struct result *r)
{
	if (r->peer)
		printf(" %8.1f %7.3f", r->peer, r->net.median / r->peer);
	else
		printf(" %8s %7s", "-", "-");
	if (r->target)
		printf(" %8.1f %-6s", r->target, r->net.median <= r->target ? "met" : "MISSED");
	if (r->shape.median)
		printf("  shape %.1f: %.1f, %.3f", r->shape.median, r->peer_by_shape,
		       r->net.median / r->peer_by_shape);
}

void report_line(const struct result *r)
{
	char flows[16];

	if (r->always_new)
		snprintf(flows, sizeof(flows), "new");
	else
		snprintf(flows, sizeof(flows), "%u", r->flows);
	printf("%-16s v%-3d %8s %8.1f %7.1f-%-7.1f", r->scenario, family_number(r->family), flows,
	       r->net.median, r->net.low, r->net.high);
	print_floor(r);
	print_peer(r);
	printf("\n");
	fflush(stdout);
}

/* ---- JSON ---------------------------------------------------------------------------------------
 */
static json_t *spread_json(const struct spread *s)
{
	return json_pack("{s:f, s:f, s:f}", "median", s->median, "low", s->low, "high", s->high);
}

static json_t *result_json(const struct result *r)
{
	json_t *o = json_pack("{s:s, s:i, s:i, s:b, s:o}", "scenario", r->scenario, "family",
			      family_number(r->family), "flows", (int)r->flows, "always_new",
			      r->always_new, "net_ns", spread_json(&r->net));

	if (r->floor.median)
		json_object_set_new(o, "floor_ns", spread_json(&r->floor));
	if (r->peer)
		json_object_set_new(o, "peer_scaled_ns", json_real(r->peer));
	if (r->shape.median) {
		json_object_set_new(o, "shape_ns", spread_json(&r->shape));
		json_object_set_new(o, "peer_by_shape_ns", json_real(r->peer_by_shape));
	}
	if (r->target) {
		json_object_set_new(o, "target_ns", json_real(r->target));
		json_object_set_new(o, "met", json_boolean(r->net.median <= r->target));
	}
	return o;
}

int report_json(const struct report *r, const struct result *results, size_t n, const char *path)
{
	json_t *list = json_array(), *all;
	int err;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, result_json(&results[i]));
	all = json_pack("{s:s, s:s, s:i, s:i, s:f, s:f, s:o}", "program", r->program, "peer",
			r->peer, "packets", (int)r->packets, "rounds", (int)r->rounds, "bare_ns",
			r->bare_ns, "scale", scale(r), "results", list);
	err = json_dump_file(all, path, JSON_INDENT(2) | JSON_REAL_PRECISION(5)) ? -EIO : 0;
	json_decref(all);
	return err;
}
