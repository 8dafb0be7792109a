/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef BENCH_CLUTTER_H
#define BENCH_CLUTTER_H

#define CLUTTER_LINES 1024u /* of 64 bytes: twice the first-level cache of most processors */

#endif
