/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/node_setup.h"

#include <getopt.h>
#include <string.h>

#include "cli/node_vips.h"
#include "cli/site.h"

static const struct option options[] = {
	{ "sysctl", no_argument, NULL, 's' },
	{ "networkd", no_argument, NULL, 'n' },
	{ "netplan", no_argument, NULL, 'p' },
	{ "ifupdown", no_argument, NULL, 'i' },
	{ 0 },
};

struct setup_options {
	const char *file;
	node_format *format;
	char **hosts;
	size_t n_hosts;
};

static int parse_options(const struct cli *cli, struct setup_options *o, int argc, char **argv)
{
	int option;

	*o = (struct setup_options){ .format = node_format_commands };
	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":f:", options, NULL)) != -1) {
		switch (option) {
		case 'f':
			o->file = optarg;
			break;
		case 's':
			o->format = node_format_commands;
			break;
		case 'n':
			o->format = node_format_networkd;
			break;
		case 'p':
			o->format = node_format_netplan;
			break;
		case 'i':
			o->format = node_format_ifupdown;
			break;
		default:
			fprintf(cli->err, "xlbctl: %s: %s\ntry: xlbctl node-setup --help\n",
				option == ':' ? "option needs an argument" : "unknown option",
				argv[optind - 1]);
			return CLI_USAGE;
		}
	}
	o->hosts = argv + optind;
	o->n_hosts = (size_t)(argc - optind);
	if (cli->json)
		o->format = node_format_json;
	return CLI_DONE;
}

/* ---- hosts on the command line ------------------------------------------------------------- */
static bool is_host(const struct site *site, const char *name)
{
	for (size_t i = 0; i < site->n_services; i++)
		for (size_t j = 0; j < site->services[i].n_hosts; j++)
			if (node_is_named(&site->services[i].hosts[j], name))
				return true;
	return false;
}

static int check_hosts(const struct cli *cli, const struct site *site,
		       const struct setup_options *o)
{
	for (size_t i = 0; i < o->n_hosts; i++) {
		if (is_host(site, o->hosts[i]))
			continue;
		fprintf(cli->err,
			"xlbctl: no host of that name or address: %s\n"
			"hint: hosts are named as in the tables of the configuration\n",
			o->hosts[i]);
		return CLI_FAILED;
	}
	return CLI_DONE;
}

/* ---- what there is besides ----------------------------------------------------------------- */
/* These hosts need no address, but their answers have to find the load balancer. */
static void tell_of_transparent(const struct cli *cli, const struct site *site)
{
	for (size_t i = 0; i < site->n_services; i++)
		if (site->services[i].way == SITE_TRANSPARENT)
			fprintf(cli->err,
				"%s \"%s\" keeps the clients' addresses: the route of its hosts "
				"back to the clients must lead through the load balancer\n",
				site_kind(&site->services[i]), site->services[i].name);
}

/* A name that nobody resolves leaves its host out: that must not look like "nothing to do". */
static void tell_of_unresolved(const struct cli *cli, const struct site *site)
{
	for (size_t i = 0; i < site->n_services; i++) {
		const struct site_service *s = &site->services[i];

		for (size_t j = 0; s->way == SITE_ROUTE && j < s->n_hosts; j++)
			if (s->hosts[j].addr.family == AF_UNSPEC)
				fprintf(cli->err,
					"%s \"%s\": host %s does not resolve here and is left "
					"out\n",
					site_kind(s), s->name, s->hosts[j].name);
		for (size_t j = 0; s->way == SITE_ROUTE && j < s->n_vips; j++)
			if (s->vips[j].addr.family == AF_UNSPEC)
				fprintf(cli->err,
					"%s \"%s\": a listen address does not resolve here and is "
					"left out\n",
					site_kind(s), s->name);
	}
}

static int print(const struct cli *cli, const struct site *site, const struct setup_options *o)
{
	struct node_vips vips;
	int r = check_hosts(cli, site, o);

	if (r != CLI_DONE)
		return r;
	r = node_vips_find(site, o->hosts, o->n_hosts, &vips);
	if (r < 0) {
		fprintf(cli->err, "xlbctl: %s\n", strerror(-r));
		return CLI_FAILED;
	}
	tell_of_unresolved(cli, site);
	if (vips.n == 0 && !cli->json)
		fputs("nothing to set up: no redirect with \"route to\" sends packets to these "
		      "hosts; "
		      "hosts of relays and of \"forward to\" keep their addresses as they are\n",
		      cli->err);
	else
		o->format(cli, &vips);
	tell_of_transparent(cli, site);
	node_vips_free(&vips);
	return CLI_DONE;
}

int cmd_node_setup(struct cli *cli, int argc, char **argv)
{
	struct setup_options o;
	struct site site;
	bool daemon;
	int r = parse_options(cli, &o, argc, argv);

	if (r != CLI_DONE)
		return r;
	r = site_load(cli, o.file, &site, &daemon);
	if (r != CLI_DONE)
		return r;
	r = print(cli, &site, &o);
	site_free(&site);
	return r;
}
