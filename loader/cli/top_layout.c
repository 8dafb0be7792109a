/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 *   xlbd 0.1.0  up 00:12:34            every 1 s, by packets             13:45:01
 *   3 services  11/11 hosts up  1.2k pkt/s  3.4M bit/s  56 conn/s  1.2k states
 *
 *   NAME                       STATE       PKT/S BIT/S CONN/S STATES  BEFORE
 *   redirect https_forwarder   active       1.2k  3.4M     56   1.2k  ▁▂▅█
 *   192.168.1.3 kube_hosts:443 up            300  850k     14    300  ▁▂▅█
 *
 *   NOT THE PLAIN WAY          VERDICT     PKT/S COUNT  MEANING
 *   no_service                 pass          0.2    36  not for a configured service
 *   q quit  s sort  p pause  ? help  arrows and pages scroll              1-11/14
 */
#include "cli/top_layout.h"

#include <string.h>

#include "cli/output.h"
#include "cli/quantity.h"

#define HEAD 4   /* two lines of totals, an empty one, the columns' titles */
#define GAP 1    /* between columns */
#define NUMBER 6 /* a column of numbers */
#define STATUS 10
#define MIN_NAME 12
#define MAX_NAME 64
#define MIN_SPARK 6
#define PAST_TITLE "BEFORE"

/* ---- columns ------------------------------------------------------------------------------- */
struct columns {
	int name, status, numbers, spark; /* where they begin */
	int name_width, spark_width;      /* 0: no room for the past */
};

#define NUMBERS 4 /* packets, bits, sessions, states */

/* The longest name of a row. */
static int name_width(const struct top_data *d)
{
	int most = MIN_NAME;

	for (size_t i = 0; i < d->n_rows; i++) {
		int width = canvas_length(d->rows[i].name) + 1 + canvas_length(d->rows[i].detail);

		most = width > most ? width : most;
	}
	return most < MAX_NAME ? most : MAX_NAME;
}

/* Names have what they need of the width, as long as something of the past is left. */
static struct columns columns_of(const struct top_data *d, int width)
{
	const int fixed = STATUS + NUMBERS * (GAP + NUMBER);
	int name = name_width(d), room = width - fixed - 2 * GAP - MIN_SPARK;
	struct columns c = { 0 };

	if (name > room)
		name = room > MIN_NAME ? room : MIN_NAME;
	c.name_width = name;
	c.status = name + GAP;
	c.numbers = c.status + STATUS - GAP; /* no number takes all of its column */
	c.spark = c.numbers + NUMBERS * (GAP + NUMBER) + 2 * GAP;
	c.spark_width = width - c.spark < MIN_SPARK ? 0 : width - c.spark;
	if (c.spark_width > TOP_HISTORY)
		c.spark_width = TOP_HISTORY;
	return c;
}

static void put_number(struct canvas *c, const struct columns *k, int row, int i, enum style style,
		       const char *text)
{
	canvas_put_right(c, row, k->numbers + i * (GAP + NUMBER) + GAP, NUMBER, style, text);
}

/* ---- the head ------------------------------------------------------------------------------ */
static void put_first_line(struct canvas *c, const struct top_data *d, const struct top_view *v)
{
	char text[160], uptime[32];

	snprintf(text, sizeof(text), "xlbd %s  up %s", d->version,
		 format_duration(d->uptime_s, uptime, sizeof(uptime)));
	canvas_put(c, 0, 0, c->width, STYLE_PLAIN, text);
	snprintf(text, sizeof(text), "every %.3g s, by %s%s  %s", v->delay_ms / 1000.0,
		 top_sort_name(v->sort), v->paused ? ", paused" : "", v->clock);
	canvas_put_right(c, 0, 0, c->width, v->paused ? STYLE_WARN : STYLE_PLAIN, text);
}

static void put_totals(struct canvas *c, const struct top_data *d)
{
	char text[200], packets[16], bits[16], sessions[16], states[16];

	snprintf(text, sizeof(text),
		 "%zu service%s  %zu/%zu hosts up  %s pkt/s  %s bit/s  %s conn/s  %s states",
		 d->n_services, d->n_services == 1 ? "" : "s", d->hosts_up, d->hosts,
		 format_quantity(d->total.packets, packets, sizeof(packets)),
		 format_quantity(d->total.bits, bits, sizeof(bits)),
		 format_quantity(d->total.sessions, sessions, sizeof(sessions)),
		 format_quantity(d->total.states, states, sizeof(states)));
	canvas_put(c, 1, 0, c->width, d->hosts_up < d->hosts ? STYLE_WARN : STYLE_PLAIN, text);
}

