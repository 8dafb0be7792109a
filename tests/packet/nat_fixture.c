// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "nat_fixture.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netdev.h"
#include "run.h"

const uint8_t CLIENT_MAC[6] = { 2, 0xc, 0, 0, 0, 1 };
const uint8_t LB_MAC[6] = { 2, 0x1b, 0, 0, 0, 1 };
const uint8_t HOST_MAC[6] = { 2, 0xb0, 0, 0, 0, 1 };
const uint8_t LB_HOST_MAC[6] = { 2, 0x1b, 0, 0, 0, 2 };

#define CLIENT_PORT 40000
#define PORT_ENTRY 3 /* in the map "ports", for the interface that test runs come in by: number 0  \
		      */

/* ---- what is wanted ------------------------------------------------------------------------ */
static struct nat_end end_of(int family, const char *v4, const char *v6, uint16_t port)
{
	struct nat_end end = { .port = port };

	inet_pton(family, family == AF_INET6 ? v6 : v4, end.addr);
	return end;
}

struct nat_end client_end(int family, uint16_t port)
{
	return end_of(family, "10.0.0.1", "2001:db8:c::1", port);
}

struct nat_end vip_end(int family, uint16_t port)
{
	return end_of(family, "192.0.2.1", "2001:db8:1::1", port);
}

struct nat_end nat_end(int family, uint16_t port)
{
	return end_of(family, "10.1.0.1", "2001:db8:a::1", port);
}

struct nat_end host_end(int family)
{
	return end_of(family, "10.1.0.10", "2001:db8:a::10", HOST_PORT);
}

struct nat_end router_end(int family)
{
	return end_of(family, "203.0.113.1", "2001:db8:f::1", 0);
}

static struct cfg_addr addr_of(int family, struct nat_end end)
{
	struct cfg_addr a = { .family = family };

	memcpy(&a.v6, end.addr, family == AF_INET6 ? 16 : 4);
	return a;
}

static struct desired_host wanted_host(const struct nat_fixture *fx, int family)
{
	struct desired_host h = { .name = "host",
				  .weight = 1,
				  .takes_new = fx->up && !fx->draining,
				  .keeps_old = fx->up,
				  .has_next_hop = true,
				  .ifindex = fx->ifindex[1],
				  .port = HOST_PORT,
				  .n_nat_addrs = 1 };

	h.addr = addr_of(family, host_end(family));
	h.nat_addrs[0] = addr_of(family, nat_end(family, 0));
	memcpy(h.dst_mac, HOST_MAC, 6);
	memcpy(h.src_mac, LB_HOST_MAC, 6);
	return h;
}

struct wanted {
	struct desired_service service;
	struct desired_listen listen;
	struct desired_host host;
	char name[16];
};

static void want(const struct nat_fixture *fx, int family, uint8_t proto, uint16_t port,
		 struct wanted *ret)
{
	snprintf(ret->name, sizeof(ret->name), "s%d-%u-%u", family, proto, port);
	ret->listen = (struct desired_listen){ .addr = addr_of(family, vip_end(family, port)),
					       .port_lo = port,
					       .port_hi = port };
	ret->host = wanted_host(fx, family);
	ret->service = (struct desired_service){
		.name = ret->name,
		.id = port,
		.proto = proto,
		.choose = port == STICKY ? XLB_CHOOSE_ROUNDROBIN : XLB_CHOOSE_ROW,
		.rows = port == DIRECT ? DESIRED_ROWS_MAGLEV : DESIRED_ROWS_RELAYD,
		.sticky = port == STICKY,
		.track = port == DIRECT && proto == IPPROTO_UDP,
		.timeout_s = SESSION_TIMEOUT,
		.nat = port != DIRECT,
		.trace = fx->trace,
		.transparent = port == KEPT,
		.ttl = port == BOUNDED ? 20 : 0,
		.min_ttl = port == BOUNDED ? 60 : 0,
		.listens = &ret->listen,
		.n_listens = 1,
		.hosts = &ret->host,
		.n_hosts = 1,
	};
}

int nat_sync(struct nat_fixture *fx)
{
	static const int families[] = { AF_INET, AF_INET6 };
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP };
	static struct wanted wanted[4 * N_SERVICE_PORTS];
	struct desired_service services[4 * N_SERVICE_PORTS];
	struct desired desired = { services, 0 };
	int err;

	memset(wanted, 0, sizeof(wanted));
	for (uint16_t port = FULL; port < FULL + N_SERVICE_PORTS; port++)
		for (unsigned i = 0; i < 4; i++) {
			struct wanted *w = &wanted[desired.n_services];

			want(fx, families[i % 2], protos[i / 2], port, w);
			services[desired.n_services++] = w->service;
		}
	err = dataplane_sync(fx->dp, &desired, NULL);
	if (err)
		printf("# sync: %s (%s)\n", strerror(-err), dataplane_error(fx->dp));
	return err;
}

