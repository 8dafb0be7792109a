/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What facts about the box mean; and the report that it is written to. */
#include <criterion/criterion.h>
#include <string.h>

#include "doctor/box.h"

static const struct box_facts healthy = {
	.release = "6.1.0-13-amd64",
	.kernel_major = 6,
	.kernel_minor = 1,
	.btf = true,
	.bpffs = true,
	.jit = 1,
	.clocksource = "tsc",
	.port_lo = 32768,
	.port_hi = 60999,
};

static struct site_service nat = { .name = "r", .way = SITE_NAT };
static const struct site with_nat = { &nat, 1 }, empty;

/* "SEVERITY TEST" of the only finding; "" if there is none. */
static const char *judge(const struct box_facts *facts, const struct site *site)
{
	static char text[64];
	struct report report = { 0 };

	box_judge(facts, site, "/sys/fs/bpf/xlb", &report);
	cr_expect_eq(report.error, 0);
	cr_expect_leq(report.n_findings, 1);
	cr_expect_gt(report.n_tests, 4);
	text[0] = '\0';
	if (report.n_findings == 1) {
		const struct finding *f = &report.findings[0];

		cr_expect_not_null(f->advice, "%s: what to do", f->test);
		snprintf(text, sizeof(text), "%s %s", severity_name(f->severity), f->test);
	}
	report_free(&report);
	return text;
}

Test(box, judged)
{
	struct box_facts f = healthy;

	cr_expect_str_eq(judge(&f, &with_nat), "");
	f.kernel_major = 7;
	f.kernel_minor = 0;
	cr_expect_str_eq(judge(&f, &with_nat), "");
	f.kernel_major = f.kernel_minor = 0;
	cr_expect_str_eq(judge(&f, &with_nat), "", "not known");
	f.kernel_major = 5;
	f.kernel_minor = 10;
	cr_expect_str_eq(judge(&f, &with_nat), "error kernel");

	f = healthy;
	f.btf = false;
	cr_expect_str_eq(judge(&f, &with_nat), "error btf");
	f = healthy;
	f.bpffs = false;
	cr_expect_str_eq(judge(&f, &with_nat), "error bpffs");
	f = healthy;
	f.jit = 0;
	cr_expect_str_eq(judge(&f, &with_nat), "warning jit");
	f.jit = -1;
	cr_expect_str_eq(judge(&f, &with_nat), "", "not readable in a network namespace");
	f = healthy;
	strcpy(f.clocksource, "acpi_pm");
	cr_expect_str_eq(judge(&f, &with_nat), "warning clock");
	f = healthy;
	f.forward6 = 1;
	cr_expect_str_eq(judge(&f, &with_nat), "note forwarding");
}

Test(box, ports)
{
	struct box_facts f = healthy;

	f.port_lo = 10000;
	cr_expect_str_eq(judge(&f, &with_nat), "warning ports");
	cr_expect_str_eq(judge(&f, &empty), "", "nobody needs them");
	f.port_lo = 1;
	cr_expect_str_eq(judge(&f, &with_nat), "error ports");
	f.port_lo = f.port_hi = 0;
	cr_expect_str_eq(judge(&f, &with_nat), "", "not known");
}

Test(box, real)
{
	struct box_facts f;

	box_read("/nowhere/bpf", &f);
	cr_expect_gt(f.kernel_major, 0);
	cr_expect_gt(f.port_hi, f.port_lo);
	cr_expect_not(f.bpffs);
}

Test(report, counts_and_tells_once)
{
	struct report report = { 0 };

	report_add(&report, SEVERITY_NOTE, "a", "%d", 1);
	report_advise(&report, "x");
	report_advise(&report, "%s", "y");
	report_add(&report, SEVERITY_ERROR, "b", "2");
	report_untested(&report, "c", "needs %s", "root");
	report_untested(&report, "c", "needs %s", "root");
	report_untested(&report, "d", "needs root");
	cr_expect_eq(report_count(&report, SEVERITY_NOTE), 1);
	cr_expect_eq(report_count(&report, SEVERITY_WARNING), 0);
	cr_expect_eq(report_count(&report, SEVERITY_ERROR), 1);
	cr_expect_str_eq(report.findings[0].advice, "y");
	cr_expect_null(report.findings[1].advice);
	cr_expect_eq(report.n_untested, 2);
	report_free(&report);
	cr_expect_eq(report.n_findings, 0);
}
