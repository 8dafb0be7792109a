/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The TC program as the data plane loads it, with services as the daemon would want them, on a clock
 * that tests set. One way through it: a client, the VIP, the NAT address and a host, in either
 * family.
 */
#ifndef XLB_TESTS_NAT_FIXTURE_H
#define XLB_TESTS_NAT_FIXTURE_H

#include "bpffs.h"
#include "dataplane/dataplane.h"
#include "nat_frame.h"

/* Ports of the services, each for both families, TCP and UDP. */
enum {
	FULL = 443,	   /* full NAT */
	KEPT = 444,	   /* transparent */
	BOUNDED = 445,	   /* ip ttl 20, minttl 60 */
	STICKY = 446,	   /* by client */
	DIRECT = 447,	   /* no NAT: the XDP program's */
};
#define N_SERVICE_PORTS 5
#define N_NAT_SERVICE_PORTS 4 /* the first ones */
#define HOST_PORT 8080
#define SESSION_TIMEOUT 600 /* seconds */
#define N_NAT_PORTS 10 /* that the rest of the system leaves, from XLB_NAT_PORT_LO on */

enum { TO_STACK, DROPPED, SENT };

struct nat_case {
	int family;
	uint8_t proto;
	uint16_t port; /* of the service */
};

struct nat_fixture {
	struct dataplane *dp;
	uint32_t lines; /* of each table; set before opening. 0: 64, which tests can fill */
	uint32_t ifindex[2]; /* clients' side, hosts' side */
	int ports_fd, port_index_fd, loads_fd, index_fd;
	uint32_t tick;
	char bpffs[BPFFS_PATH_SIZE];
	/* what the next sync says of all hosts */
	bool up, draining;
	unsigned trace; /* … and of all services: XLB_TRACE_* */
	unsigned n_resets;
};

extern const uint8_t CLIENT_MAC[6], LB_MAC[6], HOST_MAC[6], LB_HOST_MAC[6];

/* In a network and a mount namespace of their own. -errno. */
int nat_open(struct nat_fixture *fx);
void nat_close(struct nat_fixture *fx);

/* Makes the data plane do what the fixture says now. */
int nat_sync(struct nat_fixture *fx);

/* All connections are over. */
void nat_reset(struct nat_fixture *fx);
void nat_pass_time(struct nat_fixture *fx, uint32_t seconds);

/* Test runs come in by no interface. Does the program take that for one that it is on, and can it
 * answer by it? */
void nat_set_port(struct nat_fixture *fx, bool known, bool usable);

struct nat_end client_end(int family, uint16_t port);
struct nat_end vip_end(int family, uint16_t port);
struct nat_end nat_end(int family, uint16_t port);
struct nat_end host_end(int family);
struct nat_end router_end(int family);

/* The client's packet and the host's, before translation; nat_port is where the host answers to. */
struct nat_packet_spec from_client(const struct nat_case *c);
struct nat_packet_spec from_host(const struct nat_case *c, uint16_t nat_port);
/* … and after it. */
struct nat_packet_spec to_host(const struct nat_case *c, uint16_t nat_port);
struct nat_packet_spec to_client(const struct nat_case *c);

/* Runs the program; what became of the packet, or -errno. */
int nat_run(struct nat_fixture *fx, const struct frame *in, struct frame *out);
/* … on what the interface (GRO) has put together of so many segments with that much payload. */
int nat_run_aggregate(struct nat_fixture *fx, const struct frame *in, uint32_t segments,
		      uint32_t size, struct frame *out);
/* … that of XDP, by the clients' interface. */
int direct_run(struct nat_fixture *fx, const struct frame *in, struct frame *out);

/* The only connection's session; false: there is none, or more. */
bool nat_session(struct nat_fixture *fx, struct session *ret);

/* All hosts' loads together. */
uint64_t nat_load(const struct nat_fixture *fx);

/* Words of the index that are in use. */
unsigned nat_words(const struct nat_fixture *fx);

uint64_t nat_reason(struct nat_fixture *fx, enum xlb_reason reason);

#endif
