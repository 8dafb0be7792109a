/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Tables, hosts and services with their states: what the daemon believes. Built from a
 * configuration; told about probe results, next hops and the administrator's wishes; read by the
 * control API; turned into what the data plane should do. No I/O, time is a parameter.
 */
#ifndef XLB_MODEL_MODEL_H
#define XLB_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "dataplane/desired.h"

enum host_health { HOST_UNKNOWN, HOST_UP, HOST_DOWN };
enum host_admin { HOST_ENABLED, HOST_DISABLED, HOST_DRAINING };

/* Where frames for a host go; loader/net finds it out. */
enum next_hop_state {
	NEXT_HOP_UNKNOWN, /* not asked for yet, or the kernel is resolving */
	NEXT_HOP_OK,
	NEXT_HOP_NO_ROUTE,
	NEXT_HOP_NO_INTERFACE, /* the interface in "route to" does not exist (now) */
	NEXT_HOP_LINK_DOWN,
	NEXT_HOP_UNREACHABLE /* no answer to ARP or neighbour solicitation */
};

struct next_hop {
	enum next_hop_state state;
	uint32_t ifindex;
	char interface[16];
	struct cfg_addr gateway; /* the neighbour asked for: the host itself, or a router */
	uint8_t dst_mac[6];
	uint8_t src_mac[6];
	struct cfg_addr src_addr; /* the box's own, when it talks to the host; AF_UNSPEC: none */
};

struct host {
	uint32_t id; /* relayd's: sequential from 1, in order of instantiation; kept over reloads */
	uint32_t number; /* what the id is when the file is loaded afresh: "parent N" means this */
	struct table *table;
	const struct cfg_host *conf;
	struct host *parent;   /* NULL: none. A host with a parent is never checked itself */
	struct host *children; /* list of those whose parent this is, by next_sibling */
	struct host *next_sibling;

	enum host_admin admin;
	enum host_health health;
	enum host_health last_known; /* last health that was up or down; see host_keeps_flows() */
	unsigned retries_left;       /* failures that change nothing yet */
	unsigned rises_left;         /* successes that change nothing yet, while down */
	uint64_t checks;             /* finished in a known state */
	uint64_t checks_up;          /* availability = checks_up / checks */
	char reason[64];             /* of the last result, relayd's words: "tcp connect ok" */
	uint32_t latency_ms;
	uint64_t changed_at; /* monotonic ms of the last change of health */

	struct next_hop next_hop;
};

/*
 * relayd's "instance": a table as one forward/route line uses it, named "kube_hosts:443". Lines
 * with the same options share it; lines that differ (other check, interval, interface …) have
 * instances of their own, which may bear the same name. "forward to ADDR port N" has one of its
 * own, too, with one host and no check; these come last.
 */
struct table {
	uint32_t id;
	uint16_t port; /* host byte order; of checks, and of forwarding where that changes it */
	char name[CFG_TABLE_NAME_MAX + 1 + 6];
	const struct cfg_table *conf;
	const struct cfg_target *target; /* check, interval, timeout, interface; first user's */
	bool disabled;                   /* now; starts as conf_disabled */
	bool conf_disabled;              /* by the file: the table, or every service that uses it */
	struct host *hosts;
	unsigned n_hosts;
	unsigned n_up;     /* enabled and up */
	unsigned n_usable; /* of those, with a next hop; with panic, whatever their health */
	bool panic;        /* fewer hosts are up than the threshold: health is ignored */
};

enum service_kind { SERVICE_REDIRECT, SERVICE_RELAY };

struct service {
	uint32_t id; /* per kind, from 1 */
	enum service_kind kind;
	/* As relayd: a relay's first "listen on" is NAME, each further one a relay of its own,
	 * NAMEid:port. */
	const char *name;
	char *own_name;                      /* owned; NULL if the name is the configuration's */
	const struct cfg_redirect *redirect; /* kind REDIRECT */
	const struct cfg_relay *relay;       /* kind RELAY */
	const struct cfg_listen *listen;     /* the first of n_listen in a row */
	unsigned n_listen;                   /* of a relay 1 */
	const struct cfg_target *target;     /* the main one; backups follow */
	bool nat;                     /* relay, or redirect with "forward to": the TC program's */
	bool transparent;             /* NAT that keeps the client's address */
	const struct cfg_nat *nat_to; /* addresses that hosts see as the client; of a family that
					 has none the next hop's src_addr */
	uint32_t nat_absent;          /* which of them no interface has, by place: not used */
	unsigned trace;               /* XLB_TRACE_CONN, PFLOG, REQUEST: what of its packets is
					 to be told; see daemon/trace.h */
	bool disabled;                /* now; starts as conf_disabled */
	bool conf_disabled;           /* by the file */
	bool served;                  /* false: not done by this version, see why_not */
	const char *why_not;          /* NULL if served */
	struct table **tables;        /* main, then backups; NULL-terminated */
	struct table *active; /* the first with a host that takes new connections, else the first
				 with a host up, else the main one; NULL if there are no tables */
	unsigned n_usable;    /* hosts of the active table that take new connections */
	struct model *model;
};

