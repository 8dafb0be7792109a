/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Text views of the maps, pinned beside them: `cat DIR/show_hosts`.
 */
#ifndef XLB_DATAPLANE_SHOW_H
#define XLB_DATAPLANE_SHOW_H

/* Descriptors of the maps that have a view. Services and hosts are tables, all in one entry: what a
 * view goes through there is a map that has an entry for each. */
struct show_maps {
	int services;
	int each_service;
	int hosts;
	int each_host;
	int flows4;
	int flows6;
};

/* Pins the views in `dir`, in place of those of a former daemon. -ENOTSUP: the kernel has no BTF or
 * no iterators, or does not allow them; everything else works without. -errno. */
int show_pin(const char *dir, const struct show_maps *maps);

#endif
