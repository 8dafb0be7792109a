/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "requests/http_request.h"

#include <string.h>
#include <strings.h>

static void set_host(struct http_request *request, const char *host, size_t len)
{
	if (len >= sizeof(request->host))
		len = sizeof(request->host) - 1;
	memcpy(request->host, host, len);
	request->host[len] = '\0';
}

/* The first one; servers refuse requests with two (RFC 9112, 3.2). */
static void host_of_field(struct http_request *request)
{
	const struct http_head *head = request->head;

	for (unsigned i = 0; i < head->n_fields; i++) {
		const struct http_field *f = &head->fields[i];

		if (strcasecmp(http_head_text(head, f->name), "Host") != 0)
			continue;
		set_host(request, http_head_text(head, f->value), f->value.len);
		return;
	}
}

/* "http://user@host:port/path": the authority counts, not Host (RFC 9112, 3.2.2). NULL: it is of
 * another form. */
static const char *authority_of(const char *target)
{
	const char *authority = target[0] == '/' ? NULL : strstr(target, "://");
	const char *path = authority ? strchr(target, '/') : NULL;

	return authority && path == authority + 1 ? authority + 3 : NULL;
}

static const char *take_authority(struct http_request *request, const char *authority)
{
	size_t len = strcspn(authority, "/?#");
	const char *user = memchr(authority, '@', len);
	const char *host = user ? user + 1 : authority;

	set_host(request, host, len - (size_t)(host - authority));
	return authority[len] == '/' ? authority + len : "/";
}

void http_request_read(const char *method, struct http_head *head, struct http_request *ret)
{
	char *target = head->text + head->target.at;
	char *query = strchr(target, '?');
	const char *authority;

	*ret = (struct http_request){ .method = method, .path = target, .head = head };
	if (query) {
		*query = '\0';
		ret->query = query + 1;
	}
	authority = authority_of(target);
	if (authority)
		ret->path = take_authority(ret, authority);
	else
		host_of_field(ret);
}
