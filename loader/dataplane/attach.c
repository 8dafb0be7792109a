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

#include "dataplane/attach_tc.h"
#include "dataplane/complaint.h"
#include "dataplane/pins.h"

struct link_pin {
	int fd; /* of the XDP link; -1: none */
	char *path;
	bool updated; /* runs our program */
	enum xdp_mode wanted;
	struct tc_hook tc; /* path NULL: none */
	bool tc_updated;
	bool follows; /* generic because frames leave by an interface without native mode */
};

struct links {
	const char *bpffs;
	int program_fd;
	int tc_fd;
	struct ports ports;
	unsigned wanted;                   /* LINK_* */
	uint32_t egress[XLB_MAX_TX_PORTS]; /* interfaces that frames leave by; 0: none */
	struct attachment *list;           /* both arrays have n entries, in the same order */
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
static int find_link(const struct links *links, uint32_t ifindex)
{
	for (size_t i = 0; i < links->n; i++)
		if (links->list[i].ifindex == ifindex)
			return i;
	return -ENOENT;
}

/* An interface without programs; its index, or -ENOMEM. */
static int list_add(struct links *links, const struct attachment *a)
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
	pins[links->n] = (struct link_pin){ .fd = -1, .tc.fd = -1, .wanted = a->mode };
	return links->n++;
}

static void release_xdp(struct links *links, size_t i)
{
	struct link_pin *pin = &links->pins[i];

	if (pin->fd >= 0)
		close(pin->fd);
	free(pin->path);
	pin->fd = -1;
	pin->path = NULL;
	pin->updated = false;
	links->list[i].xdp = false;
}

static void release_tc(struct links *links, size_t i)
{
	tc_release(&links->pins[i].tc);
	links->pins[i].tc_updated = false;
	links->list[i].tc = links->list[i].tcx = false;
}

