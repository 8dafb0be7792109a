/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "page/request.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define MAX_HOST 256

/* Cuts the port off, and the brackets. false: malformed. */
static bool split(const char *host, char name[MAX_HOST])
{
	bool bracket = host[0] == '[';
	const char *from = host + bracket;
	size_t len = strcspn(from, bracket ? "]" : ":");
	const char *port = from + len;

	if (len == 0 || len >= MAX_HOST)
		return false;
	if (bracket && *port++ != ']')
		return false;
	if (*port && (*port != ':' || port[1 + strspn(port + 1, "0123456789")]))
		return false;
	memcpy(name, from, len);
	name[len] = '\0';
	if (!bracket && len > 1 && name[len - 1] == '.')
		name[len - 1] = '\0';
	return true;
}

static bool is_address(const char *name)
{
	struct in6_addr addr;

	return inet_pton(AF_INET, name, &addr) == 1 || inet_pton(AF_INET6, name, &addr) == 1;
}

bool request_host_is_ours(const char *host, const char *const *names)
{
	char name[MAX_HOST];

	if (!host)
		return true;
	if (!split(host, name))
		return false;
	if (is_address(name) || strcasecmp(name, "localhost") == 0)
		return true;
	for (; names && *names; names++)
		if (strcasecmp(name, *names) == 0)
			return true;
	return false;
}
