/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * IPFIX (RFC 7011): pflow(4)'s templates 256 and 257, and after its fields those of ours. Numbers
 * of information elements are IANA's; those of NAT are from RFC 8158.
 *
 *   template of   IPv4  IPv6
 *   PFLOW_PLAIN   256   257
 *   PFLOW_HOST    258   259   ... the host, as the next hop
 *   PFLOW_NAT     260   261   ... and addresses and ports after translation
 */
#ifndef XLB_PFLOW_IPFIX_H
#define XLB_PFLOW_IPFIX_H

#include <stddef.h>

#include "pflow/record.h"

#define IPFIX_HEADER_SIZE 16     /* of a message, RFC 7011 3.1 */
#define IPFIX_SET_HEADER_SIZE 4  /* 3.3.2 */
#define IPFIX_TEMPLATES_SIZE 364 /* set header, and all templates */

/* sequence: data records sent before, modulo 2^32; templates are none. */
void ipfix_header(uint8_t out[IPFIX_HEADER_SIZE], size_t message_size, uint32_t sequence,
		  const struct pflow_clock *now);

void ipfix_templates(uint8_t out[IPFIX_TEMPLATES_SIZE]);

/* size: of the set, with this header. */
void ipfix_set_header(uint8_t out[IPFIX_SET_HEADER_SIZE], enum pflow_kind kind, sa_family_t family,
		      size_t size);

size_t ipfix_record_size(enum pflow_kind kind, sa_family_t family);

/* Writes as many bytes as ipfix_record_size() says. */
void ipfix_record(uint8_t *out, const struct pflow_record *r, const struct pflow_clock *now);

#endif
