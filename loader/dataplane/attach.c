/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/complaint.h"
#include "dataplane/pins.h"

struct link_pin {
	int fd;
	char *path;
	bool updated; /* runs our program */
};

struct links {
	const char *bpffs;
	int program_fd;
	struct attachment *list; /* both arrays have n entries, in the same order */
	struct link_pin *pins;
	size_t n;
};

const char *xdp_mode_name(enum xdp_mode mode)
{
	static const char *const names[] = { [XDP_MODE_AUTO] = "auto",
					     [XDP_MODE_NATIVE] = "native",
					     [XDP_MODE_GENERIC] = "generic" };

	return names[mode];
}

const struct attachment *links_list(const struct links *links, size_t *ret_n)
{
	*ret_n = links->n;
	return links->list;
}

/* ---- the list ------------------------------------------------------------------------------ */
/* Takes over fd and path, on success. */
static int list_add(struct links *links, const struct attachment *a, int fd, char *path,
		    bool updated)
{
	struct attachment *list = realloc(links->list, (links->n + 1) * sizeof(*list));
	struct link_pin *pins;

	if (!list)
		return -ENOMEM;
	links->list = list;
	pins = realloc(links->pins, (links->n + 1) * sizeof(*pins));
	if (!pins)
		return -ENOMEM;
	links->pins = pins;
	list[links->n] = *a;
	pins[links->n++] = (struct link_pin){ .fd = fd, .path = path, .updated = updated };
	return 0;
}

static void list_remove(struct links *links, size_t i)
{
	close(links->pins[i].fd);
	free(links->pins[i].path);
	links->n--;
	memmove(&links->pins[i], &links->pins[i + 1], (links->n - i) * sizeof(*links->pins));
	memmove(&links->list[i], &links->list[i + 1], (links->n - i) * sizeof(*links->list));
}

/* The link's interface; 0: it has gone, or this is no link of XDP. */
static uint32_t link_ifindex(int fd)
{
	struct bpf_link_info info = { 0 };
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) || info.type != BPF_LINK_TYPE_XDP)
		return 0;
	return info.xdp.ifindex;
}

static enum xdp_mode running_mode(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);

	if (bpf_xdp_query(ifindex, 0, &opts))
		return XDP_MODE_AUTO;
	return opts.attach_mode == XDP_ATTACHED_SKB ? XDP_MODE_GENERIC : XDP_MODE_NATIVE;
}

/* ---- adopting -------------------------------------------------------------------------------- */
static int adopt_link(const char *path, void *data)
{
	struct links *links = data;
	struct attachment a = { 0 };
	int fd = bpf_obj_get(path), err = -ENOMEM;
	char *copy;

	if (fd < 0)
		return fd;
	a.ifindex = link_ifindex(fd);
	if (!a.ifindex || !if_indextoname(a.ifindex, a.name)) {
		close(fd);
		return unlink(path) ? -errno : 0;
	}
	a.mode = running_mode(a.ifindex);
	copy = strdup(path);
	if (copy)
		err = list_add(links, &a, fd, copy, false);
	if (err) {
		free(copy);
		close(fd);
	}
	return err;
}

int links_open(const char *bpffs, int program_fd, struct links **ret)
{
	struct links *links = calloc(1, sizeof(*links));
	int err;

	if (!links)
		return -ENOMEM;
	links->bpffs = bpffs;
	links->program_fd = program_fd;
	err = pins_each(bpffs, true, adopt_link, links);
	if (err) {
		links_close(links);
		return err;
	}
	*ret = links;
	return 0;
}

void links_close(struct links *links)
{
	if (!links)
		return;
	while (links->n)
		list_remove(links, links->n - 1);
	free(links->list);
	free(links->pins);
	free(links);
}

int links_update(struct links *links)
{
	int first = 0;

	for (size_t i = 0; i < links->n; i++) {
		int err = 0;

		if (!links->pins[i].updated)
			err = bpf_link_update(links->pins[i].fd, links->program_fd, NULL);
		links->pins[i].updated |= !err;
		if (err && !first && link_ifindex(links->pins[i].fd))
			first = err;
	}
	return first;
}

void links_tidy(struct links *links)
{
	for (size_t i = links->n; i-- > 0;) {
		if (link_ifindex(links->pins[i].fd))
			continue;
		unlink(links->pins[i].path);
		list_remove(links, i);
	}
}

/* ---- attaching ------------------------------------------------------------------------------- */
/* The same once more by rtnetlink, which brings the driver's own words. */
static void ask_driver(uint32_t ifindex, int program_fd, int err, char *ret, size_t size)
{
	const uint32_t flags = XDP_FLAGS_DRV_MODE | XDP_FLAGS_UPDATE_IF_NOEXIST;
	const char *text;

	complaint_begin();
	if (!bpf_xdp_attach(ifindex, program_fd, flags, NULL))
		bpf_xdp_detach(ifindex, flags, NULL);
	text = strstr(complaint_text(), "message: ");
	snprintf(ret, size, "%s", text ? text + strlen("message: ") : strerror(-err));
}

