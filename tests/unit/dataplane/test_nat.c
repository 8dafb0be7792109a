/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * NAT in images and plans, relayd's rows, the range of ports, and the look through connections.
 */
#include <errno.h>

#include "dataplane/nat_ports.h"
#include "dataplane/plan.h"
#include "dataplane/relayd_rows.h"
#include "dataplane/sweep.h"
#include "fixture.h"
#include "xlb/hash.h"

#define KEY                                                                                        \
	{                                                                                          \
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17                          \
	}

/* ---- rows as relayd has them --------------------------------------------------------------- */
static void set_up(struct relayd_host *hosts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hosts[i] = (struct relayd_host){ .slot = 10 + i, .up = true };
}

Test(relayd_rows, everybody_has_a_share)
{
	const uint8_t key[KEYS_SIZE] = KEY;
	struct relayd_host hosts[7];
	static uint16_t rows[XLB_ROWS];
	unsigned share[7] = { 0 };

	set_up(hosts, 7);
	relayd_fill(key, hosts, 7, rows);
	for (uint32_t i = 0; i < XLB_ROWS; i++)
		share[rows[i] - 10]++;
	for (int i = 0; i < 7; i++) {
		cr_assert_gt(share[i], XLB_ROWS / 8, "%d has %u", i, share[i]);
		cr_assert_lt(share[i], XLB_ROWS / 6, "%d has %u", i, share[i]);
	}
}

/* Nobody else's clients move, and a dead host's return; with one host dead or two. */
static void kill_and_revive(size_t n, const struct relayd_host *all_up, int dead)
{
	const uint8_t key[KEYS_SIZE] = KEY;
	static uint16_t all[XLB_ROWS], some[XLB_ROWS], again[XLB_ROWS];
	struct relayd_host hosts[8];

	memcpy(hosts, all_up, n * sizeof(*hosts));
	relayd_fill(key, hosts, n, all);
	hosts[dead / n].up = hosts[dead % n].up = false;
	relayd_fill(key, hosts, n, some);
	for (uint32_t i = 0; i < XLB_ROWS; i++) {
		if (hosts[all[i] - 10].up)
			cr_assert_eq(some[i], all[i]);
		else
			cr_assert(hosts[some[i] - 10].up);
	}
	relayd_fill(key, all_up, n, again);
	cr_assert_arr_eq(all, again, sizeof(all));
}

Test(relayd_rows, dead_hosts_clients_return_and_nobody_elses_move)
{
	struct relayd_host hosts[8];

	set_up(hosts, 8);
	for (size_t n = 3; n <= 8; n++)
		for (size_t dead = 0; dead < n * n; dead++)
			kill_and_revive(n, hosts, dead);
}

/* The hash is only shifted: where it is all zeros or ones, at the first host and the last, all have
 * one heir. */
Test(relayd_rows, dead_hosts_clients_spread)
{
	const uint8_t key[KEYS_SIZE] = KEY;
	static uint16_t rows[XLB_ROWS], before[XLB_ROWS];
	struct relayd_host hosts[4];

	set_up(hosts, 4);
	relayd_fill(key, hosts, 4, before);
	for (int dead = 1; dead < 3; dead++) {
		unsigned heirs[4] = { 0 }, n_heirs = 0;

		hosts[dead].up = false;
		relayd_fill(key, hosts, 4, rows);
		for (uint32_t i = 0; i < XLB_ROWS; i++)
			if (rows[i] != before[i])
				heirs[rows[i] - 10]++;
		for (int i = 0; i < 4; i++)
			n_heirs += heirs[i] > XLB_ROWS / 4 / 10;
		cr_assert_geq(n_heirs, 2, "host %d", dead);
		hosts[dead].up = true;
	}
}

/* Step by step as relay_from_table() does it, in other words. */
Test(relayd_rows, retries_are_bounded)
{
	const uint8_t key[KEYS_SIZE] = KEY;
	static uint16_t rows[XLB_ROWS];
	struct relayd_host hosts[64];

	set_up(hosts, 64);
	for (int i = 0; i < 64; i++)
		hosts[i].up = i == 20 || i == 40;
	relayd_fill(key, hosts, 64, rows);
	unsigned low = 0;

	for (uint32_t i = 0; i < XLB_ROWS; i++)
		low += rows[i] == 30;
	/* in the list's order 20 comes after 44 of them, 40 after 20 */
	cr_assert_gt(low, XLB_ROWS / 2);
	cr_assert_lt(low, XLB_ROWS * 3 / 4);
}

