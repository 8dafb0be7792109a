/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * "check icmp": the host answers an echo request. By the kernel's ping sockets, which need no
 * privilege where net.ipv4.ping_group_range covers our group; for ICMPv6, too.
 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include "health/check.h"

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
	struct echo request;
};

static bool is_v6(const struct probe *p)
{
	return p->target.addr.family == AF_INET6;
}

static bool is_answer(const struct probe *p, const struct echo *echo, ssize_t size)
{
	const struct ping *ping = p->state;

	return size >= (ssize_t)sizeof(*echo) &&
	       echo->header.type == (is_v6(p) ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) &&
	       echo->token == ping->request.token;
}

/* An ICMP error about the request comes as the socket's error. */
static int on_io(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct probe *p = data;
	struct echo echo;
	ssize_t n = recv(fd, &echo, sizeof(echo), 0);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		check_finish(p, HOST_DOWN, "icmp read failed");
	else if (is_answer(p, &echo, n))
		check_finish(p, HOST_UP, "icmp ok");
	return 0;
}

static int open_socket(struct probe *p, struct ping *ping)
{
	int fd = socket(p->target.addr.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			is_v6(p) ? (int)IPPROTO_ICMPV6 : (int)IPPROTO_ICMP);

	if (fd < 0)
		return -errno;
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
