/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/interface_stats.h"

#include "cli/output.h"

#define UNKNOWN "-"
#define ROW "%14s %16s %16s\n"

static const char *number(const json_t *object, const char *key, char *buf, size_t size)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_integer(value))
		snprintf(buf, size, "%lld", (long long)json_integer_value(value));
	else if (json_is_number(value))
		snprintf(buf, size, "%.1f", json_number_value(value));
	else
		snprintf(buf, size, UNKNOWN);
	return buf;
}

/* What xlb has sent by the interface is known by family, all the rest only of the whole link. */
static void print_counts(const struct cli *cli, const char *title, const json_t *interface,
			 const char *sent, const char *stat)
{
	const json_t *both = json_object_get(interface, "sent");
	const json_t *ipv4 = sent ? json_object_get(both, "ipv4") : NULL;
	const json_t *ipv6 = sent ? json_object_get(both, "ipv6") : NULL;
	char a[24], b[24], c[24];

	fprintf(cli->out, "%-27s " ROW, title, number(ipv4, sent ? sent : "", a, sizeof(a)),
		number(ipv6, sent ? sent : "", b, sizeof(b)),
		number(json_object_get(interface, "stats"), stat, c, sizeof(c)));
}

static void print_rates(const struct cli *cli, const char *title, const json_t *interface,
			const char *what)
{
	const json_t *rates = json_object_get(interface, "per_second");
	char key[32], one[24], ten[24], sixty[24];

	snprintf(key, sizeof(key), "%s_1s", what);
	number(rates, key, one, sizeof(one));
	snprintf(key, sizeof(key), "%s_10s", what);
	number(rates, key, ten, sizeof(ten));
	snprintf(key, sizeof(key), "%s_60s", what);
	number(rates, key, sixty, sizeof(sixty));
	fprintf(cli->out, "%-27s " ROW, title, one, ten, sixty);
}

/* pfctl's lines, with a column more; then ours. */
static void print_block(const struct cli *cli, const json_t *interface)
{
	fprintf(cli->out, "Interface Stats for %-16s %5s %16s %16s\n", get_text(interface, "name"),
		"IPv4", "IPv6", "Link");
	print_counts(cli, "  Bytes In", interface, NULL, "rx_bytes");
	print_counts(cli, "  Bytes Out", interface, "bytes", "tx_bytes");
	fputs("  Packets In\n", cli->out);
	print_counts(cli, "    Passed", interface, NULL, "rx_packets");
	print_counts(cli, "    Blocked", interface, NULL, "rx_dropped");
	fputs("  Packets Out\n", cli->out);
	print_counts(cli, "    Passed", interface, "packets", "tx_packets");
	print_counts(cli, "    Blocked", interface, NULL, "tx_dropped");
	fprintf(cli->out, "%-27s " ROW, "  Per second (Link)", "1 s", "10 s", "1 min");
	print_rates(cli, "    Bytes In", interface, "rx_bytes");
	print_rates(cli, "    Bytes Out", interface, "tx_bytes");
	print_rates(cli, "    Packets In", interface, "rx_packets");
	print_rates(cli, "    Packets Out", interface, "tx_packets");
}

int print_interface_stats(const struct cli *cli, const json_t *list)
{
	json_t *interface;
	size_t i;

	json_array_foreach(list, i, interface) {
		if (i > 0)
			fputc('\n', cli->out);
		print_block(cli, interface);
	}
	return CLI_DONE;
}
