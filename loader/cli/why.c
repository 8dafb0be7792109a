/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbctl why: what would become of a packet. */
#include "cli/why.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/output.h"

/* ---- the question -------------------------------------------------------------------------- */
/* "1.2.3.4", "1.2.3.4:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80"; port 0: none. */
static bool parse_endpoint(const char *text, char address[INET6_ADDRSTRLEN], long *ret_port)
{
	const char *begin = *text == '[' ? text + 1 : text, *end, *port = NULL;
	char *rest;

	if (*text == '[') {
		end = strchr(begin, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		port = end[1] ? end + 2 : NULL;
	} else {
		end = strchr(begin, ':');
		if (!end || strchr(end + 1, ':')) /* none, or a bare IPv6 address */
			end = begin + strlen(begin);
		else
			port = end + 1;
	}
	if (end - begin >= INET6_ADDRSTRLEN)
		return false;
	snprintf(address, INET6_ADDRSTRLEN, "%.*s", (int)(end - begin), begin);
	*ret_port = port ? strtol(port, &rest, 10) : 0;
	return !port ||
	       (isdigit((unsigned char)*port) && !*rest && *ret_port > 0 && *ret_port <= 65535);
}

static bool take_option(int argc, char **argv, int *i, json_t *body, const char **ret_error)
{
	if (!strcmp(argv[*i], "--mid-stream")) {
		json_object_set_new(body, "mid_stream", json_true());
	} else if (!strcmp(argv[*i], "--syn")) {
		json_object_set_new(body, "mid_stream", json_false());
	} else if (!strcmp(argv[*i], "-i") && *i + 1 < argc) {
		json_object_set_new(body, "interface", json_string(argv[++*i]));
	} else {
		*ret_error = !strcmp(argv[*i], "-i") ? "-i needs an interface" : "unknown option";
		return false;
	}
	return true;
}

static const char *take_word(const char *word, int n, json_t *body)
{
	char address[INET6_ADDRSTRLEN];
	long port = 0;

	if (n == 2) {
		if (strcmp(word, "tcp") != 0 && strcmp(word, "udp") != 0)
			return "the protocol is tcp or udp";
		json_object_set_new(body, "proto", json_string(word));
		return NULL;
	}
	if (n > 2)
		return "too many words";
	if (!parse_endpoint(word, address, &port))
		return n ? "the VIP is ADDRESS:PORT, of IPv6 [ADDRESS]:PORT" :
			   "the client is ADDRESS or ADDRESS:PORT, of IPv6 [ADDRESS]:PORT";
	if (n && !port)
		return "the VIP needs a port: ADDRESS:PORT, of IPv6 [ADDRESS]:PORT";
	json_object_set_new(body, n ? "vip" : "client", json_string(address));
	if (port)
		json_object_set_new(body, n ? "port" : "client_port", json_integer(port));
	return NULL;
}

json_t *why_request(int argc, char **argv, const char **ret_error)
{
	json_t *body = json_object();
	int n = 0;

	*ret_error = NULL;
	for (int i = 1; i < argc && !*ret_error; i++) {
		if (argv[i][0] == '-')
			take_option(argc, argv, &i, body, ret_error);
		else
			*ret_error = take_word(argv[i], n++, body);
	}
	if (!*ret_error && n < 2)
		*ret_error = "it takes a client and a VIP";
	if (!*ret_error)
		return body;
	json_decref(body);
	return NULL;
}

/* ---- the answer ---------------------------------------------------------------------------- */
static void print_label(const struct cli *cli, const char *label)
{
	fprintf(cli->out, "%-10s", label);
}

static bool is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static void print_packet(const struct cli *cli, const json_t *why)
{
	const char *packet = get_text(why, "packet");
	char client[64], vip[64];

	format_endpoint(get_text(why, "client"), get_number(why, "client_port"), client,
			sizeof(client));
	format_endpoint(get_text(why, "vip"), get_number(why, "port"), vip, sizeof(vip));
	print_label(cli, "packet");
	fprintf(cli->out, "%s from %s%s to %s, in by %s%s\n",
		!strcmp(packet, "udp") ? "UDP" :
		!strcmp(packet, "syn") ? "TCP SYN" :
					 "TCP ACK, mid-stream",
		client, is_true(why, "client_port_assumed") ? " (port assumed)" : "", vip,
		get_text(why, "interface"),
		is_true(why, "interface_assumed") ? " (the way to the client)" : "");
}

static void print_service(const struct cli *cli, const json_t *why)
{
	const json_t *s = json_object_get(why, "service");
	const char *way = get_text(s, "forward");

	if (!json_is_object(s))
		return;
	print_label(cli, "service");
	fprintf(cli->out, "%s %s, mode %s%s, %s\n", get_text(s, "kind"), get_text(s, "name"),
		get_text(s, "mode"), is_true(s, "sticky") ? " sticky-address" : "",
		!strcmp(way, "route")       ? "direct server return" :
		!strcmp(way, "transparent") ? "NAT that keeps the client's address" :
					      "NAT");
}

static void print_host_name(const struct cli *cli, const json_t *host)
{
	const char *name = get_text(host, "name"), *address = get_text(host, "address");

	if (!json_is_object(host))
		fputs("nobody", cli->out);
	else if (strcmp(name, address) != 0)
		fprintf(cli->out, "%s (%s)", name, address);
	else
		fputs(name, cli->out);
}

static void print_row(const struct cli *cli, const json_t *why)
{
	const json_t *row = json_object_get(why, "row");
	const char *state = get_text(row, "state");

	if (!json_is_object(row))
		return;
	print_label(cli, "row");
	fprintf(cli->out, "%lld, %s: ", (long long)get_number(row, "number"), state);
	print_host_name(cli, json_object_get(row, "host"));
	if (!strcmp(state, "moving")) {
		fputs(", before ", cli->out);
		print_host_name(cli, json_object_get(row, "former"));
	}
	fputc('\n', cli->out);
}

/* "by" in words. */
static const char *words_of(const char *by)
{
	static const struct {
		const char *by, *words;
	} all[] = { { "row", "as its row says" },
		    { "former host", "which has what has no entry, until the row has settled" },
		    { "flow entry", "by the flow's entry" },
		    { "client entry", "by the client's entry" },
		    { "pool", "whose turn it is" },
		    { "connection", "by the connection's record" } };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!strcmp(by, all[i].by))
			return all[i].words;
	return by;
}

