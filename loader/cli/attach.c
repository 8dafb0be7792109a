/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* xlbctl attach and detach: by the daemon if there is one, else by the loader and on the pins. */
#include "cli/attach.h"

#include <getopt.h>
#include <string.h>

#include "cli/client.h"
#include "cli/loader.h"
#include "cli/output.h"
#include "dataplane/dataplane.h"

enum { OPTION_MODE = 256 };

static const struct option attach_options[] = {
	{ "mode", required_argument, NULL, OPTION_MODE },
	{ 0 },
};

static int parse_attach(struct cli *cli, struct loader_options *o, int argc, char **argv)
{
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":f:", attach_options, NULL)) != -1) {
		switch (option) {
		case OPTION_MODE:
			o->mode = optarg;
			break;
		case 'f':
			o->config = optarg;
			break;
		default:
			fprintf(cli->err, "xlbctl: %s: %s\n",
				option == ':' ? "option needs an argument" : "unknown option",
				argv[optind - 1]);
			return CLI_USAGE;
		}
	}
	o->interfaces = argv + optind;
	o->n_interfaces = (size_t)(argc - optind);
	if (o->n_interfaces == 0) {
		fputs("xlbctl: missing argument: attach IFACE...\n", cli->err);
		return CLI_USAGE;
	}
	return CLI_DONE;
}

static void print_attached(const struct cli *cli, const json_t *interface)
{
	const char *why = get_text(interface, "why_generic");

	fprintf(cli->out, "%s: attached", get_text(interface, "name"));
	if (*get_text(interface, "mode"))
		fprintf(cli->out, ", %s mode", get_text(interface, "mode"));
	if (*get_text(interface, "nat"))
		fprintf(cli->out, ", NAT by %s", get_text(interface, "nat"));
	if (*why)
		fprintf(cli->out, " (native: %s)", why);
	fputc('\n', cli->out);
}

/* ret_error: client_call()'s, so that the caller can tell an absent daemon from one that says no.
 */
static int attach_one(const struct cli *cli, const char *interface, const char *mode, json_t *list,
		      int *ret_error)
{
	json_t *body = json_pack("{s:s, s:s*}", "interface", interface, "mode", mode);
	struct answer answer = { 0 };
	int r = 0;

	*ret_error = client_call(cli, "POST", "/v1/attach", body, &answer);
	json_decref(body);
	if (!client_is_absent(*ret_error))
		r = client_check(cli, *ret_error, &answer);
	if (*ret_error == 0 && r == CLI_DONE) {
		json_t *attached = json_object_get(answer.body, "interface");

		if (cli->json)
			json_array_append(list, attached);
		else
			print_attached(cli, attached);
	}
	json_decref(answer.body);
	return r;
}

static void print_interfaces(const struct cli *cli, json_t *list)
{
	json_t *answer = json_pack("{s:i, s:O}", "schema", 1, "interfaces", list);

	print_json(cli, answer);
	json_decref(answer);
}

/* What is attached to is known by the pins alone: names, not modes. */
static int attach_alone(const struct cli *cli, const struct loader_options *o)
{
	int r = loader_run(cli, o);
	json_t *list;

	if (r != CLI_DONE || !cli->json)
		return r;
	list = json_array();
	for (size_t i = 0; i < o->n_interfaces; i++)
		json_array_append_new(list, json_pack("{s:s}", "name", o->interfaces[i]));
	print_interfaces(cli, list);
	json_decref(list);
	return r;
}

/* The daemon has its configuration already. */
static int attach_all(const struct cli *cli, const struct loader_options *o, json_t *list)
{
	int status = CLI_DONE, error;

	for (size_t i = 0; i < o->n_interfaces; i++) {
		int r = attach_one(cli, o->interfaces[i], o->mode, list, &error);

		if (client_is_absent(error))
			return i == 0 ? attach_alone(cli, o) : client_check(cli, error, NULL);
		if (r != CLI_DONE)
			status = r;
	}
	if (o->config)
		fprintf(cli->err, "xlbctl: the daemon is running: -f %s was not read\n", o->config);
	if (cli->json)
		print_interfaces(cli, list);
	return status;
}

int cmd_attach(struct cli *cli, int argc, char **argv)
{
	struct loader_options o = { 0 };
	json_t *list;
	int r = parse_attach(cli, &o, argc, argv);

	if (r != CLI_DONE)
		return r;
	list = json_array();
	r = attach_all(cli, &o, list);
	json_decref(list);
	return r;
}

/* ---- detach -------------------------------------------------------------------------------- */
/* interface NULL: all. Says what happened. */
static int detach_pins(const struct cli *cli, const char *interface)
{
	char error[512] = "";
	int r;

	if (interface)
		r = dataplane_remove_link_pin(cli->bpffs, interface, error, sizeof(error));
	else
		r = dataplane_remove_pins(cli->bpffs, error, sizeof(error));
	if (r == 0)
		return CLI_DONE;
	fprintf(cli->err, "xlbctl: %s\n", error[0] ? error : strerror(-r));
	return CLI_FAILED;
}

/* With -j the answer is the daemon's, or what it would be. */
static int detach(const struct cli *cli, const char *interface)
{
	json_t *body = json_pack("{s:s*}", "interface", interface);
	struct answer answer = { 0 };
	int r = client_call(cli, "POST", "/v1/detach", body, &answer);

	json_decref(body);
	if (client_is_absent(r))
		r = detach_pins(cli, interface);
	else
		r = client_check(cli, r, &answer);
	json_decref(answer.body);
	return r;
}

int cmd_detach(struct cli *cli, int argc, char **argv)
{
	int status = CLI_DONE;

	if (argc == 1)
		return detach(cli, NULL);
	for (int i = 1; i < argc; i++) {
		int r = detach(cli, argv[i]);

		if (r != CLI_DONE)
			status = r;
	}
	return status;
}
