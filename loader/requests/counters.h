/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What became of the bytes that clients sent, by name: whatever is not read is counted somewhere.
 */
#ifndef XLB_REQUESTS_COUNTERS_H
#define XLB_REQUESTS_COUNTERS_H

#include <stdint.h>

#include "metrics/daemon_counter.h"

/* ROW(identifier, kind, name, text); kind: RECORDS, LOSSES or BYTES, see daemon_counter.h */
#define REQUEST_COUNTERS(ROW)                                                                      \
	ROW(REQUESTS, RECORDS, "requests", "HTTP requests read")                                   \
	ROW(SERVER_NAMES, RECORDS, "request_server_names",                                         \
	    "server names read in TLS's first message")                                            \
	ROW(NAMELESS, RECORDS, "request_nameless", "TLS's first messages without a server name")   \
	ROW(FLOWS, RECORDS, "request_flows", "connections followed")                               \
	ROW(LATE_FLOWS, LOSSES, "request_late_flows", "connections whose beginning was not seen")  \
	ROW(EVICTED, LOSSES, "request_evicted", "connections given up as there are too many")      \
	ROW(GAPS, LOSSES, "request_gaps",                                                          \
	    "places where requests may be missing as bytes were not seen")                         \
	ROW(UNSEEN_BYTES, BYTES, "request_unseen_bytes",                                           \
	    "bytes that were not seen, other than bodies")                                         \
	ROW(UNREAD_BYTES, BYTES, "request_unread_bytes",                                           \
	    "bytes that were seen and not understood")                                             \
	ROW(REPEATED_BYTES, BYTES, "request_repeated_bytes", "bytes that came once more")          \
	ROW(MALFORMED, LOSSES, "request_malformed", "places that are not HTTP/1")                  \
	ROW(CUT, LOSSES, "request_cut", "requests longer than what is kept: read in part")         \
	ROW(UPGRADES, RECORDS, "request_upgrades", "requests for another protocol")                \
	ROW(TUNNELS, RECORDS, "request_tunnels", "connections that became tunnels (CONNECT)")      \
	ROW(HTTP2, LOSSES, "request_http2", "connections of HTTP/2 without TLS: not read")         \
	ROW(NOT_TLS, LOSSES, "request_not_tls", "connections and packets that are no TLS")         \
	ROW(QUIC_LEFT_OUT, LOSSES, "request_quic_left_out",                                        \
	    "QUIC packets beyond what is read of them in a second")                                \
	ROW(ODD_PACKETS, LOSSES, "request_odd_packets",                                            \
	    "fragments, and packets with broken headers")                                          \
	ROW(NO_ROOM, LOSSES, "request_no_room",                                                    \
	    "segments and beginnings of requests dropped for lack of memory")

enum request_counter {
#define REQUEST_COUNTER_ID(id, kind, name, text) REQUEST_##id,
	REQUEST_COUNTERS(REQUEST_COUNTER_ID)
#undef REQUEST_COUNTER_ID
		REQUEST_COUNTER_COUNT
};

/* Name and meaning, as `xlbctl show counters` prints them. */
const char *request_counter_name(enum request_counter counter);
const char *request_counter_text(enum request_counter counter);
enum counter_kind request_counter_kind(enum request_counter counter);

#endif
