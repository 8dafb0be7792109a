/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The data plane on this machine's kernel: what is pinned is adopted, what is half made is made
 * anew, programs stay attached all the time. Each test has a network namespace and a bpffs of its
 * own, which go with its process. Needs root.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dataplane/dataplane.h"
#include "dataplane/plan.h"

#define T 100 /* session timeout, seconds */

static char mounted[] = "/tmp/xlb-test-XXXXXX";
static char dir[64];
static char error[512];
static struct dataplane *dp;

static struct desired_host hosts[4];
static struct desired_listen listens[2];
static struct desired_service service;
static const struct desired desired = { &service, 1 };

__attribute__((format(printf, 1, 2))) static void run(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	cr_assert_eq(system(command), 0, "%s", command);
}

static struct cfg_addr addr(const char *text)
{
	struct cfg_addr a = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	cr_assert_eq(inet_pton(a.family, text, &a.v6), 1);
	return a;
}

static void describe_service(void)
{
	static const char *const names[4] = { "192.168.1.3", "192.168.1.4", "2001:db8::5",
					      "2001:db8::6" };

	for (unsigned i = 0; i < 4; i++)
		hosts[i] = (struct desired_host){ .name = names[i],
						  .addr = addr(names[i]),
						  .weight = 1,
						  .takes_new = true,
						  .keeps_old = true,
						  .has_next_hop = true,
						  .ifindex = if_nametoindex("em0"),
						  .dst_mac = { 2, 0, 0, 0, 1, i },
						  .src_mac = { 2, 0, 0, 0, 0, 1 } };
	listens[0] = (struct desired_listen){ addr("192.168.0.2"), 443, 443, 0 };
	listens[1] = (struct desired_listen){ addr("2001:db8::2"), 8000, 8999, 0 };
	service = (struct desired_service){ .name = "www",
					    .id = 1,
					    .proto = IPPROTO_TCP,
					    .choose = XLB_CHOOSE_ROW,
					    .hash_ports = true,
					    .timeout_s = T,
					    .listens = listens,
					    .n_listens = 2,
					    .hosts = hosts,
					    .n_hosts = 4 };
}

static void setup(void)
{
	if (geteuid())
		cr_skip_test("needs root");
	cr_assert_eq(unshare(CLONE_NEWNET | CLONE_NEWNS), 0, "%s", strerror(errno));
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	cr_assert_not_null(mkdtemp(mounted));
	cr_assert_eq(mount("bpf", mounted, "bpf", 0, NULL), 0, "%s", strerror(errno));
	snprintf(dir, sizeof(dir), "%s/xlb", mounted);
	run("ip link add em0.7 type veth peer name em0 && ip link set em0 up && "
	    "ip link set em0.7 up");
	describe_service();
}

static void teardown(void)
{
	dataplane_close(dp);
	umount2(mounted, MNT_DETACH);
	rmdir(mounted);
}

TestSuite(kernel, .init = setup, .fini = teardown);

static int try_open(void)
{
	const struct dataplane_options options = { .bpffs = dir,
						   .flow4_lines = 1024,
						   .flow6_lines = 512,
						   .test_clock = true,
						   .test_tick = 1000 };
	int err;

	dataplane_close(dp);
	dp = NULL;
	error[0] = 0;
	err = dataplane_open(&options, error, sizeof(error), &dp);
	if (err)
		dp = NULL;
	return err;
}

static void open_it(void)
{
	cr_assert_eq(try_open(), 0, "%s", error);
}

/* Returns the number of operations. */
static size_t sync_it(void)
{
	struct plan *plan = NULL;
	size_t n;

	cr_assert_eq(dataplane_sync(dp, &desired, &plan), 0, "%s", dataplane_error(dp));
	n = plan_size(plan);
	plan_free(plan);
	return n;
}

static void attach_it(const char *name, enum xdp_mode mode, struct attachment *ret)
{
	cr_assert_eq(dataplane_attach(dp, if_nametoindex(name), name, mode, ret, error,
				      sizeof(error)),
		     0, "%s", error);
}

