/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* "check tls": a handshake comes to its end. */
#include "health/stream.h"

static void on_connected(struct stream *stream)
{
	check_finish(stream->probe, HOST_UP, "tls connect ok");
}

static void start(struct probe *probe)
{
	stream_connect(probe->state, probe, probe->shared, on_connected);
}

static void deadline(struct probe *probe)
{
	check_finish(probe, HOST_DOWN, stream_timeout_reason(probe->state));
}

static void stop(struct probe *probe)
{
	stream_close(probe->state);
}

const struct check_ops tls_check = {
	.open = stream_tls_open,
	.close = stream_tls_close,
	.state_size = sizeof(struct stream),
	.start = start,
	.deadline = deadline,
	.stop = stop,
};
