/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Every outcome of a packet that is not the plain fast path, declared once: the BPF program counts
 * it, xlbctl prints it, the packet tests hit each of them.
 *
 * XLB_REASON(ID, "name", verdict, "text"); verdict: PASS to the local stack, DROP, FORWARD (sent to
 * a host by a slower path), EVENT (the packet goes on; something is worth knowing).
 */
#ifndef XLB_REASONS_H
#define XLB_REASONS_H

/* clang-format off */
#define XLB_XDP_REASONS(XLB_REASON)                                                                    \
	XLB_REASON(NO_SERVICE, "no_service", PASS, "not for a configured service")                 \
	XLB_REASON(NOT_IP, "not_ip", PASS, "neither IPv4 nor IPv6 (ARP, LLDP, ...)")               \
	XLB_REASON(VLAN, "vlan", PASS, "802.1Q tag: left to the VLAN interface")                   \
	XLB_REASON(BAD_HEADER, "bad_header", PASS, "IP header malformed or cut short")             \
	XLB_REASON(BAD_L4, "bad_l4", PASS, "TCP, UDP or ICMP header cut short")                    \
	XLB_REASON(EXT_HEADERS, "ext_headers", PASS, "IPv6 extension headers past the walk's bound") \
	XLB_REASON(FRAG_UNKNOWN, "fragment_unknown", PASS, "fragment whose first part was not seen") \
	XLB_REASON(RELAY, "relay", PASS, "for a relay: the TC program's")                          \
	XLB_REASON(ICMP_OTHER, "icmp_other", PASS, "ICMP that is no error for a service's flow")   \
	XLB_REASON(NO_HOST, "no_host", PASS, "service without a usable host")                      \
	XLB_REASON(NO_EGRESS, "no_egress", PASS, "egress interface is not in tx_ports")             \
	XLB_REASON(FLOODED, "flooded", PASS, "destination MAC is one of the service's hosts: not for us") \
	XLB_REASON(LOOP, "loop", DROP, "source MAC is one of the service's hosts")                 \
	XLB_REASON(IP_OPTIONS, "ip_options", FORWARD, "IPv4 options or IPv6 extension headers")    \
	XLB_REASON(FRAG_FIRST, "fragment_first", FORWARD, "first fragment, remembered for the rest") \
	XLB_REASON(FRAG_NEXT, "fragment_next", FORWARD, "later fragment, follows its first")       \
	XLB_REASON(ICMP_ERROR, "icmp_error", FORWARD, "ICMP error, follows the flow it is about")  \
	XLB_REASON(TABLE_FULL, "flow_table_full", EVENT, "no room for a flow entry: hashed instead") \
	XLB_REASON(SYN_LIMIT, "syn_limit", EVENT, "entry for a SYN on a moving row not made: rate") \
	XLB_REASON(HOST_GONE, "host_gone", EVENT, "a flow's host is down: another one chosen")

/* Those of the TC program alone. It counts the others, too, where they fit. */
#define XLB_TC_REASONS(XLB_REASON)                                                                 \
	XLB_REASON(NO_CONNECTION, "no_connection", PASS, "NAT: mid-stream, no connection: reset")  \
	XLB_REASON(HOST_DOWN, "host_down", PASS, "NAT: the connection's host is down: reset")      \
	XLB_REASON(NO_PORT, "no_nat_port", PASS, "NAT: no port free towards the host: refused")    \
	XLB_REASON(INDEX_FULL, "connection_table_full", PASS, "NAT: no room for a connection")     \
	XLB_REASON(TTL, "ttl", PASS, "NAT: TTL is used up")                                        \
	XLB_REASON(MIN_TTL, "min_ttl", DROP, "NAT: TTL below the protocol's minttl")               \
	XLB_REASON(REWRITE, "rewrite_failed", DROP, "NAT: the kernel refused a change")            \
	XLB_REASON(TOO_BIG, "too_big", DROP, "NAT: larger than the way out's MTU")                 \
	XLB_REASON(FRAG_NEEDED, "frag_needed", DROP, "NAT: larger than the way out's MTU: told so") \
	XLB_REASON(NO_INTERFACE, "no_interface", PASS, "NAT: came in by an interface not known")   \
	XLB_REASON(EVENT_LOST, "event_lost", EVENT, "NAT: no room in the event buffer")

/* Those of the tracing build of either program. */
#define XLB_TRACING_REASONS(XLB_REASON)                                                            \
	XLB_REASON(TRACE_LOST, "trace_lost", EVENT, "no room in the trace buffer: not told of")
/* clang-format on */

#define XLB_REASONS(XLB_REASON)                                                                    \
	XLB_XDP_REASONS(XLB_REASON) XLB_TC_REASONS(XLB_REASON) XLB_TRACING_REASONS(XLB_REASON)

#define XLB_REASON_ENUM(id, name, verdict, text) XLB_REASON_##id,
enum xlb_reason { XLB_REASONS(XLB_REASON_ENUM) XLB_REASON_COUNT };
#undef XLB_REASON_ENUM

#endif
