/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/diag.h"

#define CONNECT_TIMEOUT_S 5L
#define TIMEOUT_S 60L /* a reload may resolve names */
#define URL_BASE "http://xlb"

/* ---- transfers ----------------------------------------------------------------------------- */
struct buffer {
	char *data;
	size_t len;
};

static size_t append(char *data, size_t size, size_t n, void *user)
{
	struct buffer *b = user;
	char *grown = realloc(b->data, b->len + n);

	if (!grown)
		return 0;
	memcpy(grown + b->len, data, n);
	b->data = grown;
	b->len += n;
	return n;
}

static CURL *open_handle(const struct cli *cli, const char *path)
{
	CURL *curl = curl_easy_init();
	char *url;

	if (!curl || asprintf(&url, URL_BASE "%s", path) < 0) {
		curl_easy_cleanup(curl);
		return NULL;
	}
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, cli->socket);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	free(url); /* curl has a copy */
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* http_proxy is not for us */
	return curl;
}

static int curl_error(CURL *curl, CURLcode code)
{
	long os_errno = 0;

	switch (code) {
	case CURLE_OK:
		return 0;
	case CURLE_COULDNT_CONNECT:
		curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_errno);
		return os_errno ? -(int)os_errno : -ECONNREFUSED;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

static int parse_answer(CURL *curl, const struct buffer *text, struct answer *ret)
{
	json_t *body = json_loadb(text->data ? text->data : "", text->len, 0, NULL);

	if (!body)
		return -EPROTO;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &ret->status);
	ret->body = body;
	return 0;
}

static int set_body(CURL *curl, const char *method, const json_t *body, char **ret_text)
{
	if (strcmp(method, "POST") != 0)
		return 0;
	*ret_text = body ? json_dumps(body, JSON_COMPACT) : strdup("");
	if (!*ret_text)
		return -ENOMEM;
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, *ret_text);
	return 0;
}

int client_call(const struct cli *cli, const char *method, const char *path, const json_t *body,
		struct answer *ret)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	CURL *curl = open_handle(cli, path);
	struct buffer reply = { 0 };
	char *text = NULL;
	int r = -ENOMEM;

	if (curl && headers) {
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(curl, CURLOPT_TIMEOUT,
				 cli->timeout_s ? (long)cli->timeout_s : TIMEOUT_S);
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply);
		r = set_body(curl, method, body, &text);
	}
	if (r == 0)
		r = curl_error(curl, curl_easy_perform(curl));
	if (r == 0)
		r = parse_answer(curl, &reply, ret);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	free(reply.data);
	free(text);
	return r;
}

/* ---- complaints ---------------------------------------------------------------------------- */
bool client_is_absent(int error)
{
	return error == -ENOENT || error == -ECONNREFUSED;
}

static int complain(const struct cli *cli, int error)
{
	if (error == -EPROTO || error == -ENOMEM || error == -EIO) {
		fprintf(cli->err, "xlbctl: %s: %s\n", cli->socket,
			error == -EPROTO ? "the answer is not JSON" :
			error == -EIO    ? "the connection broke" :
					   strerror(-error));
		return error == -EIO ? CLI_UNREACHABLE : CLI_FAILED;
	}
	fprintf(cli->err, "xlbctl: cannot reach the daemon at %s: %s\n", cli->socket,
		strerror(-error));
	if (client_is_absent(error))
		fputs("hint: is xlbd running? See \"systemctl status xlbd\"; another socket is "
		      "named by -s\n",
		      cli->err);
	else if (error == -EACCES)
		fputs("hint: root and members of group xlb may\n", cli->err);
	return CLI_UNREACHABLE;
}

static enum diag_level parse_level(const char *name)
{
	for (int level = DIAG_ERROR; level < DIAG_NOTE; level++)
		if (name && strcmp(name, diag_level_name((enum diag_level)level)) == 0)
			return (enum diag_level)level;
	return DIAG_NOTE;
}

