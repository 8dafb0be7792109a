/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/top.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/client.h"
#include "cli/top_data.h"
#include "cli/top_layout.h"
#include "cli/top_terminal.h"
#include "cli/watch.h"

#define DEFAULT_DELAY_MS 1000
#define PATIENCE_S 3 /* for an answer */
#define BATCH_WIDTH 80

struct top {
	struct cli *cli;
	struct top_view view;
	struct top_data data;
	unsigned long looks; /* 0: without end */
	bool batch;
	char clock[16];
	char message[128];
	uint64_t answered_at; /* monotonic ms of the last whole look */
};

static uint64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- looks --------------------------------------------------------------------------------- */
/* Without a data plane there are no counters: 503, and no more than that. */
static int get(const struct cli *cli, const char *path, json_t **ret)
{
	struct answer answer = { 0 };
	int r = client_call(cli, "GET", path, NULL, &answer);

	if (r < 0)
		return r;
	if (answer.status == 200)
		*ret = json_incref(answer.body);
	json_decref(answer.body);
	return 0;
}

static int get_all(const struct cli *cli, struct top_answers *ret)
{
	const struct {
		const char *path;
		json_t **answer;
	} gets[] = {
		{ "/v1/redirects", &ret->redirects }, { "/v1/relays", &ret->relays },
		{ "/v1/hosts", &ret->hosts },         { "/v1/counters", &ret->counters },
		{ "/v1/version", &ret->version },
	};
	int r = 0;

	for (size_t i = 0; i < sizeof(gets) / sizeof(gets[0]) && r == 0; i++)
		r = get(cli, gets[i].path, gets[i].answer);
	return r;
}

static void release(struct top_answers *a)
{
	json_decref(a->redirects);
	json_decref(a->relays);
	json_decref(a->hosts);
	json_decref(a->counters);
	json_decref(a->version);
}

static void note_clock(struct top *t)
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(t->clock, sizeof(t->clock), "%H:%M:%S", &tm);
	t->view.clock = t->clock;
}

/* What is shown stays, and it is said how old that is. */
static void note_failure(struct top *t, int error)
{
	snprintf(t->message, sizeof(t->message),
		 "xlbd does not answer for %llu s (%s), trying again",
		 (unsigned long long)(monotonic_ms() - t->answered_at) / 1000, strerror(-error));
	t->view.message = t->message;
}

static int look(struct top *t)
{
	struct top_answers answers = { 0 };
	int r = get_all(t->cli, &answers);

	note_clock(t);
	if (r == 0)
		r = top_data_update(&t->data, &answers, top_window(t->view.delay_ms));
	release(&answers);
	if (r < 0) {
		note_failure(t, r);
		return r;
	}
	t->answered_at = monotonic_ms();
	t->view.message = NULL;
	top_data_sort(&t->data, t->view.sort);
	return 0;
}

/* ---- as text ------------------------------------------------------------------------------- */
static int text_width(void)
{
	const char *columns = getenv("COLUMNS");
	int width = columns ? atoi(columns) : 0;

	return width >= TOP_MIN_WIDTH && width <= 1000 ? width : BATCH_WIDTH;
}

static int print_look(struct top *t)
{
	int width = text_width();
	struct canvas canvas;

	if (canvas_make(&canvas, width, top_layout_height(&t->data, &t->view, width)) < 0)
		return CLI_FAILED;
	top_layout(&canvas, &t->data, &t->view);
	canvas_write(&canvas, t->cli->out);
	canvas_free(&canvas);
	return fflush(t->cli->out) == 0 ? CLI_DONE : CLI_FAILED;
}