static uint32_t running_program(const char *name)
{
	uint32_t id = 0;

	cr_assert_eq(bpf_xdp_query_id(if_nametoindex(name), 0, &id), 0);
	return id;
}

static uint32_t our_program(void)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	cr_assert_eq(bpf_obj_get_info_by_fd(dataplane_program_fd(dp), &info, &size), 0);
	return info.id;
}

static bool is_pinned(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static void unpin(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	cr_assert_eq(unlink(path), 0, "%s", path);
}

/* Writes a map of the kernel behind the data plane's back. */
static void change_settings(void (*change)(struct xlb_settings *settings))
{
	struct xlb_settings settings;
	uint32_t zero = 0;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/settings", dir);
	fd = bpf_obj_get(path);
	cr_assert_geq(fd, 0);
	cr_assert_eq(bpf_map_lookup_elem(fd, &zero, &settings), 0);
	change(&settings);
	cr_assert_eq(bpf_map_update_elem(fd, &zero, &settings, BPF_ANY), 0);
	close(fd);
}

/* ---- starting, stopping, starting ---------------------------------------------------------- */
Test(kernel, restart_changes_nothing)
{
	open_it();
	cr_assert_gt(sync_it(), 10);
	cr_assert_eq(sync_it(), 0);
	open_it();
	cr_assert_eq(sync_it(), 0, "not even the first time");
	dataplane_set_test_tick(dp, 2000);
	for (int i = 0; i < 6; i++)
		cr_assert_eq(dataplane_tick(dp), 0);
	cr_assert_eq(sync_it(), 0);
}

Test(kernel, restart_remembers_every_kind_of_thing)
{
	service.choose = XLB_CHOOSE_ROUNDROBIN;
	listens[0].ifindex = if_nametoindex("em0.7");
	hosts[1].takes_new = false;
	hosts[2].takes_new = hosts[2].keeps_old = false;
	hosts[3].has_next_hop = false;
	open_it();
	sync_it();
	hosts[1].weight = 7;
	service.n_hosts = 3;
	sync_it();
	open_it();
	cr_assert_eq(sync_it(), 0);
}

/* Whoever starts next reads the maps, so they are what is looked at. */
Test(kernel, a_listener_changes_its_interface)
{
	const uint32_t interfaces[] = { if_nametoindex("em0.7"), 4711 /* made anew */, 0 };

	open_it();
	sync_it();
	for (size_t i = 0; i < sizeof(interfaces) / sizeof(interfaces[0]); i++) {
		listens[0].ifindex = interfaces[i];
		cr_assert_gt(sync_it(), 0);
		open_it();
		cr_assert_eq(sync_it(), 0, "interface %u", interfaces[i]);
	}
}

Test(kernel, everything_is_pinned_and_goes)
{
	static const char *const names[] = { "xlb_xdp",  "settings",  "vips",       "services",
					     "rows",     "hosts",     "flows4",     "flows6",
					     "tx_ports", "host_macs", "links/em0:7" };

	open_it();
	sync_it();
	attach_it("em0.7", XDP_MODE_AUTO, NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert(is_pinned(names[i]), "%s", names[i]);
	cr_assert_eq(dataplane_remove(dp), 0);
	cr_assert_neq(access(dir, F_OK), 0);
	cr_assert_eq(running_program("em0.7"), 0);
}

Test(kernel, pins_can_be_removed_without_a_data_plane)
{
	open_it();
	sync_it();
	attach_it("em0.7", XDP_MODE_AUTO, NULL);
	dataplane_close(dp);
	dp = NULL;
	cr_assert_neq(running_program("em0.7"), 0);
	cr_assert_eq(dataplane_remove_pins(dir, error, sizeof(error)), 0, "%s", error);
	cr_assert_neq(access(dir, F_OK), 0);
	cr_assert_eq(running_program("em0.7"), 0);
	cr_assert_eq(dataplane_remove_pins(dir, error, sizeof(error)), 0, "nothing left to do");
}

static unsigned open_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

Test(kernel, closing_closes_everything)
{
	unsigned before = open_descriptors();

	open_it();
	sync_it();
	attach_it("em0.7", XDP_MODE_AUTO, NULL);
	cr_assert_gt(open_descriptors(), before);
	dataplane_close(dp);
	dp = NULL;
	cr_assert_eq(open_descriptors(), before);
}

Test(kernel, only_one_at_a_time)
{
	struct dataplane_options options = { .bpffs = dir };
	struct dataplane *other;
	char busy[128];

	snprintf(busy, sizeof(busy), "%s is in use by another xlbd", dir);
	open_it();
	attach_it("em0.7", XDP_MODE_AUTO, NULL);
	cr_assert_eq(dataplane_open(&options, error, sizeof(error), &other), -EBUSY);
	cr_assert_str_eq(error, busy);
	cr_assert_eq(dataplane_remove_pins(dir, error, sizeof(error)), -EBUSY);
	cr_assert_str_eq(error, busy);
	cr_assert_eq(dataplane_remove_link_pin(dir, "em0.7", error, sizeof(error)), -EBUSY);
	cr_assert_str_eq(error, busy);
	cr_assert_eq(running_program("em0.7"), our_program());
	open_it();
}

Test(kernel, inner_map_that_is_not_the_pinned_one)
{
	open_it();
	sync_it();
	unpin("rows_of/0");
	open_it();
	cr_assert_gt(sync_it(), 0, "rows that cannot be opened are made anew");
	open_it();
	cr_assert_eq(sync_it(), 0);
}

/* ---- links --------------------------------------------------------------------------------- */
Test(kernel, altname_of_a_link_without_a_data_plane)
{
	run("ip link property add dev em0.7 altname uplink0");
	open_it();
	attach_it("em0.7", XDP_MODE_AUTO, NULL);
	dataplane_close(dp);
	dp = NULL;
	cr_assert_eq(dataplane_remove_link_pin(dir, "uplink0", error, sizeof(error)), 0, "%s",
		     error);
	cr_assert_eq(running_program("em0.7"), 0);
	cr_assert_eq(dataplane_remove_link_pin(dir, "uplink0", error, sizeof(error)), -ENOENT);
	cr_assert_str_eq(error, "not attached to \"uplink0\"");
}

Test(kernel, links_are_adopted_and_run_the_new_program)
{
	const struct attachment *list;
	uint32_t before;
	size_t n;

	open_it();
	sync_it();
	attach_it("em0.7", XDP_MODE_AUTO, NULL);
	before = running_program("em0.7");
	cr_assert_eq(before, our_program());
	open_it();
	list = dataplane_attachments(dp, &n);
	cr_assert_eq(n, 1);
	cr_assert_str_eq(list[0].name, "em0.7");
	cr_assert_eq(list[0].mode, XDP_MODE_NATIVE);
	cr_assert_eq(running_program("em0.7"), before, "until our maps are filled");
	sync_it();
	cr_assert_eq(running_program("em0.7"), our_program());
	cr_assert_neq(our_program(), before);
}

Test(kernel, modes)
{
	struct attachment a;
	size_t n;

	open_it();
	attach_it("em0", XDP_MODE_GENERIC, &a);
	cr_assert_eq(a.mode, XDP_MODE_GENERIC);
	attach_it("em0", XDP_MODE_AUTO, &a);
	cr_assert_eq(a.mode, XDP_MODE_GENERIC, "it is attached: that will do");
	attach_it("em0", XDP_MODE_NATIVE, &a);
	cr_assert_eq(a.mode, XDP_MODE_NATIVE);
	dataplane_attachments(dp, &n);
	cr_assert_eq(n, 1);
	cr_assert_eq(dataplane_detach(dp, if_nametoindex("em0")), 0);
	cr_assert_eq(dataplane_detach(dp, if_nametoindex("em0")), -ENOENT);
	cr_assert_eq(running_program("em0"), 0);
}

Test(kernel, driver_without_native_mode)
{
	struct attachment a;

	open_it();
	attach_it("lo", XDP_MODE_AUTO, &a);
	cr_assert_eq(a.mode, XDP_MODE_GENERIC);
	cr_assert_not_null(strstr(a.why_generic, "native"), "\"%s\"", a.why_generic);
	cr_assert_eq(dataplane_attach(dp, a.ifindex, "lo", XDP_MODE_NATIVE, &a, error,
				      sizeof(error)),
		     -EOPNOTSUPP);
	cr_assert_not_null(strstr(error, "lo: cannot attach in native mode"), "%s", error);
	cr_assert_eq(running_program("lo"), our_program(), "what worked is not given up");
}

Test(kernel, other_programs_are_left_alone)
{
	int fd;

	open_it();
	fd = dataplane_program_fd(dp); /* any program will do */
	cr_assert_eq(bpf_xdp_attach(if_nametoindex("em0"), fd, XDP_FLAGS_DRV_MODE, NULL), 0);
	cr_assert_eq(dataplane_attach(dp, if_nametoindex("em0"), "em0", XDP_MODE_AUTO, NULL, error,
				      sizeof(error)),
		     -EBUSY);
	cr_assert_str_eq(error, "em0: another XDP program is attached");
	cr_assert_eq(running_program("em0"), our_program());
}

Test(kernel, interface_that_is_not_there)
{
	open_it();
	cr_assert_eq(dataplane_attach(dp, 12345, "em9", XDP_MODE_AUTO, NULL, error, sizeof(error)),
		     -ENODEV);
	cr_assert_not_null(strstr(error, "em9"));
}

Test(kernel, links_of_interfaces_that_went_are_cleaned_up)
{
	size_t n;

	open_it();
	sync_it();
	attach_it("em0.7", XDP_MODE_AUTO, NULL);
	run("ip link del em0.7");
	cr_assert_eq(dataplane_tick(dp), 0);
	dataplane_attachments(dp, &n);
	cr_assert_eq(n, 0);
	cr_assert_not(is_pinned("links/em0:7"));
}

Test(kernel, links_of_interfaces_that_went_while_nobody_was_there)
{
	size_t n;

	open_it();
	sync_it();
	attach_it("em0.7", XDP_MODE_AUTO, NULL);
	dataplane_close(dp);
	dp = NULL;
	run("ip link del em0.7 && ip link add em0.7 type veth peer name em0");
	open_it();
	dataplane_attachments(dp, &n);
	cr_assert_eq(n, 0);
	attach_it("em0.7", XDP_MODE_AUTO, NULL);
	cr_assert(is_pinned("links/em0:7"));
}

/* ---- what is left half made ---------------------------------------------------------------- */
static void other_version(struct xlb_settings *settings)
{
	settings->abi_version++;
}

static void older_version(struct xlb_settings *settings)
{
	settings->abi_version--;
}

static int open_pin(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = bpf_obj_get(path);
	cr_assert_geq(fd, 0, "%s", path);
	return fd;
}

static uint32_t pinned_id(const char *name)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	int fd = open_pin(name);

	cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	close(fd);
	return info.id;
}

/* A program of the layout that `pretend` makes of the pinned maps is attached; the next daemon
 * knows ours only. */
static uint32_t in_use(void (*pretend)(void))
{
	uint32_t running;

	open_it();
	sync_it();
	attach_it("em0.7", XDP_MODE_AUTO, NULL);
	running = our_program();
	dataplane_close(dp);
	dp = NULL;
	pretend();
	return running;
}

/* Its programs run until ours has everything, then ours does. */
static void check_replaced(uint32_t running, const char *note)
{
	open_it();
	cr_assert_str_eq(dataplane_note(dp), note);
	cr_assert_eq(running_program("em0.7"), running, "until our maps are filled");
	sync_it();
	cr_assert_eq(running_program("em0.7"), our_program());
	cr_assert_not(is_pinned("next"));
	cr_assert_not(is_pinned("ready"));
	open_it();
	cr_assert_null(dataplane_note(dp));
	cr_assert_eq(sync_it(), 0);
}

static void be_older(void)
{
	change_settings(older_version);
}

static void be_newer(void)
{
	change_settings(other_version);
}

static const char *note_of_version(uint32_t version, const char *what)
{
	static char note[256];

	snprintf(note, sizeof(note),
		 "the pinned maps are of layout version %u, %s than ours: made anew beside those; "
		 "hosts keep their flows, nothing is lost",
		 version, what);
	return note;
}

Test(kernel, older_version_in_use)
{
	uint32_t running = in_use(be_older), flows4 = pinned_id("flows4"), hosts_id;

	hosts_id = pinned_id("hosts");
	check_replaced(running, note_of_version(XLB_ABI_VERSION - 1, "older"));
	cr_assert_eq(pinned_id("flows4"), flows4);
	cr_assert_neq(pinned_id("hosts"), hosts_id);
}

Test(kernel, newer_version_in_use)
{
	uint32_t running = in_use(be_newer);

	check_replaced(running, note_of_version(XLB_ABI_VERSION + 1, "newer"));
}

static void be_unknown(void)
{
	unpin("layout");
}

Test(kernel, unknown_layout_in_use)
{
	uint32_t running = in_use(be_unknown), flows4 = pinned_id("flows4");

	check_replaced(running, "the pinned maps are of an unknown layout: made anew beside those; "
				"nothing of them can be kept, lost: IPv4 flows, IPv6 flows, the "
				"hosts' counters, the counters of reasons, connections of NAT");
	cr_assert_neq(pinned_id("flows4"), flows4);
}

/* Changes the pinned description of the maps. */
static void change_layout(void (*change)(struct btf *btf))
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info), zero = 0, length;
	int fd = open_pin("layout");
	struct btf *btf;
	void *data;

	cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	data = malloc(info.value_size);
	cr_assert_eq(bpf_map_lookup_elem(fd, &zero, data), 0);
	btf = btf__new(data, info.value_size);
	free(data);
	cr_assert_not_null(btf);
	change(btf);
	cr_assert_eq(bpf_map_update_elem(fd, &zero, btf__raw_data(btf, &length), BPF_ANY), 0);
	cr_assert_eq(length, info.value_size);
	btf__free(btf);
	close(fd);
}

