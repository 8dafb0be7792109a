/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The file format of libpcap, pcap-savefile(5). */
#ifndef XLB_CAPTURE_PCAP_H
#define XLB_CAPTURE_PCAP_H

#include "capture/buffer.h"

/* pcap-linktype(7) */
#define LINKTYPE_ETHERNET 1
#define LINKTYPE_PFLOG 117

#define PCAP_FILE_HEADER 24
#define PCAP_RECORD_HEADER 16

/* snaplen: the most bytes that a record has. */
void pcap_put_file_header(struct buffer *b, uint32_t linktype, uint32_t snaplen);

/* What comes before `captured` bytes of a packet of `length`. Time: ns since 1970, written as µs.
 */
void pcap_put_record_header(struct buffer *b, uint64_t time_ns, uint32_t captured, uint32_t length);

/* The file header is one of ours, written on a box of this byte order. */
bool pcap_is_file_header(const uint8_t header[PCAP_FILE_HEADER], uint32_t linktype);

/* Bytes that follow a record's header; -1: no record of a file with that header. */
int64_t pcap_record_length(const uint8_t header[PCAP_RECORD_HEADER]);

#endif
