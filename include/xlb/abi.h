/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the kernel programs and the loader share: the maps' keys and values. Fixed width, no holes.
 * A daemon takes maps of another layout over member by member, by name (loader/dataplane/carry.h),
 * so what gets another meaning gets another name, even where its size stays; that goes for a map
 * whose entries are found in another way, too. A new member must mean the former state while it is
 * 0. Whoever changes something here raises XLB_ABI_VERSION.
 *
 *   frame -> vips -> service -> rows ----> hosts -> MACs, interface
 *                          \-> flows (tracked modes, rows that changed) -/
 *
 * Byte order: __be16/__be32 are network order, everything else is host order.
 */
#ifndef XLB_ABI_H
#define XLB_ABI_H

#include <linux/types.h>

#define XLB_ABI_VERSION 6

#define XLB_MAX_SERVICES 2048
#define XLB_MAX_HOSTS 16384  /* host slots: one per (service, host) */
#define XLB_MAX_RANGES 256   /* addresses that listen on port ranges */
#define XLB_RANGE_SIZE 16    /* port ranges per address and protocol */
#define XLB_MAX_TX_PORTS 256 /* egress interfaces */
#define XLB_VIP_BITS 15
#define XLB_VIP_SLOTS (1u << XLB_VIP_BITS) /* the loader keeps the load below a quarter */
#define XLB_VIP_PROBES 16
#define XLB_POOL_RING 512
#define XLB_POOL_HOSTS 256
#define XLB_FRAGMENTS 8192
#define XLB_NAME_SIZE 32
#define XLB_HOST_NAME_SIZE 20

/* Ids: 0 is a valid one, these are not. */
#define XLB_HOST_NONE 0xffff    /* row: nobody; prev: the row is stable */
#define XLB_HOST_SETTLED 0xfffe /* prev: the row moved more than a session timeout ago */
#define XLB_LISTEN_NONE 0xffff

/* Time in the data path: bpf_ktime_get_coarse_ns() >> 30, that is 1.0737 s a tick. */
#define XLB_TICK_SHIFT 30

/* ---- settings: one entry ------------------------------------------------------------------- */
struct xlb_settings {
	__u32 abi_version;
	__u32 has_ranges;  /* some service listens on a port range: see struct xlb_ranges */
	__u64 hash_key[8]; /* drawn at first start; also the programs' read-only data */
};

/*
 * ---- vips: open addressing, slot = xlb_vip_hash(), XLB_VIP_PROBES linear probes -----------
 *
 * An entry with port 0 stands for the port ranges of its address; `listen` is then an index into
 * the map "ranges".
 */
struct xlb_vip {
	__be32 addr[4]; /* IPv4 in addr[0], the rest 0 */
	__be16 port;
	__u8 proto;    /* IPPROTO_TCP, IPPROTO_UDP */
	__u8 family;   /* AF_INET 2, AF_INET6 10; 0: empty slot */
	__u16 service; /* read as one word with listen */
	__u16 listen;  /* identifies (address, protocol) in flow entries */
	__u32 ifindex; /* ingress interface, 0: any; one word with flags */
	__u32 flags;   /* XLB_VIP_* */
} __attribute__((aligned(8)));
#define XLB_VIP_RANGES 1u
#define XLB_VIP_DELETED 2u /* tombstone: the probe goes on */

struct xlb_range {
	__u16 port_lo; /* host byte order, inclusive */
	__u16 port_hi;
	__u16 service;
	__u16 listen;
	__u32 ifindex;
};

struct xlb_ranges {
	__u32 n;
	struct xlb_range range[XLB_RANGE_SIZE];
};

/* ---- services ------------------------------------------------------------------------------ */
enum xlb_choose {
	XLB_CHOOSE_ROW,         /* maglev, source-hash: by row */
	XLB_CHOOSE_ROUNDROBIN,  /* next of the pool's ring */
	XLB_CHOOSE_RANDOM,      /* any of the pool's ring */
	XLB_CHOOSE_LEAST_STATES /* fewest states per weight in the pool */
};