static struct btf_type *type_named(struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	cr_assert_gt(id, 0, "%s", name);
	return (struct btf_type *)btf__type_by_id(btf, id);
}

static void shift_members(struct btf_type *t, uint32_t bytes)
{
	for (int i = 0; i < btf_vlen(t); i++)
		btf_members(t)[i].offset += bytes * 8;
	t->size += bytes;
}

/* What was at the place of a flow's ports is something else. */
static void other_flows(struct btf *btf)
{
	struct btf_member *m = btf_members(type_named(btf, "xlb_flow4"));

	m[1].name_off = m[2].name_off;
}

static void have_other_flows(void)
{
	change_layout(other_flows);
}

Test(kernel, other_flows_in_use)
{
	uint32_t running = in_use(have_other_flows), flows4 = pinned_id("flows4"),
		 flows6 = pinned_id("flows6");

	check_replaced(running, "the pinned maps are of another layout: made anew beside those; "
				"hosts keep their flows, lost: IPv4 flows");
	cr_assert_neq(pinned_id("flows4"), flows4);
	cr_assert_eq(pinned_id("flows6"), flows6);
}

#define MORE 8 /* bytes at the beginning of their struct xlb_host */

static void bigger_hosts(struct btf *btf)
{
	shift_members(type_named(btf, "xlb_host"), MORE);
}

