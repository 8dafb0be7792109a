// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "lb.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"
#include "xlb/abi.h"
#include "xlb/hash.h"

static int fail(const struct lb *lb, const char *what, int err)
{
	const char *why = lb->dp ? dataplane_error(lb->dp) : "";

	printf("# %s: %s: %s %s\n", lb->dir, what, strerror(-err), why);
	return err;
}

static int open_again(struct lb *lb, uint32_t tick)
{
	char error[256] = "";
	int err;

	lb->options.test_tick = tick;
	err = dataplane_open(&lb->options, error, sizeof(error), &lb->dp);
	if (err) {
		lb->dp = NULL;
		printf("# %s: %s\n", lb->dir, error);
	}
	return err;
}

int lb_open(struct lb *lb, const char *bpffs, const char *name, uint32_t flow_lines,
	    uint32_t ifindex, uint32_t tick)
{
	memset(lb, 0, sizeof(*lb));
	snprintf(lb->dir, sizeof(lb->dir), "%s/%s", bpffs, name);
	lb->ifindex = ifindex;
	lb->options = (struct dataplane_options){ .bpffs = lb->dir,
						  .flow4_lines = flow_lines,
						  .flow6_lines = flow_lines,
						  .test_clock = true };
	return open_again(lb, tick);
}

void lb_close(struct lb *lb)
{
	if (lb->dp)
		dataplane_remove(lb->dp);
	dataplane_close(lb->dp);
	lb->dp = NULL;
}

int lb_restart(struct lb *lb, uint32_t tick)
{
	dataplane_close(lb->dp);
	return open_again(lb, tick);
}

void lb_set_tick(struct lb *lb, uint32_t tick)
{
	dataplane_set_test_tick(lb->dp, tick);
}

int lb_tick(struct lb *lb)
{
	int err = dataplane_tick(lb->dp);

	return err ? fail(lb, "tick", err) : 0;
}

int lb_sync(struct lb *lb, const struct world_desired *desired)
{
	int err = dataplane_sync(lb->dp, &desired->desired, NULL);

	return err ? fail(lb, "sync", err) : 0;
}

int lb_send(struct lb *lb, const struct packet *p, int family, unsigned service, int *ret_host)
{
	struct frame in, out;
	uint32_t verdict;
	int err;

	frame_build(p, family, &in);
	err = frame_run(dataplane_program_fd(lb->dp), &in, lb->ifindex, &out, &verdict);
	if (err)
		return fail(lb, "BPF_PROG_RUN", err);
	*ret_host = verdict == XDP_REDIRECT ? model_host(service, out.data) : -1;
	if (verdict == XDP_PASS && !memcmp(in.data, out.data, in.size))
		return 0;
	if (*ret_host < 0 || in.size != out.size ||
	    memcmp(in.data + 12, out.data + 12, in.size - 12))
		return -EPROTO;
	return 0;
}

/* ---- what is left -------------------------------------------------------------------------------
 */
static int pinned(const struct lb *lb, const char *map)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", lb->dir, map);
	return bpf_obj_get(path);
}

/* Counts the values of a pinned array that are not all zero. */
static size_t not_zero(const struct lb *lb, const char *map, size_t value_size, size_t n)
{
	uint8_t *value = calloc(1, value_size), *zero = calloc(1, value_size);
	int fd = pinned(lb, map);
	size_t found = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (bpf_map_lookup_elem(fd, &i, value) || memcmp(value, zero, value_size))
			found++;
	}
	close(fd);
	free(value);
	free(zero);
	return found;
}

/* Lines whose entries are not all free: keys of former ones stay behind. */
static size_t lines_in_use(const struct lb *lb, const char *map, bool v6, uint32_t lines)
{
	int fd = pinned(lb, map);
	size_t found = 0;

	for (uint32_t i = 0; i < lines; i++) {
		struct xlb_flow4_line v4 = {};
		struct xlb_flow6_line line6 = {};
		uint64_t used = 0;

		if (bpf_map_lookup_elem(fd, &i, v6 ? (void *)&line6 : (void *)&v4))
			used = 1;
		for (int w = 0; w < XLB_FLOW_WAYS; w++)
			used |= v6 ? line6.way[w].meta.raw : v4.way[w].meta.raw;
		found += used != 0;
	}
	close(fd);
	return found;
}

static size_t unstable_rows(const struct lb *lb)
{
	struct xlb_rows *rows = malloc(sizeof(*rows));
	int outer = pinned(lb, "rows");
	const uint32_t zero = 0;
	size_t found = 0;

	for (uint32_t s = 0; s < XLB_MAX_SERVICES; s++) {
		uint32_t id;
		int inner;

		if (bpf_map_lookup_elem(outer, &s, &id))
			continue;
		inner = bpf_map_get_fd_by_id(id);
		if (inner < 0 || bpf_map_lookup_elem(inner, &zero, rows))
			found += XLB_ROWS;
		for (uint32_t i = 0; i < XLB_ROWS; i++)
			found += rows->row[i].prev != XLB_HOST_NONE;
		close(inner);
	}
	close(outer);
	free(rows);
	return found;
}

bool lb_is_at_rest(struct lb *lb)
{
	uint32_t lines = lb->options.flow4_lines + xlb_flow_front(lb->options.flow4_lines - 1);
	size_t v4 = lines_in_use(lb, "flows4", false, lines);
	size_t v6 = lines_in_use(lb, "flows6", true, lines);
	size_t loads = not_zero(lb, "loads", sizeof(uint64_t), XLB_MAX_HOSTS);
	size_t rows = unstable_rows(lb);

	if (!v4 && !v6 && !loads && !rows)
		return true;
	printf("# %s is not at rest: %zu IPv4 and %zu IPv6 lines with entries, %zu hosts with "
	       "loads, %zu rows not stable\n",
	       lb->dir, v4, v6, loads, rows);
	return false;
}

uint64_t lb_reason(struct lb *lb, enum xlb_reason reason)
{
	uint64_t all[XLB_REASON_COUNT] = {};

	dataplane_reasons(lb->dp, all);
	return all[reason];
}