/* service flags */
#define XLB_SERVICE_TRACK 1u       /* an entry per flow, whatever the row's state */
#define XLB_SERVICE_STICKY 2u      /* an entry per client (sticky-address) */
#define XLB_SERVICE_NAT 4u         /* relay or "forward to": the TC program's */
#define XLB_SERVICE_TRANSPARENT 8u /* NAT that keeps the client's address */

/* State of a flow entry; the client's half of the conversation is all that DSR shows. */
enum xlb_flow_state {
	XLB_FLOW_FREE,
	XLB_FLOW_SYN,          /* SYN seen; also a single UDP packet */
	XLB_FLOW_OPEN,         /* something after it */
	XLB_FLOW_CLOSING,      /* FIN seen */
	XLB_FLOW_FINWAIT,      /* ACK after FIN */
	XLB_FLOW_CLOSED,       /* RST seen */
	XLB_FLOW_CLIENT,       /* sticky client: port numbers are 0 */
	XLB_FLOW_CLIENT_MOVED, /* its host changed while the old one lived: look for flow entries */
	XLB_FLOW_FORMER,       /* the host before the move: client port 0, service port 1 */
	XLB_FLOW_STATES,
	XLB_FLOW_BUSY = 15 /* being written; listen XLB_LISTEN_NONE */
};

/* States that count as a live session of the host (map "loads"). */
#define XLB_FLOW_COUNTED(state) ((state) >= XLB_FLOW_SYN && (state) <= XLB_FLOW_CLOSING)

struct xlb_service {
	/* row hash: xlb_hash of row_key[0] + row_key[1]*ports + row_key[2..5]*address words */
	__u64 row_key[6];
	__u32 port_mask; /* ~0: ports count; 0: the client address alone (source-hash) */
	__u8 choose;     /* enum xlb_choose */
	__u8 proto;
	__u8 flags;                     /* XLB_SERVICE_* */
	__u8 trace;                     /* XLB_TRACE_*: who wants to see its packets */
	__u32 timeout[XLB_FLOW_STATES]; /* ticks, by enum xlb_flow_state */
	__u16 id;                       /* relayd's id of the redirect or relay, for readers */
	__u8 ttl;                 /* NAT: IP TTL towards the host; 0: the packet's, less one */
	__u8 min_ttl;             /* NAT: packets from clients with less are dropped */
	char name[XLB_NAME_SIZE]; /* empty: the slot is free */
};

/*
 * ---- rows: array of maps, key = service; the inner map has one value -------------------------
 *
 * Rows are stored one by one by the daemon through mmap(), each in a single 32-bit store.
 */
#define XLB_ROWS_BITS 14
#define XLB_ROWS (1u << XLB_ROWS_BITS)

struct xlb_row {
	/* aligned, else compilers may load the halves one by one */
	__u16 cur __attribute__((aligned(4))); /* host slot or XLB_HOST_NONE */
	__u16 prev; /* host slot: moving; XLB_HOST_SETTLED; XLB_HOST_NONE: stable */
};

struct xlb_rows {
	struct xlb_row row[XLB_ROWS];
};

/* ---- pools: hosts that take new flows, for the modes that choose per connection ------------ */
struct xlb_pool_host {
	__u16 host;
	__u16 weight;
};

struct xlb_pool {
	__u32 n_ring;
	__u32 n_hosts;
	__u16 ring[XLB_POOL_RING]; /* weighted sequence of host slots */
	struct xlb_pool_host host[XLB_POOL_HOSTS];
};

/* ---- hosts --------------------------------------------------------------------------------- */
/* host flags */
#define XLB_HOST_NEW 1u /* takes new flows */
#define XLB_HOST_OLD 2u /* its old flows stay: up, or disabled, or draining */

struct xlb_host {
	__u8 dst_mac[6]; /* next hop's */
	__u8 src_mac[6]; /* egress interface's */
	__u32 ifindex;   /* egress interface; equal to the ingress: XDP_TX */
	__u16 tx_port;   /* index into tx_ports, for the redirect */
	__u8 flags;      /* XLB_HOST_*; 0: down, or the slot is free */
	__u8 family;     /* AF_INET, AF_INET6; 0: the slot is free */
	__u16 service;
	__u16 weight;
	__be32 addr[4];
	__u16 target;    /* NAT: index of the host's first entry in "targets" */
	__u16 n_targets; /* NAT: entries, one for each NAT address, that follow `next` */
	char name[XLB_HOST_NAME_SIZE]; /* as configured, cut */
};

