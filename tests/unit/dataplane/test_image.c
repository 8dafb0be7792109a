/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <errno.h>

#include "dataplane/vips.h"
#include "fixture.h"

static struct fixture *f;

static void setup(void)
{
	f = fix_new(2);
}

static void teardown(void)
{
	fix_free(f);
}

TestSuite(image, .init = setup, .fini = teardown);

static const struct xlb_service *service(unsigned i)
{
	int slot = image_find_service(f->image, fix_names[i], f->services[i].proto);

	return slot < 0 ? NULL : &f->image->services[slot];
}

static const struct xlb_host *host(unsigned s, unsigned h)
{
	int slot = fix_slot(f, s, h);

	return slot < 0 ? NULL : &f->image->hosts[slot];
}

static const struct xlb_vip *vip(const char *addr, uint16_t port, uint8_t proto)
{
	struct cfg_addr a = fix_addr(addr);
	struct xlb_vip key = { .port = htons(port), .proto = proto, .family = a.family };
	int slot;

	memcpy(key.addr, &a.v6, a.family == AF_INET6 ? 16 : 4);
	slot = vips_find(f->image->vips, f->image->settings.hash_key, &key);
	return slot < 0 ? NULL : &f->image->vips[slot];
}

static unsigned rows_of(unsigned s, int cur)
{
	const struct image_rows *rows = f->image->rows[service(s) - f->image->services];
	unsigned n = 0;

	for (uint32_t i = 0; i < XLB_ROWS; i++)
		n += rows->table.row[i].cur == cur;
	return n;
}

static unsigned rows_with_prev(unsigned s, int prev)
{
	const struct image_rows *rows = f->image->rows[service(s) - f->image->services];
	unsigned n = 0;

	for (uint32_t i = 0; i < XLB_ROWS; i++)
		n += rows->table.row[i].prev == prev;
	return n;
}

/* ---- what is in it ------------------------------------------------------------------------- */
Test(image, holds_what_is_desired)
{
	fix_sync(f);
	cr_assert_not_null(service(0));
	cr_assert_eq(service(0)->id, 1);
	cr_assert_eq(service(0)->port_mask, ~0u);
	cr_assert_eq(vip("10.0.0.2", 443, IPPROTO_TCP)->service, service(1) - f->image->services);
	cr_assert_null(vip("10.0.0.2", 443, IPPROTO_UDP));
	for (int i = 0; i < 4; i++) {
		const struct xlb_host *h = host(1, i);

		cr_assert_eq(h->flags, XLB_HOST_NEW | XLB_HOST_OLD);
		cr_assert_str_eq(h->name, fix_names[i]);
		cr_assert_eq(h->family, i % 2 ? AF_INET6 : AF_INET);
		cr_assert_eq(f->image->tx_ports[h->tx_port], 4);
		cr_assert_eq(rows_of(1, fix_slot(f, 1, i)), XLB_ROWS / 4);
	}
	cr_assert_eq(rows_with_prev(1, XLB_HOST_NONE), XLB_ROWS);
	cr_assert_eq(f->image->n_macs, 8);
}

struct choice {
	const char *name;
	enum xlb_choose choose;
	bool track;
	bool sticky;
	uint16_t flags;
	bool has_pool;
};

static const struct choice choices[] = {
	{ "maglev", XLB_CHOOSE_ROW, false, false, 0, false },
	{ "maglev, tracked", XLB_CHOOSE_ROW, true, false, XLB_SERVICE_TRACK, false },
	{ "source-hash, sticky", XLB_CHOOSE_ROW, false, true, XLB_SERVICE_STICKY, false },
	{ "roundrobin", XLB_CHOOSE_ROUNDROBIN, false, false, XLB_SERVICE_TRACK, true },
	{ "roundrobin, sticky", XLB_CHOOSE_ROUNDROBIN, false, true, XLB_SERVICE_STICKY, true },
	{ "random", XLB_CHOOSE_RANDOM, false, false, XLB_SERVICE_TRACK, true },
	{ "least-states, sticky", XLB_CHOOSE_LEAST_STATES, false, true,
	  XLB_SERVICE_TRACK | XLB_SERVICE_STICKY, true },
};

