/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/attach_tc.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/complaint.h"
#include "dataplane/pins.h"

#define TCX_INGRESS 46 /* enum bpf_attach_type; libbpf 1.1 is older */

/* Where our filter is, so that it is found again: `tc filter show dev IF ingress`. */
#define FILTER_HANDLE 0x786c62
#define FILTER_PRIORITY 100

/* Longer than an interface's name may be, with one in front: no interface is called so. */
#define FILTER_SUFFIX ":filter-on-clsact"
#define OWN_SUFFIX ":filter-and-clsact"
#define NEXT_SUFFIX "-next" /* of either: about to take its place */

/* ---- pins ---------------------------------------------------------------------------------- */
static bool ends_with(const char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);

	return n > m && !strcmp(text + n - m, suffix);
}

void tc_pin_interface(const char *path, char *ret, size_t size)
{
	const char *name = strrchr(path, '/') + 1;
	size_t n = strlen(name);

	if (ends_with(name, FILTER_SUFFIX))
		n -= strlen(FILTER_SUFFIX);
	else if (ends_with(name, OWN_SUFFIX))
		n -= strlen(OWN_SUFFIX);
	snprintf(ret, size, "%.*s", (int)n, name);
	for (; *ret; ret++)
		if (*ret == ':')
			*ret = '.';
}

static int pin_as(const char *bpffs, const char *name, const char *suffix, int fd, char **ret_path)
{
	char path[PATH_MAX], *copy;
	int err = pins_link_path(bpffs, PINS_TC, name, path);

	if (!err && strlen(path) + strlen(suffix) >= sizeof(path))
		err = -ENAMETOOLONG;
	if (err)
		return err;
	strcat(path, suffix);
	err = pins_unlink(path); /* left by an interface that has gone */
	if (err)
		return err;
	copy = strdup(path);
	err = copy ? pins_put(fd, path) : -ENOMEM;
	if (err)
		free(copy);
	else
		*ret_path = copy;
	return err;
}

/* ---- TCX ----------------------------------------------------------------------------------- */
static uint32_t link_ifindex(int fd)
{
	struct bpf_link_info info = { 0 };
	__u32 size = sizeof(info);

	/* an older header's union has no member for TCX; the interface is at its beginning, too */
	return bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.xdp.ifindex;
}

static int attach_tcx(const char *bpffs, int program_fd, const char *name, struct tc_hook *hook)
{
	int err;

	hook->fd = bpf_link_create(program_fd, hook->ifindex, TCX_INGRESS, NULL);
	if (hook->fd < 0)
		return hook->fd;
	hook->tcx = true;
	err = pin_as(bpffs, name, "", hook->fd, &hook->path);
	if (err)
		close(hook->fd);
	return err;
}

/* ---- clsact -------------------------------------------------------------------------------- */
static struct bpf_tc_hook qdisc_of(uint32_t ifindex, enum bpf_tc_attach_point point)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);

	return hook;
}

static int put_filter(uint32_t ifindex, int program_fd)
{
	struct bpf_tc_hook qdisc = qdisc_of(ifindex, BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY,
		    .prog_fd = program_fd, .flags = BPF_TC_F_REPLACE);

	return bpf_tc_attach(&qdisc, &opts);
}

