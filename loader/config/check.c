/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What comes after "check". */
#include <ctype.h>
#include <string.h>

#include "config/parse.h"

#define MAX_EXPECT 255 /* relayd's limit for a pattern */
#define MAX_BINARY_EXPECT 128 /* bytes */
#define MD5_DIGITS 32
#define SHA1_DIGITS 40

struct cfg_check check_simple(enum cfg_check_type type)
{
	return (struct cfg_check){ .type = type, .tls = type == CFG_CHECK_TLS };
}

bool check_is_https(struct parse *p, struct cfg_pos pos, const char *word)
{
	if (strcmp(word, "https") == 0)
		return true;
	parse_error(p, pos, "icmp, tcp, tls, http, https, send, binary or script",
		    "invalid check type: %s", word);
	return false;
}

/* It goes into a request line or header as it is. */
static void check_request_text(struct parse *p, struct cfg_pos pos, const char *what,
			       const char *text)
{
	bool clean = text[0] != '\0';

	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		clean = clean && *c > ' ' && *c != 0x7f;
	if (!clean)
		parse_error(p, pos, NULL, "invalid %s: \"%s\"", what, text);
}

static struct cfg_check check_http(struct parse *p, struct cfg_pos pos, const char *path,
				   const char *host)
{
	check_request_text(p, pos, "HTTP path", path);
	if (host)
		check_request_text(p, pos, "HTTP host", host);
	return (struct cfg_check){ .type = CFG_CHECK_HTTP_CODE, .path = path, .host = host };
}

struct cfg_check check_code(struct parse *p, struct cfg_pos pos, const char *path, const char *host,
			    int64_t code)
{
	struct cfg_check check = check_http(p, pos, path, host);

	if (code < 100 || code > 999)
		parse_error(p, pos, NULL, "invalid HTTP code: %lld", (long long)code);
	else
		check.code = (int)code;
	return check;
}

static size_t count_hex(const char *text)
{
	return strspn(text, "0123456789abcdefABCDEF");
}

static const char *lower_case(struct parse *p, const char *text)
{
	size_t len = strlen(text);
	char *copy = arena_alloc(p->arena, len + 1);

	if (!copy)
		return "";
	for (size_t i = 0; i < len; i++)
		copy[i] = (char)tolower((unsigned char)text[i]);
	return copy;
}

struct cfg_check check_digest(struct parse *p, struct cfg_pos pos, const char *path,
			      const char *host, const char *digest)
{
	struct cfg_check check = check_http(p, pos, path, host);
	size_t len = strlen(digest);

	check.type = CFG_CHECK_HTTP_DIGEST;
	check.digest = lower_case(p, digest);
	if (count_hex(digest) != len || (len != MD5_DIGITS && len != SHA1_DIGITS))
		parse_error(p, pos, "40 hex digits (SHA1) or 32 (MD5)", "invalid http digest");
	return check;
}

/* relayd's escapes: \n, \r, and a backslash before anything else is dropped. */
static const char *unescape(struct parse *p, const char *text)
{
	char *copy = arena_alloc(p->arena, strlen(text) + 1), *to = copy;

	if (!copy)
		return "";
	for (; *text; text++) {
		if (*text != '\\' || text[1] == '\0') {
			*to++ = *text;
			continue;
		}
		text++;
		*to++ = *text == 'n' ? '\n' : *text == 'r' ? '\r' : *text;
	}
	return copy;
}

struct cfg_check check_send(struct parse *p, struct cfg_pos pos, const char *send,
			    const char *expect)
{
	struct cfg_check check = { .type = CFG_CHECK_SEND_EXPECT };

	if (send)
		check.send = unescape(p, send);
	check.expect = unescape(p, expect);
	if (check.expect[0] == '\0')
		parse_error(p, pos, "\"*\" takes anything", "empty expect pattern");
	if (strlen(check.expect) > MAX_EXPECT)
		parse_error(p, pos, NULL, "expect pattern too long (more than %d bytes)",
			    MAX_EXPECT);
	return check;
}

static void check_hex(struct parse *p, struct cfg_pos pos, const char *what, const char *text)
{
	size_t len = strlen(text);

	if (len == 0)
		parse_error(p, pos, NULL, "empty binary %s data", what);
	else if (len % 2 || count_hex(text) != len)
		parse_error(p, pos, "an even number of hex digits",
			    "failed in binary %s data buffer", what);
}

struct cfg_check check_binary(struct parse *p, struct cfg_pos pos, const char *send,
			      const char *expect)
{
	struct cfg_check check = {
		.type = CFG_CHECK_BINARY,
		.send = lower_case(p, send),
		.expect = lower_case(p, expect),
	};

	check_hex(p, pos, "send", send);
	check_hex(p, pos, "expect", expect);
	if (strlen(expect) > 2 * MAX_BINARY_EXPECT)
		parse_error(p, pos, NULL, "binary expect data too long (more than %d bytes)",
			    MAX_BINARY_EXPECT);
	return check;
}

struct cfg_check check_script(struct parse *p, struct cfg_pos pos, const char *path)
{
	if (path[0] == '\0')
		parse_error(p, pos, NULL, "empty script path");
	return (struct cfg_check){ .type = CFG_CHECK_SCRIPT, .path = path };
}