struct bigger_host {
	uint8_t more[MORE];
	struct xlb_host host;
};

/* A table: all hosts are the value of key 0. */
static struct xlb_host *read_hosts(void)
{
	struct xlb_host *all = calloc(XLB_MAX_HOSTS, sizeof(*all));
	int fd = open_pin("hosts");
	uint32_t zero = 0;

	cr_assert_eq(bpf_map_lookup_elem(fd, &zero, all), 0);
	close(fd);
	return all;
}

static struct bigger_host *bigger_hosts_of(const struct xlb_host *plain)
{
	struct bigger_host *all = calloc(XLB_MAX_HOSTS, sizeof(*all));

	for (uint32_t i = 0; i < XLB_MAX_HOSTS; i++) {
		memset(all[i].more, plain[i].family ? 0xee : 0, MORE);
		all[i].host = plain[i];
	}
	return all;
}

/* Puts a map with such values in the pinned one's place: n entries, of per values each. */
static void have_bigger_hosts(uint32_t n, uint32_t per)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	struct xlb_host *before = read_hosts();
	struct bigger_host *all = bigger_hosts_of(before);
	int to = bpf_map_create(BPF_MAP_TYPE_ARRAY, "hosts", 4, per * sizeof(*all), n, &opts);
	char path[128];

	cr_assert_geq(to, 0);
	for (uint32_t i = 0; i < n; i++)
		cr_assert_eq(bpf_map_update_elem(to, &i, all + i * per, BPF_ANY), 0);
	unpin("hosts");
	snprintf(path, sizeof(path), "%s/hosts", dir);
	cr_assert_eq(bpf_obj_pin(to, path), 0);
	close(to);
	free(all);
	free(before);
	change_layout(bigger_hosts);
}

