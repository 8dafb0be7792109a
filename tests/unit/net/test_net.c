/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* loader/net against the real kernel, in network namespaces of the test's own. */
#include <arpa/inet.h>
#include <time.h>

#include "net/net.h"
#include "sandbox.h"

#define PATIENCE_MS 20000

static sd_event *event;
static struct net *net;
static unsigned hop_calls, link_calls, address_calls, overrun_calls;
static struct net_watch *remove_in_callback;

static void on_next_hop(struct net_watch *watch, const struct next_hop *next_hop, void *watch_data,
			void *data)
{
	cr_assert_eq(next_hop, net_watch_next_hop(watch));
	hop_calls++;
	net_watch_remove(remove_in_callback);
	remove_in_callback = NULL;
}

static void on_link(uint32_t ifindex, void *data)
{
	link_calls++;
}

static void on_address(void *data)
{
	address_calls++;
}

static void on_overrun(unsigned n, void *data)
{
	overrun_calls = n;
}

static void set_up(void)
{
	const struct net_callbacks callbacks = { on_next_hop, on_link, on_address, on_overrun };

	sandbox_open();
	cr_assert_geq(sd_event_new(&event), 0);
	cr_assert_eq(net_open(event, &callbacks, NULL, &net), 0);
}

static void tear_down(void)
{
	net_close(net);
	sd_event_unref(event);
	sandbox_close();
}

TestSuite(net, .init = set_up, .fini = tear_down, .timeout = 60);

/* ---- helpers ------------------------------------------------------------------------------- */
static struct cfg_addr address(const char *text)
{
	struct cfg_addr addr = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	cr_assert_eq(inet_pton(addr.family, text, &addr.v6), 1);
	return addr;
}

static struct net_watch *watch(const char *host, const char *interface)
{
	struct cfg_addr addr = address(host);
	struct net_watch *w;

