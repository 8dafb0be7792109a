/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "doctor/doctor.h"

#include "doctor/survey.h"

static int open_network(struct survey *s)
{
	const struct net_callbacks none = { 0 };
	int r = sd_event_new(&s->event);

	return r < 0 ? r : net_open(s->event, &none, NULL, &s->net);
}

static void close_network(struct survey *s)
{
	ways_free(s);
	net_close(s->net);
	sd_event_unref(s->event);
}

static int examine_network(struct survey *s)
{
	int r = ways_find(s);

	if (r < 0)
		return r;
	places_find(s);
	vips_examine(s);
	ways_examine(s);
	places_examine(s);
	segments_examine(s);
	return 0;
}

int doctor_run(const struct doctor_input *input, struct report *ret)
{
	struct survey s = { .in = input, .report = ret };
	int r;

	*ret = (struct report){ 0 };
	box_examine(&s);
	clients_examine(&s);
	r = open_network(&s);
	if (r == 0)
		r = examine_network(&s);
	close_network(&s);
	return r < 0 ? r : ret->error;
}
