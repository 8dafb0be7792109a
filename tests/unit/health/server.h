/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A server that says what a row of a test wants it to say, in a process of its own. */
#ifndef XLB_TESTS_HEALTH_SERVER_H
#define XLB_TESTS_HEALTH_SERVER_H

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <sys/prctl.h>

#include "prober.h"

enum afterwards { CLOSE, HOLD, RESET, REPEAT };

struct script {
	const char *reply;
	size_t size; /* 0: a string */
	enum afterwards afterwards;
	bool tls;
	bool greets; /* does not wait for a request */

	/* For the test, not for the server. */
	const char *request; /* that the client has to send; NULL: whatever */
	unsigned timeout_ms; /* of the check; 0: long */
};

struct server {
	pid_t pid;
	int requests; /* reads what clients sent */
	uint16_t port;
};

struct connection {
	int fd;
	SSL *ssl;
};

static SSL_CTX *server_tls(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_sign(cert, key, EVP_sha256());
	SSL_CTX_use_certificate(ctx, cert);
	SSL_CTX_use_PrivateKey(ctx, key);
	return ctx;
}

static ssize_t server_read(const struct connection *c, char *buf, size_t size)
{
	return c->ssl ? SSL_read(c->ssl, buf, (int)size) : read(c->fd, buf, size);
}

static ssize_t server_write(const struct connection *c, const char *buf, size_t size)
{
	return c->ssl ? SSL_write(c->ssl, buf, (int)size) : send(c->fd, buf, size, MSG_NOSIGNAL);
}

/* A request is over at an empty line; anything shorter must come in one piece. */
static void server_take_request(const struct connection *c, int requests)
{
	char buf[1024] = "";
	size_t n = 0;

	while (n < sizeof(buf) - 1) {
		ssize_t more = server_read(c, buf + n, sizeof(buf) - 1 - n);

		if (more <= 0)
			break;
		n += (size_t)more;
		buf[n] = '\0';
		if (!strstr(buf, "HTTP/") || strstr(buf, "\r\n\r\n"))
			break;
	}
	if (write(requests, buf, n) < 0)
		_exit(1);
}

static void server_end(const struct connection *c, const struct script *script, size_t size)
{
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	char buf[256];

	if (script->afterwards == RESET)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	while (script->afterwards == REPEAT && server_write(c, script->reply, size) > 0)
		;
	while (script->afterwards == HOLD && server_read(c, buf, sizeof(buf)) > 0)
		;
	if (c->ssl)
		SSL_shutdown(c->ssl);
	SSL_free(c->ssl);
	close(c->fd);
}

static void server_talk(int fd, SSL_CTX *tls, const struct script *script, int requests)
{
	size_t size = script->size ? script->size : strlen(script->reply);
	struct connection c = { .fd = fd };

	if (script->tls) {
		c.ssl = SSL_new(tls);
		SSL_set_fd(c.ssl, fd);
		SSL_accept(c.ssl);
	}
	if (!script->greets)
		server_take_request(&c, requests);
	if (size)
		server_write(&c, script->reply, size);
	server_end(&c, script, size);
}

static struct server serve(const struct script *script)
{
	struct server s;
	int fds[2], fd = listener("127.0.0.1", 16, &s.port);

	cr_assert_eq(pipe(fds), 0);
	s.requests = fds[0];
	s.pid = fork();
	cr_assert_geq(s.pid, 0);
	if (s.pid == 0) {
		SSL_CTX *tls = script->tls ? server_tls() : NULL;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		for (;;)
			server_talk(accept(fd, NULL, NULL), tls, script, fds[1]);
	}
	close(fd);
	close(fds[1]);
	return s;
}

static void server_stop(const struct server *s)
{
	kill(s->pid, SIGKILL);
	close(s->requests);
}

/* ---- rows --------------------------------------------------------------------------------------
 */
struct check_row {
	const char *name;
	struct cfg_check check;
	struct script script;
	enum host_health health;
	const char *reason;
};

static void check_row(const struct check_row *row)
{
	struct server s = serve(&row->script);
	struct probe_target target = target_of("127.0.0.1", s.port, &row->check);
	char request[1025] = "";
	struct record r = { 0 };
	struct probe *p;

	signal(SIGPIPE, SIG_IGN); /* as the daemon does */
	if (row->script.timeout_ms)
		target.timeout_ms = row->script.timeout_ms;
	p = add(&target, &r);
	cr_expect(LOOP_UNTIL(r.results == 1), "%s: no result", row->name);
	cr_expect_not(r.not_made, "%s", row->name);
	cr_expect_eq(r.health, row->health, "%s: %s", row->name, r.reason);
	cr_expect_str_eq(r.reason, row->reason, "%s: %s", row->name, r.reason);
	if (row->script.timeout_ms)
		cr_expect_geq(r.latency_ms, row->script.timeout_ms, "%s", row->name);
	if (row->script.request) {
		cr_expect_geq(read(s.requests, request, sizeof(request) - 1), 0);
		cr_expect_str_eq(request, row->script.request, "%s: %s", row->name, request);
	}
	prober_remove(p);
	server_stop(&s);
}

#define CHECK_ROWS(rows)                                                                           \
	for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++)                              \
	check_row(&(rows)[i])

#endif
