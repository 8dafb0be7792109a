/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * "check http|https PATH [host H] code N": HEAD, and the status is N.
 * "check http|https PATH [host H] digest D": GET, and the body's SHA1 or MD5 is D.
 *
 * As relayd: HTTP/1.0 without a Host header unless one is configured; certificates and names are
 * not verified, no SNI is sent; redirections are answers like any other. Ours: "verify", "sni" and
 * "token file".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "health/check.h"
#include "health/transfers.h"
#include "health/trust.h"

#define MD5_DIGITS 32
#define MAX_TOKEN 16384

struct http_shared {
	struct transfers *transfers;
	struct trust *trust;
};

struct http {
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *connect_to; /* where the name that TLS asks for is */
	X509_STORE *store;             /* verify; the shared list's */
	EVP_MD_CTX *digest;            /* of the body so far; NULL: the code is what counts */
	bool body_over;                /* relayd's digests end at a NUL byte */
	int fd;                        /* valid if opened and the transfer runs */
	bool opened;
	int socket_error; /* errno of socket() or its options */
};

static bool wants_digest(const struct probe *p)
{
	return p->target.check->type == CFG_CHECK_HTTP_DIGEST;
}

/* ---- judging ------------------------------------------------------------------------------- */
static bool takes_code(const struct cfg_check *check, long code)
{
	for (unsigned i = 0; i < check->n_more_codes; i++)
		if (code == check->more_codes[i])
			return true;
	return code == check->code;
}

static void judge_code(struct probe *p, long code)
{
	char reason[64];

	if (takes_code(p->target.check, code)) {
		check_finish(p, HOST_UP, "http code ok");
		return;
	}
	/* relayd appends the code that came. */
	snprintf(reason, sizeof(reason), "http code mismatch,%ld", code);
	check_finish(p, HOST_DOWN, reason);
}

static void judge_digest(struct probe *p, struct http *http)
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
	unsigned size = 0;

	EVP_DigestFinal_ex(http->digest, raw, &size);
	for (unsigned i = 0; i < size; i++)
		snprintf(hex + 2 * i, 3, "%02x", raw[i]);
	if (strcmp(hex, p->target.check->digest) == 0)
		check_finish(p, HOST_UP, "http digest ok");
	else
		check_finish(p, HOST_DOWN, "http digest mismatch");
}

static long response_code(CURL *easy)
{
	long code = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
	return code;
}

static void judge_response(struct probe *p, struct http *http)
{
	if (wants_digest(p))
		judge_digest(p, http);
	else
		judge_code(p, response_code(http->easy));
}

static void judge_connect_failure(struct probe *p, const struct http *http)
{
	if (http->socket_error == EMFILE || http->socket_error == ENFILE)
		check_not_made(p, "tcp socket limit");
	else if (http->socket_error)
		check_not_made(p, "tcp socket error");
	else
		check_finish(p, HOST_DOWN, "tcp connect failed");
}

static void judge_certificate(struct probe *p, CURL *easy)
{
	char complaint[64];
	long verified = X509_V_OK;

	curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verified);
	check_finish(p, HOST_DOWN, trust_complaint(verified, complaint, sizeof(complaint)));
}

static const char *malformed(const struct probe *p)
{
	return wants_digest(p) ? "http digest malformed" : "http code malformed";
}

static void on_done(CURL *easy, CURLcode code)
{
	struct probe *p = NULL;
	struct http *http;
	bool tls;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &p);
	http = p->state;
	tls = p->target.check->tls;
	switch (code) {
	case CURLE_OK:
		judge_response(p, http);
		break;
	case CURLE_COULDNT_CONNECT:
		judge_connect_failure(p, http);
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
		judge_certificate(p, easy);
		break;
	case CURLE_SSL_CONNECT_ERROR:
		check_finish(p, HOST_DOWN, "tls connect error");
		break;
	case CURLE_SEND_ERROR:
		check_finish(p, HOST_DOWN, tls ? "tls write error" : "tcp write failed");
		break;
	case CURLE_RECV_ERROR:
		check_finish(p, HOST_DOWN, tls ? "tls read error" : "tcp read failed");
		break;
	/* Hosts are addresses: where libcurl cannot read one it had no memory, nor had our
	 * callbacks where they end a transfer. */
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_FAILED_INIT:
	case CURLE_ABORTED_BY_CALLBACK:
	case CURLE_OUT_OF_MEMORY:
		check_not_made(p, "aborted");
		break;
	default: /* nothing, too little, or not HTTP/1 */
		check_finish(p, HOST_DOWN, malformed(p));
	}
}

