/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What is seen of a configuration only when it has become a model: mistakes between hosts, what is
 * not served, what does not fit. The same for xlbd -n, xlbctl check, a start and a reload.
 */
#ifndef XLB_REVIEW_REVIEW_H
#define XLB_REVIEW_REVIEW_H

#include "config/diag.h"
#include "model/model.h"

/* model_build(), whose failures that the file is to blame for are put into diag with their place.
 */
int review_build(struct cfg *conf, const struct model *old, struct diag *diag, struct model **ret);

/* Notes: services that are not served, hosts that they leave out, what is read but not done. */
void review_notes(const struct model *m, struct diag *diag);

/* Would it fit into empty maps? If not, an error in diag, and -errno. */
int review_size(const struct model *m, struct diag *diag);

/* All of it, of a file that nobody uses yet: what `-n` does. Takes over conf. 0 or -errno; diag
 * says why. */
int review_all(struct cfg *conf, struct diag *diag);

#endif
