// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "run.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

int frame_run(int prog, const struct frame *in, uint32_t ifindex, struct frame *out,
	      uint32_t *ret_verdict)
{
	struct xdp_md ctx = { .data_end = in->size, .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in->data, .data_size_in = in->size,
		    .data_out = out->data, .data_size_out = sizeof(out->data), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = 1);
	int err = bpf_prog_test_run_opts(prog, &opts);

	if (err)
		return err;
	out->size = opts.data_size_out;
	*ret_verdict = opts.retval;
	return 0;
}
