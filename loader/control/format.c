/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The pieces that the views are made of. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "control/view.h"

json_t *json_address(const struct cfg_addr *addr)
{
	char text[INET6_ADDRSTRLEN];

	if (addr->family != AF_INET && addr->family != AF_INET6)
		return json_null();
	if (!inet_ntop(addr->family, &addr->v6, text, sizeof(text)))
		return json_null();
	return json_string(text);
}

json_t *json_mac(const uint8_t mac[6])
{
	return json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
			    mac[5]);
}

/* A reason can hold bytes that a server sent, and JSON is UTF-8. */
static json_t *json_ascii(const char *text)
{
	char ascii[512];
	size_t i = 0;

	for (; text[i] && i < sizeof(ascii) - 1; i++)
		ascii[i] = (signed char)text[i] < 0 ? '?' : text[i];
	ascii[i] = '\0';
	return json_string(ascii);
}

json_t *json_text(const char *text)
{
	json_t *string;

	if (!text || !*text)
		return json_null();
	string = json_string(text);
	return string ? string : json_ascii(text);
}

const char *protocol_name(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	}
	return "unknown";
}

json_t *json_answer(const char *key, json_t *value)
{
	return json_pack("{s:i, s:o}", "schema", XLB_API_SCHEMA, key, value);
}

json_t *view_error(const char *message, const char *hint)
{
	json_t *error = json_pack("{s:o}", "error", json_text(message));

	if (error && hint && *hint && json_object_set_new(error, "hint", json_text(hint)) < 0) {
		json_decref(error);
		return NULL;
	}
	return error;
}

json_t *view_again(const char *message)
{
	return json_pack("{s:o, s:b}", "error", json_text(message), "again", 1);
}