Test(image, flags_and_pools_by_mode)
{
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		const struct choice *c = &choices[i];
		const struct image_pool *pool;

		f->services[0].choose = c->choose;
		f->services[0].track = c->track;
		f->services[0].sticky = c->sticky;
		fix_sync(f);
		pool = f->image->pools[service(0) - f->image->services];
		cr_assert_eq(service(0)->flags, c->flags, "%s", c->name);
		cr_assert_eq(pool != NULL, c->has_pool, "%s", c->name);
		if (pool)
			cr_assert_eq(pool->pool.n_hosts, 4, "%s", c->name);
	}
}

struct timeouts {
	const char *name;
	uint8_t proto;
	uint32_t session;
	uint32_t seconds[XLB_FLOW_STATES]; /* 0: not looked at */
};

static const struct timeouts timeouts[] = {
	{ "relayd's default", IPPROTO_TCP, 600, { 0, 30, 600, 600, 45, 90, 600, 600, 600 } },
	{ "long sessions", IPPROTO_TCP, 86400, { 0, 30, 86400, 900, 45, 90, 86400, 0, 0 } },
	{ "short sessions", IPPROTO_TCP, 20, { 0, 20, 20, 20, 20, 20, 20, 20, 20 } },
	{ "UDP's default", IPPROTO_UDP, 60, { 0, 60, 60, 0, 0, 0, 60, 60, 60 } },
	{ "UDP, short", IPPROTO_UDP, 10, { 0, 10, 10, 0, 0, 0, 10, 10, 10 } },
	{ "UDP, long", IPPROTO_UDP, 300, { 0, 60, 300, 0, 0, 0, 300, 300, 300 } },
};

Test(image, timeouts_are_pfs)
{
	for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
		const struct timeouts *t = &timeouts[i];

		f->services[0].proto = t->proto;
		f->services[0].timeout_s = t->session;
		fix_sync(f);
		for (int state = 0; state < XLB_FLOW_STATES; state++) {
			double ticks = t->seconds[state] * 1e9 / (1 << XLB_TICK_SHIFT);
			uint32_t got = service(0)->timeout[state];

			if (ticks > 0)
				cr_assert(got >= ticks && got < ticks + 1, "%s, state %d: %u",
					  t->name, state, got);
		}
		cr_assert_geq(image_row_timeout(service(0)), service(0)->timeout[XLB_FLOW_OPEN]);
	}
}

/* ---- nothing changes by itself ------------------------------------------------------------- */
Test(image, slots_do_not_depend_on_order)
{
	struct desired_service s;
	struct desired_host h;
	int before, after;

	fix_sync(f);
	before = fix_slot(f, 1, 3);
	s = f->services[0];
	f->services[0] = f->services[1];
	f->services[1] = s;
	h = f->hosts[1][0];
	f->hosts[1][0] = f->hosts[1][3];
	f->hosts[1][3] = h;
	fix_sync(f);
	after = image_find_host(f->image, image_find_service(f->image, "one", IPPROTO_TCP),
				&f->hosts[1][0].addr);
	cr_assert_eq(before, after);
}

Test(image, rows_are_shared_while_nothing_changes)
{
	const struct image_rows *rows;

	fix_sync(f);
	rows = f->image->rows[0];
	fix_sync(f);
	cr_assert_eq(f->image->rows[0], rows);
	f->hosts[0][1].weight = 3;
	fix_sync(f);
	cr_assert_neq(f->image->rows[0], rows);
}

/* ---- hosts come and go --------------------------------------------------------------------- */
Test(image, host_without_next_hop_has_no_flags)
{
	f->hosts[0][2].has_next_hop = false;
	fix_sync(f);
	cr_assert_eq(host(0, 2)->flags, 0);
	cr_assert_eq(rows_of(0, fix_slot(f, 0, 2)), 0);
	cr_assert_eq(f->image->n_macs, 7);
}

Test(image, host_without_egress_has_no_flags)
{
	const uint32_t gone = 5;

	f->hosts[0][2].ifindex = 5;
	f->in.no_egress = &gone;
	f->in.n_no_egress = 1;
	fix_sync(f);
	cr_assert_eq(host(0, 2)->flags, 0);
	for (int i = 0; i < XLB_MAX_TX_PORTS; i++)
		cr_assert_neq(f->image->tx_ports[i], 5);
	f->in.n_no_egress = 0;
	fix_sync(f);
	cr_assert_eq(host(0, 2)->flags, XLB_HOST_NEW | XLB_HOST_OLD);
}