	cr_assert_eq(net_watch_add(net, &addr, interface, NULL, &w), 0);
	return w;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Runs the loop until the condition holds; says whether it came to hold. */
#define LOOP_UNTIL(condition)                                                                      \
	({                                                                                         \
		uint64_t end = now_ms() + PATIENCE_MS;                                             \
		bool holds;                                                                        \
		while (!(holds = (condition)) && now_ms() < end)                                   \
			cr_assert_geq(sd_event_run(event, 100000), 0);                             \
		holds;                                                                             \
	})

static bool has_mac(const uint8_t *mac, const char *text)
{
	char buf[18];

	snprintf(buf, sizeof(buf), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		 mac[4], mac[5]);
	return strcmp(buf, text) == 0;
}

static bool goes_to(const struct net_watch *w, const char *mac)
{
	const struct next_hop *hop = net_watch_next_hop(w);

	return hop->state == NEXT_HOP_OK && has_mac(hop->dst_mac, mac);
}

static bool is(const struct net_watch *w, enum next_hop_state state)
{
	return net_watch_next_hop(w)->state == state;
}

static const struct net_link *link_named(const char *name)
{
	const struct net_link *link;

	return net_link_by_name(net, name, &link) == 0 ? link : NULL;
}

/* What `ip neigh` says about the entry of 10.0.0.2 contains the word. */
static bool neighbour_has(const char *word)
{
	char command[128];

	snprintf(command, sizeof(command), "ip neigh show 10.0.0.2 dev em0 | grep -q %s", word);
	return system(command) == 0;
}

static bool kernel_manages_neighbours(void)
{
	return system("ip neigh add 10.0.0.77 dev em0 managed 2>/dev/null && "
		      "ip neigh show 10.0.0.77 dev em0 | grep -q managed") == 0;
}

static bool same_next_hop(const struct net_watch *w, const char *gateway)
{
	struct cfg_addr addr = address(gateway);
	const struct next_hop *hop = net_watch_next_hop(w);

	return hop->gateway.family == addr.family &&
	       memcmp(&hop->gateway.v6, &addr.v6, addr.family == AF_INET ? 4 : 16) == 0;
}

static void set_peer_mac(const char *mac)
{
	char command[128];

	snprintf(command, sizeof(command), "ip link set peer address %s", mac);
	run_there(command);
}

/* ---- which way ----------------------------------------------------------------------------- */
static bool same_source(const struct net_watch *w, const char *source)
{
	struct cfg_addr addr = address(source);
	const struct cfg_addr *is = &net_watch_next_hop(w)->src_addr;

	return is->family == addr.family &&
	       memcmp(&is->v6, &addr.v6, addr.family == AF_INET ? 4 : 16) == 0;
}

struct way {
	const char *name;
	const char *setup;
	const char *host;
	const char *interface;
	enum next_hop_state state;
	const char *gateway;
	const char *source; /* the box's own address; NULL: not looked at */
};

static const struct way ways[] = {
	{ "on link", NULL, "10.0.0.2", NULL, NEXT_HOP_OK, "10.0.0.2", "10.0.0.1" },
	{ "on link, IPv6", NULL, "fd00::2", NULL, NEXT_HOP_OK, "fd00::2", "fd00::1" },
	{ "second address of the interface", "ip addr add 10.5.0.1/24 dev em0", "10.0.0.2", NULL,
	  NEXT_HOP_OK, "10.0.0.2", "10.0.0.1" },
	{ "source of the route",
	  "ip addr add 10.5.0.1/32 dev lo; ip route add 10.0.0.2/32 dev em0 src 10.5.0.1",
	  "10.0.0.2", NULL, NEXT_HOP_OK, "10.0.0.2", "10.5.0.1" },
	{ "interface", NULL, "10.0.0.2", "em0", NEXT_HOP_OK, "10.0.0.2", "10.0.0.1" },
	{ "interface, IPv6", NULL, "fd00::2", "em0", NEXT_HOP_OK, "fd00::2", NULL },
	{ "altname", "ip link property add dev em0 altname vether0", "10.0.0.2", "vether0",
	  NEXT_HOP_OK, "10.0.0.2", NULL },
	{ "gateway", "ip route add 10.1.0.0/24 via 10.0.0.2", "10.1.0.9", NULL, NEXT_HOP_OK,
	  "10.0.0.2", "10.0.0.1" },
	{ "gateway, IPv6", "ip route add fd01::/64 via fd00::2", "fd01::9", NULL, NEXT_HOP_OK,
	  "fd00::2", "fd00::1" },
	{ "gateway through the interface", "ip route add 10.1.0.0/24 via 10.0.0.2", "10.1.0.9",
	  "em0", NEXT_HOP_OK, "10.0.0.2", NULL },
	{ "IPv4 by an IPv6 gateway", "ip route add 10.1.0.0/24 via inet6 fd00::2 dev em0",
	  "10.1.0.9", NULL, NEXT_HOP_OK, "fd00::2", NULL },
	{ "permanent neighbour", "ip neigh add 10.0.0.3 lladdr 02:00:00:00:00:03 dev em0",
	  "10.0.0.3", NULL, NEXT_HOP_OK, "10.0.0.3", NULL },
	{ "no route", NULL, "10.1.0.9", NULL, NEXT_HOP_NO_ROUTE, NULL, NULL },
	{ "no route, IPv6", NULL, "fd01::9", NULL, NEXT_HOP_NO_ROUTE, NULL, NULL },
	{ "no route through the interface", NULL, "10.1.0.9", "em0", NEXT_HOP_NO_ROUTE, NULL, NULL },
	{ "routed elsewhere",
	  "ip link add em1 type dummy 2>/dev/null || ip link add em1 type veth peer name em1p; "
	  "ip addr add 10.2.0.1/24 dev em1; ip link set em1 up; ip link set em1p up 2>/dev/null; :",
	  "10.0.0.2", "em1", NEXT_HOP_NO_ROUTE, NULL, NULL },
	{ "unreachable by routing table", "ip route add unreachable 10.1.0.0/24", "10.1.0.9", NULL,
	  NEXT_HOP_NO_ROUTE, NULL, NULL },
	{ "our own address", NULL, "10.0.0.1", NULL, NEXT_HOP_NO_ROUTE, NULL, NULL },
	{ "no interface", NULL, "10.0.0.2", "em7", NEXT_HOP_NO_INTERFACE, NULL, NULL },
	{ "link down", "ip link set em0 down", "10.0.0.2", "em0", NEXT_HOP_LINK_DOWN, NULL, NULL },
	{ "nobody there", NULL, "10.0.0.99", NULL, NEXT_HOP_UNREACHABLE, "10.0.0.99", NULL },
};

static void check_way(const struct way *row)
{
	struct net_watch *w;

	set_up();
	if (row->setup)
		run("%s", row->setup);
	w = watch(row->host, row->interface);
	cr_expect(LOOP_UNTIL(is(w, row->state)), "%s: state %d", row->name,
		  net_watch_next_hop(w)->state);
	if (row->gateway)
		cr_expect(same_next_hop(w, row->gateway), "%s: gateway", row->name);
	if (row->source)
		cr_expect(same_source(w, row->source), "%s: source", row->name);
	tear_down();
}

/* Each row in namespaces of its own: set_up() unshares again. */
Test(ways, table, .timeout = 120)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		check_way(&ways[i]);
}

