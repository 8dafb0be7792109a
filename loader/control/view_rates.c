/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Rates per second. */
#include <math.h>
#include <stdio.h>

#include "control/view.h"

struct meter_key service_meter(const struct service *s)
{
	return (struct meter_key){ s->kind == SERVICE_RELAY ? METER_RELAY : METER_REDIRECT, s->id };
}

struct meter_key host_meter(const struct host *h)
{
	return (struct meter_key){ METER_HOST, h->id };
}

struct meter_key link_meter(uint32_t ifindex)
{
	return (struct meter_key){ METER_LINK, ifindex };
}

struct meter_key reason_meter(uint32_t reason)
{
	return (struct meter_key){ METER_REASON, reason };
}

/* Digits beyond these say nothing. */
static double rounded(double rate)
{
	return round(rate * 1000) / 1000;
}

static int add_window(json_t *object, const char *const *names, size_t n, const char *window,
		      const double rate[METER_VALUES])
{
	char key[32];

	for (size_t i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "%s_%s", names[i], window);
		if (json_object_set_new(object, key, json_real(rounded(rate[i]))) < 0)
			return -1;
	}
	return 0;
}

json_t *json_per_second(const struct view *v, struct meter_key key, const char *const *names,
			size_t n)
{
	static const char *const windows[METER_WINDOWS] = { "1s", "10s", "60s" };
	json_t *object = json_object();
	double rate[METER_VALUES];
	bool known = v->meters != NULL;
	int r = object ? 0 : -1;

	for (int w = 0; r == 0 && known && w < METER_WINDOWS; w++) {
		known = meters_rate(v->meters, key, (enum meter_window)w, rate);
		if (known)
			r = add_window(object, names, n, windows[w], rate);
	}
	if (r == 0 && known)
		return object;
	json_decref(object);
	return r < 0 ? NULL : json_null();
}

json_t *json_traffic_per_second(const struct view *v, struct meter_key key)
{
	static const char *const names[] = { "packets", "bytes", "sessions" };

	return json_per_second(v, key, names, 3);
}
