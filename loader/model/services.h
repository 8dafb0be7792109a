/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The services of a model that is being built: its tables are there already. */
#ifndef XLB_MODEL_SERVICES_H
#define XLB_MODEL_SERVICES_H

#include "model/model.h"

/* Fills m->services, which has room for m->n_services. `old` may be NULL. -ENOMEM; what was made so
 * far is for services_free(). */
int services_build(struct model *m, const struct model *old, const struct cfg *conf);
void services_free(struct model *m);

#endif
