/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/show.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "dataplane/pins.h"
#include "xlb_show.skel.h"

static int pin_view(const char *dir, const struct bpf_program *program, int map)
{
	union bpf_iter_link_info info = { .map.map_fd = map };
	DECLARE_LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info,
			    .link_info_len = sizeof(info));
	struct bpf_link *link;
	char path[PATH_MAX];
	int err = pins_path(dir, bpf_program__name(program), path);

	if (err)
		return err;
	err = pins_unlink(path);
	if (err)
		return err;
	link = bpf_program__attach_iter(program, &options);
	if (!link)
		return -errno;
	err = bpf_link__pin(link, path);
	bpf_link__destroy(link); /* closes it: the pin keeps it */
	return err;
}

static struct xlb_show_bpf *load(const struct show_maps *maps)
{
	struct xlb_show_bpf *skel = xlb_show_bpf__open();

	if (!skel)
		return NULL;
	if (bpf_map__reuse_fd(skel->maps.services, maps->services) ||
	    bpf_map__reuse_fd(skel->maps.hosts, maps->hosts) || xlb_show_bpf__load(skel)) {
		xlb_show_bpf__destroy(skel);
		return NULL;
	}
	return skel;
}

int show_pin(const char *dir, const struct show_maps *maps)
{
	struct xlb_show_bpf *skel = load(maps);
	int err;

	if (!skel)
		return -ENOTSUP;
	err = pin_view(dir, skel->progs.show_services, maps->each_service);
	if (!err)
		err = pin_view(dir, skel->progs.show_hosts, maps->each_host);
	if (!err)
		err = pin_view(dir, skel->progs.show_flows4, maps->flows4);
	if (!err)
		err = pin_view(dir, skel->progs.show_flows6, maps->flows6);
	xlb_show_bpf__destroy(skel);
	return err;
}
