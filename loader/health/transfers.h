/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* libcurl's transfers on the event loop. */
#ifndef XLB_HEALTH_TRANSFERS_H
#define XLB_HEALTH_TRANSFERS_H

#include <curl/curl.h>
#include <systemd/sd-event.h>

struct transfers;

/* `done` is called from the event loop for a transfer that ended by itself; it has to be given to
 * transfer_remove() then, too. */
int transfers_open(sd_event *event, void (*done)(CURL *easy, CURLcode code),
		   struct transfers **ret);
void transfers_close(struct transfers *t); /* without transfers in it */

/* 0 or -ENOMEM. */
int transfer_add(struct transfers *t, CURL *easy);
void transfer_remove(struct transfers *t, CURL *easy); /* does nothing if it is not there */

#endif
