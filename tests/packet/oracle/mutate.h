/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Turns a valid frame into one that is nearly so: bits, bytes and words of the headers change,
 * parts are left out, repeated or swapped, the end is cut or drawn out.
 */
#ifndef XLB_TESTS_MUTATE_H
#define XLB_TESTS_MUTATE_H

#include "frame.h"
#include "random.h"

#define MUTATE_MIN_SIZE 14   /* the kernel runs no program on less */
#define MUTATE_MAX_SIZE 1800 /* below FRAME_SIZE: programs see whole frames */

/* Makes between 0 and `most` changes, few more often than many. */
void mutate(struct frame *f, unsigned most, struct random *r);

#endif