static void add_diagnostic(struct diag *diag, json_t *item)
{
	struct cfg_pos pos = {
		.file = json_string_value(json_object_get(item, "file")),
		.line = (int)json_integer_value(json_object_get(item, "line")),
		.col = (int)json_integer_value(json_object_get(item, "col")),
	};
	const char *message = json_string_value(json_object_get(item, "message"));

	diag_add(diag, parse_level(json_string_value(json_object_get(item, "level"))), pos,
		 json_string_value(json_object_get(item, "source")),
		 json_string_value(json_object_get(item, "hint")), "%s", message ? message : "");
}

static void print_diagnostics(const struct cli *cli, const json_t *body)
{
	struct diag diag = { 0 };
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(body, "diagnostics"), i, item)
		add_diagnostic(&diag, item);
	diag_print(&diag, cli->err, cli->colour_err);
	diag_clear(&diag);
}

static void print_error(const struct cli *cli, const struct answer *answer)
{
	const char *message = json_string_value(json_object_get(answer->body, "error"));
	const char *hint = json_string_value(json_object_get(answer->body, "hint"));

	if (message)
		fprintf(cli->err, "xlbctl: %s\n", message);
	else
		fprintf(cli->err, "xlbctl: the daemon answered with status %ld\n", answer->status);
	if (hint)
		fprintf(cli->err, "hint: %s\n", hint);
}

int client_check(const struct cli *cli, int error, const struct answer *answer)
{
	if (error < 0)
		return complain(cli, error);
	print_diagnostics(cli, answer->body);
	if (answer->status / 100 == 2)
		return CLI_DONE;
	print_error(cli, answer);
	return CLI_FAILED;
}

/* ---- for commands -------------------------------------------------------------------------- */
/* Something is on its way: so many tries until it is there, a while apart. */
#define TRIES 600
#define TRY_AGAIN_USEC 100000

static bool is_again(const struct answer *answer)
{
	return answer->status == 503 && json_is_true(json_object_get(answer->body, "again"));
}

static int call(const struct cli *cli, const char *method, const char *path, const json_t *body,
		json_t **ret)
{
	struct answer answer = { 0 };
	int r = client_call(cli, method, path, body, &answer);

	for (unsigned n = 1; r == 0 && n < TRIES && is_again(&answer); n++) {
		json_decref(answer.body);
		answer = (struct answer){ 0 };
		usleep(TRY_AGAIN_USEC);
		r = client_call(cli, method, path, body, &answer);
	}
	r = client_check(cli, r, &answer);
	if (r == CLI_DONE && ret)
		*ret = json_incref(answer.body);
	json_decref(answer.body);
	return r;
}

int client_get(const struct cli *cli, const char *path, json_t **ret)
{
	return call(cli, "GET", path, NULL, ret);
}

int client_post(const struct cli *cli, const char *path, const json_t *body, json_t **ret)
{
	return call(cli, "POST", path, body, ret);
}

char *client_escape(const char *name)
{
	char *escaped = curl_easy_escape(NULL, name, 0);
	char *copy = escaped ? strdup(escaped) : NULL;

	curl_free(escaped);
	return copy;
}

/* ---- streams ------------------------------------------------------------------------------- */
struct line_reader {
	const struct cli *cli;
	void (*line)(const struct cli *cli, const char *text, size_t len);
	struct buffer rest; /* a line that isn't complete */
	CURL *curl;
};

static void split_lines(struct line_reader *reader)
{
	struct buffer *b = &reader->rest;
	size_t start = 0;

	for (size_t i = 0; i < b->len; i++) {
		if (b->data[i] != '\n')
			continue;
		reader->line(reader->cli, b->data + start, i - start);
		start = i + 1;
	}
	b->len -= start;
	if (b->len)
		memmove(b->data, b->data + start, b->len);
}