Test(net, frames_are_addressed_from_and_to_the_right_macs)
{
	const struct next_hop *hop;
	struct net_watch *w;

	run("ip link set em0 address 02:00:00:00:00:01");
	set_peer_mac("02:00:00:00:00:02");
	w = watch("10.0.0.2", "em0");
	cr_assert(LOOP_UNTIL(goes_to(w, "02:00:00:00:00:02")));
	cr_assert(LOOP_UNTIL(has_mac(net_watch_next_hop(w)->src_mac, "02:00:00:00:00:01")));
	hop = net_watch_next_hop(w);
	cr_assert_eq(hop->ifindex, link_named("em0")->ifindex);
	cr_assert_str_eq(hop->interface, "em0");
}

Test(net, known_answer_comes_from_within_add)
{
	run("ip neigh add 10.0.0.3 lladdr 02:00:00:00:00:03 dev em0");
	cr_assert(goes_to(watch("10.0.0.3", "em0"), "02:00:00:00:00:03"));
	cr_assert_eq(hop_calls, 1);
}

/* NAT speaks with it. */
Test(net, own_address_is_followed)
{
	struct net_watch *w;

	run("ip neigh add 10.0.0.3 lladdr 02:00:00:00:00:03 dev em0");
	w = watch("10.0.0.3", NULL);
	cr_assert(same_source(w, "10.0.0.1"));
	run("ip addr add 10.5.0.1/32 dev lo; ip route add 10.0.0.3/32 dev em0 src 10.5.0.1");
	cr_assert(LOOP_UNTIL(same_source(w, "10.5.0.1")));
	run("ip route del 10.0.0.3/32 dev em0");
	cr_assert(LOOP_UNTIL(same_source(w, "10.0.0.1")));
}

Test(net, host_without_address_is_refused)
{
	struct cfg_addr none = { .family = AF_UNSPEC };
	struct net_watch *w;

	cr_assert_eq(net_watch_add(net, &none, NULL, NULL, &w), -EINVAL);
}

/* ---- changes ------------------------------------------------------------------------------- */
Test(net, replaced_nic_is_noticed_though_it_keeps_silent)
{
	struct net_watch *w4 = watch("10.0.0.2", "em0"), *w6 = watch("fd00::2", "em0");

	set_peer_mac("02:00:00:00:00:02");
	cr_assert(LOOP_UNTIL(goes_to(w4, "02:00:00:00:00:02")));
	cr_assert(LOOP_UNTIL(goes_to(w6, "02:00:00:00:00:02")));
	set_peer_mac("02:00:00:00:00:22");
	/* Never without a next hop in between: flows would be moved for nothing. */
	cr_assert(LOOP_UNTIL(goes_to(w4, "02:00:00:00:00:22") || !is(w4, NEXT_HOP_OK)));
	cr_assert(is(w4, NEXT_HOP_OK));
	cr_assert(LOOP_UNTIL(goes_to(w6, "02:00:00:00:00:22")));
}