/* ---- opening ------------------------------------------------------------------------------- */
static int open_pin(const struct nat_fixture *fx, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/xlb/%s", fx->bpffs, name);
	return bpf_obj_get(path);
}

/* Of this network namespace; leaves NAT N_NAT_PORTS ports. */
static int take_local_ports(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "w");
	int n;

	if (!f)
		return -errno;
	n = fprintf(f, "%d 65535", XLB_NAT_PORT_LO + N_NAT_PORTS);
	return fclose(f) || n < 0 ? -errno : 0;
}

void nat_set_port(struct nat_fixture *fx, bool known, bool usable)
{
	struct xlb_port port = { .ifindex = usable ? fx->ifindex[0] : 0, .used = 1 };
	uint32_t entry = PORT_ENTRY, nothing = 0;

	memcpy(port.mac, LB_MAC, 6);
	bpf_map_update_elem(fx->ports_fd, &entry, &port, BPF_ANY);
	if (known)
		bpf_map_update_elem(fx->port_index_fd, &nothing, &entry, BPF_ANY);
	else
		bpf_map_delete_elem(fx->port_index_fd, &nothing);
}

static int open_ports(struct nat_fixture *fx)
{
	fx->ports_fd = open_pin(fx, "ports");
	fx->port_index_fd = open_pin(fx, "port_index");
	fx->loads_fd = open_pin(fx, "loads");
	fx->index_fd = open_pin(fx, "nat_index");
	if (fx->ports_fd < 0 || fx->port_index_fd < 0 || fx->loads_fd < 0 || fx->index_fd < 0)
		return -errno;
	nat_set_port(fx, true, true);
	return 0;
}

static int open_dataplane(struct nat_fixture *fx)
{
	char dir[80], error[512] = "";
	const struct dataplane_options options = { .bpffs = dir,
						   .flow4_lines = fx->lines,
						   .flow6_lines = fx->lines,
						   .nat_lines = fx->lines,
						   .test_clock = true,
						   .test_tick = fx->tick };
	int err;

	snprintf(dir, sizeof(dir), "%s/xlb", fx->bpffs);
	err = dataplane_open(&options, error, sizeof(error), &fx->dp);
	if (err)
		printf("# %s\n", error);
	return err;
}

int nat_open(struct nat_fixture *fx)
{
	int err = netdev_namespace();

	*fx = (struct nat_fixture){ .lines = fx->lines ? fx->lines : 64,
				    .tick = 5000,
				    .up = true,
				    .ports_fd = -1,
				    .port_index_fd = -1,
				    .loads_fd = -1,
				    .index_fd = -1 };
	if (!err)
		err = netdev_veth("one", "two", fx->ifindex);
	if (!err)
		err = take_local_ports();
	if (!err)
		err = bpffs_mount(fx->bpffs);
	if (!err)
		err = open_dataplane(fx);
	if (!err)
		err = open_ports(fx);
	return err ? err : nat_sync(fx);
}

void nat_close(struct nat_fixture *fx)
{
	dataplane_close(fx->dp);
	if (fx->ports_fd >= 0)
		close(fx->ports_fd);
	if (fx->port_index_fd >= 0)
		close(fx->port_index_fd);
	if (fx->loads_fd >= 0)
		close(fx->loads_fd);
	if (fx->index_fd >= 0)
		close(fx->index_fd);
	bpffs_unmount(fx->bpffs);
}

void nat_pass_time(struct nat_fixture *fx, uint32_t seconds)
{
	fx->tick += seconds * 1000000000ull >> XLB_TICK_SHIFT;
	dataplane_set_test_tick(fx->dp, fx->tick);
}

/* What has expired stays where it is until it is looked at, or taken: it must not matter. */
void nat_reset(struct nat_fixture *fx)
{
	const bool changed = !fx->up || fx->draining;

	fx->up = true;
	fx->draining = false;
	nat_pass_time(fx, 2 * SESSION_TIMEOUT);
	if (changed)
		nat_sync(fx);
	if (++fx->n_resets % 8 == 0)
		dataplane_tick(fx->dp);
}

