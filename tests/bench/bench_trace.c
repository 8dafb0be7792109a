// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What it costs the XDP program to tell of packets: ns per packet of a stable row's, by
 * BPF_PROG_RUN, as it is and with each want. The ways take turns, and the best of many short runs
 * counts, so that what else the machine does is left out. Messages are read all the time.
 */
#include <bpf/bpf.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench_wrap.skel.h"
#include "dataplane/trace.h"
#include "nat_fixture.h"
#include "wrap.h"

#define SKIPPED 77
#define ROUNDS 100
#define PACKETS 800 /* of a run; their messages have room in the buffer */

static const struct way {
	const char *name;
	unsigned trace;
	uint32_t snaplen;
	bool told;
} ways[] = {
	{ "plain build", 0, 0, false },
	{ "tracing build, not wanted", XLB_TRACE_CONN, 0, false },
	{ "PFLOG, creates no state", XLB_TRACE_PFLOG, 0, false },
	{ "REQUEST, told", XLB_TRACE_REQUEST, 0, true },
	{ "CAPTURE, 96 bytes", 0, 96, true },
	{ "CAPTURE, whole frames", 0, XLB_TRACE_BYTES, true },
};
#define N_WAYS (sizeof(ways) / sizeof(*ways))

static struct nat_fixture fx;
static struct bench_wrap_bpf *wrap; /* writes the MACs again: BPF_PROG_RUN keeps what it gets */

static void count_message(const struct trace_event *event, void *data)
{
	(*(unsigned *)data)++;
}

static int choose_way(const struct way *w)
{
	int err = dataplane_capture(fx.dp, w->snaplen != 0, w->snaplen, false);

	fx.trace = w->trace;
	return err ? err : nat_sync(&fx);
}

static int run(const struct frame *in, uint32_t *ret_ns)
{
	static uint8_t out[FRAME_SIZE];
	struct xdp_md ctx = { .data_end = in->size, .ingress_ifindex = fx.ifindex[0] };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in->data, .data_size_in = in->size,
		    .data_out = out, .data_size_out = sizeof(out), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = PACKETS);
	const uint32_t zero = 0;
	int program = dataplane_program_fd(fx.dp), err;

	err = bpf_map_update_elem(bpf_map__fd(wrap->maps.under_test), &zero, &program, BPF_ANY);
	if (!err)
		err = bpf_prog_test_run_opts(bpf_program__fd(wrap->progs.wrap), &opts);
	if (!err && opts.retval != XDP_REDIRECT)
		err = -1;
	*ret_ns = opts.duration;
	return err;
}

/* Takes a turn of each way; best: so far. */
static int take_turns(const struct frame *in, uint32_t best[N_WAYS])
{
	for (size_t i = 0; i < N_WAYS; i++) {
		unsigned told = 0;
		uint32_t ns;

		dataplane_on_trace(fx.dp, count_message, &told);
		if (choose_way(&ways[i]) || run(in, &ns) || dataplane_read_traces(fx.dp))
			return -1;
		if (told != (ways[i].told ? PACKETS : 0)) {
			fprintf(stderr, "%s: %u packets told\n", ways[i].name, told);
			return -1;
		}
		if (ns < best[i])
			best[i] = ns;
	}
	return 0;
}

static int measure(int family, uint16_t payload)
{
	const struct nat_case c = { .family = family, .proto = IPPROTO_TCP, .port = DIRECT };
	struct nat_packet_spec p = from_client(&c);
	uint32_t best[N_WAYS];
	struct frame in;

	memset(best, 0xff, sizeof(best));
	p.tcp_flags = TH_PUSH | TH_ACK;
	p.payload = payload;
	nat_frame(&p, &in);
	wrap->bss->address_at = family == AF_INET6 ? 34 : 26;
	wrap->bss->port_at = family == AF_INET6 ? 54 : 34;
	wrap->bss->next_address = htonl(WRAP_CLIENT(0));
	wrap->bss->next_port = htons(WRAP_CLIENT_PORT(0));
	for (int i = 0; i < ROUNDS; i++)
		if (take_turns(&in, best))
			return -1;
	printf("IPv%d, frames of %zu bytes\n", family == AF_INET6 ? 6 : 4, in.size);
	for (size_t i = 0; i < N_WAYS; i++)
		printf("  %-28s %5u ns\n", ways[i].name, best[i]);
	return 0;
}

int main(void)
{
	int err;

	if (geteuid() != 0) {
		printf("1..0 # SKIP the benchmark loads BPF programs: run as root\n");
		return SKIPPED;
	}
	wrap = bench_wrap_bpf__open_and_load();
	err = wrap ? nat_open(&fx) : -1;
	if (!err)
		err = measure(AF_INET, 400);
	if (!err)
		err = measure(AF_INET, 1400);
	if (!err)
		err = measure(AF_INET6, 400);
	nat_close(&fx);
	bench_wrap_bpf__destroy(wrap);
	return err != 0;
}
