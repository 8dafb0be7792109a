/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The data plane as the daemon sees it. Only the code behind this header writes the kernel's maps.
 */
#ifndef XLB_DATAPLANE_DATAPLANE_H
#define XLB_DATAPLANE_DATAPLANE_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/desired.h"
#include "xlb/reasons.h"

#define XLB_DEFAULT_BPFFS "/sys/fs/bpf/xlb"

struct dataplane;
struct plan; /* dataplane/plan.h: a printable list of operations */

struct dataplane_options {
	const char *bpffs;    /* directory for pins, made if missing; its parent must be on bpffs */
	uint32_t flow4_lines; /* 0: the default; powers of two */
	uint32_t flow6_lines;
	uint32_t nat_lines; /* index of NAT's connections */
	bool test_clock;    /* time from the program's variable, for tests */
	uint32_t test_tick; /* what it says at first */
	bool background;    /* programs that are loaded later are by a thread, see trace.h */
};

/*
 * Would it fit into empty maps? Needs no data plane and no root. `error` gets a sentence if not.
 */
int dataplane_check(const struct desired *desired, char *error, size_t error_size);

/*
 * Loads the program, adopts what is pinned below `bpffs` or makes it anew, and pins it. Nothing is
 * attached. Maps of another layout stay in use until dataplane_sync() has filled those that are
 * made beside them. `error` gets a sentence for the user on failure (what failed, and what the
 * kernel said). -EBUSY: another process has what is pinned there open.
 */
int dataplane_open(const struct dataplane_options *options, char *error, size_t error_size,
		   struct dataplane **ret);

/* What became of pinned maps of another layout, a sentence for the log; NULL: there were none. */
const char *dataplane_note(const struct dataplane *dp);

/* Are there the text views of maps, show_hosts and others, beside them? Not every kernel allows
 * them; all else works without. */
bool dataplane_has_views(const struct dataplane *dp);

/* Leaves everything pinned and running. NULL is fine. */
void dataplane_close(struct dataplane *dp);

/*
 * Makes the kernel do what `desired` says, by the smallest difference, in an order that never
 * points at something not yet there. *ret_plan (if not NULL) gets what was done; the caller frees
 * it. On failure what was done so far stays, and the next call goes on from there.
 */
int dataplane_sync(struct dataplane *dp, const struct desired *desired, struct plan **ret_plan);

/*
 * Ahead of the next dataplane_sync(), which must want the same: from now on nothing is sent to the
 * host by those services that `gone` names; it is called for each service with a host of that
 * address that is in use. New flows that it would have had find no host until that sync. How many
 * services.
 */
unsigned dataplane_withdraw(struct dataplane *dp, const struct cfg_addr *host,
			    bool (*gone)(const char *service, void *data), void *data);

/* What the last failed sync, plan or tick has to tell the user; empty if errno says it all. */
const char *dataplane_error(const struct dataplane *dp);

/* The same without doing it. */
int dataplane_plan(struct dataplane *dp, const struct desired *desired, struct plan **ret_plan);

/* dataplane_plan(), and how many of the flows that are alive now each operation would move. Looks
 * through all of the flow tables. */
int dataplane_plan_flows(struct dataplane *dp, const struct desired *desired,
			 struct plan **ret_plan);

/*
 * Lets time pass: settles moving rows, sweeps a part of the flow tables, frees slots. To be called
 * about once a second; does a bounded amount of work.
 */
int dataplane_tick(struct dataplane *dp);

/* Sets the time, for tests with test_clock. */
void dataplane_set_test_tick(struct dataplane *dp, uint32_t tick);

/* The programs that are in use, plain or tracing (dataplane/trace.h); borrowed. */
int dataplane_program_fd(const struct dataplane *dp);
int dataplane_tc_program_fd(const struct dataplane *dp);

/* ---- interfaces ---------------------------------------------------------------------------- */
enum xdp_mode { XDP_MODE_AUTO, XDP_MODE_NATIVE, XDP_MODE_GENERIC };

struct attachment {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	enum xdp_mode mode;    /* native or generic: what it runs in */
	char why_generic[128]; /* what the driver said to native, or empty */
	bool xdp;              /* DSR's program is on it; without, mode means nothing */
	bool tc;               /* NAT's program is on it … */
	bool tcx;              /* … by a TCX link; else by a filter of clsact */
};

/*
 * An interface gets the programs that the services need: XDP for those of DSR, TC for those of NAT;
 * XDP while there are none. dataplane_sync() changes that on all interfaces when services come and
 * go.
 *
 * Already attached in that mode: 0. AUTO tries native, then generic. -EBUSY: somebody else's
 * program is there. All is pinned. */