static void have_bigger_table(void)
{
	have_bigger_hosts(1, XLB_MAX_HOSTS);
}

static void have_bigger_entries(void) /* an entry for each, as layouts before version 6 had */
{
	have_bigger_hosts(XLB_MAX_HOSTS, 1);
}

static void check_hosts_stay(void (*change)(void))
{
	struct xlb_host *before, *after;
	uint32_t running, flows4;

	/* so that places are not those that a first start would choose */
	service.n_hosts = 1;
	open_it();
	sync_it();
	hosts[0] = hosts[3];
	service.n_hosts = 3;
	sync_it();
	before = read_hosts();
	running = in_use(change);
	flows4 = pinned_id("flows4");
	check_replaced(running, "the pinned maps are of another layout: made anew beside those; "
				"hosts keep their flows, nothing is lost");
	cr_assert_eq(pinned_id("flows4"), flows4);
	after = read_hosts();
	for (int i = 0; i < XLB_MAX_HOSTS; i++)
		cr_assert_arr_eq(after[i].addr, before[i].addr, sizeof(after[i].addr), "%d", i);
	free(after);
	free(before);
}

Test(kernel, other_hosts_in_use)
{
	check_hosts_stay(have_bigger_table);
}

Test(kernel, other_entries_of_hosts_in_use)
{
	check_hosts_stay(have_bigger_entries);
}