/* ---- request ------------------------------------------------------------------------------- */
static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct probe *p = data;
	struct http *http = p->state;
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

	if (fd >= 0 && check_set_options(fd, &p->target) == 0) {
		http->fd = fd;
		http->opened = true;
		return fd;
	}
	http->socket_error = errno;
	if (fd >= 0)
		close(fd);
	return CURL_SOCKET_BAD;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *data)
{
	struct http *http = data;
	size_t len = strnlen(bytes, n);

	if (http->digest && !http->body_over)
		EVP_DigestUpdate(http->digest, bytes, len);
	http->body_over = http->body_over || len < n;
	return n;
}

static int prepare_digest(const struct probe *p, struct http *http)
{
	bool md5 = strlen(p->target.check->digest) == MD5_DIGITS;

	http->digest = EVP_MD_CTX_new();
	if (!http->digest)
		return -ENOMEM;
	/* Not for security: OpenSSL may be told to have neither. */
	if (!EVP_DigestInit_ex(http->digest, md5 ? EVP_md5() : EVP_sha1(), NULL))
		return -EOPNOTSUPP;
	return 0;
}

static bool is_token(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text == 0x7f)
			return false;
	return true;
}

/* The first line of the file; buf is to be wiped. Tokens are renewed: it is read each time. */
static int read_token(const char *file, char *buf, size_t size)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		return -EIO;
	buf[n] = '\0';
	buf[strcspn(buf, "\r\n")] = '\0';
	return buf[0] && is_token(buf) ? 0 : -EINVAL;
}

static int add_token(const char *file, struct http *http)
{
	static const char scheme[] = "Authorization: Bearer ";
	char header[sizeof(scheme) + MAX_TOKEN];
	struct curl_slist *more = NULL;
	int r = read_token(file, header + sizeof(scheme) - 1, MAX_TOKEN);

	if (r == 0) {
		memcpy(header, scheme, sizeof(scheme) - 1);
		more = curl_slist_append(http->headers, header);
		r = more ? 0 : -ENOMEM;
	}
	explicit_bzero(header, sizeof(header));
	return r;
}

static int prepare_headers(const struct cfg_check *check, struct http *http)
{
	char host[512];
	struct curl_slist *more;

	if (check->host)
		snprintf(host, sizeof(host), "Host: %s", check->host);
	else
		snprintf(host, sizeof(host), "Host:"); /* libcurl's notation for none */
	http->headers = curl_slist_append(NULL, host);
	more = curl_slist_append(http->headers, "Accept:");
	if (more && check->host)
		more = curl_slist_append(more, "Connection: close");
	return http->headers && more ? 0 : -ENOMEM;
}

/* "192.0.2.1:80", "[2001:db8::1]:80" */
static void print_address(const struct probe_target *target, char *buf, size_t size)
{
	char addr[INET6_ADDRSTRLEN] = "";
	bool v6 = target->addr.family == AF_INET6;

	inet_ntop(target->addr.family, &target->addr.v6, addr, sizeof(addr));
	snprintf(buf, size, v6 ? "[%s]:%u" : "%s:%u", addr, target->port);
}

/* The URL's host is what libcurl asks for by SNI and verifies; where it is, we say. */
static int set_url(struct probe *p, struct http *http)
{
	const char *scheme = p->target.check->tls ? "https" : "http";
	const char *name = p->target.check->tls ? trust_name(&p->target) : NULL;
	char address[INET6_ADDRSTRLEN + 10], url[512], where[INET6_ADDRSTRLEN + 16];

	print_address(&p->target, address, sizeof(address));
	if (name)
		snprintf(url, sizeof(url), "%s://%s:%u", scheme, name, p->target.port);
	else
		snprintf(url, sizeof(url), "%s://%s", scheme, address);
	if (curl_easy_setopt(http->easy, CURLOPT_URL, url) != CURLE_OK)
		return -ENOMEM;
	if (!name)
		return 0;
	snprintf(where, sizeof(where), "::%s", address);
	http->connect_to = curl_slist_append(NULL, where);
	curl_easy_setopt(http->easy, CURLOPT_CONNECT_TO, http->connect_to);
	return http->connect_to ? 0 : -ENOMEM;
}

static CURLcode trust_ours(CURL *easy, void *ssl_ctx, void *data)
{
	const struct http *http = data;

	return SSL_CTX_set1_verify_cert_store(ssl_ctx, http->store) == 1 ? CURLE_OK :
									   CURLE_OUT_OF_MEMORY;
}

