/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/probe_hook.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

/* enum bpf_attach_type; libbpf 1.1 is older */
#define TCX_INGRESS 46
#define TCX_EGRESS 47

/* Where our filters are, so that they are found again: `tc filter show dev IF egress`. */
#define FILTER_HANDLE 0x786c70
#define FILTER_PRIORITY 101

/* ---- TCX ----------------------------------------------------------------------------------- */
static int attach_tcx(int in_fd, int out_fd, struct probe_hook *hook)
{
	hook->in = bpf_link_create(in_fd, hook->ifindex, TCX_INGRESS, NULL);
	if (hook->in < 0)
		return hook->in;
	hook->out = bpf_link_create(out_fd, hook->ifindex, TCX_EGRESS, NULL);
	if (hook->out >= 0)
		return 0;
	close(hook->in);
	return hook->out;
}

/* ---- clsact -------------------------------------------------------------------------------- */
static struct bpf_tc_hook qdisc_of(uint32_t ifindex, enum bpf_tc_attach_point point)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);

	return hook;
}

static int put_filter(uint32_t ifindex, enum bpf_tc_attach_point point, int program_fd)
{
	struct bpf_tc_hook qdisc = qdisc_of(ifindex, point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY,
		    .prog_fd = program_fd, .flags = BPF_TC_F_REPLACE);

	return bpf_tc_attach(&qdisc, &opts);
}

/* true: there was one. */
static bool drop_filter(uint32_t ifindex, enum bpf_tc_attach_point point)
{
	struct bpf_tc_hook qdisc = qdisc_of(ifindex, point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);

	return !bpf_tc_detach(&qdisc, &opts);
}

/* Is there any filter at that side of the qdisc? Without an answer: yes. */
static bool has_filters(uint32_t ifindex, uint32_t side)
{
	const struct {
		struct nlmsghdr header;
		struct tcmsg tc;
	} request = { { .nlmsg_len = sizeof(request),
			.nlmsg_type = RTM_GETTFILTER,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		      { .tcm_ifindex = (int)ifindex, .tcm_parent = TC_H_MAKE(TC_H_CLSACT, side) } };
	union {
		struct nlmsghdr header;
		char bytes[16384];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t n = -1;

	if (fd < 0)
		return true;
	if (send(fd, &request, sizeof(request), 0) == sizeof(request))
		n = recv(fd, &answer, sizeof(answer), 0);
	close(fd);
	return n < (ssize_t)sizeof(answer.header) || answer.header.nlmsg_type == RTM_NEWTFILTER;
}

static void drop_qdisc(uint32_t ifindex)
{
	struct bpf_tc_hook qdisc = qdisc_of(ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS);

	if (!has_filters(ifindex, TC_H_MIN_INGRESS) && !has_filters(ifindex, TC_H_MIN_EGRESS))
		bpf_tc_hook_destroy(&qdisc);
}

static void detach_clsact(const struct probe_hook *hook)
{
	drop_filter(hook->ifindex, BPF_TC_EGRESS);
	drop_filter(hook->ifindex, BPF_TC_INGRESS);
	if (hook->own_qdisc)
		drop_qdisc(hook->ifindex);
}

static int attach_clsact(int in_fd, int out_fd, struct probe_hook *hook)
{
	struct bpf_tc_hook qdisc = qdisc_of(hook->ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS);
	int err = bpf_tc_hook_create(&qdisc);

	if (err && err != -EEXIST)
		return err;
	hook->own_qdisc = !err;
	err = put_filter(hook->ifindex, BPF_TC_INGRESS, in_fd);
	if (!err)
		err = put_filter(hook->ifindex, BPF_TC_EGRESS, out_fd);
	if (err)
		detach_clsact(hook);
	return err;
}

/* ---- either -------------------------------------------------------------------------------- */
int probe_hook_attach(uint32_t ifindex, int in_fd, int out_fd, struct probe_hook *ret)
{
	struct probe_hook hook = { .ifindex = ifindex };
	int err = attach_tcx(in_fd, out_fd, &hook);

	if (err == -EINVAL) { /* the kernel has none */
		hook.in = hook.out = -1;
		err = attach_clsact(in_fd, out_fd, &hook);
	}
	if (!err)
		*ret = hook;
	return err;
}

void probe_hook_detach(struct probe_hook *hook)
{
	if (hook->in < 0) {
		detach_clsact(hook);
		return;
	}
	close(hook->out);
	close(hook->in);
}

void probe_hook_clean(uint32_t ifindex)
{
	bool out = drop_filter(ifindex, BPF_TC_EGRESS), in = drop_filter(ifindex, BPF_TC_INGRESS);

	if (in || out)
		drop_qdisc(ifindex);
}