static int drop_filter(uint32_t ifindex)
{
	struct bpf_tc_hook qdisc = qdisc_of(ifindex, BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	int err = bpf_tc_detach(&qdisc, &opts);

	return err == -ENOENT || err == -ENODEV || err == -EINVAL ? 0 : err;
}

static bool has_filter(uint32_t ifindex)
{
	struct bpf_tc_hook qdisc = qdisc_of(ifindex, BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);

	return !bpf_tc_query(&qdisc, &opts);
}

/* Sends a dump request for the filters at `parent`; true if there is one, or no answer. */
static bool dump_has_filter(int fd, uint32_t ifindex, uint32_t parent)
{
	struct {
		struct nlmsghdr header;
		struct tcmsg tc;
	} request = { { .nlmsg_len = sizeof(request),
			.nlmsg_type = RTM_GETTFILTER,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		      { .tcm_ifindex = (int)ifindex, .tcm_parent = parent } };
	char buffer[16384] __attribute__((aligned(4)));
	ssize_t n;

	if (send(fd, &request, sizeof(request), 0) != sizeof(request))
		return true;
	n = recv(fd, buffer, sizeof(buffer), 0);
	return n < (ssize_t)sizeof(struct nlmsghdr) ||
	       ((struct nlmsghdr *)buffer)->nlmsg_type == RTM_NEWTFILTER;
}

static bool qdisc_is_used(uint32_t ifindex)
{
	const uint32_t ingress = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
	const uint32_t egress = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS);
	int a = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int b = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	bool used = a < 0 || b < 0 || dump_has_filter(a, ifindex, ingress) ||
		    dump_has_filter(b, ifindex, egress);

	if (a >= 0)
		close(a);
	if (b >= 0)
		close(b);
	return used;
}

static int drop_qdisc(uint32_t ifindex)
{
	struct bpf_tc_hook qdisc = qdisc_of(ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS);
	int err;

	if (qdisc_is_used(ifindex))
		return 0;
	err = bpf_tc_hook_destroy(&qdisc);
	return err == -ENOENT || err == -ENODEV || err == -EINVAL ? 0 : err;
}

static int attach_clsact(const char *bpffs, int program_fd, const char *name, struct tc_hook *hook)
{
	struct bpf_tc_hook qdisc = qdisc_of(hook->ifindex, BPF_TC_INGRESS);
	int err = bpf_tc_hook_create(&qdisc);

	if (err && err != -EEXIST)
		return err;
	hook->own_qdisc = !err;
	/* the note first: whoever dies in between leaves nothing that nobody knows of */
	err = pin_as(bpffs, name, hook->own_qdisc ? OWN_SUFFIX : FILTER_SUFFIX, program_fd,
		     &hook->path);
	if (!err)
		err = put_filter(hook->ifindex, program_fd);
	if (!err)
		return 0;
	if (hook->path)
		unlink(hook->path);
	free(hook->path);
	if (hook->own_qdisc)
		drop_qdisc(hook->ifindex);
	return err;
}

/* ---- either -------------------------------------------------------------------------------- */
int tc_attach(const char *bpffs, int program_fd, uint32_t ifindex, const char *name,
	      struct tc_hook *ret, char *error, size_t error_size)
{
	struct tc_hook hook = { .ifindex = ifindex, .fd = -1 };
	char what[IF_NAMESIZE + 40];
	int err;

	complaint_begin();
	err = attach_tcx(bpffs, program_fd, name, &hook);
	if (err == -EINVAL) { /* the kernel has none */
		hook = (struct tc_hook){ .ifindex = ifindex, .fd = -1 };
		err = attach_clsact(bpffs, program_fd, name, &hook);
	}
	if (!err) {
		*ret = hook;
		return 0;
	}
	snprintf(what, sizeof(what), "%s: cannot attach to TC ingress", name);
	return complaint_fail(error, error_size, what, err);
}

/* Owns the link on success. */
static int adopt_link(int fd, struct tc_hook *hook)
{
	hook->ifindex = link_ifindex(fd);
	if (!hook->ifindex)
		return -ENODEV;
	hook->fd = fd;
	hook->tcx = true;
	return 0;
}

static int adopt_filter(const char *path, struct tc_hook *hook)
{
	char name[PATH_MAX];

	tc_pin_interface(path, name, sizeof(name));
	hook->ifindex = if_nametoindex(name);
	hook->own_qdisc = ends_with(path, OWN_SUFFIX);
	complaint_begin();
	return hook->ifindex && has_filter(hook->ifindex) ? 0 : -ENODEV;
}

static int adopt_pin(int fd, const char *path, struct tc_hook *hook)
{
	if (ends_with(path, FILTER_SUFFIX NEXT_SUFFIX) || ends_with(path, OWN_SUFFIX NEXT_SUFFIX))
		return -ENODEV; /* whoever made it was killed before it took its place */
	if (ends_with(path, FILTER_SUFFIX) || ends_with(path, OWN_SUFFIX))
		return adopt_filter(path, hook);
	return adopt_link(fd, hook);
}

int tc_adopt(const char *path, struct tc_hook *ret)
{
	struct tc_hook hook = { .fd = -1 };
	int fd = bpf_obj_get(path), err;

	if (fd < 0)
		return fd;
	err = adopt_pin(fd, path, &hook);
	if (hook.fd < 0)
		close(fd); /* the program's: not needed */
	if (!err)
		hook.path = strdup(path);
	if (!err && !hook.path)
		err = -ENOMEM;
	if (err)
		tc_release(&hook);
	else
		*ret = hook;
	if (err == -ENODEV && pins_unlink(path))
		return -errno;
	return err;
}

/* At no time is there a filter without a pin. */
static int replace_pin(const char *path, int program_fd)
{
	char next[PATH_MAX];
	int err;

	if (snprintf(next, sizeof(next), "%s" NEXT_SUFFIX, path) >= (int)sizeof(next))
		return -ENAMETOOLONG;
	err = pins_put(program_fd, next);
	if (err)
		return err;
	return rename(next, path) ? -errno : 0;
}

int tc_update(struct tc_hook *hook, int program_fd)
{
	int err;

	if (hook->tcx)
		return bpf_link_update(hook->fd, program_fd, NULL);
	err = put_filter(hook->ifindex, program_fd);
	return err ? err : replace_pin(hook->path, program_fd);
}

bool tc_is_alive(const struct tc_hook *hook)
{
	char name[IF_NAMESIZE];

	return hook->tcx ? link_ifindex(hook->fd) != 0 :
			   if_indextoname(hook->ifindex, name) != NULL;
}

int tc_detach(struct tc_hook *hook)
{
	int err, unpinned;

	complaint_begin();
	if (hook->tcx) {
		err = bpf_link_detach(hook->fd);
		err = err == -ENOLINK || err == -ENODEV ? 0 : err;
	} else {
		err = drop_filter(hook->ifindex);
		if (!err && hook->own_qdisc)
			err = drop_qdisc(hook->ifindex);
	}
	unpinned = pins_unlink(hook->path);
	tc_release(hook);
	return err ? err : unpinned;
}

void tc_release(struct tc_hook *hook)
{
	if (hook->fd >= 0)
		close(hook->fd);
	free(hook->path);
	*hook = (struct tc_hook){ .fd = -1 };
}
