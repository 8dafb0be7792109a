/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Which records the end of a connection makes. */
#include "pflow/records.h"

#include "sample.h"

static struct conn_event nat_event(void)
{
	return (struct conn_event){
		.end = CONN_CLOSED,
		.began_ns = 5,
		.ended_ns = 9,
		.in_ifindex = 7,
		.out_ifindex = 8,
		.session = { .proto = IPPROTO_TCP,
			     .client = sample_addr("203.0.113.9"),
			     .client_port = 50000,
			     .port = 443,
			     .listen = sample_addr("192.168.0.2"),
			     .host = sample_addr("192.168.1.4"),
			     .host_port = 6443,
			     .nat = true,
			     .nat_addr = sample_addr("192.168.1.2"),
			     .nat_port = 1024,
			     .packets_in = 12,
			     .bytes_in = 3400,
			     .packets_out = 10,
			     .bytes_out = 9000 },
	};
}

static void expect_addr(const struct cfg_addr *addr, const char *text)
{
	char is[INET6_ADDRSTRLEN];

	cr_expect_str_eq(inet_ntop(addr->family, &addr->v6, is, sizeof(is)), text);
}

Test(records, nat)
{
	struct conn_event e = nat_event();
	struct pflow_record r[2];

	cr_assert_eq(pflow_records(&e, r), 2);
	cr_expect_eq(r[0].kind, PFLOW_NAT);
	expect_addr(&r[0].src, "203.0.113.9");
	expect_addr(&r[0].dst, "192.168.0.2");
	cr_expect_eq(r[0].src_port, 50000);
	cr_expect_eq(r[0].dst_port, 443);
	cr_expect_eq(r[0].in_ifindex, 7);
	cr_expect_eq(r[0].out_ifindex, 8);
	cr_expect_eq(r[0].packets, 12);
	cr_expect_eq(r[0].octets, 3400);
	cr_expect_eq(r[0].start_ns, 5);
	cr_expect_eq(r[0].end_ns, 9);
	expect_addr(&r[0].host, "192.168.1.4");
	expect_addr(&r[0].nat_src, "192.168.1.2");
	expect_addr(&r[0].nat_dst, "192.168.1.4");
	cr_expect_eq(r[0].nat_src_port, 1024);
	cr_expect_eq(r[0].nat_dst_port, 6443);
	cr_expect_eq(r[1].kind, PFLOW_PLAIN);
	expect_addr(&r[1].src, "192.168.0.2");
	expect_addr(&r[1].dst, "203.0.113.9");
	cr_expect_eq(r[1].src_port, 443);
	cr_expect_eq(r[1].dst_port, 50000);
	cr_expect_eq(r[1].in_ifindex, 8);
	cr_expect_eq(r[1].out_ifindex, 7);
	cr_expect_eq(r[1].packets, 10);
	cr_expect_eq(r[1].octets, 9000);
}

Test(records, transparent_nat)
{
	struct conn_event e = nat_event();
	struct pflow_record r[2];

	e.session.transparent = true;
	e.session.nat_addr.family = AF_UNSPEC;
	cr_assert_eq(pflow_records(&e, r), 2);
	expect_addr(&r[0].nat_src, "203.0.113.9");
	cr_expect_eq(r[0].nat_src_port, 50000);
}

Test(records, direct_server_return)
{
	struct conn_event e = nat_event();
	struct pflow_record r[2];

	e.session.nat = false;
	e.session.packets_out = e.session.bytes_out = 0;
	cr_assert_eq(pflow_records(&e, r), 1);
	cr_expect_eq(r[0].kind, PFLOW_HOST);
	expect_addr(&r[0].host, "192.168.1.4");
}

Test(records, what_makes_none)
{
	struct conn_event e = nat_event();
	struct pflow_record r[2];

	e.end = CONN_OPEN;
	cr_expect_eq(pflow_records(&e, r), 0);
	e = nat_event();
	e.session.bytes_in = 0;
	cr_assert_eq(pflow_records(&e, r), 1);
	cr_expect_eq(r[0].kind, PFLOW_PLAIN);
	e.session.bytes_out = 0;
	cr_expect_eq(pflow_records(&e, r), 0);
}
