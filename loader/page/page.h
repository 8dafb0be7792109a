/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The status page and the metrics, by HTTP on TCP: read-only, for whoever reaches the addresses of
 * the configuration's `status listen on` lines.
 */
#ifndef XLB_PAGE_PAGE_H
#define XLB_PAGE_PAGE_H

#include "config/config.h"
#include "page/answers.h"

#define PAGE_ANSWER_S 10 /* a request's first byte to its answer's last; else it ends */

struct page_ops {
	/* All but the `page` part. */
	void (*source)(void *data, struct collect_source *ret);
	const json_t *(*events)(void *data); /* recent ones; array, borrowed; NULL: none */
	void (*metrics_ready)(void *data);   /* after page_metrics() has said -EAGAIN */
	/* An address is listened on (r 0), cannot be (-errno: told once, and again when it is
	 * another error), or is no longer (1). */
	void (*tell)(void *data, const char *name, uint16_t port, int r);
};

struct page;

/* `ops` and `data` are borrowed. -ENOMEM. */
int page_open(sd_event *event, const struct page_ops *ops, void *data, struct page **ret);
void page_close(struct page *page); /* NULL is fine */

/* Listens there and nowhere else; what it cannot have now page_retry() tries again. */
void page_listen(struct page *page, const struct cfg_status *list);
void page_retry(struct page *page);

/* See answers_restart(). NULL is fine. */
void page_restart(struct page *page);

/* The text of the metrics; see answers_get(). */
int page_metrics(struct page *page, struct shared **ret);

#endif