static void set_tls(struct probe *p, struct http *http)
{
	bool verify = p->target.check->verify;
	CURL *easy = http->easy;

	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
	if (!verify)
		return;
	curl_easy_setopt(easy, CURLOPT_CAINFO, NULL); /* not to be read for nothing */
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, trust_ours);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, http);
}

/* -ENOMEM: libcurl has no copy of a text; what it would do without says nothing of the host. */
static int set_options(struct probe *p, struct http *http)
{
	const struct cfg_check *check = p->target.check;
	CURL *easy = http->easy;

	if (curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, check->path) != CURLE_OK ||
	    /* whatever the environment says */
	    curl_easy_setopt(easy, CURLOPT_PROXY, "") != CURLE_OK)
		return -ENOMEM;
	curl_easy_setopt(easy, CURLOPT_NOBODY, wants_digest(p) ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
			 check->host ? (long)CURL_HTTP_VERSION_1_1 : (long)CURL_HTTP_VERSION_1_0);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, p);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, p);
	return 0;
}

/* ---- the kind ------------------------------------------------------------------------------ */
static int open_http(sd_event *event, void **ret)
{
	struct http_shared *shared = calloc(1, sizeof(*shared));
	int r = shared ? transfers_open(event, on_done, &shared->transfers) : -ENOMEM;

	if (r < 0) {
		free(shared);
		return r;
	}
	*ret = shared;
	return 0;
}

static void close_http(void *data)
{
	struct http_shared *shared = data;

	transfers_close(shared->transfers);
	trust_free(shared->trust);
	free(shared);
}

/* What is in files; NULL, or why it is not. */
static const char *read_files(struct probe *p, struct http *http)
{
	const struct cfg_check *check = p->target.check;
	struct http_shared *shared = p->shared;

	if (check->verify && trust_get(&shared->trust, check->ca, &http->store) < 0)
		return "tls ca file not read";
	if (check->token && add_token(check->token, http) < 0)
		return "token file not read";
	return NULL;
}

static int add_transfer(struct probe *p, struct http *http)
{
	struct http_shared *shared = p->shared;
	int r;

	http->easy = curl_easy_init();
	if (!http->easy)
		return -ENOMEM;
	r = set_options(p, http);
	if (r < 0)
		return r;
	set_tls(p, http);
	r = set_url(p, http);
	return r < 0 ? r : transfer_add(shared->transfers, http->easy);
}

static void start(struct probe *p)
{
	struct http *http = p->state;
	int r = wants_digest(p) ? prepare_digest(p, http) : 0;
	const char *problem = NULL;

	if (r == 0)
		r = prepare_headers(p->target.check, http);
	if (r == 0)
		problem = read_files(p, http);
	if (r == 0 && !problem)
		r = add_transfer(p, http);
	if (problem || r < 0)
		check_not_made(p, problem ? problem : "aborted");
}

/* libcurl's own times tell only when the handshake is over, too. */
static bool is_connected(const struct http *http)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);

	return http->opened && getpeername(http->fd, (struct sockaddr *)&peer, &size) == 0;
}

/* How far it got. */
static const char *timeout_reason(const struct probe *p, const struct http *http)
{
	curl_off_t handshaken = 0;

	if (!is_connected(http))
		return "tcp connect timeout";
	if (!p->target.check->tls)
		return "tcp read timeout";
	curl_easy_getinfo(http->easy, CURLINFO_APPCONNECT_TIME_T, &handshaken);
	return handshaken ? "tls read timeout" : "tls connect timeout";
}

/* What has come by then counts, except with TLS: so it is in relayd. */
static void deadline(struct probe *p)
{
	struct http *http = p->state;
	long code = response_code(http->easy);

	if (code && !p->target.check->tls && !wants_digest(p))
		judge_code(p, code);
	else
		check_finish(p, HOST_DOWN, timeout_reason(p, http));
}

static void stop(struct probe *p)
{
	struct http *http = p->state;

	if (http->easy) {
		transfer_remove(((struct http_shared *)p->shared)->transfers, http->easy);
		curl_easy_cleanup(http->easy);
	}
	curl_slist_free_all(http->headers);
	curl_slist_free_all(http->connect_to);
	EVP_MD_CTX_free(http->digest);
}

const struct check_ops http_check = {
	.open = open_http,
	.close = close_http,
	.state_size = sizeof(struct http),
	.start = start,
	.deadline = deadline,
	.stop = stop,
};
