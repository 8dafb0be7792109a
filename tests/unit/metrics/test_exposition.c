/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "metrics/exposition.h"
#include "snapshot_sample.h"

/* In pieces of so many lines; terminated. */
static char *expose(const struct snapshot *s, unsigned lines)
{
	struct exposition e = { 0 };
	struct text t = { 0 };
	unsigned steps = 0;

	while (!exposition_step(&e, s, lines, &t))
		cr_assert_lt(++steps, 10000);
	text_add(&t, "", 1);
	cr_assert_not(t.failed);
	return t.p;
}

static bool has_line(const char *text, const char *line)
{
	const char *at = text;
	size_t len = strlen(line);

	while ((at = strstr(at, line))) {
		if ((at == text || at[-1] == '\n') && at[len] == '\n')
			return true;
		at += len;
	}
	return false;
}

Test(exposition, lines)
{
	static const char *const lines[] = {
		"# HELP xlb_service_packets_total Packets from clients to the service that were "
		"forwarded.",
		"# TYPE xlb_service_packets_total counter",
		"xlb_build_info{version=\"" XLB_VERSION "\"} 1",
		"xlb_service_info{service=\"web\",type=\"redirect\",forward=\"route\",mode="
		"\"maglev\"} 1",
		"xlb_service_up{service=\"web\",type=\"redirect\"} 1",
		"xlb_service_up{service=\"late\",type=\"relay\"} 0",
		"xlb_service_packets_total{service=\"web\",type=\"redirect\"} 18446744073709551615",
		"xlb_backend_up{table=\"web:443\",host=\"a\"} 1",
		"xlb_backend_up{table=\"web:443\",host=\"b\"} 0",
		"xlb_backend_state{table=\"web:443\",host=\"b\",state=\"down\"} 1",
		"xlb_backend_state{table=\"web:443\",host=\"b\",state=\"up\"} 0",
		"xlb_backend_weight{table=\"web:443\",host=\"b\"} 256",
		"xlb_check_duration_seconds{table=\"web:443\",host=\"a\"} 1.234",
		"xlb_check_failures_total{table=\"web:443\",host=\"b\",reason=\"tcp connect "
		"failed\"} "
		"4",
		"xlb_backend_flows{service=\"web\",type=\"redirect\",table=\"web:443\",host=\"a\"} "
		"6",
		"xlb_drops_total{reason=\"loop\"} 11",
		"xlb_passes_total{reason=\"no_service\"} 12",
		"xlb_flows{table=\"flows4\"} 7",
		"xlb_flow_table_max_entries{table=\"connections\"} 40",
		"xlb_interface_info{interface=\"em0\",mode=\"native\",nat=\"\"} 1",
		"xlb_log_records_total{log=\"pflow\",counter=\"pflow_flows\"} 21",
		"xlb_log_losses_total{log=\"pflow\",reason=\"pflow_dropped\"} 22",
		"xlb_log_unread_bytes_total{log=\"requests\",reason=\"unseen\"} 23",
		"# TYPE xlb_loop_delay_seconds summary",
		"xlb_loop_delay_seconds_sum 0.001500",
		"xlb_loop_delay_seconds_count 3",
		"xlb_config_last_reload_successful 1",
	};
	static const char *const absent[] = {
		/* not in the kernel, never checked */
		"xlb_service_packets_total{service=\"late\"",
		"xlb_backend_flows{service=\"web\",type=\"redirect\",table=\"web:443\",host=\"b\"}",
		"xlb_check_duration_seconds{table=\"web:443\",host=\"b\"}",
		"xlb_passes_total{reason=\"loop\"}",
		/* there are none */
		"xlb_nat_ports",
	};
	struct snapshot s = snapshot_sample();
	char *text = expose(&s, 1000);

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_expect(has_line(text, lines[i]), "%s", lines[i]);
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		cr_expect_null(strstr(text, absent[i]), "%s", absent[i]);
	cr_expect_null(strstr(text, "\n\n"));
	free(text);
}

/* A piece may end anywhere. */
Test(exposition, pieces)
{
	struct snapshot s = snapshot_sample();
	char *whole = expose(&s, 1000);

	for (unsigned lines = 1; lines < 40; lines++) {
		char *text = expose(&s, lines);

		cr_expect_str_eq(text, whole, "pieces of %u lines", lines);
		free(text);
	}
	free(whole);
}

/* Nothing in the kernel, nothing configured. */
Test(exposition, nothing)
{
	struct snapshot s = { .daemon = { .reload_error = "t.conf:1:1: bad" } };
	char *text = expose(&s, 10);

	cr_expect(has_line(text, "xlb_dataplane_attached 0"));
	cr_expect(has_line(text, "xlb_config_last_reload_successful 0"));
	cr_expect_null(strstr(text, "xlb_backend"));
	cr_expect_null(strstr(text, "_total{reason"));
	free(text);
}

/* docs/metrics.md has each family once, and no other. */
Test(exposition, documented)
{
	FILE *file = fopen(XLB_SOURCE_DIR "/docs/metrics.md", "r");
	unsigned documented = 0, families = 0;
	char line[1024], name[128], quoted[160];
	static char page[65536];
	const char *before = "";

	cr_assert_not_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "| `%127[a-z0-9_]`", name) == 1)
			documented++;
		cr_assert_lt(strlen(page) + strlen(line), sizeof(page));
		strcat(page, line);
	}
	fclose(file);
	for (unsigned i = 0; exposition_family(i); i++) {
		if (strcmp(exposition_family(i), before) == 0)
			continue;
		before = exposition_family(i);
		families++;
		snprintf(quoted, sizeof(quoted), "| `%s` |", before);
		cr_expect_not_null(strstr(page, quoted), "not in docs/metrics.md: %s", before);
	}
	cr_expect_eq(documented, families, "docs/metrics.md has %u, there are %u", documented,
		     families);
}
