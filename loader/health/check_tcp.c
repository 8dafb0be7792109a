/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* "check tcp": the port accepts a connection. It is closed at once, by FIN as any client does. */
#include "health/stream.h"

static void on_connected(struct stream *stream)
{
	check_finish(stream->probe, HOST_UP, "tcp connect ok");
}

static void start(struct probe *probe)
{
	stream_connect(probe->state, probe, NULL, on_connected);
}

static void deadline(struct probe *probe)
{
	check_finish(probe, HOST_DOWN, stream_timeout_reason(probe->state));
}

static void stop(struct probe *probe)
{
	stream_close(probe->state);
}

const struct check_ops tcp_check = {
	.state_size = sizeof(struct stream),
	.start = start,
	.deadline = deadline,
	.stop = stop,
};
