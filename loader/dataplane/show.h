/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Text views of the maps, pinned beside them: `cat DIR/show_hosts`.
 */
#ifndef XLB_DATAPLANE_SHOW_H
#define XLB_DATAPLANE_SHOW_H

/* Descriptors of the maps that have a view. */
struct show_maps {
	int services;
	int hosts;
	int flows4;
	int flows6;
};

/* Pins the views in `dir`, in place of those of a former daemon. -ENOTSUP: the kernel has no BTF or
 * no iterators, or does not allow them; everything else works without. -errno. */
int show_pin(const char *dir, const struct show_maps *maps);

#endif