Test(net, gratuitous_arp_is_followed)
{
	struct net_watch *w = watch("10.0.0.2", "em0");
	uint64_t start;

	run_there("sysctl -qw net.ipv4.conf.peer.arp_notify=1");
	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_OK)));
	start = now_ms();
	set_peer_mac("02:00:00:00:00:22");
	cr_assert(LOOP_UNTIL(goes_to(w, "02:00:00:00:00:22")));
	cr_log_info("after %u ms", (unsigned)(now_ms() - start));
}

Test(net, dead_host_becomes_unreachable_and_comes_back)
{
	struct net_watch *w = watch("10.0.0.2", "em0");

	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_OK)));
	run_there("ip addr del 10.0.0.2/24 dev peer");
	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_UNREACHABLE)));
	run_there("ip addr add 10.0.0.2/24 dev peer");
	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_OK)));
}

Test(net, deleted_entry_is_asked_for_again)
{
	struct net_watch *w = watch("10.0.0.2", "em0");
	unsigned calls;

	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_OK)));
	calls = hop_calls;
	run("ip neigh del 10.0.0.2 dev em0");
	cr_assert(LOOP_UNTIL(neighbour_has("REACHABLE")));
	cr_assert(is(w, NEXT_HOP_OK));
	cr_assert_eq(hop_calls, calls, "it was never away");
}

Test(net, link_down_and_up)
{
	struct net_watch *w = watch("10.0.0.2", "em0"), *routed = watch("10.0.0.2", NULL);

	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_OK)));
	run("ip link set em0 down");
	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_LINK_DOWN)));
	cr_assert(LOOP_UNTIL(is(routed, NEXT_HOP_NO_ROUTE)));
	cr_assert_not(link_named("em0")->up);
	run("ip link set em0 up");
	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_OK) && is(routed, NEXT_HOP_OK)));
}

Test(net, carrier_lost_and_found)
{
	struct net_watch *w = watch("10.0.0.2", "em0");

	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_OK)));
	run_there("ip link set peer down");
	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_LINK_DOWN)));
	run_there("ip link set peer up");
	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_OK)));
}

Test(net, interface_renamed)
{
	struct net_watch *routed = watch("10.0.0.2", NULL), *old = watch("10.0.0.2", "em0"),
			 *new = watch("10.0.0.2", "lan0");

	cr_assert(LOOP_UNTIL(is(old, NEXT_HOP_OK)));
	cr_assert(is(new, NEXT_HOP_NO_INTERFACE));
	run("ip link set em0 name lan0");
	cr_assert(LOOP_UNTIL(is(new, NEXT_HOP_OK)));
	cr_assert(LOOP_UNTIL(is(old, NEXT_HOP_NO_INTERFACE)));
	cr_assert(LOOP_UNTIL(strcmp(net_watch_next_hop(routed)->interface, "lan0") == 0));
	cr_assert_gt(link_calls, 0);
	cr_assert_null(link_named("em0"));
}

Test(net, interface_vanishes_and_another_takes_its_name)
{
	struct net_watch *w = watch("10.0.0.2", "em0");
	uint32_t before;

	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_OK)));
	before = net_watch_next_hop(w)->ifindex;
	run("ip link del em0");
	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_NO_INTERFACE)));
	run("ip link add em0 type veth peer name peer netns %d", sandbox_peer);
	run("ip addr add 10.0.0.1/24 dev em0 && ip link set em0 up");
	run_there("ip addr add 10.0.0.2/24 dev peer");
	run_there("ip link set peer up");
	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_OK)));
	cr_assert_neq(net_watch_next_hop(w)->ifindex, before);
}

Test(net, our_mac_changed)
{
	struct net_watch *w = watch("10.0.0.2", "em0");

	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_OK)));
	run("ip link set em0 address 02:00:00:00:00:11");
	cr_assert(LOOP_UNTIL(has_mac(net_watch_next_hop(w)->src_mac, "02:00:00:00:00:11")));
}

