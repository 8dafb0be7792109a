// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "nat_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "wrap_tc.h"

#define TTL 64

static const uint8_t client_mac[6] = { 2, 0xc, 0, 0, 0, 1 };

/* ---- opening ------------------------------------------------------------------------------------
 */
static int fail(const struct nat_world *w, const char *what, const char *why, int err)
{
	fprintf(stderr, "bench: %s: %s: %s %s\n", w->options.bpffs, what, strerror(-err), why);
	return err;
}

static int learn_mac(struct nat_world *w)
{
	struct ifreq request = {};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0)
		return -errno;
	if (!if_indextoname(w->options.ifindex[0], request.ifr_name) ||
	    ioctl(fd, SIOCGIFHWADDR, &request))
		err = -errno;
	close(fd);
	memcpy(w->mac, request.ifr_hwaddr.sa_data, 6);
	return err;
}

static int attach(struct nat_world *w)
{
	char error[256] = "", name[IF_NAMESIZE];
	struct attachment attachment;
	int err;

	if (!if_indextoname(w->options.ifindex[0], name))
		return fail(w, "interface", "", -errno);
	err = dataplane_attach(w->dp, w->options.ifindex[0], name, XDP_MODE_AUTO, &attachment,
			       error, sizeof(error));
	return err ? fail(w, name, error, err) : 0;
}

int nat_world_open(const struct nat_world_options *options, struct nat_world *ret)
{
	const struct wanted_options wanted = {
		.services = 2, .hosts = options->hosts, .nat = true, .egress = options->ifindex[1]
	};
	const struct dataplane_options dataplane = { .bpffs = options->bpffs,
						     .flow4_lines = 64,
						     .flow6_lines = 64,
						     .nat_lines = options->index_lines,
						     .test_clock = options->test_clock,
						     .test_tick = 1000 };
	char error[512] = "";
	int err;

	*ret = (struct nat_world){ .options = *options, .tick = 1000 };
	err = learn_mac(ret);
	if (!err)
		err = wanted_make(&wanted, &ret->wanted);
	if (err)
		return fail(ret, "preparing", "", err);
	err = dataplane_open(&dataplane, error, sizeof(error), &ret->dp);
	if (err) {
		ret->dp = NULL;
		return fail(ret, "loading the programs", error, err);
	}
	err = dataplane_sync(ret->dp, &ret->wanted.desired, NULL);
	if (err)
		return fail(ret, "applying", dataplane_error(ret->dp), err);
	return attach(ret);
}

void nat_world_close(struct nat_world *w)
{
	if (w->dp)
		dataplane_remove(w->dp);
	dataplane_close(w->dp);
	wanted_free(&w->wanted);
}

void nat_world_forget(struct nat_world *w)
{
	w->tick += 1000; /* longer than any timeout */
	dataplane_set_test_tick(w->dp, w->tick);
}

/* ---- connections --------------------------------------------------------------------------------
 */
struct collector {
	int family;
	uint32_t clients;
	struct nat_conn *conns;
	size_t n;
};

static int collect(const struct session *s, void *data)
{
	struct collector *c = data;
	uint32_t client = s->client.family == AF_INET ? ntohl(s->client.v4.s_addr) :
							ntohl(s->client.v6.s6_addr32[3]);

	client -= WRAP_CLIENT(0);
	if (!s->nat || s->client.family != c->family || client >= c->clients)
		return 0;
	if (c->n < c->clients)
		c->conns[c->n++] = (struct nat_conn){ client, s->host, s->nat_port };
	return 0;
}

int nat_world_conns(struct nat_world *w, int family, uint32_t clients, struct nat_conn *conns,
		    size_t *ret_n)
{
	struct collector c = { .family = family, .clients = clients, .conns = conns };
	int err = dataplane_sessions(w->dp, collect, &c);

	*ret_n = c.n;
	return err;
}

/* ---- packets ------------------------------------------------------------------------------------
 */
static struct nat_end end_of(const struct cfg_addr *addr, uint16_t port)
{
	struct nat_end end = { .port = port };

	memcpy(end.addr, &addr->v6, addr->family == AF_INET6 ? 16 : 4);
	return end;
}

/* As the wrapper writes it. */
static struct nat_end client_end(int family, uint32_t client)
{
	struct nat_end end = { .port = WRAP_CLIENT_PORT(client) };

	if (family == AF_INET6) {
		end.addr[0] = htonl(0x20010db8);
		end.addr[1] = htonl(3 << 16);
	}
	end.addr[family == AF_INET6 ? 3 : 0] = htonl(WRAP_CLIENT(client));
	return end;
}

static struct nat_end vip_end(int family)
{
	const struct cfg_addr addr = wanted_vip(family, family == AF_INET6);

	return end_of(&addr, WANTED_PORT);
}

static struct nat_packet_spec packet(int family, struct nat_end src, struct nat_end dst,
				     uint8_t ttl, uint8_t tcp_flags)
{
	return (struct nat_packet_spec){ .family = family,
					 .proto = IPPROTO_TCP,
					 .src = src,
					 .dst = dst,
					 .ttl = ttl,
					 .tcp_flags = tcp_flags,
					 .payload = 64 };
}

struct nat_packet_spec nat_from_client(const struct nat_world *w, int family, uint32_t client,
				       uint8_t tcp_flags)
{
	struct nat_packet_spec p =
		packet(family, client_end(family, client), vip_end(family), TTL, tcp_flags);

	memcpy(p.src_mac, client_mac, 6);
	memcpy(p.dst_mac, w->mac, 6);
	return p;
}

struct nat_packet_spec nat_to_client(const struct nat_world *w, int family, uint32_t client,
				     uint8_t tcp_flags)
{
	struct nat_packet_spec p =
		packet(family, vip_end(family), client_end(family, client), TTL - 1, tcp_flags);

	memcpy(p.src_mac, w->mac, 6);
	memcpy(p.dst_mac, client_mac, 6);
	return p;
}

struct nat_packet_spec nat_from_host(int family, const struct nat_conn *conn, uint8_t tcp_flags)
{
	const struct cfg_addr nat = wanted_nat_addr(family);
	struct nat_packet_spec p = packet(family, end_of(&conn->host, WANTED_HOST_PORT),
					  end_of(&nat, conn->nat_port), TTL, tcp_flags);

	wanted_egress_mac(p.dst_mac);
	p.src_mac[0] = 2; /* a host's, whichever: nothing depends on it */
	return p;
}

struct nat_packet_spec nat_to_host(int family, const struct nat_conn *conn, uint8_t tcp_flags)
{
	const struct cfg_addr nat = wanted_nat_addr(family);
	struct nat_packet_spec p =
		packet(family, end_of(&nat, conn->nat_port), end_of(&conn->host, WANTED_HOST_PORT),
		       TTL - 1, tcp_flags);
	const uint32_t last = ntohl(conn->host.family == AF_INET6 ? conn->host.v6.s6_addr32[3] :
								    conn->host.v4.s_addr);
	const struct cfg_addr first = wanted_host(family, 0);
	const uint32_t from = ntohl(family == AF_INET6 ? first.v6.s6_addr32[3] : first.v4.s_addr);

	wanted_host_mac(last - from, p.dst_mac);
	wanted_egress_mac(p.src_mac);
	return p;
}