Test(image, drained_host_keeps_rows_as_prev)
{
	int slot;

	fix_sync(f);
	slot = fix_slot(f, 0, 1);
	f->hosts[0][1].takes_new = false;
	fix_sync(f);
	cr_assert_eq(host(0, 1)->flags, XLB_HOST_OLD);
	cr_assert_eq(rows_of(0, slot), 0);
	cr_assert_eq(rows_with_prev(0, slot), XLB_ROWS / 4);
}

static bool is_used(uint16_t slot, void *data)
{
	return *(bool *)data;
}

/* At the start hosts come one after the other; nothing has to stay where it never was. */
Test(image, hosts_of_a_service_without_packets_make_no_moves)
{
	bool used = false;

	f->in.is_used = is_used;
	f->in.data = &used;
	for (int i = 1; i < 4; i++)
		f->hosts[0][i].takes_new = f->hosts[0][i].keeps_old = false;
	fix_sync(f);
	cr_assert_eq(rows_of(0, fix_slot(f, 0, 0)), XLB_ROWS);
	for (int i = 1; i < 4; i++) {
		f->hosts[0][i].takes_new = f->hosts[0][i].keeps_old = true;
		fix_sync(f);
		cr_assert_eq(rows_with_prev(0, XLB_HOST_NONE), XLB_ROWS);
	}
	cr_assert_eq(rows_of(0, fix_slot(f, 0, 3)), XLB_ROWS / 4);
	/* from now on moves are moves: another load balancer makes them, too */
	f->hosts[0][1].takes_new = false;
	fix_sync(f);
	cr_assert_eq(rows_with_prev(0, fix_slot(f, 0, 1)), XLB_ROWS / 4);
}

Test(image, hosts_of_a_service_with_packets_make_moves_from_the_first)
{
	bool used = true;

	f->in.is_used = is_used;
	f->in.data = &used;
	f->hosts[0][3].takes_new = f->hosts[0][3].keeps_old = false;
	fix_sync(f);
	f->hosts[0][3].takes_new = f->hosts[0][3].keeps_old = true;
	fix_sync(f);
	cr_assert_leq(rows_with_prev(0, XLB_HOST_NONE), XLB_ROWS - XLB_ROWS / 4);
}

Test(image, failed_host_leaves_nothing)
{
	int slot;

	fix_sync(f);
	slot = fix_slot(f, 0, 1);
	f->hosts[0][1].takes_new = f->hosts[0][1].keeps_old = false;
	fix_sync(f);
	cr_assert_eq(host(0, 1)->flags, 0);
	cr_assert_eq(rows_of(0, slot), 0);
	/* few rows of others move, and those move slowly */
	cr_assert_gt(rows_with_prev(0, XLB_HOST_NONE), XLB_ROWS * 9 / 10);
	cr_assert_eq(rows_with_prev(0, slot), 0);
}

/* T passes, the table is looked through: nobody refers to the host any more. */
Test(image, removed_host_stays_until_its_flows_are_over)
{
	int slot;

	fix_sync(f);
	slot = fix_slot(f, 0, 3);
	f->services[0].n_hosts = 3;
	fix_sync(f);
	cr_assert_eq(f->image->hosts[slot].flags, XLB_HOST_OLD);
	f->scan.hosts[slot] = 5;
	for (int i = 0; i < 4; i++)
		fix_scan(f);
	cr_assert_eq(f->image->hosts[slot].flags, XLB_HOST_OLD, "rows still name it");
	f->in.now += 1000;
	for (int i = 0; i < 4; i++)
		fix_scan(f);
	cr_assert_eq(rows_with_prev(0, slot), 0);
	cr_assert_eq(f->image->hosts[slot].flags, XLB_HOST_OLD, "entries still name it");
	f->scan.hosts[slot] = 0;
	fix_scan(f);
	cr_assert_eq(f->image->hosts[slot].family, 0);
	cr_assert_eq(f->image->host_state[slot].phase, SLOT_FREE);
}

Test(image, removed_host_may_come_back_in_time)
{
	int slot;

	fix_sync(f);
	slot = fix_slot(f, 0, 3);
	f->services[0].n_hosts = 3;
	fix_sync(f);
	f->services[0].n_hosts = 4;
	fix_sync(f);
	cr_assert_eq(fix_slot(f, 0, 3), slot);
	cr_assert_eq(f->image->hosts[slot].flags, XLB_HOST_NEW | XLB_HOST_OLD);
}