static void put_titles(struct canvas *c, const struct columns *k)
{
	static const char *const titles[NUMBERS] = { "PKT/S", "BIT/S", "CONN/S", "STATES" };

	canvas_put(c, HEAD - 1, 0, k->name_width, STYLE_TITLE, "NAME");
	canvas_put(c, HEAD - 1, k->status, STATUS, STYLE_TITLE, "STATE");
	for (int i = 0; i < NUMBERS; i++)
		put_number(c, k, HEAD - 1, i, STYLE_TITLE, titles[i]);
	canvas_put(c, HEAD - 1, k->spark, k->spark_width, STYLE_TITLE, PAST_TITLE);
}

/* ---- rows ---------------------------------------------------------------------------------- */
static enum style style_of(const char *status)
{
	if (strcmp(status, "active") == 0 || strcmp(status, "up") == 0)
		return STYLE_GOOD;
	if (strcmp(status, "down") == 0)
		return STYLE_BAD;
	return STYLE_WARN;
}

static void put_name(struct canvas *c, const struct top_row *r, const struct columns *k, int row)
{
	bool host = r->kind == TOP_HOST;
	int n = canvas_put(c, row, 0, k->name_width, STYLE_PLAIN, host ? r->name : r->detail);

	canvas_put(c, row, n + 1, k->name_width - n - 1, host ? STYLE_DIM : STYLE_PLAIN,
		   host ? r->detail : r->name);
}

/* The present at the right end, each row by its own measure. */
static void put_past(struct canvas *c, const struct top_row *r, const struct columns *k, int row,
		     bool ascii)
{
	char text[3 * TOP_HISTORY + 1];
	struct top_past past;
	size_t skip = 0;

	top_row_past(r, &past);
	if (past.n > (size_t)k->spark_width)
		skip = past.n - (size_t)k->spark_width;
	format_sparkline(past.values + skip, past.n - skip, 0, ascii, text, sizeof(text));
	canvas_put_right(c, row, k->spark, k->spark_width, STYLE_PLAIN, text);
}

static void put_row(struct canvas *c, const struct top_row *r, const struct columns *k, int row,
		    bool ascii)
{
	const double values[NUMBERS] = { r->packets, r->bits, r->sessions, r->states };
	char text[16];

	put_name(c, r, k, row);
	canvas_put(c, row, k->status, STATUS, style_of(r->status), r->status);
	for (int i = 0; i < NUMBERS; i++)
		put_number(c, k, row, i, values[i] > 0 ? STYLE_PLAIN : STYLE_DIM,
			   r->known ? format_quantity(values[i], text, sizeof(text)) : "-");
	if (k->spark_width)
		put_past(c, r, k, row, ascii);
}

static void put_rows(struct canvas *c, const struct top_data *d, const struct top_view *v,
		     const struct columns *k, size_t page)
{
	for (size_t i = 0; i < page && v->scroll + i < d->n_rows; i++)
		put_row(c, &d->rows[v->scroll + i], k, HEAD + (int)i, v->ascii);
}

/* ---- reasons, at the bottom ---------------------------------------------------------------- */
/* Lines for reasons with their title: a third of what is left at the most. */
static int reason_lines(const struct top_data *d, int height)
{
	int most = (height - HEAD) / 3;

	if (d->n_reasons == 0 || most < 2)
		return 0;
	return (int)d->n_reasons + 1 < most ? (int)d->n_reasons + 1 : most;
}

static void put_reason(struct canvas *c, const struct top_reason *r, const struct columns *k,
		       int row)
{
	enum style style =
		strcmp(r->verdict, "drop") == 0 && r->packets > 0 ? STYLE_BAD : STYLE_PLAIN;
	const int meaning = k->numbers + 2 * (GAP + NUMBER) + 2 * GAP;
	char text[16];

	canvas_put(c, row, 0, k->name_width, style, r->name);
	canvas_put(c, row, k->status, STATUS, style, r->verdict);
	put_number(c, k, row, 0, r->packets > 0 ? style : STYLE_DIM,
		   format_quantity(r->packets, text, sizeof(text)));
	put_number(c, k, row, 1, style, format_quantity((double)r->count, text, sizeof(text)));
	canvas_put(c, row, meaning, c->width - meaning, STYLE_DIM, r->text);
}

