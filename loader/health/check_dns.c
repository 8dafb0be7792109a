/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * "check dns NAME [type T]": a query over UDP is answered without an error and with at least one
 * record. The socket is connected, so that nobody but the host is heard, and an ICMP error comes
 * as the socket's error; each query has an id, and by the kernel a port, of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include "health/check.h"
#include "health/dns_message.h"

/* More is not sent without EDNS, which we do not ask for; what is longer is cut. */
#define MAX_ANSWER 4096

struct dns {
	sd_event_source *io;
	int fd; /* valid if io is not NULL */
	int query_size;
	uint8_t query[DNS_MAX_QUERY];
};

static const char *rcode_name(unsigned rcode)
{
	static const char *const names[] = { "NOERROR",  "FORMERR", "SERVFAIL",
					     "NXDOMAIN", "NOTIMP",  "REFUSED" };

	return rcode < sizeof(names) / sizeof(names[0]) ? names[rcode] : "other";
}

static void judge(struct probe *p, const uint8_t *answer, size_t size)
{
	const struct dns *dns = p->state;
	char reason[32];
	unsigned rcode;

	switch (dns_judge(dns->query, (size_t)dns->query_size, answer, size, &rcode)) {
	case DNS_FOREIGN:
		break;
	case DNS_OK:
		check_finish(p, HOST_UP, "dns ok");
		break;
	case DNS_ERROR:
		snprintf(reason, sizeof(reason), "dns error,%s", rcode_name(rcode));
		check_finish(p, HOST_DOWN, reason);
		break;
	case DNS_EMPTY:
		check_finish(p, HOST_DOWN, "dns no answer records");
		break;
	case DNS_MALFORMED:
		check_finish(p, HOST_DOWN, "dns malformed");
		break;
	}
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct probe *p = data;
	uint8_t answer[MAX_ANSWER];
	ssize_t n = recv(fd, answer, sizeof(answer), 0);

	if (n >= 0)
		judge(p, answer, (size_t)n);
	else if (errno != EAGAIN && errno != EINTR)
		check_finish(p, HOST_DOWN, "dns read failed");
	return 0;
}

static int open_socket(struct probe *p, struct dns *dns)
{
	int fd = socket(p->target.addr.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (check_set_ttl(fd, &p->target) < 0 ||
	    sd_event_add_io(check_event(p), &dns->io, fd, EPOLLIN, on_io, p) < 0) {
		close(fd);
		return -EINVAL;
	}
	dns->fd = fd;
	return 0;
}

static int make_query(struct probe *p, struct dns *dns)
{
	const struct cfg_check *check = p->target.check;
	uint16_t id;

	if (getrandom(&id, sizeof(id), 0) < 0)
		return -errno;
	dns->query_size = dns_query(id, check->query, check->qtype, dns->query);
	return dns->query_size < 0 ? dns->query_size : 0;
}

static void send_query(struct probe *p, struct dns *dns)
{
	struct sockaddr_storage address;
	socklen_t size = check_socket_address(&p->target, &address);

	if (connect(dns->fd, (struct sockaddr *)&address, size) < 0 ||
	    send(dns->fd, dns->query, (size_t)dns->query_size, 0) < 0)
		check_finish(p, HOST_DOWN, "dns write failed");
}

static void start(struct probe *p)
{
	struct dns *dns = p->state;
	int r = make_query(p, dns);

	if (r == 0)
		r = open_socket(p, dns);
	if (r == -EMFILE || r == -ENFILE)
		check_not_made(p, "dns socket limit");
	else if (r < 0)
		check_not_made(p, "dns socket error");
	else
		send_query(p, dns);
}

static void deadline(struct probe *p)
{
	check_finish(p, HOST_DOWN, "dns read timeout");
}

static void stop(struct probe *p)
{
	struct dns *dns = p->state;

	if (!dns->io)
		return;
	dns->io = sd_event_source_disable_unref(dns->io);
	close(dns->fd);
}

const struct check_ops dns_check = {
	.state_size = sizeof(struct dns),
	.start = start,
	.deadline = deadline,
	.stop = stop,
};
