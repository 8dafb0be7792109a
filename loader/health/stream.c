/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "health/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static socklen_t socket_address(const struct probe_target *target, struct sockaddr_storage *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (target->addr.family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)ret;

		in->sin_family = AF_INET;
		in->sin_port = htons(target->port);
		in->sin_addr = target->addr.v4;
		return sizeof(*in);
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(target->port);
		in6->sin6_addr = target->addr.v6;
		return sizeof(*in6);
	}
}

static int set_ttl(int fd, const struct probe_target *target)
{
	int ttl = (int)target->ttl;

	if (ttl == 0)
		return 0;
	if (target->addr.family == AF_INET)
		return setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	return setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl));
}

/* Says nothing about the host. */
static bool our_own_fault(int error)
{
	return error == EADDRNOTAVAIL || error == EADDRINUSE || error == EAGAIN ||
	       error == ENOBUFS || error == ENOMEM;
}

static void connect_failed(struct probe *probe, int error)
{
	if (our_own_fault(error))
		check_not_made(probe, "tcp connect failed");
	else
		check_finish(probe, HOST_DOWN, "tcp connect failed");
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct stream *stream = data;
	socklen_t size = sizeof(int);
	int error = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	if (error)
		connect_failed(stream->probe, error);
	else
		stream->connected(stream);
	return 0;
}

void stream_connect(struct stream *stream, struct probe *probe,
		    void (*connected)(struct stream *stream))
{
	const struct probe_target *target = &probe->target;
	struct sockaddr_storage address;
	socklen_t size = socket_address(target, &address);
	int fd = socket(target->addr.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	stream->probe = probe;
	stream->connected = connected;
	if (fd < 0) {
		check_not_made(probe, errno == EMFILE || errno == ENFILE ? "tcp socket limit" :
									   "tcp socket error");
		return;
	}
	if (set_ttl(fd, target) < 0) {
		close(fd);
		check_not_made(probe, "tcp socket option");
		return;
	}
	if (connect(fd, (struct sockaddr *)&address, size) < 0 && errno != EINPROGRESS) {
		int error = errno;

		close(fd);
		connect_failed(probe, error);
		return;
	}
	if (sd_event_add_io(check_event(probe), &stream->io, fd, EPOLLOUT, on_io, stream) < 0) {
		close(fd);
		check_not_made(probe, "tcp socket error");
		return;
	}
	stream->fd = fd;
}

void stream_close(struct stream *stream)
{
	if (!stream->io)
		return;
	stream->io = sd_event_source_disable_unref(stream->io);
	close(stream->fd);
}
