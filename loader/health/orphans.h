/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a script leaves behind ends with it, even if it has left the script's session and process
 * group (setsid(1), daemon(3)) and so escapes the signal to that group.
 *
 * We are the subreaper of our descendants (prctl(2)): a process whose parent ends becomes our
 * child, and /proc shows it. Which script it came from cannot be told, so it lives until all
 * scripts are over that ran when it was first seen: that is at most the longest deadline. Its own
 * children come to us when it is dead.
 *
 * Needs /proc/PID/task/TID/children (CONFIG_PROC_CHILDREN); without, such processes go on. Children
 * that the program had before orphans_open() are not looked at; all that come later are scripts or
 * left by them.
 */
#ifndef XLB_HEALTH_ORPHANS_H
#define XLB_HEALTH_ORPHANS_H

#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

struct orphans;

/* -ENOMEM, or what prctl(2) or the event loop says. */
int orphans_open(sd_event *event, struct orphans **ret);

/* No script runs any more: ends what is left of them all. NULL is fine. */
void orphans_close(struct orphans *orphans);

/* A script has begun, and is over (dead or just killed). -ENOMEM. */
int orphans_script_began(struct orphans *orphans, pid_t pid);
void orphans_script_over(struct orphans *orphans, pid_t pid);

/* Looks, ends what is to be ended, and looks again from time to time while there is anything. To be
 * called when a script is dead: now its children are ours. */
void orphans_look(struct orphans *orphans);

#endif