Test(net, route_deleted_and_replaced)
{
	struct net_watch *w;

	run("ip route add 10.1.0.0/24 via 10.0.0.2");
	run_there("ip addr add 10.0.0.3/24 dev peer");
	w = watch("10.1.0.9", NULL);
	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_OK)));
	run("ip route replace 10.1.0.0/24 via 10.0.0.3");
	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_OK) && same_next_hop(w, "10.0.0.3")));
	run("ip route del 10.1.0.0/24");
	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_NO_ROUTE)));
}

Test(net, address_moves_to_another_interface)
{
	struct cfg_addr addr = address("10.9.0.1");
	uint32_t em0 = link_named("em0")->ifindex;

	run("ip addr add 10.9.0.1/32 dev em0");
	cr_assert(LOOP_UNTIL(net_address_owner(net, &addr) == em0));
	cr_assert_eq(address_calls, 1);
	run("ip addr add 10.9.0.1/32 dev lo && ip addr del 10.9.0.1/32 dev em0");
	cr_assert(LOOP_UNTIL(net_address_owner(net, &addr) == 1));
	run("ip addr del 10.9.0.1/32 dev lo");
	cr_assert(LOOP_UNTIL(net_address_owner(net, &addr) == 0));
}

Test(net, altname_comes_and_goes)
{
	cr_assert_null(link_named("vether0"));
	run("ip link property add dev em0 altname vether0 altname a-name-longer-than-ifnamsiz");
	cr_assert(LOOP_UNTIL(link_named("vether0") != NULL));
	cr_assert_str_eq(link_named("a-name-longer-than-ifnamsiz")->name, "em0");
	run("ip link property del dev em0 altname vether0");
	cr_assert(LOOP_UNTIL(link_named("vether0") == NULL));
}

/* ---- upkeep -------------------------------------------------------------------------------- */
Test(net, entries_are_managed_while_watched_and_released_after)
{
	struct net_watch *w, *other;

	if (!kernel_manages_neighbours())
		cr_skip_test("this kernel or ip(8) knows no managed neighbours");
	w = watch("10.0.0.2", "em0");
	other = watch("10.0.0.2", NULL);
	cr_assert(LOOP_UNTIL(neighbour_has("managed")));
	net_watch_remove(w);
	cr_assert(neighbour_has("managed"), "somebody wants it still");
	net_watch_remove(other);
	cr_assert_not(neighbour_has("managed"));
}

Test(net, foreign_management_stays)
{
	struct net_watch *w;

	if (!kernel_manages_neighbours())
		cr_skip_test("this kernel or ip(8) knows no managed neighbours");
	run("ip neigh replace 10.0.0.2 dev em0 managed");
	w = watch("10.0.0.2", "em0");
	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_OK)));
	net_watch_remove(w);
	cr_assert(neighbour_has("managed"));
}

Test(net, permanent_entry_is_left_alone)
{
	uint64_t end = now_ms() + 2 * NET_PROBE_INTERVAL_MS;
	struct net_watch *w;

	run("ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:99 dev em0");
	w = watch("10.0.0.2", "em0");
	while (now_ms() < end) /* the time of at least one round of probes */
		cr_assert_geq(sd_event_run(event, 100000), 0);
	cr_assert(goes_to(w, "02:00:00:00:00:99"));
	net_watch_remove(w);
	cr_assert(neighbour_has("PERMANENT"));
}

Test(net, watch_is_removed_from_within_a_callback)
{
	struct net_watch *first = watch("10.0.0.2", "em0"), *second = watch("10.0.0.2", "em0"),
			 *third = watch("10.0.0.2", NULL);

	cr_assert(LOOP_UNTIL(is(third, NEXT_HOP_OK)));
	cr_assert(is(first, NEXT_HOP_OK));
	remove_in_callback = second;
	run("ip link set em0 address 02:00:00:00:00:11");
	cr_assert(LOOP_UNTIL(has_mac(net_watch_next_hop(third)->src_mac, "02:00:00:00:00:11")));
	cr_assert_null(remove_in_callback);
	remove_in_callback = third; /* the one that is being called for, and the last with it */
	net_watch_remove(first);
	run("ip link set em0 address 02:00:00:00:00:12");
	cr_assert(LOOP_UNTIL(remove_in_callback == NULL));
}

