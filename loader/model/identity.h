/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* When two things of the configuration, or of two configurations, are the same. */
#ifndef XLB_MODEL_IDENTITY_H
#define XLB_MODEL_IDENTITY_H

#include <stdbool.h>

#include "config/config.h"
#include "model/model.h"

bool same_addr(const struct cfg_addr *a, const struct cfg_addr *b);

/* By address; hosts whose name did not resolve, by name. */
bool same_host(const struct cfg_host *a, const struct cfg_host *b);

/* Hosts are reached the same way: their next hops are the same. */
bool same_way(const struct cfg_target *a, const struct cfg_target *b);

/* Table, port, and every option that a check or a next hop depends on. */
bool same_instance(const struct table *a, const struct table *b);

#endif
