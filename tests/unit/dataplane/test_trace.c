/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The build of the programs that tells of packets comes and goes under traffic: no packet misses a
 * program, and a restart finds what it had. In a network namespace and a bpffs of its own; as root.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/dataplane.h"
#include "dataplane/plan.h"
#include "dataplane/trace.h"

#define SWAPS 40
#define BURST 20 /* then a rest: nobody's queue is to fill up */

static char mounted[] = "/tmp/xlb-test-XXXXXX";
static char dir[64];
static struct dataplane *dp;
static struct desired_host host;
static struct desired_listen listen_on;
static struct desired_service service;
static const struct desired desired = { &service, 1 };

static void run(const char *command)
{
	cr_assert_eq(system(command), 0, "%s", command);
}

static struct cfg_addr addr(const char *text)
{
	struct cfg_addr a = { .family = AF_INET };

	cr_assert_eq(inet_pton(AF_INET, text, &a.v6), 1);
	return a;
}

static void describe(void)
{
	host = (struct desired_host){ .name = "host",
				      .addr = addr("192.168.1.3"),
				      .weight = 1,
				      .takes_new = true,
				      .keeps_old = true,
				      .has_next_hop = true,
				      .ifindex = if_nametoindex("em0"),
				      .dst_mac = { 2, 0, 0, 0, 1, 3 },
				      .src_mac = { 2, 0, 0, 0, 0, 1 } };
	listen_on = (struct desired_listen){ addr("192.168.0.2"), 443, 443, 0 };
	service = (struct desired_service){ .name = "www",
					    .id = 1,
					    .proto = IPPROTO_TCP,
					    .choose = XLB_CHOOSE_ROW,
					    .hash_ports = true,
					    .timeout_s = 100,
					    .listens = &listen_on,
					    .n_listens = 1,
					    .hosts = &host,
					    .n_hosts = 1 };
}

static void open_with(bool background)
{
	const struct dataplane_options options = {
		.bpffs = dir, .flow4_lines = 1024, .flow6_lines = 512, .background = background
	};
	char error[512] = "";

	cr_assert_eq(dataplane_open(&options, error, sizeof(error), &dp), 0, "%s", error);
}

static void open_dataplane(void)
{
	open_with(false);
}

static void sync_now(void)
{
	cr_assert_eq(dataplane_sync(dp, &desired, NULL), 0, "%s", dataplane_error(dp));
}

static void setup(void)
{
	char error[256] = "";

	if (geteuid())
		cr_skip_test("needs root");
	cr_assert_eq(unshare(CLONE_NEWNET | CLONE_NEWNS), 0, "%s", strerror(errno));
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	cr_assert_not_null(mkdtemp(mounted));
	cr_assert_eq(mount("bpf", mounted, "bpf", 0, NULL), 0, "%s", strerror(errno));
	snprintf(dir, sizeof(dir), "%s/xlb", mounted);
	run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1");
	run("ip link add em0 type veth peer name far && ip link set em0 up && ip link set far up");
	describe();
	open_dataplane();
	sync_now();
	cr_assert_eq(dataplane_attach(dp, if_nametoindex("em0"), "em0", XDP_MODE_GENERIC, NULL,
				      error, sizeof(error)),
		     0, "%s", error);
}

static void teardown(void)
{
	dataplane_close(dp);
	umount2(mounted, MNT_DETACH);
	rmdir(mounted);
}

TestSuite(trace, .init = setup, .fini = teardown);

/* ---- traffic ------------------------------------------------------------------------------- */
struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));

struct sender {
	size_t sent;
	size_t failed;
	bool stop;
	bool fin; /* each is an end */
};

/* ACKs of ever other clients' ports. */
static void *send_frames(void *data)
{
	struct frame f = { .eth = { .h_proto = htons(ETH_P_IP) },
			   .ip = { .version = 4,
				   .ihl = 5,
				   .tot_len = htons(sizeof(f) - sizeof(f.eth)),
				   .ttl = 64,
				   .protocol = IPPROTO_TCP,
				   .saddr = inet_addr("10.0.0.1"),
				   .daddr = inet_addr("192.168.0.2") },
			   .tcp = { .dest = htons(443), .doff = 5, .ack = 1 } };
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = if_nametoindex("far") };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	struct sender *s = data;

	f.tcp.fin = s->fin;
	for (unsigned i = 0; !__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE); i++) {
		f.tcp.source = htons(1024 + i % 40000);
		if (sendto(fd, &f, sizeof(f), 0, (struct sockaddr *)&to, sizeof(to)) == sizeof(f))
			s->sent++;
		else
			s->failed++;
		if (i % BURST == 0)
			usleep(200);
	}
	close(fd);
	return NULL;
}

struct told {
	size_t n;
	size_t right;
};

static void on_trace(const struct trace_event *event, void *data)
{
	struct told *told = data;

	told->n++;
	told->right += event->service && !strcmp(event->service, "www") &&
		       event->verdict == XLB_TRACED_FORWARD &&
		       event->before_len == sizeof(struct frame) &&
		       event->after_len == sizeof(struct frame);
}

static uint64_t packets_counted(void)
{
	struct traffic t;

	cr_assert_eq(dataplane_host_traffic(dp, "www", IPPROTO_TCP, &host.addr, &t), 0);
	return t.packets;
}