static void list_remove(struct links *links, size_t i)
{
	release_xdp(links, i);
	release_tc(links, i);
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

/* ---- adopting ------------------------------------------------------------------------------ */
static int adopt_xdp(const char *path, void *data)
{
	struct links *links = data;
	struct attachment a = { 0 };
	int fd = bpf_obj_get(path), i = -ENOMEM;
	char *copy;

	if (fd < 0)
		return fd;
	a.ifindex = link_ifindex(fd);
	if (!a.ifindex || !if_indextoname(a.ifindex, a.name)) {
		close(fd);
		return unlink(path) ? -errno : 0;
	}
	a.mode = running_mode(a.ifindex);
	a.xdp = true;
	copy = strdup(path);
	if (copy)
		i = list_add(links, &a);
	if (i < 0) {
		free(copy);
		close(fd);
		return i;
	}
	links->pins[i].fd = fd;
	links->pins[i].path = copy;
	return 0;
}

static int adopt_tc(const char *path, void *data)
{
	struct links *links = data;
	struct attachment a = { 0 };
	struct tc_hook hook;
	int err = tc_adopt(path, &hook), i;

	if (err)
		return err == -ENODEV ? 0 : err;
	i = find_link(links, hook.ifindex);
	if (i < 0) {
		a.ifindex = hook.ifindex;
		if (if_indextoname(a.ifindex, a.name))
			i = list_add(links, &a);
	}
	if (i < 0) {
		tc_release(&hook);
		return i == -ENOENT ? 0 : i;
	}
	links->pins[i].tc = hook;
	links->list[i].tc = true;
	links->list[i].tcx = hook.tcx;
	return 0;
}

static bool has_tc(uint32_t ifindex, void *data)
{
	const struct links *links = data;
	int i = find_link(links, ifindex);

	return i >= 0 && links->list[i].tc;
}

int links_open(const char *bpffs, const struct link_programs *programs, struct links **ret)
{
	struct links *links = calloc(1, sizeof(*links));
	int err;

	if (!links)
		return -ENOMEM;
	links->bpffs = bpffs;
	links->program_fd = programs->xdp;
	links->tc_fd = programs->tc;
	links->ports = programs->ports;
	links->wanted = LINK_XDP;
	err = pins_each(bpffs, PINS_LINKS, adopt_xdp, links);
	if (!err)
		err = pins_each(bpffs, PINS_TC, adopt_tc, links);
	if (!err)
		err = ports_keep(&links->ports, has_tc, links);
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

static int update_xdp(struct links *links, struct link_pin *pin)
{
	int err = 0;

	if (pin->fd < 0)
		return 0;
	if (!pin->updated)
		err = bpf_link_update(pin->fd, links->program_fd, NULL);
	pin->updated |= !err;
	return err && link_ifindex(pin->fd) ? err : 0;
}

static int update_tc(struct links *links, struct link_pin *pin)
{
	int err;

	if (!pin->tc.path || pin->tc_updated)
		return 0;
	err = ports_enter(&links->ports, pin->tc.ifindex);
	if (!err)
		err = tc_update(&pin->tc, links->tc_fd);
	pin->tc_updated = !err;
	return err && tc_is_alive(&pin->tc) ? err : 0;
}

void links_use(struct links *links, int xdp, int tc)
{
	for (size_t i = 0; i < links->n; i++) {
		links->pins[i].updated &= links->program_fd == xdp;
		links->pins[i].tc_updated &= links->tc_fd == tc;
	}
	links->program_fd = xdp;
	links->tc_fd = tc;
}

int links_update(struct links *links)
{
	int first = 0;

	for (size_t i = 0; i < links->n; i++) {
		int err = update_xdp(links, &links->pins[i]);

		if (!first)
			first = err;
		err = update_tc(links, &links->pins[i]);
		if (!first)
			first = err;
	}
	return first;
}

static void tidy_xdp(struct links *links, size_t i)
{
	if (links->pins[i].fd < 0 || link_ifindex(links->pins[i].fd))
		return;
	unlink(links->pins[i].path);
	release_xdp(links, i);
}

static void tidy_tc(struct links *links, size_t i)
{
	if (!links->pins[i].tc.path || tc_is_alive(&links->pins[i].tc))
		return;
	ports_leave(&links->ports, links->list[i].ifindex);
	unlink(links->pins[i].tc.path);
	release_tc(links, i);
}

void links_tidy(struct links *links)
{
	for (size_t i = links->n; i-- > 0;) {
		tidy_xdp(links, i);
		tidy_tc(links, i);
		if (!links->list[i].xdp && !links->list[i].tc)
			list_remove(links, i);
	}
}

int links_refresh(struct links *links, uint32_t ifindex)
{
	int i = find_link(links, ifindex);

	return i >= 0 && links->list[i].tc ? ports_enter(&links->ports, ifindex) : 0;
}

/* ---- attaching ----------------------------------------------------------------------------- */
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
	int err = pins_link_path(links->bpffs, PINS_LINKS, a->name, path);

	if (!err)
		err = pins_unlink(path); /* left by an interface that has gone */
	if (err)
		return err;
	*ret_path = strdup(path);
	return *ret_path ? pins_put(fd, path) : -ENOMEM;
}

static int attach_xdp(struct links *links, size_t i, char *error, size_t error_size)
{
	struct attachment *a = &links->list[i];
	int fd = create_link(links, links->pins[i].wanted, a), err;
	char *path = NULL;

	if (fd < 0)
		return explain(links, a, fd, error, error_size);
	complaint_begin();
	err = pin_link(links, a, fd, &path);
	if (err) {
		snprintf(error, error_size, "%s: cannot pin the link: %s", a->name, strerror(-err));
		complaint_append(error, error_size);
		if (path)
			unlink(path);
		free(path);
		close(fd);
		return err;
	}
	links->pins[i].fd = fd;
	links->pins[i].path = path;
	links->pins[i].updated = true;
	a->xdp = true;
	return 0;
}

static int attach_tc(struct links *links, size_t i, char *error, size_t error_size)
{
	struct attachment *a = &links->list[i];
	int err = ports_enter(&links->ports, a->ifindex);

	if (err) {
		snprintf(error, error_size, "%s: cannot attach to TC ingress: %s", a->name,
			 strerror(-err));
		return err;
	}
	err = tc_attach(links->bpffs, links->tc_fd, a->ifindex, a->name, &links->pins[i].tc, error,
			error_size);
	if (err) {
		ports_leave(&links->ports, a->ifindex);
		return err;
	}
	links->pins[i].tc_updated = true;
	a->tc = true;
	a->tcx = links->pins[i].tc.tcx;
	return 0;
}

/* ---- detaching ----------------------------------------------------------------------------- */
/* Also when somebody else still holds the link. A link whose interface has gone is none any more.
 */
static int detach_link(int fd, const char *path)
{
	int err = bpf_link_detach(fd), unpinned = pins_unlink(path);

	if (unpinned)
		return unpinned;
	return err == -ENOLINK || err == -ENODEV ? 0 : err;
}

/* What could not be unpinned stays where it is: the pin would come back as a link at the next
 * start, or say of one that it is there. What has no interface any more goes in any case. */
static int may_detach(const struct links *links, const char *sub, bool alive)
{
	int err = pins_may_remove(links->bpffs, sub);

	return alive ? err : 0;
}

static int detach_xdp(struct links *links, size_t i)
{
	int err = may_detach(links, PINS_LINKS, link_ifindex(links->pins[i].fd));

	if (err)
		return err;
	err = detach_link(links->pins[i].fd, links->pins[i].path);

	release_xdp(links, i);
	return err;
}

static int detach_tc(struct links *links, size_t i)
{
	int err = may_detach(links, PINS_TC, tc_is_alive(&links->pins[i].tc));

	if (err)
		return err;
	err = tc_detach(&links->pins[i].tc);
	release_tc(links, i);
	return err ? err : ports_leave(&links->ports, links->list[i].ifindex);
}

int links_detach(struct links *links, uint32_t ifindex)
{
	int i = find_link(links, ifindex), err = 0, first = 0;

	if (i < 0)
		return i;
	complaint_begin();
	if (links->list[i].xdp)
		first = detach_xdp(links, i);
	if (links->list[i].tc && !links->list[i].xdp)
		err = detach_tc(links, i);
	if (!links->list[i].xdp && !links->list[i].tc)
		list_remove(links, i);
	return first ? first : err;
}

int links_detach_all(struct links *links)
{
	int first = 0;

	for (size_t i = links->n; i-- > 0;) {
		int err = links_detach(links, links->list[i].ifindex);

		if (!first)
			first = err;
	}
	return first;
}

/* ---- what an interface shall have ---------------------------------------------------------- */
/* What is missing comes before what is too much goes. */
static int fit(struct links *links, size_t i, char *error, size_t error_size)
{
	struct attachment *a = &links->list[i];
	int err = 0;

	if (links->wanted & LINK_TC && !a->tc)
		err = attach_tc(links, i, error, error_size);
	if (!err && links->wanted & LINK_XDP && !a->xdp)
		err = attach_xdp(links, i, error, error_size);
	if (!err && !(links->wanted & LINK_XDP) && a->xdp)
		err = detach_xdp(links, i);
	if (!err && !(links->wanted & LINK_TC) && a->tc)
		err = detach_tc(links, i);
	if (!err || error[0])
		return err;
	snprintf(error, error_size, "%s: cannot detach: %s", a->name, strerror(-err));
	complaint_append(error, error_size);
	return err;
}

/* A mode that the driver refuses does not cost the one that works. */
static int change_mode(struct links *links, size_t i, enum xdp_mode mode, char *error,
		       size_t error_size)
{
	struct attachment before = links->list[i];
	char text[256];
	int err;

	complaint_begin();
	err = detach_xdp(links, i);
	if (err) {
		snprintf(error, error_size, "%s: cannot change the mode: %s", before.name,
			 strerror(-err));
		complaint_append(error, error_size);
		return err;
	}
	links->pins[i].wanted = mode;
	links->pins[i].follows = false;
	links->list[i].why_generic[0] = 0;
	err = attach_xdp(links, i, error, error_size);
	if (!err)
		return 0;
	links->pins[i].wanted = before.mode;
	if (!attach_xdp(links, i, text, sizeof(text)))
		links->list[i] = before;
	else if (!links->list[i].tc)
		list_remove(links, i);
	return err;
}

/* The interface that frames leave by although its driver has no native mode, if there is one. */
static const struct attachment *slow_egress(const struct links *links)
{
	for (size_t i = 0; i < XLB_MAX_TX_PORTS; i++) {
		int k = links->egress[i] ? find_link(links, links->egress[i]) : -ENOENT;

		if (k >= 0 && links->list[k].xdp && links->list[k].mode == XDP_MODE_GENERIC &&
		    links->list[k].why_generic[0] && !links->pins[k].follows)
			return &links->list[k];
	}
	return NULL;
}

static int follow(struct links *links, size_t i, const char *egress, char *error, size_t error_size)
{
	int err =
		change_mode(links, i, egress ? XDP_MODE_GENERIC : XDP_MODE_AUTO, error, error_size);

	if (err)
		return err;
	links->pins[i].wanted = XDP_MODE_AUTO;
	links->pins[i].follows = egress != NULL;
	if (egress)
		snprintf(links->list[i].why_generic, sizeof(links->list[i].why_generic),
			 "frames leave by %s, which has no native mode", egress);
	return 0;
}

/*
 * A frame that came in natively leaves only by a driver that sends such frames, and one without
 * native mode does not. Where one is in use, those that choose for themselves run generic, too.
 */
static int fit_modes(struct links *links, char *error, size_t error_size)
{
	const struct attachment *slow = slow_egress(links);
	char name[IFNAMSIZ];
	int err = 0;

	if (slow)
		memcpy(name, slow->name, sizeof(name));
	for (size_t i = 0; i < links->n && !err; i++) {
		const struct link_pin *pin = &links->pins[i];

		if (!links->list[i].xdp || pin->wanted != XDP_MODE_AUTO)
			continue;
		if (slow ? links->list[i].mode == XDP_MODE_NATIVE : pin->follows)
			err = follow(links, i, slow ? name : NULL, error, error_size);
	}
	return err;
}

int links_want(struct links *links, unsigned programs, const uint32_t egress[XLB_MAX_TX_PORTS],
	       char *error, size_t error_size)
{
	int first = 0;

	links->wanted = programs;
	memcpy(links->egress, egress, sizeof(links->egress));
	for (size_t i = 0; i < links->n; i++) {
		char text[256] = "";
		int err = fit(links, i, text, sizeof(text));

		if (!err || first)
			continue;
		first = err;
		snprintf(error, error_size, "%s", text);
	}
	return first ? first : fit_modes(links, error, error_size);
}

static int attach_new(struct links *links, const struct attachment *a, char *error,
		      size_t error_size)
{
	int i = list_add(links, a), err;

	if (i < 0)
		return i;
	error[0] = 0;
	err = fit(links, i, error, error_size);
	if (err)
		links_detach(links, a->ifindex);
	return err;
}

int links_attach(struct links *links, uint32_t ifindex, const char *name, enum xdp_mode mode,
		 struct attachment *ret, char *error, size_t error_size)
{
	struct attachment a = { .ifindex = ifindex, .mode = mode };
	int i, err;

	links_tidy(links);
	snprintf(a.name, sizeof(a.name), "%s", name);
	i = find_link(links, ifindex);
	if (i >= 0 && mode != XDP_MODE_AUTO && links->list[i].xdp && links->list[i].mode != mode) {
		err = change_mode(links, i, mode, error, error_size);
		if (err)
			return err;
	}
	if (i < 0) {
		err = attach_new(links, &a, error, error_size);
		if (err)
			return err;
		i = find_link(links, ifindex);
	}
	err = fit_modes(links, error, error_size);
	if (!err && ret)
		*ret = links->list[i];
	return err;
}

/* ---- without a data plane ------------------------------------------------------------------ */
static int remove_xdp_pin(const char *path, void *data)
{
	int fd = bpf_obj_get(path), err;

	if (fd < 0)
		return unlink(path) ? -errno : 0;
	err = detach_link(fd, path);
	close(fd);
	return err;
}

static int remove_tc_pin(const char *path, void *data)
{
	struct tc_hook hook;
	int err = tc_adopt(path, &hook);

	if (err)
		return err == -ENODEV ? 0 : err;
	return tc_detach(&hook);
}

int links_remove_pins(const char *bpffs)
{
	int err = pins_may_remove(bpffs, PINS_LINKS);

	if (!err)
		err = pins_each(bpffs, PINS_LINKS, remove_xdp_pin, NULL);

	return err ? err : pins_each(bpffs, PINS_TC, remove_tc_pin, NULL);
}

struct removal {
	const char *interface;
	bool found;
};

static int remove_tc_of(const char *path, void *data)
{
	struct removal *removal = data;
	char name[PATH_MAX];

	tc_pin_interface(path, name, sizeof(name));
	if (strcmp(name, removal->interface))
		return 0;
	removal->found = true;
	return remove_tc_pin(path, NULL);
}

int links_remove_pin(const char *bpffs, const char *interface)
{
	struct removal removal = { .interface = interface };
	char path[PATH_MAX];
	int err = pins_may_remove(bpffs, PINS_LINKS);

	if (!err)
		err = pins_link_path(bpffs, PINS_LINKS, interface, path);
	if (err)
		return err;
	if (!access(path, F_OK)) {
		removal.found = true;
		err = remove_xdp_pin(path, NULL);
	}
	if (!err)
		err = pins_each(bpffs, PINS_TC, remove_tc_of, &removal);
	return err || removal.found ? err : -ENOENT;
}
