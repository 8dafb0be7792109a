/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Network devices for tests, in a network namespace of the process's own.
 */
#ifndef XLB_TESTS_NETDEV_H
#define XLB_TESTS_NETDEV_H

#include <stdint.h>

/* Moves the process into a new network namespace. -errno. */
int netdev_namespace(void);

/* Makes a pair of veth devices. ret gets the interface indexes of a and b. -errno. */
int netdev_veth(const char *a, const char *b, uint32_t ret[2]);

/* -errno. */
int netdev_mtu(const char *name, int mtu);

#endif
