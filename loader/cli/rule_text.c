/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/rule_text.h"

#include <string.h>

#include "cli/output.h"

static bool is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static void print_match(FILE *out, const json_t *rule)
{
	const char *interface = get_text(rule, "interface");
	const char *address = get_text(rule, "address");
	json_int_t port = get_number(rule, "port"), end = get_number(rule, "port_end");

	fprintf(out, "pass in %squick ", is_true(rule, "log") ? "log " : "");
	if (*interface)
		fprintf(out, "on %s ", interface);
	fprintf(out, "%s proto %s from any to %s port ", get_text(rule, "family"),
		get_text(rule, "proto"), *address ? address : get_text(rule, "listen"));
	if (end > port)
		fprintf(out, "%d:%d", (int)port, (int)end);
	else
		fprintf(out, "= %d", (int)port);
}

static void print_state(FILE *out, const json_t *rule)
{
	const char *flags = get_text(rule, "flags");

	if (*flags)
		fprintf(out, " flags %s", flags);
	if (!is_true(rule, "keep_state")) {
		fputs(" no state", out);
		return;
	}
	fprintf(out, " keep state (%s%s %lld)", is_true(rule, "sloppy") ? "sloppy, " : "",
		*flags ? "tcp.established" : "udp.multiple",
		(long long)get_number(rule, "timeout_s"));
}

static void print_nat(FILE *out, const json_t *addrs)
{
	json_t *addr;
	size_t i;

	if (json_array_size(addrs) == 0)
		return;
	fputs(json_array_size(addrs) > 1 ? " nat-to { " : " nat-to ", out);
	json_array_foreach(addrs, i, addr)
		fprintf(out, "%s%s", i ? ", " : "", json_string_value(addr));
	fputs(json_array_size(addrs) > 1 ? " }" : "", out);
}

/* Other modes than this one have the same name in both. */
static const char *pf_mode(const char *mode)
{
	return strcmp(mode, "roundrobin") == 0 ? "round-robin" : mode;
}

static void print_target(FILE *out, const json_t *rule, int verbose)
{
	const char *interface = get_text(rule, "to_interface"), *key = get_text(rule, "key");
	json_int_t port = get_number(rule, "to_port");

	fprintf(out, " %s <%s", get_text(rule, "action"), get_text(rule, "service"));
	if (verbose > 1)
		fprintf(out, ":%lld", (long long)get_number(rule, "hosts_up"));
	fputc('>', out);
	if (*interface)
		fprintf(out, "@%s", interface);
	if (port)
		fprintf(out, " port %d", (int)port);
	fprintf(out, " %s", pf_mode(get_text(rule, "mode")));
	if (*key)
		fprintf(out, " 0x%s", key);
	if (is_true(rule, "sticky"))
		fputs(" sticky-address", out);
}

void print_rule(FILE *out, const json_t *rule, int verbose)
{
	print_match(out, rule);
	print_state(out, rule);
	print_nat(out, json_object_get(rule, "nat_to"));
	print_target(out, rule, verbose);
}