Test(image, tracked_flows_hold_a_removed_host)
{
	int slot;

	f->services[0].track = true;
	fix_sync(f);
	for (int i = 0; i < 3; i++)
		fix_scan(f);
	slot = fix_slot(f, 0, 3);
	f->services[0].n_hosts = 3;
	fix_sync(f);
	/* the look that ends next has begun before: what it says proves nothing */
	fix_scan(f);
	cr_assert_eq(f->image->hosts[slot].flags, XLB_HOST_OLD);
	f->scan.hosts[slot] = 1;
	fix_scan(f);
	cr_assert_eq(f->image->hosts[slot].flags, XLB_HOST_OLD);
	f->scan.hosts[slot] = 0;
	fix_scan(f);
	cr_assert_eq(f->image->hosts[slot].family, 0);
}

Test(image, freed_slot_is_not_used_at_once)
{
	int slot;

	f->hosts[0][3].takes_new = f->hosts[0][3].keeps_old = false;
	fix_sync(f);
	slot = fix_slot(f, 0, 3);
	f->services[0].n_hosts = 3;
	fix_sync(f);
	fix_scan(f);
	cr_assert_neq(f->image->hosts[slot].family, 0, "entries may still name it");
	fix_scan(f);
	cr_assert_eq(f->image->hosts[slot].family, 0);
	f->services[0].n_hosts = 4;
	fix_sync(f);
	cr_assert_neq(fix_slot(f, 0, 3), slot);
	fix_scan(f);
	f->services[1].n_hosts = 5;
	fix_sync(f);
	cr_assert_neq(fix_slot(f, 1, 4), slot);
	fix_scan(f);
	f->services[1].n_hosts = 6;
	fix_sync(f);
	cr_assert_eq(fix_slot(f, 1, 5), slot);
}

Test(image, gateways_are_no_loops)
{
	f->hosts[0][0].via_gateway = true;
	fix_sync(f);
	cr_assert_eq(f->image->n_macs, 7);
}

Test(image, one_mac_of_two_hosts_counts_once)
{
	memcpy(f->hosts[0][1].dst_mac, f->hosts[0][0].dst_mac, 6);
	fix_sync(f);
	cr_assert_eq(f->image->n_macs, 7);
	for (size_t i = 1; i < f->image->n_macs; i++)
		cr_assert_lt(f->image->macs[i - 1].key.raw, f->image->macs[i].key.raw);
}

/* ---- services come and go ------------------------------------------------------------------ */
Test(image, removed_service_stops_at_once_and_goes_later)
{
	int slot;
	uint16_t listen;

	fix_sync(f);
	slot = service(1) - f->image->services;
	listen = vip("10.0.0.2", 443, IPPROTO_TCP)->listen;
	f->desired.n_services = 1;
	fix_sync(f);
	cr_assert_null(vip("10.0.0.2", 443, IPPROTO_TCP));
	cr_assert_not_null(service(1));
	cr_assert_eq(rows_of(1, XLB_HOST_NONE), XLB_ROWS);
	f->scan.listens[listen] = 1;
	f->in.now += 1000;
	for (int i = 0; i < 5; i++)
		fix_scan(f);
	cr_assert_not_null(service(1), "entries of its address are left");
	f->scan.listens[listen] = 0;
	fix_scan(f);
	cr_assert_null(service(1));
	cr_assert_null(f->image->rows[slot]);
	cr_assert_eq(f->image->service_state[slot].phase, SLOT_FREE);
}

Test(image, removed_service_may_come_back_in_time)
{
	const struct xlb_vip before = (fix_sync(f), *vip("10.0.0.2", 443, IPPROTO_TCP));
	unsigned host_slot = fix_slot(f, 1, 2);

	f->desired.n_services = 1;
	fix_sync(f);
	f->desired.n_services = 2;
	fix_sync(f);
	cr_assert_eq(memcmp(&before, vip("10.0.0.2", 443, IPPROTO_TCP), sizeof(before)), 0);
	cr_assert_eq(fix_slot(f, 1, 2), host_slot);
	cr_assert_eq(host(1, 2)->flags, XLB_HOST_NEW | XLB_HOST_OLD);
	cr_assert_eq(rows_with_prev(1, XLB_HOST_SETTLED), XLB_ROWS);
}

Test(image, one_name_two_protocols)
{
	f->services[1].name = f->services[0].name;
	f->services[1].proto = IPPROTO_UDP;
	fix_sync(f);
	cr_assert_neq(image_find_service(f->image, "zero", IPPROTO_TCP),
		      image_find_service(f->image, "zero", IPPROTO_UDP));
}

