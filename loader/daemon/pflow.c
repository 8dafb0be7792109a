/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/pflow.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/log.h"
#include "pflow/records.h"
#include "pflow/sender.h"

/* Datagrams in a row without an error until it is over: with nobody at the other end each second
 * one fails. */
#define WELL_AGAIN 3

static uint64_t clock_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct pflow_clock clock_now(void)
{
	return (struct pflow_clock){ clock_ns(CLOCK_MONOTONIC), clock_ns(CLOCK_REALTIME) };
}

/* ---- the socket ---------------------------------------------------------------------------- */
/* Said once, however often it is tried again. */
static void note_trouble(struct pflow_state *p, int error)
{
	p->well = 0;
	if (p->trouble == error)
		return;
	if (!p->trouble)
		log_warning("pflow to %s port %u: %s; what cannot be sent is counted", p->name,
			    p->conf.port, strerror(-error));
	p->trouble = error;
}

static void note_success(struct pflow_state *p)
{
	if (!p->trouble || ++p->well < WELL_AGAIN)
		return;
	log_notice("pflow to %s port %u: no more errors", p->name, p->conf.port);
	p->trouble = 0;
}

static void open_socket(struct pflow_state *p)
{
	int r;

	if (p->fd >= 0 || p->conf.addr.family == AF_UNSPEC)
		return;
	r = sender_open(&p->conf.source, &p->conf.addr, p->conf.port, &p->fd);
	if (r)
		note_trouble(p, r);
}

static void close_socket(struct pflow_state *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static int send_datagram(const uint8_t *datagram, size_t size, void *data)
{
	struct pflow_state *p = data;
	int r;

	if (p->fd < 0)
		return -ENOTCONN;
	r = sender_send(p->fd, datagram, size);
	if (r)
		note_trouble(p, r);
	else
		note_success(p);
	return r;
}

/* ---- the configuration --------------------------------------------------------------------- */
static bool same_addr(const struct cfg_addr *a, const struct cfg_addr *b)
{
	return a->family == b->family &&
	       (a->family == AF_UNSPEC || !memcmp(&a->v6, &b->v6, a->family == AF_INET6 ? 16 : 4));
}

static bool same_collector(const struct pflow_state *p, const struct cfg_pflow *conf)
{
	if (!conf || !p->active)
		return !conf && !p->active;
	return same_addr(&p->conf.addr, &conf->addr) && p->conf.port == conf->port &&
	       same_addr(&p->conf.source, &conf->source) && p->conf.protocol == conf->protocol;
}

static void leave(struct pflow_state *p)
{
	const struct pflow_clock now = clock_now();

	if (p->active)
		exporter_flush(p->exporter, &now);
	if (p->active)
		close_socket(p);
	p->active = false;
}

static void enter(struct pflow_state *p, const struct cfg_pflow *conf)
{
	const struct pflow_clock now = clock_now();

	p->conf = *conf;
	snprintf(p->name, sizeof(p->name), "%s", conf->name);
	p->active = true;
	p->fd = -1;
	p->trouble = p->well = 0;
	open_socket(p);
	exporter_begin(p->exporter, conf->protocol,
		       conf->addr.family == AF_INET6 ? PFLOW_PAYLOAD6 : PFLOW_PAYLOAD4);
	exporter_tick(p->exporter, &now);
}

int pflow_follow(struct daemon *d)
{
	const struct cfg_pflow *conf = d->model->conf->pflow;
	struct pflow_state *p = &d->pflow;

	if (same_collector(p, conf))
		return 0;
	leave(p);
	if (!conf)
		return 0;
	if (!p->exporter)
		p->exporter = exporter_new(send_datagram, p);
	if (!p->exporter)
		return -ENOMEM;
	enter(p, conf);
	return 0;
}

/* ---- what comes ---------------------------------------------------------------------------- */
void pflow_event(struct daemon *d, const struct conn_event *event)
{
	struct pflow_record records[2];
	struct pflow_clock now;
	unsigned n;

	if (!d->pflow.active)
		return;
	now = clock_now();
	n = pflow_records(event, records);
	for (unsigned i = 0; i < n; i++)
		exporter_add(d->pflow.exporter, &records[i], &now);
}

void pflow_tick(struct daemon *d)
{
	struct pflow_clock now;

	if (!d->pflow.active)
		return;
	open_socket(&d->pflow);
	now = clock_now();
	exporter_tick(d->pflow.exporter, &now);
}

void pflow_stop(struct daemon *d)
{
	leave(&d->pflow);
	exporter_free(d->pflow.exporter);
	d->pflow.exporter = NULL;
}

struct pflow_counters pflow_counted(const struct daemon *d)
{
	return d->pflow.exporter ? *exporter_counters(d->pflow.exporter) :
				   (struct pflow_counters){ 0 };
}
