/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "doctor/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RECEIVE_BUFFER (1 << 20)

uint64_t wire_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int wire_open(struct wire *wire, uint32_t ifindex)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = (int)ifindex };
	int size = RECEIVE_BUFFER, r;

	/* Without a protocol nothing is heard before it is bound: no frames of other interfaces. */
	wire->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (wire->fd < 0)
		return -errno;
	setsockopt(wire->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(wire->fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return 0;
	r = -errno;
	wire_close(wire);
	return r;
}

void wire_close(struct wire *wire)
{
	close(wire->fd);
	wire->fd = -1;
}

int wire_send(struct wire *wire, const uint8_t *frame, size_t len)
{
	return send(wire->fd, frame, len, 0) < 0 ? -errno : 0;
}

/* 1: something is there; 0: the time is over. */
static int wait_until(const struct wire *wire, uint64_t deadline)
{
	struct pollfd p = { .fd = wire->fd, .events = POLLIN };
	uint64_t now = wire_now();
	int r;

	if (now >= deadline)
		return 0;
	r = poll(&p, 1, (int)(deadline - now));
	if (r < 0)
		return errno == EINTR ? 1 : -errno;
	return r > 0;
}

static bool hear(struct wire *wire, struct frame_facts *ret)
{
	struct sockaddr_ll from = { 0 };
	socklen_t size = sizeof(from);
	ssize_t n = recvfrom(wire->fd, wire->buf, sizeof(wire->buf), 0, (struct sockaddr *)&from,
			     &size);

	return n > 0 && from.sll_pkttype != PACKET_OUTGOING &&
	       frame_parse(wire->buf, (size_t)n, ret);
}

int wire_receive(struct wire *wire, uint64_t deadline, struct frame_facts *ret)
{
	int r;

	while ((r = wait_until(wire, deadline)) > 0)
		if (hear(wire, ret))
			return 1;
	return r;
}