/* Each frame meets one of the two programs, whatever happens to them meanwhile. */
Test(trace, swaps_lose_nothing)
{
	struct told told = { 0 };
	struct sender s = { 0 };
	pthread_t sender;

	cr_assert_eq(dataplane_capture(dp, true, 256, true), 0, "%s", dataplane_error(dp));
	dataplane_on_trace(dp, on_trace, &told);
	cr_assert_eq(pthread_create(&sender, NULL, send_frames, &s), 0);
	for (int i = 0; i < SWAPS; i++) {
		cr_assert_eq(dataplane_capture(dp, i % 2, 256, true), 0, "%s", dataplane_error(dp));
		cr_assert_eq(dataplane_is_tracing(dp), i % 2);
		usleep(10000);
		cr_assert_eq(dataplane_read_traces(dp), 0);
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELEASE);
	pthread_join(sender, NULL);
	cr_assert_eq(dataplane_capture(dp, false, 0, false), 0);
	dataplane_read_traces(dp);
	cr_expect_eq(s.failed, 0);
	cr_expect_gt(s.sent, 100);
	cr_expect_eq(packets_counted(), s.sent, "%zu of %zu", (size_t)packets_counted(), s.sent);
	cr_expect_gt(told.n, 0);
	cr_expect_lt(told.n, s.sent);
	cr_expect_eq(told.right, told.n);
}

static size_t operations(void)
{
	struct plan *plan;
	size_t n;

	cr_assert_eq(dataplane_plan(dp, &desired, &plan), 0);
	n = plan_size(plan);
	plan_free(plan);
	return n;
}

Test(trace, restart_changes_nothing)
{
	service.trace = XLB_TRACE_PFLOG;
	cr_expect_eq(operations(), 1);
	sync_now();
	cr_expect(dataplane_is_tracing(dp));
	cr_expect_eq(operations(), 0);
	dataplane_close(dp);
	open_dataplane();
	cr_expect_eq(operations(), 0, "the services' flags are in the kernel");
	sync_now();
	cr_expect(dataplane_is_tracing(dp));
	service.trace = 0;
	cr_expect_eq(operations(), 1);
	sync_now();
	cr_expect_not(dataplane_is_tracing(dp));
}

Test(trace, captures)
{
	cr_expect_eq(dataplane_traces_fd(dp), -1);
	cr_expect_eq(dataplane_read_traces(dp), 0);
	cr_expect_eq(dataplane_capture(dp, true, 0, false), -EINVAL);
	cr_expect_not(dataplane_is_tracing(dp));
	cr_expect_eq(dataplane_capture(dp, true, 1 << 20, false), 0);
	cr_expect_geq(dataplane_traces_fd(dp), 0);
	service.trace = XLB_TRACE_CONN;
	sync_now();
	cr_expect_eq(dataplane_capture(dp, false, 0, false), 0);
	cr_expect(dataplane_is_tracing(dp), "a service wants it still");
}

/* ---- by a thread --------------------------------------------------------------------------- */
static void wait_until_loaded(void)
{
	struct pollfd fd = { .fd = dataplane_loading_fd(dp), .events = POLLIN };

	cr_assert_eq(poll(&fd, 1, 60000), 1);
	cr_assert_eq(dataplane_loaded(dp), 0, "%s", dataplane_error(dp));
}

Test(trace, a_capture_comes_again)
{
	dataplane_close(dp);
	open_with(true);
	sync_now();
	cr_expect_eq(dataplane_capture(dp, true, 256, true), -EAGAIN);
	cr_expect_neq(dataplane_error(dp)[0], '\0');
	cr_expect_not(dataplane_is_tracing(dp));
	wait_until_loaded();
	cr_expect_not(dataplane_is_tracing(dp), "nobody has come again yet");
	cr_expect_eq(dataplane_capture(dp, true, 256, true), 0);
	cr_expect(dataplane_is_tracing(dp));
}

Test(trace, a_service_gets_them_when_they_are_there)
{
	dataplane_close(dp);
	open_with(true);
	service.trace = XLB_TRACE_PFLOG;
	sync_now();
	cr_expect(dataplane_is_loading(dp));
	cr_expect_not(dataplane_is_tracing(dp));
	wait_until_loaded();
	cr_expect_not(dataplane_is_loading(dp));
	cr_expect(dataplane_is_tracing(dp));
}

Test(trace, nobody_waits_for_them_at_the_end)
{
	for (int i = 0; i < 4; i++) {
		dataplane_close(dp);
		open_with(true);
		cr_expect_eq(dataplane_capture(dp, true, 256, true), -EAGAIN);
		usleep(100000 * (unsigned)i); /* early or late in it */
	}
}

static size_t told_now(void)
{
	struct told told = { 0 };

	dataplane_on_trace(dp, on_trace, &told);
	cr_assert_eq(dataplane_read_traces(dp), 0);
	dataplane_on_trace(dp, NULL, NULL);
	return told.n;
}

/* What a former daemon's programs tell is read by the next one, which puts its own in their place.
 */
Test(trace, former_programs_go_on)
{
	struct sender s = { .fin = true };
	pthread_t sender;

	service.trace = XLB_TRACE_CONN;
	sync_now();
	dataplane_close(dp);
	cr_assert_eq(pthread_create(&sender, NULL, send_frames, &s), 0);
	usleep(20000);
	__atomic_store_n(&s.stop, true, __ATOMIC_RELEASE);
	pthread_join(sender, NULL);
	open_with(true);
	cr_expect(dataplane_is_tracing(dp));
	cr_expect_eq(told_now(), s.sent);
	sync_now();
	cr_expect(dataplane_is_tracing(dp), "until there are others");
	wait_until_loaded();
	cr_expect(dataplane_is_tracing(dp));
	service.trace = 0;
	sync_now();
	cr_expect_not(dataplane_is_tracing(dp));
}