/* ---- packets ------------------------------------------------------------------------------- */
static struct nat_packet_spec packet_of(const struct nat_case *c, struct nat_end src,
					struct nat_end dst, uint8_t ttl, const uint8_t to[6],
					const uint8_t from[6])
{
	struct nat_packet_spec p = { .family = c->family,
				     .proto = c->proto,
				     .src = src,
				     .dst = dst,
				     .ttl = ttl,
				     .tcp_flags = 0x10,
				     .payload = 33 };

	memcpy(p.dst_mac, to, 6);
	memcpy(p.src_mac, from, 6);
	return p;
}

struct nat_packet_spec from_client(const struct nat_case *c)
{
	return packet_of(c, client_end(c->family, CLIENT_PORT), vip_end(c->family, c->port), 64,
			 LB_MAC, CLIENT_MAC);
}

static struct nat_end seen_by_host(const struct nat_case *c, uint16_t nat_port)
{
	return c->port == KEPT ? client_end(c->family, CLIENT_PORT) : nat_end(c->family, nat_port);
}

struct nat_packet_spec to_host(const struct nat_case *c, uint16_t nat_port)
{
	return packet_of(c, seen_by_host(c, nat_port), host_end(c->family),
			 c->port == BOUNDED ? 20 : 63, HOST_MAC, LB_HOST_MAC);
}

struct nat_packet_spec from_host(const struct nat_case *c, uint16_t nat_port)
{
	return packet_of(c, host_end(c->family), seen_by_host(c, nat_port), 64, LB_HOST_MAC,
			 HOST_MAC);
}

struct nat_packet_spec to_client(const struct nat_case *c)
{
	return packet_of(c, vip_end(c->family, c->port), client_end(c->family, CLIENT_PORT), 63,
			 CLIENT_MAC, LB_MAC);
}

static int run_with(struct nat_fixture *fx, struct __sk_buff *ctx, const struct frame *in,
		    struct frame *out)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = in->data, .data_size_in = in->size,
		    .data_out = out->data, .data_size_out = sizeof(out->data), .ctx_in = ctx,
		    .ctx_size_in = sizeof(*ctx), .repeat = 1);
	int err = bpf_prog_test_run_opts(dataplane_tc_program_fd(fx->dp), &run);

	if (err)
		return err;
	out->size = run.data_size_out;
	switch ((int)run.retval) {
	case TC_ACT_REDIRECT:
		return SENT;
	case TC_ACT_SHOT:
		return DROPPED;
	default:
		return TO_STACK;
	}
}

int nat_run(struct nat_fixture *fx, const struct frame *in, struct frame *out)
{
	struct __sk_buff none = { 0 };

	return run_with(fx, &none, in, out);
}

int nat_run_aggregate(struct nat_fixture *fx, const struct frame *in, uint32_t segments,
		      uint32_t size, struct frame *out)
{
	struct __sk_buff ctx = { .gso_segs = segments, .gso_size = size };

	return run_with(fx, &ctx, in, out);
}

int direct_run(struct nat_fixture *fx, const struct frame *in, struct frame *out)
{
	uint32_t verdict;
	int err = frame_run(dataplane_program_fd(fx->dp), in, fx->ifindex[0], out, &verdict);

	if (err)
		return err;
	if (verdict == XDP_TX || verdict == XDP_REDIRECT)
		return SENT;
	return verdict == XDP_DROP ? DROPPED : TO_STACK;
}

struct finder {
	struct session *session;
	unsigned n;
};

static int find(const struct session *s, void *data)
{
	struct finder *f = data;

	if (s->nat) {
		*f->session = *s;
		f->n++;
	}
	return 0;
}

bool nat_session(struct nat_fixture *fx, struct session *ret)
{
	struct finder finder = { .session = ret };

	return !dataplane_sessions(fx->dp, find, &finder) && finder.n == 1;
}

unsigned nat_words(const struct nat_fixture *fx)
{
	struct xlb_nat_line line;
	unsigned n = 0;

	for (__u32 i = 0; !bpf_map_lookup_elem(fx->index_fd, &i, &line); i++)
		for (int way = 0; way < XLB_NAT_WAYS; way++)
			n += line.way[way].raw != 0;
	return n;
}

uint64_t nat_reason(struct nat_fixture *fx, enum xlb_reason reason)
{
	uint64_t reasons[XLB_REASON_COUNT];

	return dataplane_reasons(fx->dp, reasons) ? 0 : reasons[reason];
}

uint64_t nat_load(const struct nat_fixture *fx)
{
	uint64_t sum = 0, load;

	for (uint32_t i = 0; i < 64; i++) /* there are fewer hosts than that */
		if (!bpf_map_lookup_elem(fx->loads_fd, &i, &load))
			sum += load;
	return sum;
}