struct xlb_host_counters { /* per CPU */
	__u64 packets;
	__u64 bytes;    /* IP packet, without the Ethernet header */
	__u64 sessions; /* TCP SYNs; for tracked services new entries */
};

/*
 * ---- flows: four ways to a line, three candidate lines; never evicts a live entry ------------
 *
 * Identity: client address, both ports, listen. A way is claimed by compare-and-swap on `meta`
 * (to XLB_FLOW_BUSY), then its key is written, then its meta. Free: state FREE, or expired.
 */
union xlb_flow_meta {
	struct {
		__u16 listen;
		__u16 host;         /* slot */
		__u32 expires : 28; /* tick after which the entry is free: last packet + timeout */
		__u32 state : 4;    /* enum xlb_flow_state */
	};
	__u64 raw;
};

struct xlb_flow4 {
	__be32 client;
	__be16 client_port;
	__be16 port; /* service port */
	union xlb_flow_meta meta;
};

struct xlb_flow6 {
	__be32 client[4];
	__be16 client_port;
	__be16 port;
	__u32 pad;
	union xlb_flow_meta meta;
};

#define XLB_FLOW_WAYS 4
struct xlb_flow4_line {
	struct xlb_flow4 way[XLB_FLOW_WAYS];
};
struct xlb_flow6_line {
	struct xlb_flow6 way[XLB_FLOW_WAYS];
};
#define XLB_FLOW4_LINES (1u << 18)      /* default, behind the front: 1,048,576 entries, 16 MiB */
#define XLB_FLOW6_LINES (1u << 16)      /* default: 262,144 entries, 8 MiB */
#define XLB_FLOW_CANDIDATES 3           /* lines where an entry may be: xlb_flow_line() */
#define XLB_FLOW_FRONT_LINES (1u << 15) /* 131,072 entries more, 2 and 4 MiB */
#define XLB_TICK_MASK 0x0fffffffu       /* ticks in flow entries are modulo 2^28: nine years */

/* Is an entry that expires at `expires` still alive at `now`? Right for timeouts below 4 years. */
#define XLB_TICK_ALIVE(expires, now) ((__s32)(((expires) - (now)) << 4) >= 0)

/* ---- fragments ----------------------------------------------------------------------------- */
struct xlb_fragment_key {
	__be32 src[4];
	__be32 dst[4];
	__be32 id;
	__u8 proto;
	__u8 family;
	__u16 pad;
};

struct xlb_fragment {
	__u16 host;
	__u16 service;
	__u32 expires; /* tick */
};
#define XLB_FRAGMENT_TICKS 30 /* RFC 791's reassembly is over by then */

/* ---- host MACs, for the loop guard --------------------------------------------------------- */
union xlb_mac_key {
	struct {
		__u8 mac[6];
		__u16 service;
	};
	__u64 raw;
};
#define XLB_MAC_FILTER_BITS 16
#define XLB_MAC_FILTER_SIZE (1u << XLB_MAC_FILTER_BITS)
struct xlb_mac_filter { /* byte xlb_mac_hash(): 1 if a host may have that MAC, else 0 */
	__u8 maybe[XLB_MAC_FILTER_SIZE];
};

/* ---- bound on entries made by SYNs on moving rows, per CPU --------------------------------- */
struct xlb_syn_budget {
	__u32 tick;
	__u32 used;
};
#define XLB_SYN_BUDGET 50000 /* entries per CPU and tick */

/* ==== NAT (relays, redirects with "forward to"): the TC program ================================
 */
/*
 * A connection is one record, and its NAT port is where it lies: conns[target][port]. The way back
 * (host -> NAT address:port) finds it without a search, the way there by a word of "nat_index" that
 * names target and port and is believed only if the record agrees. So there is never half a pair.
 * Targets are unique by (host address, host port, NAT address, protocol), whatever services
 * use them.
 *
 * Transparent NAT has no NAT port of its own: the record's place is a port number that nobody sees,
 * and the way back has a word, too, under the listen id XLB_LISTEN_BACK | target.
 */
