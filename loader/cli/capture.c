/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/compile.h"
#include "cli/client.h"

/* ---- stopping ------------------------------------------------------------------------------ */
/* The daemon is told by the end of what we send: it answers with the file's end and the numbers. */
static volatile sig_atomic_t connection = -1;
static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	stopped = 1;
	if (connection < 0)
		_exit(CLI_FAILED);
	shutdown(connection, SHUT_WR);
}

/* A second one ends us at once. */
static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* ---- the stream ---------------------------------------------------------------------------- */
struct output {
	const struct capture_options *options;
	int fd;
	int error; /* errno of a write */
	bool begun;
	bool reader_left; /* of our output: no reason to complain */
	bool counted;     /* these are known: */
	unsigned long long packets, lost, kernel_lost;
};

static bool write_all(struct output *o, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(o->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			o->reader_left = errno == EPIPE;
			o->error = errno;
			return false;
		}
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool on_data(void *user, const char *data, size_t len)
{
	struct output *o = user;

	if (!o->begun && o->options->seconds)
		alarm((unsigned)o->options->seconds);
	o->begun = true;
	return write_all(o, data, len);
}

/* Without packets nobody would notice that the other end of a pipe has gone. Before the first ones a
 * signal has nobody to tell. */
static bool on_idle(void *user)
{
	struct output *o = user;
	struct pollfd poll_fd = { .fd = o->fd };

	if (stopped && !o->begun)
		return false;
	if (poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLERR)
		o->reader_left = true;
	return !o->reader_left;
}

static void on_header(void *user, const char *name, const char *value)
{
	struct output *o = user;
	const struct {
		const char *name;
		unsigned long long *number;
	} numbers[] = {
		{ "Xlb-Packets", &o->packets },
		{ "Xlb-Lost", &o->lost },
		{ "Xlb-Kernel-Lost", &o->kernel_lost },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcasecmp(name, numbers[i].name) == 0) {
			*numbers[i].number = strtoull(value, NULL, 10);
			o->counted = true;
		}
}

static void on_socket(void *user, int fd)
{
	connection = fd;
}

static const struct client_sink sink = {
	.data = on_data,
	.idle = on_idle,
	.header = on_header,
	.socket = on_socket,
};

static void print_numbers(const struct cli *cli, const struct output *o)
{
	fprintf(cli->err, "%llu packet%s", o->packets, o->packets == 1 ? "" : "s");
	if (o->lost)
		fprintf(cli->err, ", %llu lost as the output was slow", o->lost);
	if (o->kernel_lost)
		fprintf(cli->err, ", %llu lost as the kernel's buffer was full", o->kernel_lost);
	fputc('\n', cli->err);
}

/* r: client_stream()'s. */
static int conclude(const struct cli *cli, const struct output *o, int r)
{
	if (o->error && !o->reader_left) {
		fprintf(cli->err, "xlbctl: %s: %s\n",
			o->options->file ? o->options->file : "standard output",
			strerror(o->error));
		return CLI_FAILED;
	}
	if (o->reader_left)
		return CLI_DONE;
	if (r != CLI_DONE)
		return r;
	if (o->counted)
		print_numbers(cli, o);
	if (stopped || (o->options->count && o->packets >= o->options->count))
		return CLI_DONE;
	fputs("xlbctl: the daemon has ended the capture\n", cli->err);
	return CLI_UNREACHABLE;
}

/* ---- the command --------------------------------------------------------------------------- */
/* *ret_filter NULL: none is wanted. */
static int compile_filter(const struct cli *cli, const struct capture_options *o, char **ret_filter)
{
	char *text = capture_options_filter(o), error[512] = "";
	int r = text ? 0 : -ENOMEM;

	*ret_filter = NULL;
	if (text && *text)
		r = filter_compile(text, capture_format_linktype(o->format), ret_filter, error,
				   sizeof(error));
	free(text);
	if (r == 0)
		return CLI_DONE;
	fprintf(cli->err, "xlbctl: filter: %s\n",
		r == -E2BIG ? "too long" :
		error[0]    ? error :
			      strerror(-r));
	return r == -ENOMEM ? CLI_FAILED : CLI_USAGE;
}

static int refuse_terminal(const struct cli *cli)
{
	fputs("xlbctl: packets are not for a terminal\n"
	      "hint: xlbctl capture | tcpdump -e -n -ttt -r -\n"
	      "hint: xlbctl capture -F pcapng -w FILE\n",
	      cli->err);
	return CLI_USAGE;
}

static int open_output(const struct cli *cli, const struct capture_options *o, int *ret)
{
	if (!o->file) {
		*ret = fileno(cli->out);
		return CLI_DONE;
	}
	*ret = open(o->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (*ret >= 0)
		return CLI_DONE;
	fprintf(cli->err, "xlbctl: %s: %s\n", o->file, strerror(errno));
	return CLI_FAILED;
}

static int run(const struct cli *cli, const struct capture_options *o, const char *filter)
{
	char *path = capture_options_path(o, filter);
	struct output output = { .options = o };
	int r = path ? open_output(cli, o, &output.fd) : CLI_FAILED;

	if (r == CLI_DONE) {
		catch_signals();
		r = conclude(cli, &output, client_stream(cli, path, &sink, &output));
		if (o->file && close(output.fd) < 0 && r == CLI_DONE) {
			fprintf(cli->err, "xlbctl: %s: %s\n", o->file, strerror(errno));
			r = CLI_FAILED;
		}
	}
	free(path);
	return r;
}

int cmd_capture(struct cli *cli, int argc, char **argv)
{
	struct capture_options o;
	char *filter;
	int r = capture_options_parse(cli, argc, argv, &o);

	if (r != CLI_DONE)
		return r;
	if (!o.file && cli->terminal)
		return refuse_terminal(cli);
	r = compile_filter(cli, &o, &filter);
	if (r == CLI_DONE)
		r = run(cli, &o, filter);
	free(filter);
	return r;
}