static void wait_until(uint64_t ms)
{
	const struct timespec time = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static int run_as_text(struct top *t)
{
	uint64_t next = monotonic_ms();
	int r = CLI_DONE;

	t->view.batch = true;
	for (unsigned long i = 1; r == CLI_DONE; i++) {
		r = print_look(t);
		if (r != CLI_DONE || i == t->looks)
			break;
		fputc('\n', t->cli->out);
		next += t->view.delay_ms;
		wait_until(next);
		(void)look(t); /* what went wrong is in the text */
	}
	return r;
}

/* ---- on a terminal ------------------------------------------------------------------------- */
static size_t page_of(const struct top *t)
{
	int width, height;

	top_terminal_size(&width, &height);
	return top_layout_page(&t->data, &t->view, width, height);
}

static void scroll_to(struct top *t, size_t row)
{
	size_t page = page_of(t), last = t->data.n_rows > page ? t->data.n_rows - page : 0;

	t->view.scroll = row < last ? row : last;
}

static int draw(struct top *t)
{
	struct canvas canvas;
	int width, height;

	scroll_to(t, t->view.scroll); /* there may be fewer rows or more room than before */
	top_terminal_size(&width, &height);
	if (canvas_make(&canvas, width, height) < 0)
		return -ENOMEM;
	top_layout(&canvas, &t->data, &t->view);
	top_terminal_draw(&canvas);
	canvas_free(&canvas);
	return 0;
}

static void sort_by(struct top *t, int step)
{
	t->view.sort = (enum top_sort)(((int)t->view.sort + step + TOP_SORTS) % TOP_SORTS);
	top_data_sort(&t->data, t->view.sort);
}

static size_t less(size_t a, size_t b)
{
	return a > b ? a - b : 0;
}

/* false: it is over. */
static bool press(struct top *t, enum top_key key)
{
	size_t at = t->view.scroll, page = page_of(t);

	switch (key) {
	case TOP_KEY_QUIT:
	case TOP_KEY_INTERRUPTED:
		return false;
	case TOP_KEY_SORT:
		sort_by(t, 1);
		break;
	case TOP_KEY_SORT_BACK:
		sort_by(t, -1);
		break;
	case TOP_KEY_PAUSE:
		t->view.paused = !t->view.paused;
		break;
	case TOP_KEY_HELP_PAGE:
		t->view.help = !t->view.help;
		break;
	case TOP_KEY_ROW_UP:
		scroll_to(t, less(at, 1));
		break;
	case TOP_KEY_ROW_DOWN:
		scroll_to(t, at + 1);
		break;
	case TOP_KEY_PAGE_UP:
		scroll_to(t, less(at, page));
		break;
	case TOP_KEY_PAGE_DOWN:
		scroll_to(t, at + page);
		break;
	case TOP_KEY_FIRST:
		scroll_to(t, 0);
		break;
	case TOP_KEY_LAST:
		scroll_to(t, t->data.n_rows);
		break;
	case TOP_KEY_NOTHING:
	case TOP_KEY_RESIZED:
		break;
	}
	return true;
}

/* Keys until it is time for another look. false: it is over. */
static bool wait_for_keys(struct top *t, uint64_t until)
{
	bool goes_on = true;

	while (goes_on) {
		uint64_t now = monotonic_ms();
		enum top_key key;

		if (now >= until && !t->view.paused)
			return true;
		key = top_terminal_wait(t->view.paused ? 1000 : (unsigned)(until - now));
		goes_on = press(t, key);
		if (goes_on && key != TOP_KEY_NOTHING && draw(t) < 0)
			return false;
	}
	return false;
}

static int run_on_terminal(struct top *t)
{
	if (top_terminal_open(t->cli->colour_out) < 0) {
		fputs("xlbctl: this terminal is not known here; see TERM, or use -b\n",
		      t->cli->err);
		return CLI_FAILED;
	}
	for (unsigned long i = 1; draw(t) == 0; i++) {
		if (!wait_for_keys(t, monotonic_ms() + t->view.delay_ms) || i == t->looks)
			break;
		(void)look(t); /* what went wrong is on the screen */
	}
	top_terminal_close();
	return CLI_DONE;
}

/* ---- the command --------------------------------------------------------------------------- */
static int bad_value(const struct cli *cli, const char *wants, const char *value)
{
	fprintf(cli->err, "xlbctl: %s, not \"%s\"\n", wants, value);
	return CLI_USAGE;
}

static int parse_count(const char *text, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 10);
	return errno || end == text || *end || *text == '-' || *ret == 0 ? -EINVAL : 0;
}

static int parse_option(struct top *t, int option)
{
	const struct cli *cli = t->cli;

	switch (option) {
	case 'b':
		t->batch = true;
		return CLI_DONE;
	case 'd':
		return watch_parse(optarg, &t->view.delay_ms) == 0 ?
			       CLI_DONE :
			       bad_value(cli, "-d wants seconds, 0.1 to 86400", optarg);
	case 'n':
		return parse_count(optarg, &t->looks) == 0 ?
			       CLI_DONE :
			       bad_value(cli, "-n wants a number from 1 on", optarg);
	case 's':
		return top_sort_parse(optarg, &t->view.sort) == 0 ?
			       CLI_DONE :
			       bad_value(cli,
					 "-s wants order, packets, bits, sessions, states or name",
					 optarg);
	}
	fprintf(cli->err, "xlbctl: %s: -%c\ntry: xlbctl help top\n",
		option == ':' ? "option needs an argument" : "unknown option", optopt);
	return CLI_USAGE;
}

static int parse_options(struct top *t, int argc, char **argv)
{
	int option, r = CLI_DONE;

	optind = 0;
	opterr = 0;
	while (r == CLI_DONE && (option = getopt(argc, argv, "+:bd:n:s:")) != -1)
		r = parse_option(t, option);
	if (r == CLI_DONE && optind < argc) {
		fprintf(t->cli->err, "xlbctl: superfluous argument: %s\n", argv[optind]);
		return CLI_USAGE;
	}
	if (r == CLI_DONE && t->cli->json) {
		fputs("xlbctl: top has no JSON\nhint: xlbctl -j -w 1 show hosts\n", t->cli->err);
		return CLI_USAGE;
	}
	return r;
}

/* The first look is as any command's: who is not there is not waited for. */
static int first_look(struct top *t)
{
	int r = look(t);

	return r < 0 ? client_check(t->cli, r, &(struct answer){ 0 }) : CLI_DONE;
}

int cmd_top(struct cli *cli, int argc, char **argv)
{
	struct cli patient = *cli;
	struct top t = { .cli = &patient, .view = { .delay_ms = DEFAULT_DELAY_MS } };
	int r;

	patient.timeout_s = PATIENCE_S;
	r = parse_options(&t, argc, argv);
	t.view.ascii = !top_terminal_is_unicode();
	if (r == CLI_DONE)
		r = first_look(&t);
	if (r == CLI_DONE)
		r = t.batch || !cli->terminal || !top_terminal_possible() ? run_as_text(&t) :
									    run_on_terminal(&t);
	top_data_clear(&t.data);
	return r;
}
