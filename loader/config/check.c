/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What comes after "check". */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config/parse.h"

#define MAX_EXPECT 255        /* relayd's limit for a pattern */
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
	parse_error(p, pos, "icmp, tcp, tls, http, https, send, binary, script or dns",
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

static bool has_code(const struct code_list *list, int64_t code)
{
	for (unsigned i = 0; i < list->n; i++)
		if (list->codes[i] == code)
			return true;
	return false;
}

struct code_list check_codes(struct parse *p, struct cfg_pos pos, const struct code_list *before,
			     int64_t code)
{
	const struct code_list none = { 0 };
	struct code_list list = before ? *before : none;
	uint16_t *codes;

	if (code < 100 || code > 999) {
		parse_error(p, pos, NULL, "invalid HTTP code: %lld", (long long)code);
		return list;
	}
	if (has_code(&list, code)) {
		parse_warning(p, pos, NULL, "HTTP code %lld is there already", (long long)code);
		return list;
	}
	if (list.n == CFG_MAX_CODES) {
		parse_error(p, pos, NULL, "too many HTTP codes (more than %d)", CFG_MAX_CODES);
		return list;
	}
	codes = arena_alloc(p->arena, (list.n + 1) * sizeof(*codes));
	if (!codes)
		return list;
	for (unsigned i = 0; i < list.n; i++)
		codes[i] = list.codes[i];
	codes[list.n] = (uint16_t)code;
	return (struct code_list){ codes, list.n + 1 };
}

struct cfg_check check_code(struct parse *p, struct cfg_pos pos, const char *path, const char *host,
			    const struct code_list *codes)
{
	struct cfg_check check = check_http(p, pos, path, host);

	if (codes->n == 0)
		return check;
	check.code = codes->codes[0];
	check.n_more_codes = codes->n - 1;
	if (codes->n > 1)
		check.more_codes = codes->codes + 1;
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

/* Only the running box can tell; it may be there when it is needed. */
static void check_file(struct parse *p, struct cfg_pos pos, const char *path, int mode)
{
	if (!p->options->no_resolve && access(path, mode) < 0)
		parse_warning(p, pos, NULL, "%s: %s", path, strerror(errno));
}

struct cfg_check check_script(struct parse *p, struct cfg_pos pos, const char *path)
{
	if (path[0] == '\0')
		parse_error(p, pos, NULL, "empty script path");
	else if (path[0] == '/')
		check_file(p, pos, path, X_OK);
	return (struct cfg_check){ .type = CFG_CHECK_SCRIPT, .path = path };
}

/* Labels of 1 to 63 bytes, 253 in all, a dot at the end or not; "." is the root. */
static bool is_dns_name(const char *name)
{
	size_t len = strlen(name), label;

	if (strcmp(name, ".") == 0)
		return true;
	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len > 253)
		return false;
	for (size_t at = 0; at <= len; at += label + 1) {
		label = strcspn(name + at, ".");
		if (at + label > len || label == 0 || label > 63)
			return false;
	}
	return true;
}

struct cfg_check check_dns(struct parse *p, struct cfg_pos pos, const char *name,
			   struct cfg_pos type_pos, const char *type)
{
	struct cfg_check check = {
		.type = CFG_CHECK_DNS,
		.query = name,
		.qtype = cfg_dns_type(type ? type : "A"),
	};

	check_request_text(p, pos, "DNS name", name);
	if (!is_dns_name(name))
		parse_error(p, pos, NULL, "invalid DNS name: \"%s\"", name);
	if (!check.qtype)
		parse_error(p, type_pos, "A, AAAA, CNAME, MX, NS, PTR, SOA, SRV or TXT",
			    "invalid DNS type: %s", type);
	return check;
}

static void check_wants_tls(struct parse *p, struct cfg_pos pos, const struct cfg_check *check,
			    const char *what)
{
	if (!check->tls)
		parse_error(p, pos, "it is for checks by https, tls, and with tls",
			    "%s needs a check with TLS", what);
}

void check_verify(struct parse *p, struct cfg_pos pos, struct cfg_check *check, const char *ca)
{
	check_wants_tls(p, pos, check, "verify");
	check->verify = true;
	check->ca = ca;
	if (ca)
		check_file(p, pos, ca, R_OK);
}

void check_sni(struct parse *p, struct cfg_pos pos, struct cfg_check *check, const char *name)
{
	struct cfg_addr addr;

	check_wants_tls(p, pos, check, "sni");
	check->sni = name;
	if (!is_dns_name(name) || strcmp(name, ".") == 0 || address_parse(name, &addr))
		parse_error(p, pos, "a name, not an address", "invalid sni: \"%s\"", name);
	else
		check_request_text(p, pos, "sni", name);
}

void check_token(struct parse *p, struct cfg_pos pos, struct cfg_check *check, const char *file)
{
	check->token = file;
	if (check->type != CFG_CHECK_HTTP_CODE && check->type != CFG_CHECK_HTTP_DIGEST)
		parse_error(p, pos, NULL, "token needs a check by https");
	else if (!check->tls)
		parse_error(p, pos, "use https", "token with http: anyone could read it");
	else
		check_file(p, pos, file, R_OK);
}
