/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Any bytes as what the kernel says: events, and answers to our requests. libmnl's socket functions
 * and recv() are taken over by the linker (--wrap), so that no kernel is asked or told anything.
 *
 * The input is a list of datagrams: two bytes of length and kind, then netlink messages. Kind 0 is
 * an event, 1 an answer, 2 an overrun (ENOBUFS), 3 time that passes. A dump or a request without an
 * answer left gets an end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/net.h"
#include "net/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum kind { EVENT, ANSWER, OVERRUN, TIME };

static const uint8_t *rest; /* of the input */
static size_t rest_size;
static int pair[2]; /* something to poll */

static enum kind next_kind(void)
{
	return rest[1] >> 6;
}

/* Takes the next datagram off the list, if it is of that kind. */
static bool take(enum kind kind, const uint8_t **ret, size_t *ret_size)
{
	if (rest_size < 2 || next_kind() != kind)
		return false;
	*ret_size = rest[0] | (rest[1] & 0x3f) << 8;
	if (*ret_size > rest_size - 2)
		*ret_size = rest_size - 2;
	*ret = rest + 2;
	rest += 2 + *ret_size;
	rest_size -= 2 + *ret_size;
	return true;
}

/* ---- the kernel ------------------------------------------------------------------------------ */
struct mnl_socket {
	int unused;
};

struct mnl_socket *__wrap_mnl_socket_open2(int bus, int flags);
int __wrap_mnl_socket_bind(struct mnl_socket *nl, unsigned groups, pid_t pid);
int __wrap_mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *buf, socklen_t len);
unsigned __wrap_mnl_socket_get_portid(const struct mnl_socket *nl);
int __wrap_mnl_socket_get_fd(const struct mnl_socket *nl);
int __wrap_mnl_socket_close(struct mnl_socket *nl);
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *nl, const void *buf, size_t size);
ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf, size_t size);
ssize_t __wrap_recv(int fd, void *buf, size_t size, int flags);

struct mnl_socket *__wrap_mnl_socket_open2(int bus, int flags)
{
	return calloc(1, sizeof(struct mnl_socket));
}

int __wrap_mnl_socket_bind(struct mnl_socket *nl, unsigned groups, pid_t pid)
{
	return 0;
}

int __wrap_mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *buf, socklen_t len)
{
	return 0;
}

unsigned __wrap_mnl_socket_get_portid(const struct mnl_socket *nl)
{
	return 1;
}

int __wrap_mnl_socket_get_fd(const struct mnl_socket *nl)
{
	return pair[0];
}

int __wrap_mnl_socket_close(struct mnl_socket *nl)
{
	free(nl);
	return 0;
}

/* What we send must be whole: the kernel would say so. */
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *nl, const void *buf, size_t size)
{
	const struct nlmsghdr *nlh = buf;

	if (!mnl_nlmsg_ok(nlh, (int)size))
		abort();
	return (ssize_t)size;
}

ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf, size_t size)
{
	struct nlmsghdr end = { .nlmsg_len = sizeof(end) + 4, .nlmsg_type = NLMSG_DONE };
	const uint8_t *data;
	size_t n;

	if (take(ANSWER, &data, &n) && n <= size) {
		memcpy(buf, data, n);
		return (ssize_t)n;
	}
	memset(buf, 0, end.nlmsg_len);
	memcpy(buf, &end, sizeof(end));
	return end.nlmsg_len;
}

ssize_t __wrap_recv(int fd, void *buf, size_t size, int flags)
{
	const uint8_t *data;
	size_t n;

	if (take(OVERRUN, &data, &n)) {
		errno = ENOBUFS;
		return -1;
	}
	if (!take(EVENT, &data, &n)) {
		errno = EAGAIN;
		return -1;
	}
	n = n < size ? n : size;
	memcpy(buf, data, n);
	return (ssize_t)n;
}

/* ---- the daemon ------------------------------------------------------------------------------ */
static void on_next_hop(struct net_watch *watch, const struct next_hop *next_hop, void *watch_data,
			void *data)
{
	if (strnlen(next_hop->interface, sizeof(next_hop->interface)) ==
		    sizeof(next_hop->interface) ||
	    (next_hop->state == NEXT_HOP_OK && !next_hop->ifindex))
		abort();
}

static void on_link(uint32_t ifindex, void *data)
{
	const struct net_link *link;
	struct net *net = *(struct net **)data;

	if (net)
		net_link_by_index(net, ifindex, &link);
}

static void on_address(void *data)
{
}

static void watch(struct net *net)
{
	static const struct {
		int family;
		const char *interface;
	} hosts[] = {
		{ AF_INET, NULL }, { AF_INET, "em0" }, { AF_INET6, NULL }, { AF_INET6, "lan" }
	};
	struct net_watch *unused;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct cfg_addr addr;
		uint8_t bytes[16] = { 10, 0, 0, 1 };

		addr_set(&addr, hosts[i].family, bytes);
		net_watch_add(net, &addr, hosts[i].interface, NULL, &unused);
	}
}

static void listen_to_kernel(struct net *net, sd_event *event)
{
	const uint8_t *data;
	size_t n;

	while (rest_size >= 2) {
		if (take(TIME, &data, &n)) {
			watches_resolve(net);
			for (struct neighbour *each = net->neighbours; each; each = each->hh.next)
				neighbour_probe(net, each);
		} else if (next_kind() == ANSWER) {
			take(ANSWER, &data, &n); /* nobody has asked */
		} else {
			sd_event_run(event, 0);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct net_callbacks callbacks = { on_next_hop, on_link, on_address };
	struct net *net = NULL;
	sd_event *event;

	rest = data;
	rest_size = size;
	/* one byte that nobody reads: there is always something */
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0 || send(pair[1], "", 1, 0) != 1 ||
	    sd_event_new(&event) < 0)
		abort();
	if (net_open(event, &callbacks, &net, &net) == 0) {
		watch(net);
		listen_to_kernel(net, event);
	}
	net_close(net);
	sd_event_unref(event);
	close(pair[0]);
	close(pair[1]);
	return 0;
}
