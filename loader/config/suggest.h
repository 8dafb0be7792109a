/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef XLB_CONFIG_SUGGEST_H
#define XLB_CONFIG_SUGGEST_H

#include <stddef.h>

/*
 * The one of words[0..n) that was probably meant by word: the fewest letters to insert, delete,
 * change or swap, and not more than a third of them. NULL if none comes near.
 */
const char *suggest_nearest(const char *word, const char *const *words, size_t n);

#endif
