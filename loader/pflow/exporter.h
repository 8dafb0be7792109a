/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Gathers records into datagrams with pflow(4)'s timing: one is sent when it is full, or has 30
 * flows, or 30 seconds after its first one; IPFIX's templates at first and every 30 seconds. IPv4
 * and IPv6 have datagrams of their own. No clock and no socket: time comes with the calls, and
 * datagrams go to a function.
 */
#ifndef XLB_PFLOW_EXPORTER_H
#define XLB_PFLOW_EXPORTER_H

#include <stddef.h>

#include "pflow/record.h"

#define PFLOW_MAX_FLOWS 30
#define PFLOW_SECONDS 30
/* Payloads that fit into 1500 bytes of IPv4 and IPv6. */
#define PFLOW_PAYLOAD4 1472
#define PFLOW_PAYLOAD6 1452

struct exporter;

/* 0 or -errno: it is lost. Never blocks. */
typedef int pflow_send_fn(const uint8_t *datagram, size_t size, void *data);

struct pflow_counters {
	uint64_t flows;     /* records that were sent */
	uint64_t datagrams; /* with records or templates */
	uint64_t errors;    /* datagrams that could not be sent */
	uint64_t dropped;   /* records in them, and those that came while there was no collector */
	uint64_t ipv6;      /* records that NetFlow 5 cannot say */
};

/* NULL: no memory. */
struct exporter *exporter_new(pflow_send_fn *send, void *data);
void exporter_free(struct exporter *e); /* forgets what is not sent yet; NULL is fine */

/* From now on: protocol 5 or 10, in payloads of at most so many bytes, numbered from 0; templates
 * are due. What is not sent yet is forgotten, see exporter_flush(); the counters stay. */
void exporter_begin(struct exporter *e, unsigned protocol, size_t max_payload);

/* Records with no octets are no flows, and are left out, as by pflow(4). */
void exporter_add(struct exporter *e, const struct pflow_record *r, const struct pflow_clock *now);

/* Sends what is due; to be called about once a second. */
void exporter_tick(struct exporter *e, const struct pflow_clock *now);

/* Sends all records there are. */
void exporter_flush(struct exporter *e, const struct pflow_clock *now);

const struct pflow_counters *exporter_counters(const struct exporter *e);

#endif
