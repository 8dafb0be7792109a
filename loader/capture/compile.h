/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* pcap-filter(7) to what filter_parse() reads. */
#ifndef XLB_CAPTURE_COMPILE_H
#define XLB_CAPTURE_COMPILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * By libpcap, for packets of that link type. *ret_text is the caller's. -EINVAL: libpcap says in
 * `error` what is wrong; -E2BIG: more than FILTER_MAX instructions; -ENOMEM.
 */
int filter_compile(const char *expression, uint32_t linktype, char **ret_text, char *error,
		   size_t error_size);

#endif