struct model {
	struct cfg *conf;     /* owned */
	struct table *tables; /* in relayd's order: as the file's forward/route lines come */
	unsigned n_tables;
	struct fixed *fixed;      /* tables and hosts of "forward to ADDR" */
	struct service *services; /* redirects, then relays, each in the file's order */
	unsigned n_services;
	/* Highest ids ever given, by this model or those before it. */
	uint32_t last_table_id;
	uint32_t last_host_id;
	uint32_t last_service_id[2]; /* by enum service_kind */
};

/* ---- building ------------------------------------------------------------------------------ */
/*
 * Takes over conf. `old` may be NULL; from it come ids, health, admin states, counters and next
 * hops of what stays; it remains the caller's, and nothing in the new model points into it. What
 * stays: a service with the same kind and name; an instance with the same options, else one with
 * the same name; in it a host with the same address. What is new gets ids that were never used
 * before. `disable` in the file wins over the state kept only where the file changed in that
 * respect. Returns 0, -ENOMEM, or -EINVAL (see model_bad_parent()); on failure conf is still the
 * caller's.
 */
int model_build(struct cfg *conf, const struct model *old, struct model **ret);

/*
 * `m`, which `newer` was built from, is to be used again: what both have (by id) gets the states of
 * the newer one. Hosts that only m has were not checked meanwhile: they become unknown, unless they
 * have no check.
 */
void model_catch_up(struct model *m, const struct model *newer);

/* NULL is fine. */
void model_free(struct model *m);

/* -EINVAL and the host whose "parent N" names no host, itself, or a host that has a parent; 0 if
 * there is none; -ENOMEM. *ret is conf's. */
int model_bad_parent(const struct cfg *conf, const struct cfg_host **ret);

/* ---- events -------------------------------------------------------------------------------- */
struct probe_result {
	enum host_health health; /* what the check says */
	bool not_made;           /* the check failed on our side (no sockets left): the host keeps
				    its state, only the reason is noted. health is ignored */
	const char *reason;      /* relayd's words, borrowed */
	uint32_t latency_ms;
	bool exit_zero; /* a script that ended by itself, with the status that others take for "ok"
			 */
};

/* What an event did to a host. */
struct host_change {
	struct host *host;
	enum host_health before;
	enum host_health after;
	bool changed; /* before != after */
	bool ignored; /* a result for a disabled host or table: nothing was done */
};

/*
 * Counts the result and applies rise and fall: a host that is not down stays what it is until so
 * many failures came in a row, one that is down until so many successes did. Disabled hosts and
 * hosts of disabled tables ignore results. *ret says what happened.
 */
void host_probe_result(struct host *h, const struct probe_result *result, uint64_t now_ms,
		       struct host_change *ret);

/* Successes and failures are counted from the beginning again. */
void host_reset_counting(struct host *h);

/* Successes or failures were seen, yet too few for rise or fall: better look again soon. */
bool host_in_transition(const struct host *h);

/*
 * Children copy the health their parent came to, and count it with a `retry` of their own. To be
 * called for each of h->children after host_probe_result(h, result, ...); each logs its own change.
 */
void host_follow_parent(struct host *child, const struct probe_result *result, uint64_t now_ms,
			struct host_change *ret);

/* The health a former daemon left in the kernel: taken over uncounted, for a host still unknown. */
void host_adopt(struct host *h, enum host_health health, uint64_t now_ms);

/*
 * relayctl: disabling zeroes the check counters and makes the health unknown; so does enabling
 * after that, until a check knows better. Draining keeps health and counters. Children follow.
 * -EPERM: a child cannot be switched by itself.
 */
int host_set_admin(struct host *h, enum host_admin admin);

/* Disabling makes the hosts unknown. They keep their own admin states. */
void table_set_disabled(struct table *t, bool disabled);

/* As relayctl: disabling also disables the main table, unless another service that is enabled uses
 * it; enabling also enables main and backup tables. */
void service_set_disabled(struct service *s, bool disabled);

/* true: something the data plane cares about differs. */
bool host_set_next_hop(struct host *h, const struct next_hop *next_hop);

/* Recomputes n_up, n_usable and active after any of the above. */
void model_update(struct model *m);

/* The part of it that is the table's own: n_up, n_usable, panic. */
void table_update(struct table *t);

