/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Addresses as they are written, and what the running box makes of names: its interfaces'
 * addresses first, then the resolver, which may be slow or dead and therefore gets a deadline.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/parse.h"

/* One name may take this long of the budget of all. */
#define RESOLVE_NAME_MS 3000

/* ALTIFNAMSIZ - 1 */
#define MAX_ALTERNATIVE_NAME 127

/* Shared with the thread that asks; the last of the two to leave frees it. */
struct lookup {
	pthread_mutex_t lock;
	pthread_cond_t done_cond;
	bool done;
	bool abandoned;
	int error; /* of getaddrinfo() */
	struct addrinfo *list;
	char name[];
};

bool address_parse(const char *name, struct cfg_addr *ret_addr)
{
	struct cfg_addr addr = { .family = AF_INET };

	if (inet_pton(AF_INET, name, &addr.v4) != 1) {
		addr.family = AF_INET6;
		if (inet_pton(AF_INET6, name, &addr.v6) != 1)
			return false;
	}
	*ret_addr = addr;
	return true;
}

bool address_looks_numeric(const char *name)
{
	return strchr(name, ':') || name[strspn(name, "0123456789.")] == '\0';
}

static struct lookup *lookup_new(const char *name)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup) + strlen(name) + 1);
	pthread_condattr_t attr;

	if (!lookup)
		return NULL;
	strcpy(lookup->name, name);
	pthread_mutex_init(&lookup->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&lookup->done_cond, &attr);
	pthread_condattr_destroy(&attr);
	return lookup;
}

static void lookup_free(struct lookup *lookup)
{
	if (lookup->list)
		freeaddrinfo(lookup->list);
	pthread_cond_destroy(&lookup->done_cond);
	pthread_mutex_destroy(&lookup->lock);
	free(lookup);
}

static void *lookup_thread(void *arg)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct lookup *lookup = arg;
	struct addrinfo *list = NULL;
	int error = getaddrinfo(lookup->name, NULL, &hints, &list);
	bool abandoned;

	pthread_mutex_lock(&lookup->lock);
	lookup->error = error;
	lookup->list = error ? NULL : list;
	lookup->done = true;
	abandoned = lookup->abandoned;
	pthread_cond_signal(&lookup->done_cond);
	pthread_mutex_unlock(&lookup->lock);
	if (abandoned)
		lookup_free(lookup);
	return NULL;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool lookup_wait(struct lookup *lookup, int64_t deadline_ms)
{
	const struct timespec deadline = {
		.tv_sec = (time_t)(deadline_ms / 1000),
		.tv_nsec = (long)(deadline_ms % 1000) * 1000000,
	};
	bool done;
	int error = 0;

	pthread_mutex_lock(&lookup->lock);
	while (!lookup->done && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&lookup->done_cond, &lookup->lock, &deadline);
	done = lookup->done;
	lookup->abandoned = !done;
	pthread_mutex_unlock(&lookup->lock);
	return done;
}

static unsigned take_addresses(const struct addrinfo *list, struct cfg_addr *ret_addrs,
			       unsigned max)
{
	unsigned n = 0;

	for (; list && n < max; list = list->ai_next) {
		struct cfg_addr *addr = &ret_addrs[n];

		memset(addr, 0, sizeof(*addr));
		addr->family = (sa_family_t)list->ai_family;
		if (list->ai_family == AF_INET)
			addr->v4 = ((const struct sockaddr_in *)list->ai_addr)->sin_addr;
		else if (list->ai_family == AF_INET6)
			addr->v6 = ((const struct sockaddr_in6 *)list->ai_addr)->sin6_addr;
		else
			continue;
		n++;
	}
	return n;
}

/* *ret_why is written when the count is 0. */
static unsigned resolve_name(const char *name, int timeout_ms, struct cfg_addr *ret_addrs,
			     unsigned max, const char **ret_why)
{
	struct lookup *lookup = lookup_new(name);
	pthread_t thread;
	unsigned n;

	*ret_why = "out of memory";
	if (!lookup)
		return 0;
	if (pthread_create(&thread, NULL, lookup_thread, lookup) != 0) {
		lookup_free(lookup);
		return 0;
	}
	pthread_detach(thread);
	*ret_why = "no answer in time";
	if (!lookup_wait(lookup, now_ms() + timeout_ms))
		return 0;
	*ret_why = gai_strerror(lookup->error);
	n = take_addresses(lookup->list, ret_addrs, max);
	lookup_free(lookup);
	return n;
}

