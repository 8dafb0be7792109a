/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets as pf logs them: OpenBSD's pflog header, then the IP packet; link type 117 of pcap files.
 *
 * Of the header's variants libpcap tells which one it is by its length. What differs between
 * systems is chosen such that the tools of Debian 12 print and filter it: OpenBSD's numbers of
 * address families, actions that pf has, reason 0 ("match").
 */
#ifndef XLB_CAPTURE_PFLOG_H
#define XLB_CAPTURE_PFLOG_H

#include "capture/packet.h"
#include "capture/pcap.h"

#define PFLOG_HEADER 100 /* struct pfloghdr of OpenBSD's net/if_pflog.h */
#define PFLOG_AF_INET 2
#define PFLOG_AF_INET6 24

/* The file's: our header, and of IPv6 and TCP the longest there are, but no payload. pflogd's own
 * 116 bytes were for a shorter header. */
#define PFLOG_FILE_SNAPLEN (PFLOG_HEADER + 40 + 60)

/* A file's head. snaplen counts our header, here and below. */
void pflog_put_file_header(struct buffer *b, uint32_t snaplen);

/*
 * A record with the packet as it came. "block": it was dropped, or refused, as no host was there
 * for it. "pass": it was sent on, or was for none of the services. false, and nothing is put: it is
 * neither IPv4 nor IPv6, or has a VLAN tag, which pflog has no place for.
 */
bool pflog_put_record(struct buffer *b, const struct capture_packet *p, uint32_t snaplen);

#endif