Test(relayd_rows, nobody_is_up)
{
	const uint8_t key[KEYS_SIZE] = KEY;
	static uint16_t rows[XLB_ROWS];
	struct relayd_host hosts[3];

	set_up(hosts, 3);
	hosts[0].up = hosts[1].up = hosts[2].up = false;
	relayd_fill(key, hosts, 3, rows);
	for (uint32_t i = 0; i < XLB_ROWS; i++)
		cr_assert_eq(rows[i], XLB_HOST_NONE);
	relayd_fill(key, hosts, 0, rows);
	cr_assert_eq(rows[5], XLB_HOST_NONE);
}

/* ---- ports --------------------------------------------------------------------------------- */
Test(nat_ports, outside_the_local_range)
{
	const struct {
		unsigned lo, hi;
		uint16_t expect_lo, expect_hi;
	} cases[] = {
		{ 32768, 60999, 1024, 32767 }, /* the kernel's default */
		{ 10000, 65535, 1024, 9999 },
		{ 1024, 65535, 0, 0 },
		{ 1, 65535, 0, 0 },
		{ 1, 1023, 1024, 32767 },
		{ 1024, 9999, 10000, 32767 },
		{ 2000, 9999, 10000, 32767 },
		{ 30000, 31000, 1024, 29999 },
		{ 32767, 40000, 1024, 32766 },
		{ 1024, 32766, 32767, 32767 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nat_ports p = nat_ports_outside(cases[i].lo, cases[i].hi);

		cr_assert_eq(p.lo, cases[i].expect_lo, "case %zu: %u", i, p.lo);
		cr_assert_eq(p.hi, cases[i].expect_hi, "case %zu: %u", i, p.hi);
	}
}

static struct nat_ports beside(uint16_t lo, uint16_t hi, uint16_t also, const char *nat,
			       uint8_t proto)
{
	const struct desired_listen listens[] = {
		{ .addr = fix_addr("192.0.2.1"), .port_lo = lo, .port_hi = hi },
		{ .addr = fix_addr("192.0.2.1"), .port_lo = also, .port_hi = also },
		{ .addr = fix_addr("2001:db8::7"), .port_lo = 80, .port_hi = 65535 },
	};
	const struct desired_service service = { .proto = IPPROTO_TCP,
						 .listens = listens,
						 .n_listens = 3 };
	const struct desired desired = { &service, 1 };
	const struct cfg_addr addr = fix_addr(nat);

	return nat_ports_beside((struct nat_ports){ 1024, 32767 }, &desired, &addr, proto);
}

Test(nat_ports, beside_what_services_listen_on)
{
	const struct {
		uint16_t lo, hi, also;
		const char *nat;
		uint8_t proto;
		uint16_t expect_lo, expect_hi;
	} cases[] = {
		{ 80, 80, 443, "192.0.2.1", IPPROTO_TCP, 1024, 32767 },
		{ 6443, 6443, 443, "192.0.2.1", IPPROTO_TCP, 6444, 32767 },
		{ 6443, 6443, 443, "192.0.2.1", IPPROTO_UDP, 1024, 32767 },
		{ 6443, 6443, 443, "192.0.2.2", IPPROTO_TCP, 1024, 32767 },
		{ 30000, 40000, 443, "192.0.2.1", IPPROTO_TCP, 1024, 29999 },
		{ 1024, 32767, 443, "192.0.2.1", IPPROTO_TCP, 0, 0 },
		{ 1, 65535, 443, "192.0.2.1", IPPROTO_TCP, 0, 0 },
		{ 1025, 32767, 443, "192.0.2.1", IPPROTO_TCP, 1024, 1024 },
		{ 1024, 32766, 443, "192.0.2.1", IPPROTO_TCP, 32767, 32767 },
		{ 2000, 2000, 20000, "192.0.2.1", IPPROTO_TCP, 2001, 19999 },
		{ 80, 80, 443, "2001:db8::7", IPPROTO_TCP, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nat_ports p = beside(cases[i].lo, cases[i].hi, cases[i].also, cases[i].nat,
					    cases[i].proto);

		cr_assert_eq(p.lo, cases[i].expect_lo, "case %zu: %u", i, p.lo);
		cr_assert_eq(p.hi, cases[i].expect_hi, "case %zu: %u", i, p.hi);
	}
}

/* ---- images -------------------------------------------------------------------------------- */
static void make_nat(struct fixture *f, unsigned service)
{
	f->services[service].nat = true;
	f->services[service].rows = DESIRED_ROWS_RELAYD;
	f->services[service].hash_ports = false;
	f->services[service].n_hosts = 2;
	for (unsigned i = 0; i < FIX_HOSTS; i++) {
		struct desired_host *h = &f->hosts[service][i];

		h->port = 8080;
		h->n_nat_addrs = 1;
		h->nat_addrs[0] =
			fix_addr(h->addr.family == AF_INET6 ? "2001:db8::1" : "192.168.1.1");
	}
}

static struct fixture *nat_new(unsigned n_services)
{
	struct fixture *f = fix_new(n_services);

	f->in.nat_port_lo = 1024;
	f->in.nat_port_hi = 32767;
	for (unsigned i = 0; i < n_services; i++)
		make_nat(f, i);
	return f;
}

static const struct xlb_host *host_of(const struct fixture *f, unsigned service, unsigned host)
{
	int slot = fix_slot(f, service, host);

	cr_assert_geq(slot, 0);
	return &f->image->hosts[slot];
}

static const struct xlb_target *target_of(const struct fixture *f, unsigned service, unsigned host)
{
	uint16_t target = host_of(f, service, host)->target;

	cr_assert_lt(target, XLB_TARGET_SLOTS);
	return &f->image->targets[target];
}

Test(nat, host_leads_to_its_target)
{
	struct fixture *f = nat_new(1);

	fix_sync(f);
	cr_assert_eq(host_of(f, 0, 0)->n_targets, 1);
	const struct xlb_target *t = target_of(f, 0, 0);

	cr_assert_eq(t->host_addr[0], inet_addr("192.168.1.3"));
	cr_assert_eq(t->nat_addr[0], inet_addr("192.168.1.1"));
	cr_assert_eq(t->host_port, htons(8080));
	cr_assert_eq(t->proto, IPPROTO_TCP);
	cr_assert_eq(t->family, AF_INET);
	cr_assert_eq(t->port_lo, 1024);
	cr_assert_eq(t->port_hi, 32767);
	cr_assert_eq(t->next, XLB_TARGET_NONE);
	cr_assert_eq(target_of(f, 0, 1)->family, AF_INET6);
	fix_free(f);
}

Test(nat, service_says_what_it_is)
{
	struct fixture *f = nat_new(1);

	f->services[0].ttl = 9;
	f->services[0].min_ttl = 254;
	f->services[0].timeout_s = 1000;
	f->services[0].choose = XLB_CHOOSE_LEAST_STATES;
	fix_sync(f);
	const struct xlb_service *s = &f->image->services[0];

	cr_assert_eq(s->flags, XLB_SERVICE_NAT); /* the load is the number of connections */
	cr_assert_eq(s->ttl, 9);
	cr_assert_eq(s->min_ttl, 254);
	cr_assert_lt(s->timeout[XLB_CONN_SYN_SENT], 31);
	cr_assert_gt(s->timeout[XLB_CONN_OPEN], 900);
	cr_assert_eq(s->timeout[XLB_CONN_FIN_CLIENT], s->timeout[XLB_CONN_OPEN]);
	cr_assert_eq(s->timeout[XLB_CONN_FIN_HOST], s->timeout[XLB_CONN_OPEN]);
	cr_assert_eq(s->timeout[XLB_CONN_STICKY], s->timeout[XLB_CONN_OPEN]);
	cr_assert_gt(s->timeout[XLB_CONN_TIME_WAIT], 80);
	cr_assert_lt(s->timeout[XLB_CONN_RESET], 12);
	f->services[0].transparent = f->services[0].sticky = true;
	fix_sync(f);
	cr_assert_eq(f->image->services[0].flags,
		     XLB_SERVICE_NAT | XLB_SERVICE_TRANSPARENT | XLB_SERVICE_STICKY);
	fix_free(f);
}

Test(nat, no_loop_guard_and_no_devmap)
{
	struct fixture *f = nat_new(1);
	const uint32_t gone[] = { 4 };

	f->in.no_egress = gone; /* XDP can't redirect there; TC can */
	f->in.n_no_egress = 1;
	fix_sync(f);
	cr_assert_eq(f->image->n_macs, 0);
	cr_assert_eq(f->image->tx_ports[0], 0);
	cr_assert_eq(host_of(f, 0, 0)->ifindex, 4);
	cr_assert(host_of(f, 0, 0)->flags & XLB_HOST_NEW);
	fix_free(f);
}

Test(nat, services_share_targets)
{
	struct fixture *f = nat_new(2);

	fix_sync(f);
	cr_assert_eq(host_of(f, 0, 0)->target, host_of(f, 1, 0)->target);
	f->services[1].proto = IPPROTO_UDP;
	fix_sync(f);
	cr_assert_neq(host_of(f, 0, 0)->target, host_of(f, 1, 0)->target);
	f->services[1].proto = IPPROTO_TCP;
	f->services[1].transparent = true;
	fix_sync(f);
	cr_assert_neq(host_of(f, 0, 0)->target, host_of(f, 1, 0)->target);
	cr_assert_eq(target_of(f, 1, 0)->nat_addr[0], 0);
	cr_assert_eq(target_of(f, 1, 0)->port_lo, 1);
	fix_free(f);
}

static void two_addresses(struct desired_host *h, const char *a, const char *b)
{
	h->nat_addrs[0] = fix_addr(a);
	h->nat_addrs[1] = fix_addr(b);
	h->n_nat_addrs = 2;
}

Test(nat, several_addresses_are_a_ring)
{
	struct fixture *f = nat_new(2);

	two_addresses(&f->hosts[0][0], "192.168.1.1", "192.168.1.2");
	two_addresses(&f->hosts[1][0], "192.168.1.2", "192.168.1.1");
	fix_sync(f);
	const struct xlb_host *zero = host_of(f, 0, 0), *one = host_of(f, 1, 0);

	cr_assert_eq(zero->n_targets, 2);
	cr_assert_neq(zero->target, one->target);
	cr_assert_eq(f->image->targets[zero->target].next, one->target);
	cr_assert_eq(f->image->targets[one->target].next, zero->target);
	two_addresses(&f->hosts[1][0], "192.168.1.2", "192.168.1.9");
	cr_assert_eq(fix_try(f), -EINVAL);
	cr_assert(strstr(f->error.text, "NAT addresses"), "%s", f->error.text);
	fix_free(f);
}

Test(nat, no_ports_left)
{
	struct fixture *f = nat_new(1);

	f->in.nat_port_lo = f->in.nat_port_hi = 0;
	cr_assert_eq(fix_try(f), -ENOSPC);
	cr_assert(strstr(f->error.text, "ip_local_port_range"), "%s", f->error.text);
	f->services[0].transparent = true;
	fix_sync(f);
	fix_free(f);
}

/* What a connection names stays, and its place is nobody's for two looks after that. */
Test(nat, target_leaves_when_its_connections_have)
{
	struct fixture *f = nat_new(1);

	fix_sync(f);
	uint16_t old = host_of(f, 0, 0)->target;

	f->hosts[0][0].port = 9090;
	fix_sync(f);
	cr_assert_neq(host_of(f, 0, 0)->target, old);
	f->scan.targets[old] = 1;
	for (int i = 0; i < 5; i++)
		fix_scan(f);
	cr_assert_eq(f->image->targets[old].host_port, htons(8080));
	f->scan.targets[old] = 0;
	fix_scan(f);
	cr_assert_eq(f->image->targets[old].host_port, 0);
	cr_assert_eq(f->image->target_state[old].phase, SLOT_FREE);
	f->hosts[0][0].port = 8080;
	fix_sync(f);
	cr_assert_neq(host_of(f, 0, 0)->target, old, "too early");
	fix_scan(f);
	fix_scan(f);
	f->services[0].n_hosts = 1;
	fix_free(f);
}

Test(nat, target_returns_to_itself_while_leaving)
{
	struct fixture *f = nat_new(1);

	fix_sync(f);
	uint16_t old = host_of(f, 0, 0)->target;

	f->hosts[0][0].n_nat_addrs = 0; /* down: no route */
	f->hosts[0][0].takes_new = f->hosts[0][0].keeps_old = false;
	fix_sync(f);
	cr_assert_eq(host_of(f, 0, 0)->target, XLB_TARGET_NONE);
	cr_assert_eq(f->image->target_state[old].phase, SLOT_LEAVING);
	f->hosts[0][0].n_nat_addrs = 1;
	fix_sync(f);
	cr_assert_eq(host_of(f, 0, 0)->target, old);
	fix_free(f);
}

Test(nat, listens_are_told_and_forgotten)
{
	struct fixture *f = nat_new(1);
	int id = -1;

	fix_sync(f);
	for (int i = 0; i < XLB_MAX_LISTENS; i++)
		if (f->image->nat_listens[i].family)
			id = i;
	cr_assert_geq(id, 0);
	cr_assert_eq(f->image->nat_listens[id].addr[0], inet_addr("10.0.0.1"));
	cr_assert_eq(f->image->nat_listens[id].service, 0);
	f->desired.n_services = 0;
	fix_sync(f);
	f->scan.listens[id] = 1;
	for (int i = 0; i < 4; i++)
		fix_scan(f);
	cr_assert_eq(f->image->nat_listens[id].family, AF_INET, "a connection needs it");
	f->scan.listens[id] = 0;
	fix_scan(f);
	cr_assert_eq(f->image->nat_listens[id].family, 0);
	fix_free(f);
}

Test(nat, rows_move_at_once)
{
	struct fixture *f = nat_new(1);

	fix_sync(f);
	f->hosts[0][0].takes_new = false;
	fix_sync(f);
	int other = fix_slot(f, 0, 1);

	for (uint32_t i = 0; i < XLB_ROWS; i++) {
		struct xlb_row row = f->image->rows[0]->table.row[i];

		cr_assert_eq(row.cur, other);
		cr_assert_eq(row.prev, XLB_HOST_NONE);
	}
	fix_free(f);
}

/* ---- keys ---------------------------------------------------------------------------------- */
static struct service_keys keys_of(const struct desired_service *s)
{
	const __u64 hash_key[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct service_keys keys;

	cr_assert_eq(service_keys(s, hash_key, &keys), 0);
	return keys;
}

Test(nat, keys_mix_the_listen_address)
{
	struct fixture *f = nat_new(2);
	struct service_keys plain, zero, one;

	f->services[1].name = f->services[0].name;
	f->services[0].has_key = f->services[1].has_key = true;
	plain = keys_of(&f->services[0]);
	cr_assert_arr_eq(&plain, (one = keys_of(&f->services[1]), &one), sizeof(plain));
	f->services[0].hash_listen = f->services[1].hash_listen = true;
	zero = keys_of(&f->services[0]);
	one = keys_of(&f->services[1]);
	cr_assert_neq(zero.row[0], plain.row[0]);
	cr_assert_neq(zero.row[0], one.row[0]);
	cr_assert_arr_eq(&zero.row[1], &plain.row[1], sizeof(zero.row) - 8);
	f->listens[0][0].port_lo = f->listens[0][0].port_hi = 444;
	cr_assert_neq(keys_of(&f->services[0]).row[0], zero.row[0]);
	f->services[0].hash_nothing_else = true;
	zero = keys_of(&f->services[0]);
	for (int i = 1; i < 6; i++)
		cr_assert_eq(zero.row[i], 0);
	fix_free(f);
}

/* ---- plans --------------------------------------------------------------------------------- */
static void em0(uint32_t ifindex, char ret[IF_NAMESIZE])
{
	strcpy(ret, ifindex == 4 ? "em0" : "?");
}

/* Index of the first operation of that type, or -1. */
static int first_of(const struct plan *plan, enum plan_op_type type)
{
	for (size_t i = 0; i < plan_size(plan); i++)
		if (plan_get(plan, i)->type == type)
			return i;
	return -1;
}

static struct plan *plan_next(struct fixture *f)
{
	struct image *prev = image_clone(f->image);
	struct plan *plan;

	fix_sync(f);
	cr_assert_eq(plan_diff(prev, f->image, f->scan.done, em0, &plan), 0);
	image_free(prev);
	return plan;
}

Test(nat, what_is_pointed_to_comes_first)
{
	struct fixture *f = nat_new(1);
	struct plan *plan = plan_next(f);

	cr_assert_geq(first_of(plan, PLAN_LISTEN), 0);
	cr_assert_geq(first_of(plan, PLAN_TARGET_ADD), 0);
	cr_assert_lt(first_of(plan, PLAN_TARGET_ADD), first_of(plan, PLAN_HOST_GAIN));
	cr_assert_lt(first_of(plan, PLAN_LISTEN), first_of(plan, PLAN_VIP));
	plan_free(plan);
	plan = plan_next(f);
	cr_assert_eq(plan_size(plan), 0, "%s", plan_get(plan, 0)->text);
	plan_free(plan);
	fix_free(f);
}

/* ---- connections --------------------------------------------------------------------------- */
struct world {
	struct fixture *f;
	struct xlb_conn *conns[XLB_TARGET_SLOTS];
	uint64_t loads[XLB_MAX_HOSTS];
	struct conn_tables tables;
	struct scan_result result;
	unsigned n_ended;
	struct xlb_conn last;
	uint32_t last_port;
};

static void note_end(const struct xlb_conn *conn, uint32_t target, uint32_t port, void *data)
{
	struct world *w = data;

	w->n_ended++;
	w->last = *conn;
	w->last_port = port;
}

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	cr_assert_not_null(w);
	w->f = nat_new(1);
	fix_sync(w->f);
	w->conns[7] = calloc(XLB_NAT_PORTS, sizeof(struct xlb_conn));
	w->conns[4095] = calloc(XLB_NAT_PORTS, sizeof(struct xlb_conn));
	w->tables = (struct conn_tables){
		.conns = w->conns, .loads = w->loads, .ended = note_end, .data = w
	};
	return w;
}

static void world_free(struct world *w)
{
	free(w->conns[7]);
	free(w->conns[4095]);
	fix_free(w->f);
	free(w);
}

static struct xlb_conn *put_conn(struct world *w, uint32_t target, uint32_t port,
				 enum xlb_conn_state state, uint32_t expires)
{
	struct xlb_conn *c = &w->conns[target][port];

	*c = (struct xlb_conn){
		.client = { 1 }, .host = fix_slot(w->f, 0, 0), .state = state, .expires = expires
	};
	if (conn_is_counted(state))
		w->loads[c->host]++;
	return c;
}

static bool look(struct world *w, uint32_t now, uint64_t records)
{
	struct conn_position at = { 0 };

	memset(&w->result, 0, sizeof(w->result));
	return conns_sweep(&at, &w->tables, w->f->image, now, records, &w->result);
}

/* Closed by both sides: told a tick after the last packet, once, and freed when its port is. */
Test(conns, closed_ones_are_told_soon)
{
	struct world *w = world_new();
	uint16_t service = w->f->image->nat_listens[0].service;
	uint32_t timeout = w->f->image->services[service].timeout[XLB_CONN_TIME_WAIT];
	struct xlb_conn *c = put_conn(w, 7, 1024, XLB_CONN_TIME_WAIT, 50 + timeout);

	cr_assert_gt(timeout, 50);
	cr_assert(look(w, 50, UINT64_MAX));
	cr_assert_eq(w->n_ended, 0);
	w->tables.ended = NULL; /* nobody listens */
	cr_assert(look(w, 51, UINT64_MAX));
	cr_assert_not(c->flags & XLB_CONN_LOGGED);
	w->tables.ended = note_end;
	for (uint32_t now = 51; now < 54; now++) {
		cr_assert(look(w, now, UINT64_MAX));
		cr_assert_eq(w->n_ended, 1);
		cr_assert_eq(w->last_port, 1024);
		cr_assert_eq(w->last.state, XLB_CONN_TIME_WAIT);
		cr_assert(c->flags & XLB_CONN_LOGGED);
		cr_assert_eq(c->state, XLB_CONN_TIME_WAIT);
	}
	cr_assert(look(w, 51 + timeout, UINT64_MAX));
	cr_assert_eq(w->n_ended, 1);
	cr_assert_eq(c->state, XLB_CONN_FREE);
	world_free(w);
}

Test(conns, counts_the_living_and_ends_the_expired)
{
	struct world *w = world_new();
	uint16_t host = fix_slot(w->f, 0, 0);

	put_conn(w, 7, 1024, XLB_CONN_OPEN, 100);
	put_conn(w, 4095, 32767, XLB_CONN_RESET, 100);
	put_conn(w, 7, 2000, XLB_CONN_SYN_SENT, 49);
	cr_assert(look(w, 50, UINT64_MAX));
	cr_assert_eq(w->result.targets[7], 1);
	cr_assert_eq(w->result.targets[4095], 1);
	cr_assert_eq(w->result.hosts[host], 2);
	cr_assert_eq(w->result.listens[0], 2);
	cr_assert_eq(w->n_ended, 1);
	cr_assert_eq(w->last_port, 2000);
	cr_assert_eq(w->last.state, XLB_CONN_SYN_SENT);
	cr_assert_eq(w->conns[7][2000].state, XLB_CONN_FREE);
	cr_assert_eq(w->loads[host], 1);
	cr_assert(look(w, 101, UINT64_MAX));
	cr_assert_eq(w->n_ended, 3);
	cr_assert_eq(w->loads[host], 0);
	cr_assert_eq(w->result.hosts[host], 0);
	cr_assert(look(w, 101, UINT64_MAX));
	cr_assert_eq(w->n_ended, 3, "ends are told once");
	world_free(w);
}

Test(conns, around_the_end_of_the_clock)
{
	struct world *w = world_new();

	put_conn(w, 7, 1024, XLB_CONN_OPEN, 5);
	cr_assert(look(w, XLB_TICK_MASK - 5, UINT64_MAX));
	cr_assert_eq(w->result.targets[7], 1);
	cr_assert(look(w, 6, UINT64_MAX));
	cr_assert_eq(w->n_ended, 1);
	world_free(w);
}

Test(conns, work_is_bounded)
{
	struct world *w = world_new();
	struct conn_position at = { 0 };
	int steps = 1;

	put_conn(w, 4095, 32767, XLB_CONN_OPEN, 5);
	while (!conns_sweep(&at, &w->tables, w->f->image, 10, 10000, &w->result)) {
		cr_assert_eq(w->n_ended, 0);
		steps++;
	}
	cr_assert_eq(steps, 7);
	cr_assert_eq(w->n_ended, 1);
	world_free(w);
}

Test(conns, go_with_their_host_or_listen)
{
	struct world *w = world_new();
	uint16_t host = fix_slot(w->f, 0, 0);

	put_conn(w, 7, 1024, XLB_CONN_OPEN, 100);
	w->f->image->hosts[host].flags = XLB_HOST_OLD; /* draining */
	look(w, 50, UINT64_MAX);
	cr_assert_eq(w->n_ended, 0);
	w->f->image->hosts[host].flags = 0;
	look(w, 50, UINT64_MAX);
	cr_assert_eq(w->n_ended, 1);
	w->f->image->hosts[host].flags = XLB_HOST_OLD;
	put_conn(w, 7, 1024, XLB_CONN_OPEN, 100)->listen = 5; /* a free one */
	look(w, 50, UINT64_MAX);
	cr_assert_eq(w->n_ended, 2);
	world_free(w);
}

/* ---- their words in the index --------------------------------------------------------------- */
#define INDEX_LINES 16 /* behind the front, which is as large */

static const __u64 hash_key[8] = { 3, 5, 7, 11, 13, 17, 19, 23 };
static struct xlb_nat_line index_lines[2 * INDEX_LINES];

static const struct nat_index index_of = { .lines = index_lines,
					   .mask = INDEX_LINES - 1,
					   .hash_key = hash_key };

/* A word as the program writes it, in that candidate's last way. */
static union xlb_nat_way *put_word(const struct xlb_conn *c, uint32_t target, uint32_t port,
				   uint32_t ports, uint32_t listen, int family, uint32_t candidate)
{
	__u64 hash = xlb_flow_hash(hash_key, c->client, ports, listen, family == AF_INET6);
	union xlb_nat_way *way =
		&index_lines[xlb_nat_line(hash, candidate, INDEX_LINES - 1)].way[XLB_NAT_WAYS - 1];

	*way = (union xlb_nat_way){ .nat_port = port,
				    .target = target,
				    .tag = xlb_nat_tag(hash, listen) };
	return way;
}

static void check_words(int family, bool transparent)
{
	struct world *w = world_new();
	struct xlb_target *t = &w->f->image->targets[7];

	w->tables.index = index_of;
	*t = (struct xlb_target){ .family = family, .nat_addr = { transparent ? 0 : 9 } };
	for (uint32_t candidate = 0; candidate < XLB_NAT_CANDIDATES; candidate++) {
		struct xlb_conn *c = put_conn(w, 7, 1024, XLB_CONN_OPEN, 100);
		uint32_t ports = xlb_ports(c->client_port = 4711, c->port = 80);
		const union xlb_nat_way other = { .nat_port = 1025, .target = 7, .tag = 1 };
		union xlb_nat_way *there, *back = NULL;

		memset(index_lines, 0, sizeof(index_lines));
		there = put_word(c, 7, 1024, ports, c->listen, family, candidate);
		if (transparent)
			back = put_word(c, 7, 1024, c->client_port, XLB_LISTEN_BACK | 7, family,
					candidate);
		there[-1] = other;
		look(w, 50, UINT64_MAX);
		cr_assert_neq(there->raw, 0, "it is alive");
		look(w, 101, UINT64_MAX);
		cr_assert_eq(there->raw, 0);
		cr_assert(!back || !back->raw);
		cr_assert_eq(there[-1].raw, other.raw, "another connection's");
	}
	world_free(w);
}

Test(conns, take_their_words_along)
{
	check_words(AF_INET, false);
	check_words(AF_INET6, false);
	check_words(AF_INET, true);
	check_words(AF_INET6, true);
}

Test(conns, words_are_put_back)
{
	const struct xlb_target t = { .family = AF_INET, .nat_addr = { 9 } };
	const struct xlb_conn c = { .client = { 1 }, .client_port = 2, .port = 3 };
	union xlb_nat_way *way;
	struct nat_words words;
	__u64 raw;

	memset(index_lines, 0, sizeof(index_lines));
	way = put_word(&c, 7, 1024, xlb_ports(2, 3), 0, AF_INET, 1);
	raw = way->raw;
	nat_index_take(&index_of, &c, &t, 7, 1024, &words);
	cr_assert_eq(way->raw, 0);
	nat_index_put_back(&words);
	cr_assert_eq(way->raw, raw);
	nat_index_take(&index_of, &c, &t, 7, 1024, &words);
	way->raw = 5; /* the program was faster */
	nat_index_put_back(&words);
	cr_assert_eq(way->raw, 5);
}

static int count_each(const struct xlb_conn *conn, uint32_t target, uint32_t port, void *data)
{
	unsigned *n = data;

	return ++*n == 2 ? 42 : 0;
}

Test(conns, each)
{
	struct world *w = world_new();
	unsigned n = 0;

	put_conn(w, 7, 1024, XLB_CONN_OPEN, 100);
	put_conn(w, 7, 1025, XLB_CONN_OPEN, 1);
	cr_assert_eq(conns_each(&w->tables, 50, count_each, &n), 0);
	cr_assert_eq(n, 1);
	n = 0;
	put_conn(w, 7, 1026, XLB_CONN_OPEN, 100);
	put_conn(w, 7, 1027, XLB_CONN_OPEN, 100);
	cr_assert_eq(conns_each(&w->tables, 50, count_each, &n), 42);
	cr_assert_eq(n, 2);
	world_free(w);
}