/* Link-local addresses serve nobody without a zone, so they are left out. */
static bool take_interface_address(const struct ifaddrs *entry, struct cfg_addr *ret_addr)
{
	const struct sockaddr *sa = entry->ifa_addr;
	struct cfg_addr addr;

	memset(&addr, 0, sizeof(addr));
	if (!sa)
		return false;
	addr.family = sa->sa_family;
	if (sa->sa_family == AF_INET)
		addr.v4 = ((const struct sockaddr_in *)(const void *)sa)->sin_addr;
	else if (sa->sa_family == AF_INET6)
		addr.v6 = ((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
	else
		return false;
	if (sa->sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&addr.v6))
		return false;
	*ret_addr = addr;
	return true;
}

/* name is the interface's own; addresses of aliases ("em0:1") count, too. */
static unsigned interface_addresses(const char *name, struct cfg_addr *ret_addrs, unsigned max)
{
	size_t len = strlen(name);
	struct ifaddrs *list;
	unsigned n = 0;

	if (getifaddrs(&list) < 0)
		return 0;
	for (const struct ifaddrs *entry = list; entry && n < max; entry = entry->ifa_next) {
		if (strncmp(entry->ifa_name, name, len) != 0)
			continue;
		if (entry->ifa_name[len] != '\0' && entry->ifa_name[len] != ':')
			continue;
		if (take_interface_address(entry, &ret_addrs[n]))
			n++;
	}
	freeifaddrs(list);
	return n;
}

static unsigned ask_resolver(struct parse *p, struct cfg_pos pos, const char *name,
			     struct cfg_addr *ret_addrs, unsigned max)
{
	int timeout_ms =
		p->resolve_left_ms < RESOLVE_NAME_MS ? p->resolve_left_ms : RESOLVE_NAME_MS;
	int64_t start = now_ms();
	const char *why;
	unsigned n;

	n = resolve_name(name, timeout_ms, ret_addrs, max, &why);
	p->resolve_left_ms -= (int)(now_ms() - start);
	if (p->resolve_left_ms < 0)
		p->resolve_left_ms = 0;
	if (n == 0)
		parse_warning(p, pos,
			      strcmp(name, "egress") ? NULL :
						       "there are no interface groups on Linux: "
						       "name the interface",
			      "%s is neither an interface nor a name that resolves: %s", name, why);
	return n;
}

unsigned address_resolve(struct parse *p, struct cfg_pos pos, const char *name,
			 struct cfg_addr *ret_addrs, unsigned max)
{
	char primary[IF_NAMESIZE];
	unsigned index, n;

	if (p->options->no_resolve)
		return 0;
	/* The kernel finds alternative names, too; getifaddrs() knows only the first one. */
	index = if_nametoindex(name);
	if (!index || !if_indextoname(index, primary))
		return ask_resolver(p, pos, name, ret_addrs, max);
	n = interface_addresses(primary, ret_addrs, max);
	if (n == 0)
		parse_warning(p, pos, NULL, "interface %s has no address", name);
	return n;
}

static bool sockaddr_is(const struct sockaddr *sa, const struct cfg_addr *addr)
{
	struct cfg_addr own = { .family = sa->sa_family };

	if (sa->sa_family == AF_INET)
		own.v4 = ((const struct sockaddr_in *)(const void *)sa)->sin_addr;
	else if (sa->sa_family == AF_INET6)
		own.v6 = ((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
	else
		return false;
	return own.family == addr->family &&
	       memcmp(&own.v6, &addr->v6, own.family == AF_INET6 ? 16 : 4) == 0;
}

bool address_is_here(const struct cfg_addr *addr)
{
	struct ifaddrs *list;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return true; /* nobody knows */
	for (const struct ifaddrs *i = list; i && !found; i = i->ifa_next)
		found = i->ifa_addr && sockaddr_is(i->ifa_addr, addr);
	freeifaddrs(list);
	return found;
}

/* Only netlink can tell about alternative names that are longer than a name may be. */
void interface_check(struct parse *p, struct cfg_pos pos, const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > MAX_ALTERNATIVE_NAME)
		parse_error(p, pos, NULL, "invalid interface name: %s", name);
	else if (!p->options->no_resolve && len < IF_NAMESIZE && !if_nametoindex(name))
		parse_warning(p, pos, "it is used as soon as it appears",
			      "there is no interface %s here", name);
}
