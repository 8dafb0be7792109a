/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The control API's client. */
#ifndef XLB_CLI_CLIENT_H
#define XLB_CLI_CLIENT_H

#include <jansson.h>

#include "cli/cli.h"

struct answer {
	long status;  /* HTTP's */
	json_t *body; /* owned by the caller */
};

/*
 * One request. `body` may be NULL. Returns 0 for any answer, also one that says no; -ENOENT,
 * -ECONNREFUSED: nobody is there; -EACCES, ...: the socket can't be used; -EPROTO: the answer is no
 * JSON; -EIO: the connection broke; -ETIMEDOUT.
 */
int client_call(const struct cli *cli, const char *method, const char *path, const json_t *body,
		struct answer *ret);

/* The same for commands: says what went wrong. *ret (may be NULL) is set with CLI_DONE only. */
int client_get(const struct cli *cli, const char *path, json_t **ret);
int client_post(const struct cli *cli, const char *path, const json_t *body, json_t **ret);

/* Reads lines for as long as they come. The text isn't terminated and without its newline. */
int client_lines(const struct cli *cli, const char *path,
		 void (*line)(const struct cli *cli, const char *text, size_t len));

/* Who takes a stream of bytes. Functions that return false want no more. */
struct client_sink {
	bool (*data)(void *user, const char *data, size_t len);
	bool (*idle)(void *user);                                        /* about once a second */
	void (*header)(void *user, const char *name, const char *value); /* or a trailing one */
	void (*socket)(void *user, int fd); /* that it will come by; borrowed */
};

/* Reads for as long as it comes. CLI_DONE: it has ended, or the sink wants no more; else it is said
 * what is wrong. */
int client_stream(const struct cli *cli, const char *path, const struct client_sink *sink,
		  void *user);

/* Nobody is there: the daemon isn't running. */
bool client_is_absent(int error);

/* What client_call()'s result means to the user: CLI_DONE, or complains and says CLI_*. */
int client_check(const struct cli *cli, int error, const struct answer *answer);

/* A name as one segment of a path; the caller frees it. NULL: no memory. */
char *client_escape(const char *name);

#endif
