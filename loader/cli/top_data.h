/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What "xlbctl top" shows: the API's answers as rows that can be sorted, each with its past. No
 * I/O. */
#ifndef XLB_CLI_TOP_DATA_H
#define XLB_CLI_TOP_DATA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define TOP_HISTORY 128 /* values of a row's past */

enum top_sort {
	TOP_SORT_ORDER, /* that of the configuration */
	TOP_SORT_PACKETS,
	TOP_SORT_BITS,
	TOP_SORT_SESSIONS,
	TOP_SORT_STATES,
	TOP_SORT_NAME,
	TOP_SORTS
};

enum top_kind { TOP_SERVICE, TOP_HOST };

struct top_history;

struct top_row {
	enum top_kind kind;
	char name[160];
	char detail[80]; /* of a service "redirect" or "relay", of a host its table */
	char status[40];
	bool known;     /* false: there are no rates (yet), or nothing is in the kernel */
	double packets; /* per second */
	double bits;
	double sessions;
	double states;
	unsigned place; /* in the configuration, of all rows */
	const struct top_history *history;
};

/* Packets a second of the past, oldest first. */
struct top_past {
	double values[TOP_HISTORY];
	size_t n;
};

struct top_reason {
	char name[40];
	char verdict[12];
	char text[80];
	double packets; /* per second */
	json_int_t count;
};

struct top_data {
	struct top_row *rows; /* services, then hosts; owned */
	size_t n_rows;
	size_t n_services;
	struct top_reason *reasons; /* that have counted anything, the busiest first; owned */
	size_t n_reasons;
	struct top_row total;
	size_t hosts_up, hosts; /* of all tables */
	char version[32];
	json_int_t uptime_s;
	struct top_history *histories; /* owned */
	unsigned round;
};

/* The API's answers to one look. */
struct top_answers {
	json_t *redirects, *relays, *hosts, *counters, *version;
};

/* The rates of the API that suit a look each so many ms: "1s", "10s", "60s". */
const char *top_window(unsigned delay_ms);

/* Takes the place of what was before; its rows' pasts go on. -ENOMEM: all is as before. */
int top_data_update(struct top_data *d, const struct top_answers *answers, const char *window);

/* Services among themselves, and hosts: the largest first. */
void top_data_sort(struct top_data *d, enum top_sort sort);

/* A row's past; the last value is the present. */
void top_row_past(const struct top_row *row, struct top_past *ret);

void top_data_clear(struct top_data *d);

const char *top_sort_name(enum top_sort sort); /* "order", "packets", ... */
/* -EINVAL: no such sort. */
int top_sort_parse(const char *name, enum top_sort *ret);

#endif
