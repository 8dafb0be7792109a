/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define HOME "\033[H"
#define TO_END_OF_LINE "\033[K"
#define TO_END_OF_SCREEN "\033[J"
#define DEFAULT_LINES 24

int watch_parse(const char *text, unsigned *ret_ms)
{
	double seconds;
	char *end;

	errno = 0;
	seconds = strtod(text, &end);
	if (errno || end == text || *end || !(seconds >= 0.1 && seconds <= 86400))
		return -EINVAL;
	*ret_ms = (unsigned)(seconds * 1000);
	return 0;
}

static unsigned screen_lines(FILE *out)
{
	struct winsize size;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
		return DEFAULT_LINES;
	return size.ws_row;
}

/* In the place of what is there, without a moment of nothing. What is more than a screen is cut:
 * its beginning would be gone. */
static void draw(FILE *out, const char *text)
{
	unsigned left = screen_lines(out) - 1;

	fputs(HOME, out);
	for (; *text && left > 0; left--) {
		size_t len = strcspn(text, "\n");

		fprintf(out, "%.*s" TO_END_OF_LINE "\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
	fputs(TO_END_OF_SCREEN, out);
}

static void title(const struct cli *cli, int argc, char **argv)
{
	time_t now = time(NULL);
	char clock[16];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	fprintf(cli->out, "%s  show", clock);
	for (int i = 0; i < argc; i++)
		fprintf(cli->out, " %s", argv[i]);
	fprintf(cli->out, ", every %.3g s\n\n", cli->watch_ms / 1000.0);
}

/* Into memory first: a screen shows all of it or what was there before. */
static int run_once(struct cli *cli, const struct command *command, int argc, char **argv)
{
	struct cli inner = *cli;
	char *text = NULL;
	size_t size;
	int r;

	inner.out = open_memstream(&text, &size);
	if (!inner.out)
		return CLI_FAILED;
	if (cli->terminal)
		inner.err = inner.out;
	if (cli->terminal && !cli->json)
		title(&inner, argc, argv);
	r = command->function(&inner, argc, argv);
	fclose(inner.out);
	if (cli->terminal)
		draw(cli->out, text);
	else
		fputs(text, cli->out);
	free(text);
	return r;
}

static void wait_ms(unsigned ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000l };

	nanosleep(&time, NULL);
}

int watch(struct cli *cli, const struct command *command, int argc, char **argv)
{
	bool first = true;
	int r;

	for (;; first = false) {
		if (!first && !cli->json && !cli->terminal)
			fputc('\n', cli->out);
		r = run_once(cli, command, argc, argv);
		if (fflush(cli->out) != 0)
			return CLI_FAILED;
		if (r != CLI_DONE && (first || r != CLI_UNREACHABLE))
			return r;
		wait_ms(cli->watch_ms);
	}
}