static void nameless_hosts(struct btf *btf)
{
	struct btf_member *m = btf_members(type_named(btf, "xlb_host"));

	for (int i = 0; i < btf_vlen(type_named(btf, "xlb_host")); i++)
		if (!strcmp(btf__name_by_offset(btf, m[i].name_off), "addr"))
			m[i].name_off = m[0].name_off;
}

static void have_nameless_hosts(void)
{
	change_layout(nameless_hosts);
}

Test(kernel, hosts_without_addresses_in_use)
{
	check_replaced(in_use(have_nameless_hosts),
		       "the pinned maps are of another layout: made anew beside those; nothing of "
		       "them can be kept, lost: IPv4 flows, IPv6 flows, the hosts' counters, the "
		       "counters of reasons, connections of NAT");
}

/* A map that we don't know any more. */
Test(kernel, maps_of_former_versions_go)
{
	int fd;
	char path[128];

	open_it();
	sync_it();
	fd = open_pin("settings");
	snprintf(path, sizeof(path), "%s/former", dir);
	cr_assert_eq(bpf_obj_pin(fd, path), 0);
	close(fd);
	open_it();
	cr_assert_not(is_pinned("former"));
	cr_assert_eq(sync_it(), 0);
}

/* A crash while pinning leaves some maps; settings come last. */
Test(kernel, parts_are_made_whole)
{
	static const char *const missing[] = { "settings", "hosts", "xlb_xdp" };

	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		open_it();
		sync_it();
		unpin(missing[i]);
		open_it();
		sync_it();
		cr_assert(is_pinned(missing[i]));
		open_it();
		cr_assert_eq(sync_it(), 0, "without %s", missing[i]);
	}
}

