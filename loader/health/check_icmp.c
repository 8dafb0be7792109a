/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * "check icmp": the host answers an echo request. By the kernel's ping sockets, which need no
 * privilege where net.ipv4.ping_group_range covers our group, for ICMPv6, too; else (Debian's
 * range is empty) by a raw socket, which takes CAP_NET_RAW.
 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include "health/check.h"

/* linux/icmp.h, which cannot be included beside the C library's header. */
#ifndef ICMP_FILTER
#define ICMP_FILTER 1
#endif

/* relayd's size: 64 bytes with the ICMP header. Type, code, checksum, id, sequence number lie in
 * the same places in ICMP and ICMPv6; the kernel writes the id and the checksum. */
struct echo {
	struct icmphdr header;
	uint64_t token; /* that it is the answer to this very request */
	uint8_t padding[48];
};

struct ping {
	sd_event_source *io;
	int fd; /* valid if io is not NULL */
	bool raw;
	struct echo request;
};

static bool is_v6(const struct probe *p)
{
	return p->target.addr.family == AF_INET6;
}

/* Raw IPv4 sockets give the IP header, too. */
static bool with_ip_header(const struct probe *p)
{
	return ((const struct ping *)p->state)->raw && !is_v6(p);
}

static bool is_answer(const struct probe *p, const struct echo *echo)
{
	const struct ping *ping = p->state;

	return echo->header.type == (is_v6(p) ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) &&
	       echo->token == ping->request.token;
}

/* An ICMP error about the request comes as the socket's error. */
static int on_io(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct probe *p = data;
	uint8_t packet[60 + sizeof(struct echo)]; /* with the longest IPv4 header */
	struct echo echo = { 0 };
	ssize_t n = recv(fd, packet, sizeof(packet), 0);
	size_t skip = 0;

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		check_finish(p, HOST_DOWN, "icmp read failed");
		return 0;
	}
	if (n > 0 && with_ip_header(p))
		skip = (packet[0] & 0x0f) * 4;
	if (n < (ssize_t)(skip + sizeof(echo)))
		return 0;
	memcpy(&echo, packet + skip, sizeof(echo));
	if (is_answer(p, &echo))
		check_finish(p, HOST_UP, "icmp ok");
	return 0;
}

/* RFC 1071; raw ICMP sockets leave it to us, all others to the kernel. */
static uint16_t checksum(const struct echo *echo)
{
	const uint16_t *word = (const uint16_t *)echo;
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(*echo) / 2; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

/* A ping socket, or a raw one that takes nothing but answers; or -errno. */
static int make_socket(const struct probe *p, bool *ret_raw)
{
	int protocol = is_v6(p) ? (int)IPPROTO_ICMPV6 : (int)IPPROTO_ICMP;
	uint32_t filter = ~(1u << ICMP_ECHOREPLY); /* struct icmp_filter */
	struct icmp6_filter filter6;
	int fd, r;

	*ret_raw = false;
	fd = socket(p->target.addr.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (fd >= 0 || (errno != EACCES && errno != EPERM))
		return fd < 0 ? -errno : fd;
	fd = socket(p->target.addr.family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return -errno;
	*ret_raw = true;
	ICMP6_FILTER_SETBLOCKALL(&filter6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter6);
	if (is_v6(p))
		r = setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter6, sizeof(filter6));
	else
		r = setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter));
	if (r < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

static int open_socket(struct probe *p, struct ping *ping)
{
	int fd = make_socket(p, &ping->raw);

	if (fd < 0)
		return fd;
	if (check_set_ttl(fd, &p->target) < 0 ||
	    sd_event_add_io(check_event(p), &ping->io, fd, EPOLLIN, on_io, p) < 0) {
		close(fd);
		return -EINVAL;
	}
	ping->fd = fd;
	return 0;
}

static void send_request(struct probe *p, struct ping *ping)
{
	struct echo *request = &ping->request;
	struct sockaddr_storage address;
	socklen_t size = check_socket_address(&p->target, &address);

	request->header.type = is_v6(p) ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	request->header.un.echo.sequence = htons(1);
	if (getrandom(&request->token, sizeof(request->token), 0) < 0)
		request->token = p->started;
	request->header.un.echo.id =
		htons(request->token & 0xffff); /* ping sockets: the kernel's */
	if (ping->raw && !is_v6(p))
		request->header.checksum = checksum(request);
	if (connect(ping->fd, (struct sockaddr *)&address, size) < 0 ||
	    send(ping->fd, request, sizeof(*request), 0) < 0)
		check_finish(p, HOST_DOWN, "icmp write failed");
}

static void start(struct probe *p)
{
	struct ping *ping = p->state;
	int r = open_socket(p, ping);

	if (r == -EMFILE || r == -ENFILE)
		check_not_made(p, "icmp socket limit");
	else if (r == -EACCES || r == -EPERM)
		check_not_made(p, "icmp socket denied, see net.ipv4.ping_group_range");
	else if (r < 0)
		check_not_made(p, "icmp socket error");
	else
		send_request(p, ping);
}

static void deadline(struct probe *p)
{
	check_finish(p, HOST_DOWN, "icmp read timeout");
}

static void stop(struct probe *p)
{
	struct ping *ping = p->state;

	if (!ping->io)
		return;
	ping->io = sd_event_source_disable_unref(ping->io);
	close(ping->fd);
}

const struct check_ops icmp_check = {
	.state_size = sizeof(struct ping),
	.start = start,
	.deadline = deadline,
	.stop = stop,
};
