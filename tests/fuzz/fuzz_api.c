/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Any bytes on the control socket, as a client would send them. What is answered is JSON, whatever
 * was asked; and the server goes on to answer others.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../unit/control/fake_dataplane.h"
#include "../unit/control/sample.h"
#include "control/http.h"

#define MOST_TURNS 64 /* of the event loop for one input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sample sample;
static struct dataplane dataplane = { .n_sessions = 3, .with_nat = true };
static struct rates rates;
static sd_event *event;
static struct http *http;
static struct sockaddr_un where = { .sun_family = AF_UNIX };
static socklen_t where_size;

/* ---- the daemon ---------------------------------------------------------------------------- */
static const struct model *op_model(void *data)
{
	return &sample.model;
}

static struct dataplane *op_dataplane(void *data)
{
	return &dataplane;
}

static struct net *op_net(void *data)
{
	return NULL;
}

static void op_info(void *data, struct control_info *ret)
{
	*ret = (struct control_info){ .config_file = "/etc/xlb/xlb.conf", .bpffs = "/b" };
}

static int op_attach(void *data, const char *interface, enum xdp_mode mode, struct attachment *ret,
		     struct control_error *error)
{
	*ret = (struct attachment){ .ifindex = 7, .mode = mode };
	snprintf(ret->name, sizeof(ret->name), "%s", interface);
	return 0;
}

static int op_detach(void *data, const char *interface, struct control_error *error)
{
	snprintf(error->message, sizeof(error->message), "not on %s",
		 interface ? interface : "any");
	return -ENODEV;
}

static int op_host(void *data, struct host *host, enum host_admin admin,
		   struct control_error *error)
{
	return host_set_admin(host, admin);
}

static int op_table(void *data, struct table *table, bool disabled, struct control_error *error)
{
	table_set_disabled(table, disabled);
	return 0;
}

static int op_service(void *data, struct service *service, bool disabled,
		      struct control_error *error)
{
	service_set_disabled(service, disabled);
	return 0;
}

static int op_poll(void *data, struct control_error *error)
{
	return 0;
}

static int op_load(void *data, const struct control_config *conf, unsigned confirm_s,
		   struct diag *diag, struct control_error *error)
{
	return 0;
}

/* As when the file is wrong; a plan has no text from outside in it. */
static int op_plan(void *data, const struct control_config *conf, struct diag *diag,
		   struct control_error *error, struct plan **ret)
{
	return -EINVAL;
}

static int op_confirm(void *data, struct control_error *error)
{
	return -ENOENT;
}

static int op_log(void *data, bool verbose, struct control_error *error)
{
	return 0;
}

static int op_capture(void *data, bool on, uint32_t snaplen, bool services_only,
		      struct control_error *error)
{
	return 0;
}

static const struct control_ops ops = {
	.model = op_model,
	.dataplane = op_dataplane,
	.net = op_net,
	.info = op_info,
	.attach = op_attach,
	.detach = op_detach,
	.host_admin = op_host,
	.table_admin = op_table,
	.service_admin = op_service,
	.poll = op_poll,
	.load = op_load,
	.plan = op_plan,
	.confirm = op_confirm,
	.rollback = op_confirm,
	.log_level = op_log,
	.capture = op_capture,
};

static void handle(void *data, const struct api_request *request, struct api_reply *ret)
{
	const struct api api = {
		.ops = &ops,
		.rates = &rates,
		.now_ms = SAMPLE_NOW_MS,
	};

	api_route(&api, request, ret);
	if (ret->status < 200 || ret->status > 599 ||
	    (!ret->stream && !ret->capture && !json_is_object(ret->body)))
		abort();
}

/* ---- the client ---------------------------------------------------------------------------- */
static int listen_somewhere(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	/* a name of the kernel's choice, without a file */
	if (fd < 0 || bind(fd, (struct sockaddr *)&where, sizeof(where.sun_family)) < 0 ||
	    listen(fd, 64) < 0)
		abort();
	where_size = sizeof(where);
	getsockname(fd, (struct sockaddr *)&where, &where_size);
	return fd;
}

static void start(void)
{
	const struct http_options options = {
		.handler = handle,
		.max_body = HTTP_MAX_BODY,
		.max_request_s = HTTP_MAX_REQUEST_S,
	};

	if (event)
		return;
	sample_make(&sample);
	if (sd_event_new(&event) < 0 || http_open(event, listen_somewhere(), &options, &http) < 0)
		abort();
	http_serve_captures(http, &ops, NULL);
}

/* false: the server has said all. */
static bool read_some(int fd)
{
	char buf[16384];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	return n > 0 || (n < 0 && errno == EAGAIN);
}

static void converse(int fd)
{
	for (int i = 0, idle = 0; i < MOST_TURNS && idle < 4; i++) {
		idle = sd_event_run(event, 0) > 0 ? 0 : idle + 1;
		if (!read_some(fd))
			break;
	}
}

static int connect_client(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&where, where_size) < 0)
		abort();
	return fd;
}

static void send_request(const void *data, size_t size)
{
	int fd = connect_client();

	if (size && send(fd, data, size, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		abort();
	shutdown(fd, SHUT_WR);
	converse(fd);
	close(fd);
	while (sd_event_run(event, 0) > 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	start();
	send_request(data, size);
	return 0;
}