#define XLB_TARGET_SLOTS 4096 /* power of two; the loader keeps the load below a quarter */
#define XLB_TARGET_PROBES 8
#define XLB_NAT_PORTS 32768  /* size of a target's array; index is the port */
#define XLB_NAT_PORT_LO 1024 /* ports used; below ip_local_port_range's default */
#define XLB_NAT_PORT_HI 32767
#define XLB_NAT_PROBES 16    /* ports tried for a new connection, of each NAT address */
#define XLB_NAT_ADDRS 4      /* NAT addresses of a host */
#define XLB_MAX_LISTENS 8192 /* listen ids of NAT services are below this */
#define XLB_LISTEN_BACK 0x8000
#define XLB_PORTS 256 /* interfaces the TC program is on */
#define XLB_TARGET_NONE 0xffff

/* "listens": what a listen id stands for. */
struct xlb_listen {
	__be32 addr[4];
	__be16 port; /* 0: a range, the connection knows */
	__u8 proto;
	__u8 family; /* 0: unused */
	__u16 service;
	__u16 pad;
};

/* "targets": open addressing by xlb_target_hash(host address, port word, NAT address). */
struct xlb_target {
	__be32 host_addr[4];
	__be16 host_port; /* as in struct xlb_vip: port, proto, family are one word */
	__u8 proto;
	__u8 family;        /* 0: empty slot */
	__be32 nat_addr[4]; /* transparent: 0 */
	__u16 port_lo;      /* range of NAT ports, host byte order, inclusive */
	__u16 port_hi;
	__u16 next;  /* the host's next target (another NAT address), XLB_TARGET_NONE: none */
	__u16 flags; /* XLB_TARGET_* */
	__u32 pad[5];
};
#define XLB_TARGET_DELETED 1u /* tombstone: the probe goes on */
#define XLB_TARGET_TRANSPARENT(t)                                                                  \
	(!((t)->nat_addr[0] | (t)->nat_addr[1] | (t)->nat_addr[2] | (t)->nat_addr[3]))

enum xlb_conn_state {
	XLB_CONN_FREE,
	XLB_CONN_SYN_SENT, /* SYN from the client; UDP: no answer yet */
	XLB_CONN_SYN_RCVD, /* the host's SYN-ACK seen */
	XLB_CONN_OPEN,
	XLB_CONN_FIN_CLIENT, /* FIN from the client only */
	XLB_CONN_FIN_HOST,
	XLB_CONN_STICKY, /* no state: its timeout is that of a client's entry (XLB_FLOW_CLIENT) */
	XLB_CONN_TIME_WAIT, /* both */
	XLB_CONN_RESET,
	XLB_CONN_STATES
};

struct xlb_conn {
	__be32 client[4];
	__be16 client_port;
	__be16 port; /* service port */
	__u16 listen;
	__u16 host;         /* slot */
	__u32 expires : 28; /* tick */
	__u32 state : 4;    /* enum xlb_conn_state */
	__u8 back_port;     /* index in "ports": where answers leave, as the client's frames came */
	__u8 flags;         /* XLB_CONN_* */
	__u8 client_mac[6]; /* next hop towards the client: its frames' source */
	__u32 packets_in;   /* from the client */
	__u32 packets_out;  /* from the host */
	__u32 opened;       /* tick */
	__u64 bytes_in;     /* IP packets */
	__u64 bytes_out;
};
#define XLB_CONN_LOGGED 1u /* the daemon has told of its end */

/*
 * "nat_index": where a connection lies, in lines of the CPU's cache; see xlb_nat_line(). A word
 * tells some bits of the tuple's hash, and whether the record is the connection's is known when it
 * is read.
 */
union xlb_nat_way {
	struct {
		__u16 nat_port; /* host byte order; index in the target's array */
		__u16 target;
		__u32 tag; /* see xlb_nat_tag() */
	};
	__u64 raw; /* 0: free */
};
#define XLB_NAT_TAG_BACK (1u << 31) /* of the way back of a transparent connection */
#define XLB_NAT_WAYS 8
struct xlb_nat_line {
	union xlb_nat_way way[XLB_NAT_WAYS];
};
#define XLB_NAT_LINES (1u << 17) /* default: 1,048,576 words, 8 MiB */
#define XLB_NAT_FRONT_LINES                                                                        \
	(1u << 13) /* 65,536 more, 512 KiB: few connections lie close together */
