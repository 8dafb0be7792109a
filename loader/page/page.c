/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "page/page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/http.h"
#include "control/view.h"
#include "page/assets.h"
#include "page/listener.h"
#include "page/request.h"

#define MAX_ASSETS 8
#define MAX_NAMES (CFG_MAX_STATUS + 1)
#define NAME_SIZE 256

/*
 * The page is made of same-origin files, and nobody else has anything to do with it. There are no
 * inline scripts or styles, so none that came with a name could run.
 */
static const struct http_header headers[] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
	  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ NULL, NULL },
};

struct place { /* an address and port */
	struct cfg_addr addr;
	uint16_t port;
	char name[64];        /* of the address */
	char host[NAME_SIZE]; /* or empty */
	struct http *http;    /* NULL: not listened on */
	int trouble;          /* why not; -errno that was told */
};

struct page {
	sd_event *event;
	const struct page_ops *ops;
	void *data;
	struct answers *answers;
	struct shared *assets[MAX_ASSETS]; /* of page_assets[] */
	struct place places[CFG_MAX_STATUS];
	unsigned n_places;
	char hostname[NAME_SIZE];
	uint64_t refused;
	struct http_counts former; /* of places that are gone */
};

/* ---- requests ------------------------------------------------------------------------------ */
static void refuse(struct page *page, unsigned status, const char *message, const char *hint,
		   struct api_reply *ret)
{
	page->refused++;
	*ret = (struct api_reply){ .status = status, .body = view_error(message, hint) };
}

static bool host_is_ours(const struct page *page, const char *host)
{
	const char *names[MAX_NAMES + 1] = { page->hostname };
	unsigned n = 1;

	for (unsigned i = 0; i < page->n_places; i++)
		if (page->places[i].host[0])
			names[n++] = page->places[i].host;
	return request_host_is_ours(host, names);
}

static void give_answer(struct page *page, enum answer which, struct api_reply *ret)
{
	int r = answers_get(page->answers, which, &ret->shared);

	if (r == 0)
		ret->status = 200;
	else if (r == -EAGAIN)
		ret->later = true;
	else
		*ret = (struct api_reply){ .status = 503,
					   .body = view_error("out of memory", NULL) };
}

/* "/" is the page itself. */
static struct shared *find_asset(const struct page *page, const char *path)
{
	const char *name = strcmp(path, "/") == 0 ? "index.html" : path + 1;

	for (unsigned i = 0; page_assets[i].name; i++)
		if (path[0] == '/' && strcmp(page_assets[i].name, name) == 0)
			return page->assets[i];
	return NULL;
}

static void give(struct page *page, const char *path, struct api_reply *ret)
{
	struct shared *asset = find_asset(page, path);

	if (strcmp(path, "/metrics") == 0)
		give_answer(page, ANSWER_METRICS, ret);
	else if (strcmp(path, "/v1/status") == 0)
		give_answer(page, ANSWER_STATUS, ret);
	else if (asset)
		*ret = (struct api_reply){ .status = 200, .shared = shared_ref(asset) };
	else
		refuse(page, 404, "no such resource",
		       "/ is the status page, /metrics are the metrics", ret);
}

static void handle(void *data, const struct api_request *request, struct api_reply *ret)
{
	struct page *page = data;

	*ret = (struct api_reply){ 0 };
	if (!host_is_ours(page, request->host)) {
		refuse(page, 403, "this is not called by that name",
		       "use an address, or add host \"NAME\" to the status line", ret);
	} else if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
		refuse(page, 405, "nothing can be changed here", "xlbctl", ret);
		ret->allow = "GET";
	} else {
		give(page, request->path, ret);
	}
}

/* ---- answers ------------------------------------------------------------------------------- */
static void count_page(struct page *page, struct snapshot_page *ret)
{
	struct http_counts sum = page->former;
	unsigned connections = 0;

	for (unsigned i = 0; i < page->n_places; i++)
		if (page->places[i].http)
			connections += http_count(page->places[i].http, &sum);
	*ret = (struct snapshot_page){
		.connections = connections,
		.requests = sum.requests,
		.refused = page->refused,
		.slow = sum.slow,
		.pushed = sum.pushed,
	};
	answers_count(page->answers, ret);
}

static void get_source(void *data, struct collect_source *ret)
{
	struct page *page = data;

	page->ops->source(page->data, ret);
	count_page(page, &ret->page);
}

static const json_t *get_events(void *data)
{
	struct page *page = data;

	return page->ops->events(page->data);
}

static void on_ready(void *data)
{
	struct page *page = data;

	for (unsigned i = 0; i < page->n_places; i++)
		if (page->places[i].http)
			http_again(page->places[i].http);
	page->ops->metrics_ready(page->data);
}

