/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What became of the bytes that clients sent, by name: whatever is not read is counted somewhere.
 */
#ifndef XLB_REQUESTS_COUNTERS_H
#define XLB_REQUESTS_COUNTERS_H

#include <stdint.h>

/* ROW(identifier, name, text) */
#define REQUEST_COUNTERS(ROW)                                                                      \
	ROW(REQUESTS, "requests", "HTTP requests read")                                            \
	ROW(SERVER_NAMES, "server_names", "server names read in TLS's first message")              \
	ROW(NAMELESS, "nameless", "TLS's first messages without a server name")                    \
	ROW(FLOWS, "flows", "connections followed")                                                \
	ROW(LATE_FLOWS, "late_flows", "connections whose beginning was not seen")                  \
	ROW(EVICTED, "evicted", "connections given up as there are too many")                      \
	ROW(GAPS, "gaps", "places where requests may be missing as bytes were not seen")           \
	ROW(UNSEEN_BYTES, "unseen_bytes", "bytes that were not seen, other than bodies")           \
	ROW(UNREAD_BYTES, "unread_bytes", "bytes that were seen and not understood")               \
	ROW(REPEATED_BYTES, "repeated_bytes", "bytes that came once more")                         \
	ROW(MALFORMED, "malformed", "places that are not HTTP/1")                                  \
	ROW(CUT, "cut", "requests longer than what is kept: read in part")                         \
	ROW(UPGRADES, "upgrades", "requests for another protocol")                                 \
	ROW(TUNNELS, "tunnels", "connections that became tunnels (CONNECT)")                       \
	ROW(HTTP2, "http2", "connections of HTTP/2 without TLS: not read")                         \
	ROW(NOT_TLS, "not_tls", "connections and packets that are no TLS")                         \
	ROW(ODD_PACKETS, "odd_packets", "fragments, and packets with broken headers")              \
	ROW(NO_ROOM, "no_room", "segments and beginnings of requests dropped for lack of memory")

enum request_counter {
#define REQUEST_COUNTER_ID(id, name, text) REQUEST_##id,
	REQUEST_COUNTERS(REQUEST_COUNTER_ID)
#undef REQUEST_COUNTER_ID
		REQUEST_COUNTER_COUNT
};

/* Name and meaning, as `xlbctl show counters` prints them. */
const char *request_counter_name(enum request_counter counter);
const char *request_counter_text(enum request_counter counter);

#endif
