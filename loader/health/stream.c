/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "health/stream.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "health/trust.h"

struct stream_tls {
	SSL_CTX *ctx;
	struct trust *trust;
};

/* ---- words --------------------------------------------------------------------------------- */
static const char *word(const struct stream *s, const char *tcp, const char *tls)
{
	return s->ssl ? tls : tcp;
}

const char *stream_timeout_reason(const struct stream *s)
{
	switch (s->phase) {
	case STREAM_CONNECTING:
		return "tcp connect timeout";
	case STREAM_HANDSHAKE:
		return "tls connect timeout";
	case STREAM_WRITING:
		return word(s, "tcp write timeout", "tls write timeout");
	default:
		return word(s, "tcp read timeout", "tls read timeout");
	}
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

/* ---- waiting ------------------------------------------------------------------------------- */
static ssize_t wait_for(struct stream *s, uint32_t events)
{
	if (sd_event_source_set_io_events(s->io, events) >= 0 &&
	    sd_event_source_set_enabled(s->io, SD_EVENT_ON) >= 0)
		return -EAGAIN;
	check_not_made(s->probe, "aborted");
	return -ECANCELED;
}

static ssize_t failed(struct stream *s, const char *reason)
{
	check_finish(s->probe, HOST_DOWN, reason);
	return -ECANCELED;
}

/* What OpenSSL wants before it goes on; with renegotiation, reading may have to wait for writing.
 */
static ssize_t wait_for_tls(struct stream *s, int r, const char *reason)
{
	int error = SSL_get_error(s->ssl, r);

	ERR_clear_error();
	if (error == SSL_ERROR_WANT_READ)
		return wait_for(s, EPOLLIN);
	if (error == SSL_ERROR_WANT_WRITE)
		return wait_for(s, EPOLLOUT);
	return failed(s, reason);
}

/* ---- connecting ---------------------------------------------------------------------------- */
static void shake_hands(struct stream *s)
{
	const char *reason = "tls connect error";
	char complaint[64];
	int r = SSL_connect(s->ssl);
	long verified;

	if (r == 1) {
		s->proceed(s);
		return;
	}
	verified = SSL_get_verify_result(s->ssl);
	if (s->probe->target.check->verify && verified != X509_V_OK)
		reason = trust_complaint(verified, complaint, sizeof(complaint));
	wait_for_tls(s, r, reason);
}

static void connected(struct stream *s)
{
	socklen_t size = sizeof(int);
	int error = 0;

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	sd_event_source_set_priority(s->io, SD_EVENT_PRIORITY_NORMAL);
	if (error) {
		connect_failed(s->probe, error);
	} else if (s->ssl) {
		s->phase = STREAM_HANDSHAKE;
		shake_hands(s);
	} else {
		s->phase = STREAM_READING;
		s->proceed(s);
	}
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct stream *s = data;

	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	if (s->phase == STREAM_CONNECTING)
		connected(s);
	else if (s->phase == STREAM_HANDSHAKE)
		shake_hands(s);
	else
		s->proceed(s);
	return 0;
}

/* The descriptor; or -1, and the check is finished. */
static int open_socket(struct probe *probe)
{
	int fd = socket(probe->target.addr.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		check_not_made(probe, errno == EMFILE || errno == ENFILE ? "tcp socket limit" :
									   "tcp socket error");
	} else if (check_set_options(fd, &probe->target) < 0) {
		close(fd);
		fd = -1;
		check_not_made(probe, "tcp socket option");
	}
	return fd;
}

/* By its name, or by its address where it has none. */
static bool expect_identity(SSL *ssl, const struct probe_target *target, const char *name)
{
	if (name)
		return SSL_set1_host(ssl, name) == 1;
	return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl),
					 (const unsigned char *)&target->addr.v6,
					 target->addr.family == AF_INET ? 4 : 16) == 1;
}

