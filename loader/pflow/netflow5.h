/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* NetFlow version 5, with what pflow(4) puts into it. IPv4 only. */
#ifndef XLB_PFLOW_NETFLOW5_H
#define XLB_PFLOW_NETFLOW5_H

#include "pflow/record.h"

#define NETFLOW5_HEADER_SIZE 24
#define NETFLOW5_RECORD_SIZE 48

/* A datagram's header. sequence: records sent before. */
void netflow5_header(uint8_t out[NETFLOW5_HEADER_SIZE], unsigned records, uint32_t sequence,
		     const struct pflow_clock *now);

/* Packets and octets beyond 32 bits are cut: see exporter.c, which splits such flows. */
void netflow5_record(uint8_t out[NETFLOW5_RECORD_SIZE], const struct pflow_record *r);

#endif
