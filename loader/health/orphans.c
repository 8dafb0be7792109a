/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "health/orphans.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uthash.h>

#define LOOK_AGAIN_USEC 100000
#define LAST_LOOKS                                                                                 \
	100 /* when all is to end: SIGKILL takes its time, children come one generation at a time  \
	     */
#define LAST_LOOK_NSEC 1000000

struct child {
	pid_t pid;
	enum { STRANGER, SCRIPT, ORPHAN } kind;
	uint64_t
		number; /* of a script: it is the n-th; of an orphan: scripts before this one ran */
	uint64_t seen;  /* the look that saw it last */
	UT_hash_handle hh;
};

struct orphans {
	struct child *children;
	sd_event_source *timer;
	uint64_t n_scripts; /* ever */
	uint64_t n_looks;
	bool end_all;
};

/* ---- who is there -------------------------------------------------------------------------- */
static struct child *find(struct orphans *o, pid_t pid)
{
	struct child *c;

	HASH_FIND_INT(o->children, &pid, c);
	return c;
}

/* NULL: no memory; the next look tries again. */
static struct child *add(struct orphans *o, pid_t pid, int kind)
{
	struct child *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->pid = pid;
	c->kind = kind;
	c->number = o->n_scripts;
	HASH_ADD_INT(o->children, pid, c);
	if (c->hh.tbl)
		return c;
	free(c);
	return NULL;
}

static void forget(struct orphans *o, struct child *c)
{
	HASH_DEL(o->children, c);
	free(c);
}

/* Calls each for our children; they are ours since their parents ended. */
static void each_child(struct orphans *o, void (*each)(struct orphans *o, pid_t pid))
{
	char path[64];
	FILE *f;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &pid) == 1)
		each(o, pid);
	if (f)
		fclose(f);
}

static void note_stranger(struct orphans *o, pid_t pid)
{
	add(o, pid, STRANGER);
}

/* ---- the end of orphans -------------------------------------------------------------------- */
static uint64_t oldest_script(const struct orphans *o)
{
	uint64_t oldest = UINT64_MAX;

	for (const struct child *c = o->children; c; c = c->hh.next)
		if (c->kind == SCRIPT && c->number < oldest)
			oldest = c->number;
	return oldest;
}

static void look_at(struct orphans *o, pid_t pid)
{
	struct child *c = find(o, pid);

	if (c && c->kind != ORPHAN) {
		c->seen = o->n_looks;
		return;
	}
	if (waitpid(pid, NULL, WNOHANG) == pid)
		return; /* it was dead already */
	if (!c)
		c = add(o, pid, ORPHAN);
	if (!c)
		return;
	c->seen = o->n_looks;
	if (o->end_all || oldest_script(o) >= c->number) {
		kill(-pid, SIGKILL); /* if it leads a group */
		kill(pid, SIGKILL);
	}
}

/* true: there are orphans that live, or that have just been killed. */
static bool look(struct orphans *o)
{
	struct child *c, *next;
	bool any = false;

	o->n_looks++;
	each_child(o, look_at);
	HASH_ITER(hh, o->children, c, next) {
		if (c->kind == ORPHAN && c->seen != o->n_looks)
			forget(o, c);
		else
			any |= c->kind == ORPHAN;
	}
	return any;
}

void orphans_look(struct orphans *o)
{
	if (!look(o))
		return;
	sd_event_source_set_time_relative(o->timer, LOOK_AGAIN_USEC);
	sd_event_source_set_enabled(o->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	orphans_look(data);
	return 0;
}

/* ---- scripts ------------------------------------------------------------------------------- */
int orphans_script_began(struct orphans *o, pid_t pid)
{
	struct child *c = find(o, pid);

	if (c)
		forget(o, c); /* the number has been used before */
	if (!add(o, pid, SCRIPT))
		return -ENOMEM;
	o->n_scripts++;
	return 0;
}

void orphans_script_over(struct orphans *o, pid_t pid)
{
	struct child *c = find(o, pid);

	if (c)
		forget(o, c);
}

/* ---- open and close ------------------------------------------------------------------------ */
int orphans_open(sd_event *event, struct orphans **ret)
{
	struct orphans *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		return -ENOMEM;
	each_child(o, note_stranger);
	r = prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0;
	if (r == 0)
		r = sd_event_add_time_relative(event, &o->timer, CLOCK_MONOTONIC, 0, 0, on_timer,
					       o);
	if (r >= 0)
		r = sd_event_source_set_enabled(o->timer, SD_EVENT_OFF);
	if (r < 0) {
		orphans_close(o);
		return r;
	}
	*ret = o;
	return 0;
}

void orphans_close(struct orphans *o)
{
	const struct timespec pause = { .tv_nsec = LAST_LOOK_NSEC };
	struct child *c, *next;

	if (!o)
		return;
	o->end_all = true;
	for (int i = 0; i < LAST_LOOKS && look(o); i++)
		nanosleep(&pause, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	HASH_ITER(hh, o->children, c, next) {
		forget(o, c);
	}
	sd_event_source_disable_unref(o->timer);
	free(o);
}