Test(kernel, parts_in_use_go_on_until_the_whole_is_ready)
{
	uint32_t before;

	open_it();
	sync_it();
	attach_it("em0.7", XDP_MODE_AUTO, NULL);
	before = our_program();
	unpin("hosts");
	open_it();
	cr_assert_eq(running_program("em0.7"), before);
	cr_assert_gt(sync_it(), 10);
	cr_assert_eq(running_program("em0.7"), our_program());
}

Test(kernel, tables_keep_their_size)
{
	const struct dataplane_options bigger = { .bpffs = dir, .flow4_lines = 4096 };

	open_it();
	sync_it();
	dataplane_close(dp);
	cr_assert_eq(dataplane_open(&bigger, error, sizeof(error), &dp), 0, "%s", error);
	cr_assert_eq(sync_it(), 0);
}

/* ---- where it cannot be -------------------------------------------------------------------- */
Test(kernel, not_on_bpffs)
{
	snprintf(dir, sizeof(dir), "/tmp");
	cr_assert_eq(try_open(), -EINVAL);
	cr_assert_not_null(strstr(error, "/tmp is not on a bpf file system"), "%s", error);
}

Test(kernel, no_such_parent)
{
	snprintf(dir, sizeof(dir), "%s/no/such", mounted);
	cr_assert_neq(try_open(), 0);
	cr_assert_not_null(strstr(error, dir), "%s", error);
}

Test(kernel, odd_table_sizes)
{
	const struct dataplane_options odd = { .bpffs = dir, .flow4_lines = 1000 };

	cr_assert_eq(dataplane_open(&odd, error, sizeof(error), &dp), -EINVAL);
	dp = NULL;
	cr_assert_not_null(strstr(error, "powers of two"));
}

/* ---- syncing ------------------------------------------------------------------------------- */
/* An interface may go before anybody has told us. */
Test(kernel, hosts_behind_a_missing_interface)
{
	struct attachment a;

	open_it();
	hosts[1].ifindex = 12345;
	cr_assert_gt(sync_it(), 10);
	cr_assert_eq(dataplane_host_states(dp, "www", IPPROTO_TCP, &hosts[1].addr,
					   &(uint64_t){ 0 }),
		     0, "it has a slot");
	hosts[1].ifindex = if_nametoindex("em0");
	cr_assert_gt(sync_it(), 0);
	attach_it("em0.7", XDP_MODE_AUTO, &a);
	cr_assert_eq(sync_it(), 0);
}

Test(kernel, refused_states_say_why)
{
	open_it();
	sync_it();
	hosts[2].weight = 0;
	cr_assert_eq(dataplane_sync(dp, &desired, NULL), -EINVAL);
	cr_assert_str_eq(dataplane_error(dp), "www: host 2001:db8::5 has weight 0, not 1 to 256");
	hosts[2].weight = 1;
	cr_assert_eq(sync_it(), 0);
}

Test(kernel, plan_does_nothing)
{
	struct plan *plan;

	open_it();
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(dataplane_plan(dp, &desired, &plan), 0);
		cr_assert_gt(plan_size(plan), 10);
		plan_free(plan);
	}
	cr_assert_gt(sync_it(), 10);
}

/* Rows of many services take one grace period, not one each. */
Test(kernel, many_services)
{
	static struct desired_service many[200];
	static struct desired_listen ports[200];
	static char names[200][8];
	const struct desired all = { many, 200 };
	struct plan *plan;

	for (int i = 0; i < 200; i++) {
		snprintf(names[i], sizeof(names[i]), "s%d", i);
		ports[i] = (struct desired_listen){ addr("192.168.0.2"), 1000 + i, 1000 + i, 0 };
		many[i] = service;
		many[i].name = names[i];
		many[i].listens = &ports[i];
		many[i].n_listens = 1;
	}
	open_it();
	cr_assert_eq(dataplane_sync(dp, &all, NULL), 0, "%s", dataplane_error(dp));
	open_it();
	cr_assert_eq(dataplane_sync(dp, &all, &plan), 0);
	cr_assert_eq(plan_size(plan), 0);
	plan_free(plan);
}