int dataplane_attach(struct dataplane *dp, uint32_t ifindex, const char *name, enum xdp_mode mode,
		     struct attachment *ret, char *error, size_t error_size);
int dataplane_detach(struct dataplane *dp, uint32_t ifindex);

/* Something about the interface has changed: follows its MAC. */
int dataplane_refresh(struct dataplane *dp, uint32_t ifindex);

/* Detaches from all interfaces and removes every pin and the directory; the data plane object can
 * only be closed after that. */
int dataplane_remove(struct dataplane *dp);

/* The same without a data plane object, for `xlbctl detach` with no daemon. */
int dataplane_remove_pins(const char *bpffs, char *error, size_t error_size);

/* Removes the pinned link of one interface, and so detaches it. -ENOENT: there is none. */
int dataplane_remove_link_pin(const char *bpffs, const char *interface, char *error,
			      size_t error_size);

/* Borrowed until the next attach or detach. */
const struct attachment *dataplane_attachments(const struct dataplane *dp, size_t *ret_n);

const char *xdp_mode_name(enum xdp_mode mode); /* "auto", "native", "generic" */

/* ---- checks with `dsr` --------------------------------------------------------------------- */
/* A check that goes to the VIP of a host which is reached through that interface. */
struct probe_need {
	struct cfg_vip vip;
	uint32_t ifindex;
};

/*
 * Brings what these checks need into place, and removes what none of them does. `error` gets a
 * sentence on failure; what could be done is done. It all goes with dataplane_close().
 */
int dataplane_probes(struct dataplane *dp, const struct probe_need *needs, size_t n, char *error,
		     size_t error_size);

/* The mark (SO_MARK) of sockets whose TCP packets go to the VIP, if they leave by that interface.
 * -ENOENT: it is not in place. */
int dataplane_probe_mark(const struct dataplane *dp, const struct probe_need *need, uint32_t *ret);

/* ---- reading ------------------------------------------------------------------------------- */
struct traffic { /* summed over CPUs */
	uint64_t packets;
	uint64_t bytes;
	uint64_t sessions;
};

/* -ENOENT: no such service or host in the kernel. Counters of removed hosts stay in the service's.
 */
int dataplane_service_traffic(struct dataplane *dp, const char *name, uint8_t proto,
			      struct traffic *ret);
int dataplane_host_traffic(struct dataplane *dp, const char *service, uint8_t proto,
			   const struct cfg_addr *host, struct traffic *ret);
/*
 * From now on and until they are released the two above answer from one reading of all counters,
 * for who asks for many of them. Nothing may be synced meanwhile. Fails only for lack of memory or
 * of the kernel's help, and then they go on reading one by one.
 */
int dataplane_hold_counters(struct dataplane *dp);
void dataplane_release_counters(struct dataplane *dp);
/* XLB_HOST_* flags of the host in the kernel now: after a restart, what the former daemon knew.
 * -ENOENT: no such service or host. */
int dataplane_host_flags(struct dataplane *dp, const char *service, uint8_t proto,
			 const struct cfg_addr *host, uint8_t *ret);
/* Entries in the flow tables that name the host. */
int dataplane_host_states(struct dataplane *dp, const char *service, uint8_t proto,
			  const struct cfg_addr *host, uint64_t *ret);
/* … or a host of the service. */
int dataplane_service_states(struct dataplane *dp, const char *name, uint8_t proto, uint64_t *ret);

/* Calls `each` for hosts whose new TCP connections came to nothing since the last look; to be
 * called about once a second. See dataplane/signs.h. */
int dataplane_look_for_stalls(struct dataplane *dp,
			      void (*each)(const struct cfg_addr *host, void *data), void *data);

/* Counts by reason, summed over CPUs. */
int dataplane_reasons(struct dataplane *dp, uint64_t ret[XLB_REASON_COUNT]);

/* ---- for whoever watches --------------------------------------------------------------------
 * Entries are as of the last look through the tables, which takes some ten seconds: nobody
 * counts them for this.
 */
struct host_use {
	struct cfg_addr addr;
	struct traffic traffic;
	uint32_t flows; /* entries and connections that name the host */
};

/* Calls `each` for the service's hosts in the kernel, those that are leaving, too. *ret_former gets
 * what hosts that are gone had. -ENOENT: no such service. */
int dataplane_service_use(struct dataplane *dp, const char *name, uint8_t proto,
			  void (*each)(const struct host_use *use, void *data), void *data,
			  struct traffic *ret_former);