static void put_reasons(struct canvas *c, const struct top_data *d, const struct columns *k,
			int row, int lines)
{
	if (lines == 0)
		return;
	canvas_put(c, row, 0, k->name_width, STYLE_TITLE, "NOT THE PLAIN WAY");
	canvas_put(c, row, k->status, STATUS, STYLE_TITLE, "VERDICT");
	put_number(c, k, row, 0, STYLE_TITLE, "PKT/S");
	put_number(c, k, row, 1, STYLE_TITLE, "TOTAL");
	canvas_put(c, row, k->numbers + 2 * (GAP + NUMBER) + 2 * GAP, c->width, STYLE_TITLE,
		   "MEANING");
	for (int i = 0; i + 1 < lines; i++)
		put_reason(c, &d->reasons[i], k, row + 1 + i);
}

/* ---- the last line ------------------------------------------------------------------------- */
static void put_place(struct canvas *c, const struct top_data *d, const struct top_view *v,
		      size_t page)
{
	size_t last = v->scroll + page < d->n_rows ? v->scroll + page : d->n_rows;
	char text[64];

	if (page >= d->n_rows)
		return;
	snprintf(text, sizeof(text), "  %zu-%zu/%zu", v->scroll + 1, last, d->n_rows);
	canvas_put_right(c, c->height - 1, 0, c->width, STYLE_PLAIN, text);
}

static void put_last_line(struct canvas *c, const struct top_data *d, const struct top_view *v,
			  size_t page)
{
	if (v->message)
		canvas_put(c, c->height - 1, 0, c->width, STYLE_BAD, v->message);
	else
		canvas_put(c, c->height - 1, 0, c->width, STYLE_DIM,
			   "q quit  s sort  p pause  ? help  arrows and pages scroll");
	put_place(c, d, v, page);
}

/* ---- help ---------------------------------------------------------------------------------- */
static const char *const help[] = {
	"q, Esc             quit",
	"s, S               sort by the next column, by the one before",
	"p, Space           pause, and go on",
	"Up, Down, k, j     scroll by a row",
	"PgUp, PgDn         scroll by a page",
	"Home, End          to the first row, to the last",
	"?, h               this help, and back",
	"",
	"PKT/S, BIT/S       what clients sent and hosts got; answers are not in it",
	"CONN/S             connections and flows begun",
	"STATES             entries of flows and clients, and connections, alive now",
	"BEFORE             packets a second of the looks before, by the row's own measure",
	"NOT THE PLAIN WAY  packets not for a service, refused, dropped, or worth a word",
};

static void put_help(struct canvas *c)
{
	for (int i = 0; i < (int)(sizeof(help) / sizeof(help[0])); i++)
		canvas_put(c, HEAD - 1 + i, 2, c->width - 2, STYLE_PLAIN, help[i]);
}

/* ---- all of it ----------------------------------------------------------------------------- */
/* A message has the last line in batches, too. */
static int last_lines(const struct top_view *v)
{
	return v->batch && !v->message ? 0 : 1;
}

size_t top_layout_page(const struct top_data *d, const struct top_view *v, int width, int height)
{
	int reasons = reason_lines(d, height);
	int page = height - HEAD - last_lines(v) - reasons - (reasons > 0);

	return page > 0 ? (size_t)page : 0;
}

int top_layout_height(const struct top_data *d, const struct top_view *v, int width)
{
	int height = HEAD + (int)d->n_rows + last_lines(v);

	while (top_layout_page(d, v, width, height) < d->n_rows ||
	       reason_lines(d, height) < (int)d->n_reasons + (d->n_reasons > 0))
		height++;
	return height;
}

void top_layout(struct canvas *c, const struct top_data *d, const struct top_view *v)
{
	size_t page = top_layout_page(d, v, c->width, c->height);
	struct columns k = columns_of(d, c->width);
	int reasons = reason_lines(d, c->height);

	if (c->width < TOP_MIN_WIDTH || c->height < TOP_MIN_HEIGHT) {
		canvas_put(c, 0, 0, c->width, STYLE_WARN, "too small");
		return;
	}
	put_first_line(c, d, v);
	put_totals(c, d);
	if (v->help) {
		put_help(c);
	} else {
		put_titles(c, &k);
		put_rows(c, d, v, &k, page);
		put_reasons(c, d, &k, c->height - last_lines(v) - reasons, reasons);
	}
	if (last_lines(v))
		put_last_line(c, d, v, page);
}