/* NULL, or why not. */
static const char *prepare_tls(struct stream *s, struct stream_tls *tls)
{
	const struct probe_target *target = &s->probe->target;
	const char *name = trust_name(target);
	X509_STORE *store;

	s->ssl = SSL_new(tls->ctx);
	if (!s->ssl || SSL_set_fd(s->ssl, s->fd) != 1)
		return "aborted";
	if (name && SSL_set_tlsext_host_name(s->ssl, name) != 1)
		return "aborted";
	if (!target->check->verify)
		return NULL;
	if (trust_get(&tls->trust, target->check->ca, &store) < 0)
		return "tls ca file not read";
	SSL_set_verify(s->ssl, SSL_VERIFY_PEER, NULL);
	if (SSL_set1_verify_cert_store(s->ssl, store) != 1 ||
	    !expect_identity(s->ssl, target, name))
		return "aborted";
	return NULL;
}

void stream_connect(struct stream *s, struct probe *probe, struct stream_tls *tls,
		    void (*proceed)(struct stream *stream))
{
	struct sockaddr_storage address;
	socklen_t size = check_socket_address(&probe->target, &address);
	const char *problem = NULL;
	int fd = open_socket(probe);

	if (fd < 0)
		return;
	s->probe = probe;
	s->proceed = proceed;
	s->fd = fd;
	/* Once: of thousands that are connected at a time all would be told at every turn. */
	if (sd_event_add_io(check_event(probe), &s->io, fd, EPOLLOUT | EPOLLET, on_io, s) < 0) {
		close(fd);
		check_not_made(probe, "tcp socket error");
		return;
	}
	sd_event_source_set_priority(s->io, PROBER_RESULT_PRIORITY);
	if (tls)
		problem = prepare_tls(s, tls);
	if (problem) {
		check_not_made(probe, problem);
	} else if (connect(fd, (struct sockaddr *)&address, size) < 0 && errno != EINPROGRESS) {
		connect_failed(probe, errno);
	}
}

void stream_close(struct stream *s)
{
	SSL_free(s->ssl);
	if (!s->io)
		return;
	s->io = sd_event_source_disable_unref(s->io);
	close(s->fd);
}

/* ---- using --------------------------------------------------------------------------------- */
ssize_t stream_write(struct stream *s, const void *bytes, size_t size)
{
	size_t n = 0;
	ssize_t r;

	s->phase = STREAM_WRITING;
	if (s->ssl) {
		int ok = SSL_write_ex(s->ssl, bytes, size, &n);

		return ok ? (ssize_t)n : wait_for_tls(s, ok, "tls write error");
	}
	r = send(s->fd, bytes, size, MSG_NOSIGNAL);
	if (r >= 0)
		return r;
	return errno == EAGAIN || errno == EINTR ? wait_for(s, EPOLLOUT) :
						   failed(s, "tcp write failed");
}

static ssize_t read_tls(struct stream *s, void *bytes, size_t size)
{
	size_t n = 0;
	int ok = SSL_read_ex(s->ssl, bytes, size, &n);

	if (ok)
		return (ssize_t)n;
	if (SSL_get_error(s->ssl, ok) == SSL_ERROR_ZERO_RETURN)
		return 0;
	return wait_for_tls(s, ok, "tls read error");
}

ssize_t stream_read(struct stream *s, void *bytes, size_t size)
{
	ssize_t r;

	s->phase = STREAM_READING;
	if (s->ssl)
		return read_tls(s, bytes, size);
	r = recv(s->fd, bytes, size, 0);
	if (r >= 0)
		return r;
	return errno == EAGAIN || errno == EINTR ? wait_for(s, EPOLLIN) :
						   failed(s, "tcp read failed");
}

/* ---- TLS ----------------------------------------------------------------------------------- */
int stream_tls_open(sd_event *event, void **ret_stream_tls)
{
	struct stream_tls *tls = calloc(1, sizeof(*tls));
	SSL_CTX *ctx = tls ? SSL_CTX_new(TLS_client_method()) : NULL;

	if (!ctx) {
		free(tls);
		return -ENOMEM;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* Many servers close without close_notify; what counts is what they sent. */
	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	tls->ctx = ctx;
	*ret_stream_tls = tls;
	return 0;
}

void stream_tls_close(void *stream_tls)
{
	struct stream_tls *tls = stream_tls;

	SSL_CTX_free(tls->ctx);
	trust_free(tls->trust);
	free(tls);
}