static void drop(void *data, const struct shared *answer)
{
	struct page *page = data;

	for (unsigned i = 0; i < page->n_places; i++)
		if (page->places[i].http)
			http_drop(page->places[i].http, answer);
}

static const struct answers_ops answers_ops = {
	.source = get_source, .events = get_events, .ready = on_ready, .drop = drop
};

int page_metrics(struct page *page, struct shared **ret)
{
	return answers_get(page->answers, ANSWER_METRICS, ret);
}

void page_restart(struct page *page)
{
	if (page)
		answers_restart(page->answers);
}

/* ---- places -------------------------------------------------------------------------------- */
static void tell(struct page *page, const struct place *p, int r)
{
	page->ops->tell(page->data, p->name, p->port, r);
}

static int open_place(struct page *page, struct place *p)
{
	const struct http_options options = {
		.handler = handle,
		.data = page,
		.max_request_s = PAGE_ANSWER_S,
		.make_room = true,
		.headers = headers,
	};
	int fd, r = listener_open(&p->addr, p->port, &fd);

	return r < 0 ? r : http_open(page->event, fd, &options, &p->http);
}

static void try_place(struct page *page, struct place *p)
{
	int r;

	if (p->http)
		return;
	r = open_place(page, p);
	if (r == 0 || r != p->trouble)
		tell(page, p, r);
	p->trouble = r;
}

static void close_place(struct page *page, struct place *p)
{
	if (!p->http)
		return;
	http_count(p->http, &page->former);
	http_close(p->http);
	p->http = NULL;
	tell(page, p, 1);
}

static bool is_at(const struct place *p, const struct cfg_status *line)
{
	return p->port == line->port && p->addr.family == line->addr.family &&
	       memcmp(&p->addr.v6, &line->addr.v6, line->addr.family == AF_INET6 ? 16 : 4) == 0;
}

static struct place place_of(const struct cfg_status *line)
{
	struct place p = { .addr = line->addr, .port = line->port };

	snprintf(p.name, sizeof(p.name), "%s", line->name);
	return p;
}

/* What stays keeps its connections. */
static void take_over(struct page *page, const struct cfg_status *line, struct place *next)
{
	for (unsigned i = 0; i < page->n_places; i++) {
		struct place *p = &page->places[i];

		if (!is_at(p, line))
			continue;
		next->http = p->http;
		next->trouble = p->trouble;
		p->http = NULL;
	}
}

void page_listen(struct page *page, const struct cfg_status *list)
{
	struct place next[CFG_MAX_STATUS];
	unsigned n = 0;

	for (const struct cfg_status *line = list; line && n < CFG_MAX_STATUS; line = line->next) {
		next[n] = place_of(line);
		snprintf(next[n].host, sizeof(next[n].host), "%s", line->host ? line->host : "");
		take_over(page, line, &next[n++]);
	}
	for (unsigned i = 0; i < page->n_places; i++)
		close_place(page, &page->places[i]);
	memcpy(page->places, next, n * sizeof(*next));
	page->n_places = n;
	page_retry(page);
}

void page_retry(struct page *page)
{
	for (unsigned i = 0; i < page->n_places; i++)
		try_place(page, &page->places[i]);
}

/* ---- life ---------------------------------------------------------------------------------- */
static const char *type_of(const char *name)
{
	static const struct {
		const char *end;
		const char *type;
	} types[] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".svg", "image/svg+xml" },
	};
	const char *end = strrchr(name, '.');

	for (size_t i = 0; end && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].end, end) == 0)
			return types[i].type;
	return "application/octet-stream";
}

static int make_assets(struct page *page)
{
	int r = 0;

	for (unsigned i = 0; page_assets[i].name && r == 0; i++)
		r = i == MAX_ASSETS ? -ENOSPC :
				      shared_new_constant(page_assets[i].text, page_assets[i].len,
							  type_of(page_assets[i].name), headers,
							  &page->assets[i]);
	return r;
}

int page_open(sd_event *event, const struct page_ops *ops, void *data, struct page **ret)
{
	struct page *page = calloc(1, sizeof(*page));

	if (!page)
		return -ENOMEM;
	page->event = sd_event_ref(event);
	page->ops = ops;
	page->data = data;
	if (gethostname(page->hostname, sizeof(page->hostname) - 1) < 0)
		page->hostname[0] = '\0';
	page->answers = answers_new(event, &answers_ops, page, headers);
	if (!page->answers || make_assets(page) < 0) {
		page_close(page);
		return -ENOMEM;
	}
	*ret = page;
	return 0;
}

void page_close(struct page *page)
{
	if (!page)
		return;
	for (unsigned i = 0; i < page->n_places; i++)
		http_close(page->places[i].http);
	answers_free(page->answers);
	for (unsigned i = 0; i < MAX_ASSETS; i++)
		shared_unref(page->assets[i]);
	sd_event_unref(page->event);
	free(page);
}