/* ---- modes change -------------------------------------------------------------------------- */
Test(image, from_tracked_to_rows_entries_are_heard)
{
	f->services[0].choose = XLB_CHOOSE_ROUNDROBIN;
	fix_sync(f);
	cr_assert_eq(rows_with_prev(0, XLB_HOST_NONE), XLB_ROWS);
	f->services[0].choose = XLB_CHOOSE_ROW;
	fix_sync(f);
	cr_assert_eq(rows_with_prev(0, XLB_HOST_SETTLED), XLB_ROWS);
	f->scan.exceptions[0] = calloc(1, sizeof(*f->scan.exceptions[0]));
	row_bits_set(f->scan.exceptions[0], 77);
	f->in.now++;
	fix_scan(f);
	cr_assert_eq(rows_with_prev(0, XLB_HOST_SETTLED), 1);
	cr_assert_eq(f->image->rows[0]->table.row[77].prev, XLB_HOST_SETTLED);
	free(f->scan.exceptions[0]);
	f->scan.exceptions[0] = NULL;
	fix_scan(f);
	cr_assert_eq(rows_with_prev(0, XLB_HOST_SETTLED), 0);
}

Test(image, another_row_hash_settles_the_rows)
{
	fix_sync(f);
	f->services[0].hash_ports = false;
	fix_sync(f);
	cr_assert_eq(rows_with_prev(0, XLB_HOST_SETTLED), XLB_ROWS);
	fix_sync(f);
	f->services[0].has_key = true;
	f->in.now++;
	fix_scan(f);
	cr_assert_eq(rows_with_prev(0, XLB_HOST_NONE), XLB_ROWS);
	fix_sync(f);
	cr_assert_eq(rows_with_prev(0, XLB_HOST_NONE), 0);
}

/* ---- listening ----------------------------------------------------------------------------- */
Test(image, port_ranges)
{
	const struct xlb_vip *v;
	unsigned index;

	f->listens[0][1] = (struct desired_listen){ fix_addr("10.0.0.1"), 1000, 2000, 0 };
	f->listens[0][2] = (struct desired_listen){ fix_addr("10.0.0.1"), 3000, 4000, 9 };
	f->services[0].n_listens = 3;
	fix_sync(f);
	v = vip("10.0.0.1", 0, IPPROTO_TCP);
	cr_assert(v && v->flags == XLB_VIP_RANGES);
	cr_assert_eq(f->image->settings.has_ranges, 1);
	index = v->listen;
	cr_assert_eq(f->image->ranges[index].n, 2);
	cr_assert_eq(f->image->ranges[index].range[1].ifindex, 9);
	cr_assert_eq(f->image->ranges[index].range[0].listen,
		     vip("10.0.0.1", 443, IPPROTO_TCP)->listen);
	fix_sync(f);
	cr_assert_eq(vip("10.0.0.1", 0, IPPROTO_TCP)->listen, index, "unchanged: same place");
	f->listens[0][2].port_hi = 4001;
	fix_sync(f);
	cr_assert_neq(vip("10.0.0.1", 0, IPPROTO_TCP)->listen, index, "changed: another place");
	cr_assert_eq(f->image->ranges[index].n, 0);
	f->services[0].n_listens = 1;
	fix_sync(f);
	cr_assert_null(vip("10.0.0.1", 0, IPPROTO_TCP));
	cr_assert_eq(f->image->settings.has_ranges, 0);
}

Test(image, same_port_on_two_interfaces)
{
	f->listens[1][0] = f->listens[0][0];
	f->listens[0][0].ifindex = 2;
	f->listens[1][0].ifindex = 3;
	fix_sync(f);
	f->listens[1][0].ifindex = 2;
	cr_assert_eq(fix_try(f), -EEXIST);
}

Test(image, listen_ids_are_not_used_again_while_entries_name_them)
{
	uint16_t listen;

	fix_sync(f);
	listen = vip("10.0.0.1", 443, IPPROTO_TCP)->listen;
	f->listens[0][0].addr = fix_addr("10.0.9.9");
	fix_sync(f);
	f->scan.listens[listen] = 1;
	for (int i = 0; i < 5; i++) {
		f->listens[1][1] = (struct desired_listen){ fix_addr("10.0.9.8"), 80, 80, 0 };
		f->services[1].n_listens = 2;
		fix_sync(f);
		cr_assert_neq(vip("10.0.9.8", 80, IPPROTO_TCP)->listen, listen);
		f->services[1].n_listens = 1;
		fix_sync(f);
		fix_scan(f);
	}
	f->listens[0][0].addr = fix_addr("10.0.0.1");
	fix_sync(f);
	cr_assert_eq(vip("10.0.0.1", 443, IPPROTO_TCP)->listen, listen, "back in time");
}

