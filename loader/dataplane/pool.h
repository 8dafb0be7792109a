/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The pool of a service that chooses per connection: its hosts, and a ring in which each occurs by
 * its weight, well spread.
 */
#ifndef XLB_DATAPLANE_POOL_H
#define XLB_DATAPLANE_POOL_H

#include <stddef.h>

#include "xlb/abi.h"

/* Hosts in the order in which they shall take turns, at most XLB_POOL_HOSTS, weights at least 1.
 * Whatever part of the result a reader sees together with a former pool's, it names hosts of
 * either. */
void pool_fill(struct xlb_pool *pool, const struct xlb_pool_host *hosts, size_t n);

#endif