#define XLB_NAT_CANDIDATES 3

/* "ports": interfaces the TC program is on; "port_index" maps an ifindex to its entry. */
struct xlb_port {
	__u32 ifindex;
	__u8 mac[6];
	__u16 used;
};

/* Later fragments of a connection's packets; the key is struct xlb_fragment_key. */
struct xlb_nat_fragment {
	__u16 target;
	__u16 nat_port;
	__u16 out;     /* 1: from the host */
	__u16 check;   /* of the connection's client: the port may be another one's by now */
	__u32 expires; /* tick */
};

/* Events to user space, by the ring buffer "events". */
enum xlb_event_type { XLB_EVENT_OPEN = 1, XLB_EVENT_REUSED };
struct xlb_event {
	__u32 type; /* REUSED: the record was taken over before the daemon saw its end */
	__u16 target;
	__u16 nat_port;
	__u64 time_ns; /* CLOCK_MONOTONIC */
	struct xlb_conn conn;
};

/* ==== traces: packets that user space asks to see ==============================================
 *
 * Written by the tracing build of the programs alone (bpf/trace.h), to the ring buffer "traces":
 * the struct, then before_len bytes of the frame as it came, then after_len as it left.
 */
/* Who wants a packet; the first three are also services' flags. */
#define XLB_TRACE_CONN 1u    /* DSR: SYN, FIN, RST; of UDP what makes an entry */
#define XLB_TRACE_PFLOG 2u   /* what creates state, and what is not forwarded */
#define XLB_TRACE_REQUEST 4u /* from clients: TCP's payload, SYN, FIN, RST; QUIC's long headers */
#define XLB_TRACE_CAPTURE 8u /* every packet at the hook, or every one of a service */

#define XLB_TRACE_VERSION 1 /* of the records; the ring buffer may be a former daemon's */
#define XLB_TRACES_SIZE (1 << 22)
#define XLB_TRACE_HEADERS 128u /* bytes of a frame that CONN and PFLOG get */
#define XLB_TRACE_BYTES 2304u  /* … REQUEST (headers, 2048 of payload), and the most of any */

enum xlb_hook { XLB_HOOK_XDP = 1, XLB_HOOK_TC };
enum xlb_trace_verdict { XLB_TRACED_PASS = 1, XLB_TRACED_DROP, XLB_TRACED_FORWARD };

/* flags */
#define XLB_TRACE_NEW 1u       /* the packet creates state: a connection, an entry, a SYN */
#define XLB_TRACE_FROM_HOST 2u /* NAT: from the host to the client */

struct xlb_trace {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u16 wants;   /* XLB_TRACE_CONN ... CAPTURE */
	__u8 hook;     /* enum xlb_hook */
	__u8 verdict;  /* enum xlb_trace_verdict */
	__u16 reason;  /* enum xlb_reason, the last one counted; XLB_REASON_COUNT: the plain path */
	__u16 service; /* slots and listen id; 0xffff: none */
	__u16 listen;
	__u16 host;
	__u32 ifindex;   /* where it came in; 0: unknown */
	__u32 egress;    /* where it goes out; 0: not forwarded */
	__u32 frame_len; /* as it came, without FCS; of an aggregate (GRO) its whole length */
	__u16 before_len;
	__u16 after_len; /* only for CAPTURE of what is forwarded; else 0 */
	__u16 flags;     /* XLB_TRACE_NEW, XLB_TRACE_FROM_HOST */
	__u8 proto;      /* IPPROTO_*, if it was parsed; else 0 */
	__u8 tcp_flags;  /* byte 13 of the TCP header */
};
#define XLB_TRACE_NONE 0xffff

/* What a running capture wants: a variable of the tracing programs. */
struct xlb_capture {
	__u32 snaplen;       /* bytes of a frame, at most XLB_TRACE_BYTES; 0: nobody captures */
	__u32 services_only; /* 1: not what is for no service */
};