static long status_of(CURL *curl)
{
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* An answer that says no is kept whole: it is one JSON object. */
static size_t on_lines(char *data, size_t size, size_t n, void *user)
{
	struct line_reader *reader = user;

	if (append(data, size, n, &reader->rest) != n)
		return 0;
	if (status_of(reader->curl) == 200)
		split_lines(reader);
	return n;
}

int client_lines(const struct cli *cli, const char *path,
		 void (*line)(const struct cli *cli, const char *text, size_t len))
{
	struct line_reader reader = { .cli = cli, .line = line };
	struct answer answer = { 0 };
	CURL *curl = open_handle(cli, path);
	int r = -ENOMEM;

	reader.curl = curl;
	if (curl) {
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_lines);
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reader);
		r = curl_error(curl, curl_easy_perform(curl));
	}
	/* The stream never ends by itself. */
	if (r == 0)
		r = status_of(curl) == 200 ? -EIO : parse_answer(curl, &reader.rest, &answer);
	r = client_check(cli, r, &answer);
	json_decref(answer.body);
	curl_easy_cleanup(curl);
	free(reader.rest.data);
	return r;
}

/* ---- bytes --------------------------------------------------------------------------------- */
struct byte_reader {
	const struct client_sink *sink;
	void *user;
	struct buffer refusal; /* an answer that says no is kept whole: it is one JSON object */
	CURL *curl;
	bool left; /* the sink wants no more */
};

static size_t on_bytes(char *data, size_t size, size_t n, void *user)
{
	struct byte_reader *reader = user;

	if (status_of(reader->curl) != 200)
		return append(data, size, n, &reader->refusal);
	reader->left = !reader->sink->data(reader->user, data, n);
	return reader->left ? 0 : n;
}

static int on_progress(void *user, curl_off_t d_total, curl_off_t d_now, curl_off_t u_total,
		       curl_off_t u_now)
{
	struct byte_reader *reader = user;

	if (!reader->left)
		reader->left = !reader->sink->idle(reader->user);
	return reader->left;
}

/* Trailing ones come here, too. */
static size_t on_header(char *data, size_t size, size_t n, void *user)
{
	struct byte_reader *reader = user;
	char line[256], *colon;

	snprintf(line, sizeof(line), "%.*s", (int)n, data);
	line[strcspn(line, "\r\n")] = '\0';
	colon = strchr(line, ':');
	if (colon) {
		*colon = '\0';
		reader->sink->header(reader->user, line, colon + 1 + strspn(colon + 1, " "));
	}
	return n;
}

static int on_socket(void *user, curl_socket_t fd, curlsocktype purpose)
{
	struct byte_reader *reader = user;

	reader->sink->socket(reader->user, fd);
	return CURL_SOCKOPT_OK;
}

static void set_reader(struct byte_reader *reader)
{
	CURL *curl = reader->curl;

	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, reader);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, reader);
	curl_easy_setopt(curl, CURLOPT_SOCKOPTFUNCTION, on_socket);
	curl_easy_setopt(curl, CURLOPT_SOCKOPTDATA, reader);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, reader);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

static int stream_once(struct byte_reader *reader, struct answer *answer)
{
	int r = curl_error(reader->curl, curl_easy_perform(reader->curl));

	*answer = (struct answer){ .status = 200 };
	if (r == 0 && status_of(reader->curl) != 200)
		r = parse_answer(reader->curl, &reader->refusal, answer);
	return r;
}

int client_stream(const struct cli *cli, const char *path, const struct client_sink *sink,
		  void *user)
{
	struct byte_reader reader = { .sink = sink, .user = user, .curl = open_handle(cli, path) };
	struct answer answer = { .status = 200 };
	int r = -ENOMEM;

	if (reader.curl) {
		set_reader(&reader);
		r = stream_once(&reader, &answer);
	}
	for (unsigned n = 1; r == 0 && n < TRIES && is_again(&answer); n++) {
		json_decref(answer.body);
		reader.refusal.len = 0;
		usleep(TRY_AGAIN_USEC);
		answer = (struct answer){ 0 };
		reader.left = !sink->idle(user);
		r = reader.left ? 0 : stream_once(&reader, &answer);
	}
	r = reader.left ? CLI_DONE : client_check(cli, r, &answer);
	json_decref(answer.body);
	curl_easy_cleanup(reader.curl);
	free(reader.refusal.data);
	return r;
}