static void print_host(const struct cli *cli, const json_t *why)
{
	const json_t *host = json_object_get(why, "host");

	if (!json_is_object(host))
		return;
	print_label(cli, "host");
	print_host_name(cli, host);
	fprintf(cli->out, ", %s", words_of(get_text(why, "by")));
	if (*get_text(why, "state"))
		fprintf(cli->out, ", %s", get_text(why, "state"));
	fputc('\n', cli->out);
}

static void print_ways(const struct cli *cli, const json_t *why)
{
	const json_t *nat = json_object_get(why, "nat"), *egress = json_object_get(why, "egress");
	char from[64], to[64];

	if (json_is_object(nat)) {
		print_label(cli, "nat");
		fprintf(cli->out, "from %s to %s\n",
			format_endpoint(get_text(nat, "address"), get_number(nat, "port"), from,
					sizeof(from)),
			format_endpoint(get_text(nat, "host_address"), get_number(nat, "host_port"),
					to, sizeof(to)));
	}
	if (!json_is_object(egress))
		return;
	print_label(cli, "out");
	fprintf(cli->out, "by %s, to MAC %s, from %s\n", get_text(egress, "interface"),
		get_text(egress, "dst_mac"), get_text(egress, "src_mac"));
}

static void print_verdict(const struct cli *cli, const json_t *why)
{
	const char *verdict = get_text(why, "verdict"), *program = get_text(why, "program");

	print_label(cli, "verdict");
	fputs(!strcmp(verdict, "forward") ? "forwarded" :
	      !strcmp(verdict, "drop")    ? "dropped" :
					    "passed to the local stack",
	      cli->out);
	if (*program)
		fprintf(cli->out, " by the %s program", !strcmp(program, "tc") ? "TC" : "XDP");
	if (*get_text(why, "reason"))
		fprintf(cli->out, "; %s: %s", get_text(why, "reason"), get_text(why, "text"));
	fputc('\n', cli->out);
	if (*get_text(why, "hint"))
		fprintf(cli->out, "%-10s%s\n", "hint", get_text(why, "hint"));
}

void print_why(const struct cli *cli, const json_t *why)
{
	print_packet(cli, why);
	print_service(cli, why);
	print_row(cli, why);
	print_host(cli, why);
	print_ways(cli, why);
	print_verdict(cli, why);
}

int cmd_why(struct cli *cli, int argc, char **argv)
{
	const char *error;
	json_t *body = why_request(argc, argv, &error), *answer;
	int r;

	if (!body) {
		fprintf(cli->err, "xlbctl: why: %s\n", error);
		return CLI_USAGE;
	}
	r = client_post(cli, "/v1/why", body, &answer);
	json_decref(body);
	if (r != CLI_DONE)
		return r;
	if (cli->json)
		print_json(cli, answer);
	else
		print_why(cli, json_object_get(answer, "why"));
	json_decref(answer);
	return CLI_DONE;
}