/* ---- the short way ------------------------------------------------------------------------- */
static bool is_www(const char *name, void *data)
{
	return !strcmp(name, "www");
}

static bool is_none(const char *name, void *data)
{
	return false;
}

static uint8_t flags_of(const struct desired_host *host)
{
	uint8_t flags = 0xff;

	cr_assert_eq(dataplane_host_flags(dp, "www", IPPROTO_TCP, &host->addr, &flags), 0);
	return flags;
}

static void use_host(struct desired_host *host, bool use)
{
	host->takes_new = host->keeps_old = use;
}

Test(kernel, withdrawn_hosts_are_out_at_once)
{
	struct plan *plan;

	open_it();
	sync_it();
	cr_assert_eq(dataplane_withdraw(dp, &hosts[0].addr, is_none, NULL), 0);
	cr_assert_neq(flags_of(&hosts[0]), 0);
	cr_assert_eq(dataplane_withdraw(dp, &hosts[0].addr, is_www, NULL), 1);
	cr_assert_eq(dataplane_withdraw(dp, &hosts[2].addr, is_www, NULL), 1);
	cr_assert_eq(dataplane_withdraw(dp, &listens[0].addr, is_www, NULL), 0);
	cr_assert_eq(dataplane_withdraw(dp, &hosts[0].addr, is_www, NULL), 0, "it is out already");
	open_it(); /* what the maps say */
	cr_assert_eq(flags_of(&hosts[0]), 0);
	cr_assert_neq(flags_of(&hosts[1]), 0);
	cr_assert_eq(flags_of(&hosts[2]), 0);
	use_host(&hosts[0], false);
	use_host(&hosts[2], false);
	cr_assert_eq(dataplane_sync(dp, &desired, &plan), 0, "%s", dataplane_error(dp));
	cr_assert_eq(plan_size(plan), 1);
	cr_assert_eq(plan_get(plan, 0)->type, PLAN_ROWS);
	plan_free(plan);
	use_host(&hosts[0], true);
	use_host(&hosts[2], true);
	sync_it();
	cr_assert_neq(flags_of(&hosts[0]), 0);
}

/* Entries from before must be gone when it returns. */
Test(kernel, withdrawn_hosts_return_clean)
{
	struct plan *plan;
	unsigned forgets = 0;

	open_it();
	sync_it();
	dataplane_withdraw(dp, &hosts[1].addr, is_www, NULL);
	use_host(&hosts[1], false);
	sync_it();
	use_host(&hosts[1], true);
	cr_assert_eq(dataplane_sync(dp, &desired, &plan), 0, "%s", dataplane_error(dp));
	for (size_t i = 0; i < plan_size(plan); i++)
		forgets += plan_get(plan, i)->type == PLAN_FORGET;
	plan_free(plan);
	cr_assert_eq(forgets, 1);
}

Test(kernel, traffic_is_read)
{
	uint64_t reasons[XLB_REASON_COUNT];
	struct traffic t;

	open_it();
	sync_it();
	cr_assert_eq(dataplane_service_traffic(dp, "www", IPPROTO_TCP, &t), 0);
	cr_assert_eq(t.packets, 0);
	cr_assert_eq(dataplane_service_traffic(dp, "www", IPPROTO_UDP, &t), -ENOENT);
	cr_assert_eq(dataplane_host_traffic(dp, "www", IPPROTO_TCP, &hosts[0].addr, &t), 0);
	cr_assert_eq(dataplane_host_traffic(dp, "www", IPPROTO_TCP, &listens[0].addr, &t), -ENOENT);
	cr_assert_eq(dataplane_reasons(dp, reasons), 0);
	cr_assert_eq(reasons[XLB_REASON_LOOP], 0);
}
