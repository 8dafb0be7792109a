/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/loading.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define CALM_MS 4000 /* after a failure; callers come again every 5 s */

struct load_job {
	struct tracing *tracing;
	int event_fd; /* our own */
	int err;
	char error[sizeof(((struct loading *)NULL)->error)];

	pthread_mutex_t lock;
	bool over;
	bool abandoned; /* whoever comes second frees it */
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void job_free(struct load_job *job)
{
	tracing_free(job->tracing);
	if (job->event_fd >= 0)
		close(job->event_fd);
	pthread_mutex_destroy(&job->lock);
	free(job);
}

/* ---- the thread ---------------------------------------------------------------------------- */
static void *run(void *data)
{
	struct load_job *job = data;
	bool abandoned;

	job->err = tracing_load(job->tracing, job->error, sizeof(job->error));
	pthread_mutex_lock(&job->lock);
	job->over = true;
	abandoned = job->abandoned;
	if (!abandoned)
		eventfd_write(job->event_fd, 1);
	pthread_mutex_unlock(&job->lock);
	if (abandoned)
		job_free(job);
	return NULL;
}

/* Signals are the main thread's. */
static int start(struct load_job *job)
{
	sigset_t all, before;
	pthread_t thread;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&thread, NULL, run, job);
	if (r == 0)
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

/* ---- the others' side ---------------------------------------------------------------------- */
static int finish(struct loading *l, struct tracing *tracing, int err)
{
	l->err = err;
	l->tracing = err ? NULL : tracing;
	if (err) {
		l->failed_at = now_ms();
		tracing_free(tracing);
	}
	return err;
}

int loading_begin(struct loading *l, struct tracing *tracing, int event_fd)
{
	struct load_job *job;
	int err;

	l->error[0] = 0;
	if (event_fd < 0)
		return finish(l, tracing, tracing_load(tracing, l->error, sizeof(l->error)));
	job = calloc(1, sizeof(*job));
	if (!job)
		return finish(l, tracing, -ENOMEM);
	pthread_mutex_init(&job->lock, NULL);
	job->tracing = tracing;
	job->event_fd = fcntl(event_fd, F_DUPFD_CLOEXEC, 0);
	err = job->event_fd < 0 ? -errno : start(job);
	if (!err) {
		l->job = job;
		return 0;
	}
	job->tracing = NULL;
	job_free(job);
	return finish(l, tracing, err);
}

bool loading_collect(struct loading *l)
{
	struct load_job *job = l->job;
	bool over;

	if (!job)
		return false;
	pthread_mutex_lock(&job->lock);
	over = job->over;
	pthread_mutex_unlock(&job->lock);
	if (!over)
		return false;
	l->job = NULL;
	memcpy(l->error, job->error, sizeof(l->error));
	finish(l, job->tracing, job->err);
	job->tracing = NULL;
	job_free(job);
	return true;
}

bool loading_has_failed(const struct loading *l)
{
	return l->err && now_ms() - l->failed_at < CALM_MS;
}

void loading_free(struct loading *l)
{
	struct load_job *job = l->job;
	bool over;

	tracing_free(l->tracing);
	l->tracing = NULL;
	l->job = NULL;
	if (!job)
		return;
	pthread_mutex_lock(&job->lock);
	job->abandoned = true;
	over = job->over;
	pthread_mutex_unlock(&job->lock);
	if (over)
		job_free(job);
}
