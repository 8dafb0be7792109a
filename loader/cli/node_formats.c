/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The forms of node-setup. All of them have the ARP sysctls for "all": the kernel takes the larger
 * of "all" and of the interface where the request comes in (ip-sysctl.rst), so conf.lo has no say.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/node_vips.h"
#include "cli/output.h"

#define SYSCTLS_SIZE 2

static const struct sysctl {
	const char *name;
	int value;
} sysctls[SYSCTLS_SIZE] = {
	{ "net.ipv4.conf.all.arp_ignore", 1 },
	{ "net.ipv4.conf.all.arp_announce", 2 },
};

static unsigned prefix(const struct node_vip *vip)
{
	return vip->addr.family == AF_INET ? 32 : 128;
}

/* ---- comments ------------------------------------------------------------------------------ */
static void print_hosts(FILE *out, const struct node_vip *vip, const struct site_service *s)
{
	for (size_t i = 0; i < s->n_hosts; i++)
		if (s->hosts[i].addr.family == vip->addr.family)
			fprintf(out, " %s", s->hosts[i].name);
}

static void print_vip_users(FILE *out, const struct node_vip *vip)
{
	for (size_t i = 0; i < vip->site->n_services; i++) {
		const struct site_service *s = &vip->site->services[i];

		if (!node_vip_used(vip, s))
			continue;
		fprintf(out, "#   %s  %s %s:", vip->text, site_kind(s), s->name);
		print_hosts(out, vip, s);
		fputc('\n', out);
	}
}

static void print_head(const struct cli *cli, const struct node_vips *vips)
{
	fputs("# For the real servers of direct server return: each has the address that clients\n"
	      "# connect to on its loopback interface, and answers them directly.\n",
	      cli->out);
	for (size_t i = 0; i < vips->n; i++)
		print_vip_users(cli->out, &vips->list[i]);
	if (!vips->all_alike)
		fputs("# Not every host needs all of these; for one of them: xlbctl node-setup "
		      "HOST\n",
		      cli->out);
	fputs("# Packets arrive as the clients sent them, nothing is added: no MTU has to change, "
	      "but the\n"
	      "# interface's must not be smaller than the load balancer's (see xlbctl doctor).\n",
	      cli->out);
}

static void print_rp_filter(const struct cli *cli, const char *form)
{
	fputs("# Only if the way back to clients leads through another interface than they come in "
	      "by,\n"
	      "# or requests are dropped where rp_filter is 1 (strict):\n",
	      cli->out);
	fprintf(cli->out, form, "net.ipv4.conf.all.rp_filter", 2);
}

/* The forms that have no place for sysctls. */
static void print_sysctl_file(const struct cli *cli, const struct node_vips *vips)
{
	if (!node_vips_have(vips, AF_INET))
		return;
	fputs("#\n# Before that, /etc/sysctl.d/60-xlb-node.conf and sysctl --system, or this host "
	      "answers\n"
	      "# ARP for the address, or announces it, and takes it away from the load balancer:\n",
	      cli->out);
	for (size_t i = 0; i < SYSCTLS_SIZE; i++)
		fprintf(cli->out, "#   %s = %d\n", sysctls[i].name, sysctls[i].value);
	print_rp_filter(cli, "#   %s = %d\n");
}

/* ---- commands ------------------------------------------------------------------------------ */
static void print_add(FILE *out, const struct node_vip *vip, const char *indent)
{
	fprintf(out, "%sip address replace %s/%u dev lo%s\n", indent, vip->text, prefix(vip),
		vip->addr.family == AF_INET6 ? " nodad preferred_lft 0" : "");
}

static void print_sysctl_commands(const struct cli *cli)
{
	fputs("# Neither answer ARP for the address nor announce it: that is the load balancer's "
	      "part. The\n"
	      "# larger value of \"all\" and the interface's own counts; conf.lo would do "
	      "nothing.\n",
	      cli->out);
	for (size_t i = 0; i < SYSCTLS_SIZE; i++)
		fprintf(cli->out, "sysctl -qw %s=%d\n", sysctls[i].name, sysctls[i].value);
	print_rp_filter(cli, "# sysctl -qw %s=%d\n");
}

void node_format_commands(const struct cli *cli, const struct node_vips *vips)
{
	fputs("#!/bin/sh\n", cli->out);
	print_head(cli, vips);
	fputs("# These commands hold until the next boot; --networkd, --netplan and --ifupdown "
	      "print files\n"
	      "# that last. Try them by: xlbctl node-setup | ssh root@HOST sh\n"
	      "set -e\n",
	      cli->out);
	if (node_vips_have(vips, AF_INET))
		print_sysctl_commands(cli);
	if (node_vips_have(vips, AF_INET6))
		fputs("# IPv6: neighbours are not answered for addresses of lo, so no sysctl is "
		      "needed. Nobody has\n"
		      "# to be asked for duplicates, and preferred_lft 0 keeps the host from using "
		      "the address\n"
		      "# for what it begins itself.\n",
		      cli->out);
	for (size_t i = 0; i < vips->n; i++)
		print_add(cli->out, &vips->list[i], "");
}

