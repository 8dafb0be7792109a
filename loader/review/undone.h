/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the language has and this version reads but does not do yet. Nothing of it changes who is
 * served or what they get; but nothing is ignored in silence either.
 */
#ifndef XLB_REVIEW_UNDONE_H
#define XLB_REVIEW_UNDONE_H

#include "config/config.h"

/* Adds a note for each of them that the configuration uses. */
void undone_notes(const struct cfg *conf, struct diag *diag);

#endif
