/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "doctor/box.h"

#include <libgen.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "dataplane/nat_ports.h"
#include "doctor/setting.h"
#include "doctor/survey.h"
#include "xlb/abi.h"

#define KERNEL_MAJOR 6
#define KERNEL_MINOR 1
#define PATH_SIZE 4096

/* ---- reading ------------------------------------------------------------------------------- */
static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

/* The directory of our pins is made when something is pinned; what it will be in counts. */
static bool has_bpffs(const char *pins)
{
	char parent[PATH_SIZE];

	if (access(pins, F_OK) == 0)
		return is_bpffs(pins);
	snprintf(parent, sizeof(parent), "%s", pins);
	return is_bpffs(dirname(parent));
}

static void read_kernel(struct box_facts *f)
{
	struct utsname name;

	if (uname(&name) < 0)
		return;
	snprintf(f->release, sizeof(f->release), "%s", name.release);
	if (sscanf(name.release, "%u.%u", &f->kernel_major, &f->kernel_minor) != 2)
		f->kernel_major = f->kernel_minor = 0;
}

static void read_ports(struct box_facts *f)
{
	char text[64];

	if (setting_read("/proc/sys/net/ipv4/ip_local_port_range", text, sizeof(text)) < 0 ||
	    sscanf(text, "%u %u", &f->port_lo, &f->port_hi) != 2)
		f->port_lo = f->port_hi = 0;
}

void box_read(const char *bpffs, struct box_facts *ret)
{
	struct box_facts f = { 0 };

	read_kernel(&f);
	f.btf = access("/sys/kernel/btf/vmlinux", F_OK) == 0;
	f.bpffs = has_bpffs(bpffs);
	f.jit = (int)setting_number("/proc/sys/net/core/bpf_jit_enable", -1);
	if (setting_read("/sys/devices/system/clocksource/clocksource0/current_clocksource",
			 f.clocksource, sizeof(f.clocksource)) < 0)
		f.clocksource[0] = '\0';
	f.forward4 = (int)setting_number("/proc/sys/net/ipv4/ip_forward", -1);
	f.forward6 = (int)setting_number("/proc/sys/net/ipv6/conf/all/forwarding", -1);
	read_ports(&f);
	*ret = f;
}

/* ---- judging ------------------------------------------------------------------------------- */
static void judge_kernel(const struct box_facts *f, struct report *report)
{
	report_tested(report);
	if (f->kernel_major == 0 || f->kernel_major > KERNEL_MAJOR ||
	    (f->kernel_major == KERNEL_MAJOR && f->kernel_minor >= KERNEL_MINOR))
		return;
	report_add(report, SEVERITY_ERROR, "kernel", "the kernel is Linux %s", f->release);
	report_advise(report, "xlb needs Linux %d.%d or later: install a newer kernel",
		      KERNEL_MAJOR, KERNEL_MINOR);
}

static void judge_bpf(const struct box_facts *f, const char *bpffs, struct report *report)
{
	report_tested(report);
	if (!f->btf) {
		report_add(report, SEVERITY_ERROR, "btf",
			   "the kernel has no type information: no /sys/kernel/btf/vmlinux");
		report_advise(report, "use a kernel with CONFIG_DEBUG_INFO_BTF=y, as Debian's are");
	}
	report_tested(report);
	if (!f->bpffs) {
		report_add(report, SEVERITY_ERROR, "bpffs",
			   "%s is not on a BPF file system: nothing can be pinned there", bpffs);
		report_advise(report,
			      "mount -t bpf bpf /sys/fs/bpf (systemd does it at boot; not in "
			      "containers, nor below \"ip netns exec\")");
	}
	report_tested(report);
	if (f->jit == 0) {
		report_add(report, SEVERITY_WARNING, "jit",
			   "BPF programs are interpreted: net.core.bpf_jit_enable is 0");
		report_advise(report,
			      "sysctl -w net.core.bpf_jit_enable=1, and into /etc/sysctl.d; "
			      "a packet costs several times as much without");
	}
}

/* These are read by a device access: a microsecond, for each packet that needs the time. */
static void judge_clock(const struct box_facts *f, struct report *report)
{
	static const char *const slow[] = { "hpet", "acpi_pm", "jiffies", "refined-jiffies" };

	report_tested(report);
	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
		if (strcmp(f->clocksource, slow[i]) != 0)
			continue;
		report_add(report, SEVERITY_WARNING, "clock",
			   "the kernel's clock is %s, which is slow", slow[i]);
		report_advise(report,
			      "see \"journalctl -k | grep -i clocksource\" for why it is not "
			      "tsc; on a virtual machine, the hypervisor's clock");
	}
}

static void judge_forwarding(const struct box_facts *f, struct report *report)
{
	report_tested(report);
	if (f->forward4 <= 0 && f->forward6 <= 0)
		return;
	report_add(report, SEVERITY_NOTE, "forwarding", "this box forwards packets (%s)",
		   f->forward4 > 0 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding");
	report_advise(report, "xlb does not need it; unless this is a router, too, switch it off");
}

static void judge_ports(const struct box_facts *f, const struct site *site, struct report *report)
{
	struct nat_ports left;
	unsigned n;

	if (!site_has_way(site, SITE_NAT) || f->port_hi == 0)
		return;
	report_tested(report);
	left = nat_ports_outside(f->port_lo, f->port_hi);
	n = left.hi ? left.hi - left.lo + 1u : 0;
	if (n == XLB_NAT_PORT_HI - XLB_NAT_PORT_LO + 1)
		return;
	report_add(report, n ? SEVERITY_WARNING : SEVERITY_ERROR, "ports",
		   "local programs take ports %u to %u, which leaves NAT %u of %u for each host",
		   f->port_lo, f->port_hi, n, XLB_NAT_PORT_HI - XLB_NAT_PORT_LO + 1);
	report_advise(
		report,
		"sysctl -w net.ipv4.ip_local_port_range=\"32768 60999\", the kernel's default, and "
		"into /etc/sysctl.d; then restart xlbd");
}

void box_judge(const struct box_facts *facts, const struct site *site, const char *bpffs,
	       struct report *report)
{
	judge_kernel(facts, report);
	judge_bpf(facts, bpffs, report);
	judge_clock(facts, report);
	judge_forwarding(facts, report);
	judge_ports(facts, site, report);
}

void box_examine(struct survey *s)
{
	struct box_facts facts;

	box_read(s->in->bpffs, &facts);
	box_judge(&facts, s->in->site, s->in->bpffs, s->report);
}
