/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A TCP connection of a check, with TLS if wanted, from socket() to close(). Whatever goes wrong
 * finishes the check in relayd's words; the stream is closed then.
 */
#ifndef XLB_HEALTH_STREAM_H
#define XLB_HEALTH_STREAM_H

#include <openssl/ssl.h>
#include <sys/types.h>

#include "health/check.h"

enum stream_phase { STREAM_CONNECTING, STREAM_HANDSHAKE, STREAM_WRITING, STREAM_READING };

struct stream {
	struct probe *probe;
	int fd; /* valid if io is not NULL */
	sd_event_source *io;
	SSL *ssl; /* NULL: plain */
	enum stream_phase phase;
	/* The stream is ready for use; and again after each -EAGAIN. */
	void (*proceed)(struct stream *stream);
};

struct stream_tls; /* what TLS checks of a kind share */

/* Begins to connect to the probe's target. `tls`: NULL for plain TCP; from stream_tls_open(). */
void stream_connect(struct stream *stream, struct probe *probe, struct stream_tls *tls,
		    void (*proceed)(struct stream *stream));

/* > 0: bytes; -EAGAIN: not now, proceed() will be called; -ECANCELED: the check is finished. For
 * reading 0: the peer closed. */
ssize_t stream_write(struct stream *stream, const void *bytes, size_t size);
ssize_t stream_read(struct stream *stream, void *bytes, size_t size);

/* relayd's word for a deadline that passed where the stream is now. */
const char *stream_timeout_reason(const struct stream *stream);

/* A zeroed stream is fine. */
void stream_close(struct stream *stream);

/* For check_ops. Certificates are verified, and SNI is sent, only where the check says so. */
int stream_tls_open(sd_event *event, void **ret_stream_tls);
void stream_tls_close(void *stream_tls);

#endif