/* ---- systemd-networkd ---------------------------------------------------------------------- */
void node_format_networkd(const struct cli *cli, const struct node_vips *vips)
{
	fputs("# /etc/systemd/network/10-xlb-vip.network; then: networkctl reload\n", cli->out);
	print_head(cli, vips);
	print_sysctl_file(cli, vips);
	fputs("\n[Match]\nName=lo\n\n[Network]\nLinkLocalAddressing=no\n", cli->out);
	for (size_t i = 0; i < vips->n; i++) {
		fprintf(cli->out, "\n[Address]\nAddress=%s/%u\n", vips->list[i].text,
			prefix(&vips->list[i]));
		if (vips->list[i].addr.family == AF_INET6)
			fputs("PreferredLifetime=0\nDuplicateAddressDetection=none\n", cli->out);
	}
}

/* ---- netplan ------------------------------------------------------------------------------- */
void node_format_netplan(const struct cli *cli, const struct node_vips *vips)
{
	fputs("# /etc/netplan/90-xlb-vip.yaml, mode 600; then: netplan try\n", cli->out);
	print_head(cli, vips);
	print_sysctl_file(cli, vips);
	fputs("network:\n  version: 2\n  ethernets:\n    lo:\n      renderer: networkd\n"
	      "      match:\n        name: lo\n      addresses:\n",
	      cli->out);
	for (size_t i = 0; i < vips->n; i++) {
		fprintf(cli->out, "        - \"%s/%u\"", vips->list[i].text,
			prefix(&vips->list[i]));
		fputs(vips->list[i].addr.family == AF_INET6 ? ":\n            lifetime: 0\n" : "\n",
		      cli->out);
	}
}

/* ---- ifupdown ------------------------------------------------------------------------------ */
void node_format_ifupdown(const struct cli *cli, const struct node_vips *vips)
{
	fputs("# /etc/network/interfaces.d/xlb-vip; takes effect at boot. For now: xlbctl "
	      "node-setup\n",
	      cli->out);
	print_head(cli, vips);
	fputs("iface lo inet manual\n", cli->out);
	for (size_t i = 0; node_vips_have(vips, AF_INET) && i < SYSCTLS_SIZE; i++)
		fprintf(cli->out, "    pre-up sysctl -qw %s=%d\n", sysctls[i].name,
			sysctls[i].value);
	for (size_t i = 0; i < vips->n; i++) {
		print_add(cli->out, &vips->list[i], "    up ");
		fprintf(cli->out, "    down ip address del %s/%u dev lo || true\n",
			vips->list[i].text, prefix(&vips->list[i]));
	}
}

/* ---- JSON ---------------------------------------------------------------------------------- */
static json_t *users_json(const struct node_vip *vip)
{
	json_t *services = json_array();

	for (size_t i = 0; i < vip->site->n_services; i++) {
		const struct site_service *s = &vip->site->services[i];
		json_t *hosts;

		if (!node_vip_used(vip, s))
			continue;
		hosts = json_array();
		for (size_t j = 0; j < s->n_hosts; j++)
			if (s->hosts[j].addr.family == vip->addr.family)
				json_array_append_new(hosts, json_string(s->hosts[j].name));
		json_array_append_new(services,
				      json_pack("{s:s, s:o}", "redirect", s->name, "hosts", hosts));
	}
	return services;
}

void node_format_json(const struct cli *cli, const struct node_vips *vips)
{
	json_t *addresses = json_array(), *settings = json_object(), *answer;

	for (size_t i = 0; i < vips->n; i++)
		json_array_append_new(
			addresses, json_pack("{s:s, s:i, s:s, s:o}", "address", vips->list[i].text,
					     "prefix", (int)prefix(&vips->list[i]), "interface",
					     "lo", "services", users_json(&vips->list[i])));
	for (size_t i = 0; node_vips_have(vips, AF_INET) && i < SYSCTLS_SIZE; i++)
		json_object_set_new(settings, sysctls[i].name, json_integer(sysctls[i].value));
	answer = json_pack("{s:i, s:o, s:o}", "schema", 1, "addresses", addresses, "sysctls",
			   settings);
	print_json(cli, answer);
	json_decref(answer);
}
