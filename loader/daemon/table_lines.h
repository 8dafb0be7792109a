/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* relayd's lines about tables. */
#ifndef XLB_DAEMON_TABLE_LINES_H
#define XLB_DAEMON_TABLE_LINES_H

struct daemon;
struct model;
struct pf_tables;

/* Logs what has changed since the last call; to be called when the kernel has followed the model.
 * Says nothing without `log state changes`. */
void table_lines_log(struct daemon *d);

/* At the start and after a reload: which tables the relays have. */
void table_lines_relays(const struct model *m);

void table_lines_free(struct pf_tables *tables); /* NULL is fine */

#endif