/* ---- what is refused ----------------------------------------------------------------------- */
struct refusal {
	const char *name;
	void (*spoil)(void);
	int err;
	const char *text; /* part of the sentence */
};

static void spoil_weight(void)
{
	f->hosts[1][2].weight = 0;
}

static void spoil_family(void)
{
	f->hosts[1][2].addr.family = AF_UNSPEC;
}

static void spoil_twice(void)
{
	f->hosts[1][2] = f->hosts[1][0];
}

static void spoil_service(void)
{
	f->services[1].name = "zero";
}

static void spoil_name(void)
{
	f->services[1].name = "a name of more characters than a slot has";
}

static void spoil_timeout(void)
{
	f->services[1].timeout_s = 0;
}

static void spoil_proto(void)
{
	f->services[1].proto = IPPROTO_ICMP;
}

static void spoil_port(void)
{
	f->listens[1][0].port_lo = 0;
}

static void spoil_range(void)
{
	f->listens[1][0].port_hi = 80;
}

static void spoil_listen(void)
{
	f->listens[1][0] = f->listens[0][0];
}

static void spoil_listen_family(void)
{
	f->listens[1][0].addr.family = AF_UNSPEC;
}

static const struct refusal refusals[] = {
	{ "no weight", spoil_weight, -EINVAL, "one: host two has weight 0" },
	{ "no address", spoil_family, -EINVAL, "one: host two has no address" },
	{ "a host twice", spoil_twice, -EEXIST, "one: host zero is there twice" },
	{ "a service twice", spoil_service, -EEXIST, "service zero is there twice" },
	{ "a long name", spoil_name, -EINVAL, "1 to 31 characters" },
	{ "no timeout", spoil_timeout, -EINVAL, "one: no session timeout" },
	{ "another protocol", spoil_proto, -EINVAL, "one: protocol 1" },
	{ "port 0", spoil_port, -EINVAL, "one: ports 0 to 443" },
	{ "a range backwards", spoil_range, -EINVAL, "one: ports 443 to 80" },
	{ "listening twice", spoil_listen, -EEXIST, "zero and one both listen on 10.0.0.1 port 443" },
	{ "listening nowhere", spoil_listen_family, -EINVAL, "one: listen address of no family" },
};

Test(image, refusals_leave_everything)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *r = &refusals[i];
		const struct image *before;

		for (unsigned s = 0; s < 2; s++)
			fix_service(f, s);
		fix_sync(f);
		before = f->image;
		r->spoil();
		cr_assert_eq(fix_try(f), r->err, "%s", r->name);
		cr_assert_not_null(strstr(f->error.text, r->text), "%s: %s", r->name,
				   f->error.text);
		cr_assert_eq(f->image, before);
	}
}

Test(image, too_many_ranges_of_an_address)
{
	struct desired_listen ranges[XLB_RANGE_SIZE + 1];

	for (unsigned i = 0; i <= XLB_RANGE_SIZE; i++)
		ranges[i] = (struct desired_listen){ fix_addr("10.0.0.1"), 1000 + 10 * i,
						     1005 + 10 * i, 0 };
	f->services[0].listens = ranges;
	f->services[0].n_listens = XLB_RANGE_SIZE;
	fix_sync(f);
	f->services[0].n_listens++;
	cr_assert_eq(fix_try(f), -E2BIG);
}

Test(image, too_many_egress_interfaces)
{
	static struct desired_host hosts[XLB_MAX_TX_PORTS + 1];

	for (unsigned i = 0; i <= XLB_MAX_TX_PORTS; i++) {
		hosts[i] = fix_host(0);
		hosts[i].addr.v4.s_addr = htonl(0x0a010000 + i);
		hosts[i].ifindex = 100 + i;
	}
	f->desired.n_services = 1;
	f->services[0].hosts = hosts;
	f->services[0].n_hosts = XLB_MAX_TX_PORTS;
	fix_sync(f);
	f->services[0].n_hosts++;
	cr_assert_eq(fix_try(f), -ENOSPC);
}