/* ---- floods -------------------------------------------------------------------------------- */
static void flood(void)
{
	run("for i in $(seq 250); do echo addr add 10.8.0.$i/32 dev em0; "
	    "echo addr del 10.8.0.$i/32 dev em0; done | ip -batch -");
}

Test(net, overrun_is_answered_by_reading_everything_anew)
{
	struct net_watch *w = watch("10.0.0.2", "em0"), *new = watch("10.0.0.2", "lan0");
	struct cfg_addr addr = address("10.9.0.1"), gone = address("10.7.0.1");

	run("ip addr add 10.7.0.1/32 dev em0");
	cr_assert(LOOP_UNTIL(net_address_owner(net, &gone) != 0 && is(w, NEXT_HOP_OK)));
	cr_assert_eq(net_overruns(net), 0);
	cr_assert_eq(net_set_event_buffer(net, 1), 0);
	flood();
	run("ip addr add 10.9.0.1/32 dev em0 && ip addr del 10.7.0.1/32 dev em0");
	run("ip link set em0 down && ip link set em0 name lan0 && ip link set lan0 up");
	cr_assert(LOOP_UNTIL(net_address_owner(net, &addr) != 0));
	cr_assert_gt(net_overruns(net), 0);
	cr_assert_eq(overrun_calls, net_overruns(net));
	cr_assert_eq(net_address_owner(net, &gone), 0);
	/* Of the flood's first additions the deletions were lost: they must not be believed. */
	gone = address("10.8.0.1");
	cr_assert_eq(net_address_owner(net, &gone), 0);
	cr_assert(LOOP_UNTIL(is(new, NEXT_HOP_OK) && is(w, NEXT_HOP_NO_INTERFACE)));
}

Test(net, changes_of_a_neighbour_lost_in_an_overrun_are_found)
{
	struct net_watch *w = watch("10.0.0.2", "em0");

	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_OK)));
	cr_assert_eq(net_set_event_buffer(net, 1), 0);
	flood();
	run("ip neigh replace 10.0.0.2 lladdr 02:00:00:00:00:77 dev em0");
	cr_assert(LOOP_UNTIL(goes_to(w, "02:00:00:00:00:77")));
	cr_assert_gt(net_overruns(net), 0);
}

Test(net, storm_of_routes_reports_nothing_that_did_not_change)
{
	struct net_watch *w = watch("10.0.0.2", "em0");
	struct cfg_addr addr = address("10.9.0.1");
	unsigned calls;

	cr_assert(LOOP_UNTIL(is(w, NEXT_HOP_OK)));
	calls = hop_calls;
	run("for i in $(seq 250); do echo route add 10.6.$i.0/24 via 10.0.0.2; done | ip -batch -");
	run("ip addr add 10.9.0.1/32 dev em0");
	cr_assert(LOOP_UNTIL(net_address_owner(net, &addr) != 0));
	cr_assert_eq(hop_calls, calls);
}

/* ---- counters ------------------------------------------------------------------------------ */
Test(net, link_stats)
{
	const struct net_link *link;
	struct net_link_stats before, after;

	cr_assert_eq(net_link_by_name(net, "em0", &link), 0);
	cr_assert_eq(net_link_stats(net, link->ifindex, &before), 0);
	run("ping -q -c 3 -i 0.2 -s 1000 10.0.0.2 >/dev/null");
	cr_assert_eq(net_link_stats(net, link->ifindex, &after), 0);
	cr_expect_geq(after.tx_packets, before.tx_packets + 3);
	cr_expect_geq(after.tx_bytes, before.tx_bytes + 3 * 1042);
	cr_expect_geq(after.rx_bytes, before.rx_bytes + 3 * 1042);
	cr_expect_eq(net_link_stats(net, 9999, &after), -ENODEV);
}
