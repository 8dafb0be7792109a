/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/doctor.h"

#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/output.h"
#include "cli/site.h"
#include "doctor/doctor.h"

/* ---- printing ------------------------------------------------------------------------------ */
static void print_finding(const struct cli *cli, const struct finding *f)
{
	/* Colours of states: red, and none. */
	const char *colour = f->severity == SEVERITY_ERROR ? colour_of(cli, "down") : "";

	fprintf(cli->out, "%s%s%s: %s: %s\n", colour, severity_name(f->severity),
		*colour ? colour_end(cli) : "", f->test, f->seen ? f->seen : "");
	if (f->advice)
		fprintf(cli->out, "    do: %s\n", f->advice);
}

static void print_text(const struct cli *cli, const struct report *report)
{
	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--)
		for (size_t i = 0; i < report->n_findings; i++)
			if (report->findings[i].severity == (enum severity)severity)
				print_finding(cli, &report->findings[i]);
	for (size_t i = 0; i < report->n_untested; i++)
		fprintf(cli->out, "not tested: %s: %s\n", report->untested[i].test,
			report->untested[i].why);
	fprintf(cli->out, "%zu tests: %zu errors, %zu warnings, %zu notes\n", report->n_tests,
		report_count(report, SEVERITY_ERROR), report_count(report, SEVERITY_WARNING),
		report_count(report, SEVERITY_NOTE));
}

static void print_report_json(const struct cli *cli, const struct report *report, bool daemon)
{
	json_t *findings = json_array(), *untested = json_array(), *answer;

	for (size_t i = 0; i < report->n_findings; i++) {
		const struct finding *f = &report->findings[i];

		json_array_append_new(findings,
				      json_pack("{s:s, s:s, s:s?, s:s?}", "severity",
						severity_name(f->severity), "test", f->test, "seen",
						f->seen, "advice", f->advice));
	}
	for (size_t i = 0; i < report->n_untested; i++)
		json_array_append_new(untested,
				      json_pack("{s:s, s:s}", "test", report->untested[i].test,
						"why", report->untested[i].why));
	answer = json_pack("{s:i, s:b, s:I, s:I, s:I, s:o, s:o}", "schema", 1, "daemon", daemon,
			   "tests", (json_int_t)report->n_tests, "errors",
			   (json_int_t)report_count(report, SEVERITY_ERROR), "warnings",
			   (json_int_t)report_count(report, SEVERITY_WARNING), "findings", findings,
			   "untested", untested);
	print_json(cli, answer);
	json_decref(answer);
}

/* ---- running ------------------------------------------------------------------------------- */
static int examine(const struct cli *cli, const struct site *site, const json_t *interfaces,
		   const json_t *sessions)
{
	const struct doctor_input input = {
		.site = site, .bpffs = cli->bpffs, .interfaces = interfaces, .sessions = sessions
	};
	struct report report;
	int r = doctor_run(&input, &report);
	bool ill;

	if (cli->json)
		print_report_json(cli, &report, interfaces != NULL);
	else
		print_text(cli, &report);
	ill = report_count(&report, SEVERITY_ERROR) || report_count(&report, SEVERITY_WARNING);
	report_free(&report);
	if (r < 0)
		fprintf(cli->err, "xlbctl: the tests of the network broke off: %s\n", strerror(-r));
	return r < 0 || ill ? CLI_FAILED : CLI_DONE;
}

/* What the daemon adds to what can be seen without it. */
static int examine_with_daemon(const struct cli *cli, const struct site *site)
{
	json_t *interfaces = NULL, *sessions = NULL;
	int r = client_get(cli, "/v1/interfaces", &interfaces);

	if (r == CLI_DONE)
		r = client_get(cli, "/v1/sessions", &sessions);
	if (r == CLI_DONE)
		r = examine(cli, site, interfaces, sessions);
	json_decref(interfaces);
	json_decref(sessions);
	return r;
}

static int parse_options(const struct cli *cli, int argc, char **argv, const char **ret_file)
{
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt(argc, argv, ":f:")) != -1) {
		if (option != 'f') {
			fprintf(cli->err, "xlbctl: %s: %s\ntry: xlbctl doctor --help\n",
				option == ':' ? "option needs an argument" : "unknown option",
				argv[optind - 1]);
			return CLI_USAGE;
		}
		*ret_file = optarg;
	}
	if (optind < argc) {
		fprintf(cli->err, "xlbctl: superfluous argument: %s\n", argv[optind]);
		return CLI_USAGE;
	}
	return CLI_DONE;
}

/* A box that has no configuration yet can be looked at nevertheless. */
static bool has_no_site(const struct cli *cli, const char *file)
{
	return !file && access(cli->socket, F_OK) != 0 && access(XLB_DEFAULT_CONFIG, F_OK) != 0;
}

int cmd_doctor(struct cli *cli, int argc, char **argv)
{
	const char *file = NULL;
	struct site site = { 0 };
	bool daemon = false;
	int r = parse_options(cli, argc, argv, &file);

	if (r != CLI_DONE)
		return r;
	if (has_no_site(cli, file))
		fprintf(cli->err,
			"xlbctl: no daemon and no %s yet: only the box itself is tested\n",
			XLB_DEFAULT_CONFIG);
	else
		r = site_load(cli, file, &site, &daemon);
	if (r != CLI_DONE)
		return r;
	r = daemon ? examine_with_daemon(cli, &site) : examine(cli, &site, NULL, NULL);
	site_free(&site);
	return r;
}