/* ---- reading ------------------------------------------------------------------------------- */
struct host *model_host_by_id(const struct model *m, uint32_t id);
struct host *model_host_by_name(const struct model *m, const char *name); /* first match */
struct table *model_table_by_name(const struct model *m, const char *name_or_id);
struct service *model_service_by_name(const struct model *m, enum service_kind kind,
				      const char *name_or_id);

/* Is to be checked: enabled or draining, in an enabled table with a check, no parent. */
bool host_is_checked(const struct host *h);

bool host_is_up(const struct host *h); /* enabled, table enabled, up */

/* Takes new flows: up, as above, or enabled in a table that panics; with a resolved next hop. */
bool host_usable(const struct host *h);

/* NULL, or why the service never sends anything to this host of its tables. NAT translates within
 * an address family. */
const char *service_leaves_out(const struct service *s, const struct host *h);

/*
 * The addresses that the host sees as the client, in an order that all services share; how many. 0:
 * there is none, and no connection can be made.
 */
unsigned service_nat_addrs(const struct service *s, const struct host *h,
			   struct cfg_addr ret[CFG_MAX_NAT]);

/*
 * Says of each "nat to" address whether the box has it; until then all count as there. `tell` (may
 * be NULL) is called for those that came or went since. true: there were some.
 */
bool model_check_nat(struct model *m, bool (*is_here)(const struct cfg_addr *addr, void *data),
		     void (*tell)(const struct service *s, const struct cfg_nat *nat, bool here,
				  void *data),
		     void *data);

/* Takes new flows of this service: usable, not left out, and NAT has an address to speak with. */
bool service_can_use(const struct service *s, const struct host *h);

/*
 * Flows a host has stay there unless the host is known to be down: its last known health, which
 * outlives "unknown", is not down. So they stay
 *  - while it is up or draining and up (a draining host is checked on; if it goes down they move);
 *  - while it is disabled. Nobody checks it then, the flows just finish. Had it been down when it
 * was disabled, its flows were moved already, and old entries that name it don't come back to life;
 *  - while it is enabled again and not checked yet: enabling must not break what disabling spared;
 *  - before its first check, when flows can only come from a daemon that ran before;
 *  - when a check comes to "unknown", and when its table gives way to another (main and backup).
 * A host to be taken away for maintenance while its health matters is drained rather than disabled.
 */
bool host_keeps_flows(const struct host *h);

/* A host of the service has this address, and nothing is to be sent there any more: none that has
 * it keeps flows, or none is reachable. What model_desired() will say, for one host. */
bool service_has_lost(const struct service *s, const struct cfg_addr *addr);

/* Availability in percent; false: never checked. */
bool host_availability(const struct host *h, double *ret_percent);

const char *service_kind_name(enum service_kind kind); /* "redirect", "relay" */
const char *host_health_name(enum host_health health); /* "up", "down", "unknown" */
const char *host_status_name(const struct host *h);    /* … or "disabled", "draining" */
/* relayctl's words: "active", "active (using backup table)", "down", "disabled"; "not served",
 * "active (panic)". */
const char *service_status_name(const struct service *s);
/* "active (3 hosts)", "empty", "disabled", "active (panic)"; returns buf. */
const char *table_status_text(const struct table *t, char *buf, size_t size);
/* As relayctl's column: the host's name, or "NAME parent N"; returns buf. */
const char *host_row_name(const struct host *h, char *buf, size_t size);
/* relayd's log line about a result, without the newline; returns buf. */
const char *host_change_text(const struct host_change *change, char *buf, size_t size);
const char *next_hop_state_name(enum next_hop_state state); /* "ok", "no route", … */

/* ---- to the data plane ------------------------------------------------------------------------
 */
/*
 * What the data plane should do: one service for each enabled, served redirect and protocol (TCP,
 * UDP) that it listens with, and for each such relay. All tables' hosts are in it, so that flows of
 * the main table's hosts survive while the backup takes the new ones, and the reverse; only the
 * active one's take new flows. A host that is in both is one host there, with the first's weight.
 *
 * Left out: hosts that service_leaves_out(), hosts and listens whose names did not resolve, and
 * listens on an interface that does not exist now; such a service may be without any listens and
 * still have flows to come back to.
 *
 * ifindex_of resolves an interface name (altnames, too), 0 if there is none. Names in the result
 * are the model's; it is freed with model_desired_free(). -ENOMEM.
 */
int model_desired(const struct model *m, uint32_t (*ifindex_of)(const char *name, void *data),
		  void *data, struct desired **ret);
void model_desired_free(struct desired *desired); /* NULL is fine */

/* How long a flow or connection is kept after its last packet. */
unsigned service_timeout_s(const struct service *s, uint8_t proto);

/* Session timeouts where the configuration says nothing: relayd's, pf's udp.multiple. */
#define XLB_DEFAULT_SESSION_TIMEOUT 600
#define XLB_DEFAULT_UDP_TIMEOUT 60

#endif