static int try_mode(const struct links *links, uint32_t ifindex, enum xdp_mode mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = mode == XDP_MODE_NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
	int fd = bpf_link_create(links->program_fd, ifindex, BPF_XDP, &opts);
	char name[IF_NAMESIZE];

	/* the kernel has one error for too many things */
	return fd == -EINVAL && !if_indextoname(ifindex, name) ? -ENODEV : fd;
}

static bool is_taken(int err)
{
	return err == -EBUSY || err == -EEXIST;
}

/* The link's descriptor, or -errno. */
static int create_link(const struct links *links, enum xdp_mode mode, struct attachment *a)
{
	int fd;

	a->mode = mode == XDP_MODE_AUTO ? XDP_MODE_NATIVE : mode;
	fd = try_mode(links, a->ifindex, a->mode);
	if (fd >= 0 || mode != XDP_MODE_AUTO || is_taken(fd) || fd == -ENODEV || fd == -EPERM)
		return fd;
	ask_driver(a->ifindex, links->program_fd, fd, a->why_generic, sizeof(a->why_generic));
	a->mode = XDP_MODE_GENERIC;
	return try_mode(links, a->ifindex, a->mode);
}

static int explain(const struct links *links, const struct attachment *a, int err, char *error,
		   size_t error_size)
{
	char driver[128] = "";

	if (is_taken(err)) {
		snprintf(error, error_size, "%s: another XDP program is attached", a->name);
		return -EBUSY;
	}
	if (a->mode == XDP_MODE_NATIVE && err != -ENODEV && err != -EPERM)
		ask_driver(a->ifindex, links->program_fd, err, driver, sizeof(driver));
	snprintf(error, error_size, "%s: cannot attach in %s mode: %s", a->name,
		 xdp_mode_name(a->mode), driver[0] ? driver : strerror(-err));
	return err;
}

static int pin_link(struct links *links, const struct attachment *a, int fd, char **ret_path)
{
	char path[PATH_MAX];
	int err = pins_link_path(links->bpffs, a->name, path);

	if (err)
		return err;
	if (unlink(path) && errno != ENOENT) /* left by an interface that has gone */
		return -errno;
	*ret_path = strdup(path);
	return *ret_path ? bpf_obj_pin(fd, path) : -ENOMEM;
}

static int attach_new(struct links *links, struct attachment *a, enum xdp_mode mode, char *error,
		      size_t error_size)
{
	int fd = create_link(links, mode, a), err;
	char *path = NULL;

	if (fd < 0)
		return explain(links, a, fd, error, error_size);
	err = pin_link(links, a, fd, &path);
	if (!err)
		err = list_add(links, a, fd, path, true);
	if (err) {
		snprintf(error, error_size, "%s: cannot pin the link: %s", a->name, strerror(-err));
		if (path)
			unlink(path);
		free(path);
		close(fd);
	}
	return err;
}

static int find_link(const struct links *links, uint32_t ifindex)
{
	for (size_t i = 0; i < links->n; i++)
		if (links->list[i].ifindex == ifindex)
			return i;
	return -ENOENT;
}

int links_attach(struct links *links, uint32_t ifindex, const char *name, enum xdp_mode mode,
		 struct attachment *ret, char *error, size_t error_size)
{
	struct attachment a = { .ifindex = ifindex };
	int i, err;

	links_tidy(links);
	snprintf(a.name, sizeof(a.name), "%s", name);
	i = find_link(links, ifindex);
	if (i >= 0 && mode != XDP_MODE_AUTO && links->list[i].mode != mode) {
		err = links_detach(links, ifindex);
		if (err)
			return err;
		i = -ENOENT;
	}
	if (i < 0) {
		err = attach_new(links, &a, mode, error, error_size);
		if (err)
			return err;
		i = find_link(links, ifindex);
	}
	if (ret)
		*ret = links->list[i];
	return 0;
}

/* ---- detaching ------------------------------------------------------------------------------- */
/* Also when somebody else still holds the link. A link whose interface has gone is none any more. */
static int detach_link(int fd, const char *path)
{
	int err = bpf_link_detach(fd);

	if (unlink(path) && errno != ENOENT)
		return -errno;
	return err == -ENOLINK || err == -ENODEV ? 0 : err;
}

int links_detach(struct links *links, uint32_t ifindex)
{
	int i = find_link(links, ifindex), err;

	if (i < 0)
		return i;
	err = detach_link(links->pins[i].fd, links->pins[i].path);
	list_remove(links, i);
	return err;
}

int links_detach_all(struct links *links)
{
	int first = 0;

	while (links->n) {
		int err = links_detach(links, links->list[0].ifindex);

		if (!first)
			first = err;
	}
	return first;
}

static int remove_pin(const char *path, void *data)
{
	int fd = bpf_obj_get(path), err;

	if (fd < 0)
		return unlink(path) ? -errno : 0;
	err = detach_link(fd, path);
	close(fd);
	return err;
}

int links_remove_pins(const char *bpffs)
{
	return pins_each(bpffs, true, remove_pin, NULL);
}
