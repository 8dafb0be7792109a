/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The programs know the addresses of the tables that every packet is looked up in (XLB_TABLE in
 * bpf/maps.h): neither a helper's call nor a key in memory stands between a packet and its entry.
 *
 * libbpf gives a program the address of a map's value for global variables alone. This has it do so
 * for these maps, too: the instruction that names the map (BPF_PSEUDO_MAP_FD) becomes one that has
 * its value's address (BPF_PSEUDO_MAP_VALUE; see bpf(2) and the kernel's
 * Documentation/bpf/standardization/instruction-set.rst, "64-bit immediate instructions").
 */
#ifndef XLB_DATAPLANE_TABLES_H
#define XLB_DATAPLANE_TABLES_H

/* Before an object with programs of the data path is opened; once is enough, from any thread.
 * 0 or -errno. */
int tables_prepare(void);

#endif