struct table_use {
	const char *name; /* "flows4", "flows6", "connections" */
	uint64_t used;
	uint64_t max;
};
#define TABLE_USES 3
void dataplane_table_use(const struct dataplane *dp, struct table_use ret[TABLE_USES]);

/* NAT ports towards one port of a host, from one address. */
struct nat_use {
	struct cfg_addr host;
	uint16_t port; /* host byte order */
	uint8_t proto;
	struct cfg_addr nat_addr;
	uint32_t used;
	uint32_t max;
};
void dataplane_nat_use(const struct dataplane *dp,
		       void (*each)(const struct nat_use *use, void *data), void *data);

struct session { /* one flow entry or connection of NAT, decoded */
	const char *service;
	uint8_t proto;
	struct cfg_addr client;
	uint16_t client_port; /* host byte order; 0 for a client's entry (sticky-address) */
	uint16_t port;
	struct cfg_addr host;
	const char *host_name;
	enum xlb_flow_state state; /* of a connection: the one that says as much */
	const char *state_name;    /* as pf's; of a connection: exactly */
	uint32_t idle_s;
	uint32_t expires_s;
	bool nat;    /* the rest is only of connections of NAT */
	uint32_t id; /* from 1, in the order in which this process saw them first; 0: no memory */
	bool transparent;
	struct cfg_addr listen;
	struct cfg_addr nat_addr; /* as the host sees the client; transparent: AF_UNSPEC */
	uint16_t nat_port;
	uint16_t host_port;
	uint32_t age_s;
	uint64_t packets_in; /* from the client */
	uint64_t bytes_in;   /* IP packets */
	uint64_t packets_out;
	uint64_t bytes_out;
};

/* Calls `each` for live entries until it returns non-zero, which is then returned. */
int dataplane_sessions(struct dataplane *dp, int (*each)(const struct session *s, void *data),
		       void *data);

/* What the entry of a flow of direct server return says. */
struct flow_entry {
	enum xlb_flow_state state;
	uint64_t idle_ns; /* since its last packet, to a tick */
	uint64_t left_ns; /* until it is over, if there is no other */
};

/* Of the flow with that session's service, protocol, addresses (listen is the VIP) and ports. 1, or
 * 0: there is none; -ENOENT: the service keeps none for each flow. */
int dataplane_flow(struct dataplane *dp, const struct session *flow, struct flow_entry *ret);

/* ---- connections, as they come and go ------------------------------------------------------ */
enum conn_end {
	CONN_OPEN,   /* it has just begun */
	CONN_CLOSED, /* both sides have said so */
	CONN_RESET,
	CONN_TIMEOUT,   /* silent for longer than the session timeout */
	CONN_NO_ANSWER, /* the host never answered */
	CONN_HOST_DOWN,
	CONN_UNSEEN, /* of direct server return: how it ended was not seen */
};

/*
 * Of NAT by the data plane, see dataplane_on_conn(); of direct server return by flows/table.h, with
 * the octets of TCP's stream for bytes_in, and for packets_in the segments that were seen: those
 * with SYN, FIN or RST.
 */
struct conn_event {
	enum conn_end end;
	struct session session; /* its strings are valid during the call */
	uint32_t active;        /* connections of the service, a second ago at most */
	uint32_t duration_s;    /* to the last packet */
	uint64_t began_ns;      /* CLOCK_MONOTONIC; of NAT: to a tick */
	uint64_t ended_ns;
	uint32_t in_ifindex;  /* towards the client; 0: not known */
	uint32_t out_ifindex; /* towards the host */
	bool begin_unseen;    /* then neither its duration nor its octets are known */
	bool has_octets;      /* session.bytes_in is known */
	const char *requests; /* what the daemon knows was asked in it; NULL: nothing */
};

typedef void conn_event_fn(const struct conn_event *event, void *data);

/* Who is told; NULL: nobody. Ends are told when the sweep comes across them: of closed connections
 * soon, of others when their record expires. Events are told during
 * dataplane_tick() and dataplane_read_events(); those that found no room in the buffer are counted
 * (reason event_lost). */
void dataplane_on_conn(struct dataplane *dp, conn_event_fn *fn, void *data);

/* Readable when the buffer fills up, sooner than the next tick: for an event loop. -1: no memory.
 */
int dataplane_events_fd(const struct dataplane *dp);
/* What there is, or as much as is good at a time. 0 or -errno. */
int dataplane_read_events(struct dataplane *dp);

const char *conn_end_name(enum conn_end end); /* "open", "closed", "reset", ... */

const char *flow_state_name(enum xlb_flow_state state); /* "SYN_SENT", "ESTABLISHED", ... as pf */

#endif