/* What the tracing build has noted of the packet at hand, per CPU: the map "trail". */
struct xlb_trail {
	__u64 reasons; /* one bit for each counted: 1 << enum xlb_reason */
	__u32 ifindex;
	__u32 egress;
	__u32 frame_len;
	__u32 l4;      /* offset of the transport header in the frame; 0: not known */
	__u32 end;     /* … of the IP packet's end */
	__u16 reason;  /* the last counted; XLB_REASON_COUNT: none */
	__u16 service; /* 0xffff: none, here and below */
	__u16 listen;
	__u16 host;
	__u8 trace; /* the service's flags */
	__u8 flags; /* XLB_TRACE_NEW, XLB_TRACE_FROM_HOST */
	__u8 proto;
	__u8 tcp_flags;
	__u8 hook;    /* enum xlb_hook */
	__u8 verdict; /* enum xlb_trace_verdict */
	__u8 how;     /* enum xlb_how: what named the host */
	__u8 state;   /* of the entry (enum xlb_flow_state) or record (enum xlb_conn_state) */
	__u32 row;    /* index of the row that was looked at; XLB_ROWS: none was */
	struct xlb_row at_row;
	__u32 target;         /* NAT: where the record lies, or would lie */
	__u32 nat_port;       /* 0: none */
	struct xlb_conn conn; /* NAT: what would be made, by a program that changes nothing */
};

/* What named the packet's host. */
enum xlb_how {
	XLB_HOW_NONE,
	XLB_HOW_ROW,    /* the row's host */
	XLB_HOW_PREV,   /* the host before the row, or client, moved: it has what has no entry */
	XLB_HOW_FLOW,   /* the flow's entry */
	XLB_HOW_CLIENT, /* the client's entry (sticky-address) */
	XLB_HOW_POOL,   /* it was its turn in the pool: roundrobin, random, least-states */
	XLB_HOW_CONN,   /* NAT: the connection's record */
	XLB_HOWS
};

/* ---- control ABI: layouts are checked where the compiler can ------------------------------- */
#define XLB_ASSERT_SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
_Static_assert((int)XLB_CONN_STICKY == (int)XLB_FLOW_CLIENT, "both index timeout[]");
_Static_assert((int)XLB_CONN_STATES <= (int)XLB_FLOW_STATES, "timeout[] has one for each");
XLB_ASSERT_SIZE(struct xlb_settings, 72);
XLB_ASSERT_SIZE(struct xlb_vip, 32);
XLB_ASSERT_SIZE(struct xlb_range, 12);
XLB_ASSERT_SIZE(struct xlb_ranges, 196);
XLB_ASSERT_SIZE(struct xlb_service, 128);
XLB_ASSERT_SIZE(struct xlb_row, 4);
XLB_ASSERT_SIZE(struct xlb_host, 64);
XLB_ASSERT_SIZE(struct xlb_host_counters, 24);
XLB_ASSERT_SIZE(union xlb_flow_meta, 8);
XLB_ASSERT_SIZE(struct xlb_flow4, 16);
XLB_ASSERT_SIZE(struct xlb_flow6, 32);
XLB_ASSERT_SIZE(struct xlb_flow4_line, 64);
XLB_ASSERT_SIZE(struct xlb_flow6_line, 128);
XLB_ASSERT_SIZE(struct xlb_fragment_key, 40);
XLB_ASSERT_SIZE(struct xlb_fragment, 8);
XLB_ASSERT_SIZE(union xlb_mac_key, 8);
XLB_ASSERT_SIZE(struct xlb_listen, 24);
XLB_ASSERT_SIZE(struct xlb_target, 64);
XLB_ASSERT_SIZE(struct xlb_conn, 64); /* a cache line */
XLB_ASSERT_SIZE(union xlb_nat_way, 8);
XLB_ASSERT_SIZE(struct xlb_nat_line, 64);
XLB_ASSERT_SIZE(struct xlb_port, 12);
XLB_ASSERT_SIZE(struct xlb_event, 80);
XLB_ASSERT_SIZE(struct xlb_trace, 40);
XLB_ASSERT_SIZE(struct xlb_capture, 8);
XLB_ASSERT_SIZE(struct xlb_trail, 128);

#endif
