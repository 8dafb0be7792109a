/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * xlbd: ties the rooms together on one event loop.
 *
 *   net, health --> model --> dataplane_sync()
 *   control     --> model -/
 *
 * daemon.c starts and stops; hosts.c follows the model's hosts, with dsr.c for checks of the VIP
 * and signs.c for what traffic tells; withdraw.c takes failed ones out at once, sync.c brings the
 * kernel in line; attach.c decides on interfaces; nat.c looks for NAT addresses; conns.c follows
 * connections, flows.c those of direct server return; conn_log.c writes them down and pflow.c
 * exports them, request_log.c writes requests; trace.c hands packets to logs and captures, pflog.c
 * and capture.c to files; reload.c swaps configurations, confirm.c swaps them back; status.c tells
 * systemd; watch.c feeds the status page and the metrics, metrics_file.c writes them to a file;
 * control_ops.c is what the API may do.
 */
#ifndef XLB_DAEMON_DAEMON_H
#define XLB_DAEMON_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "control/control.h"
#include "daemon/line_limit.h"
#include "daemon/options.h"
#include "daemon/pflog.h"
#include "daemon/trace.h"
#include "daemon/trace_packet.h"
#include "dataplane/dataplane.h"
#include "health/health.h"
#include "metrics/failures.h"
#include "model/model.h"
#include "net/net.h"
#include "page/page.h"

#define MAX_INTERFACES 64
#define MAX_INTERFACE_NAME 128 /* altnames may be so long */

struct exporter;
struct flows;
struct followed_host;
struct requests;
struct pf_tables;

/* An interface named by the user at run time or by --attach, or taken out with detach. */
struct interface_wish {
	char name[MAX_INTERFACE_NAME];
	enum xdp_mode mode;
	bool detached; /* the user wants it left alone, although the configuration implies it */
};

struct interface_mode {
	uint32_t ifindex;
	enum xdp_mode mode;
};

/* Why an interface that is wanted is not used. Told once, and when it changes. */
struct interface_trouble {
	char name[MAX_INTERFACE_NAME];
	char text[256];
};

/* What conns.c is about. */
struct conns_state {
	sd_event_source *io;    /* the event buffer fills up */
	sd_event_source *pause; /* until it is looked at again */
};

/* What conn_log.c is about. */
struct conn_log_state {
	struct line_limit limit;
};

/* What request_log.c is about. */
struct request_log_state {
	struct requests *requests; /* what was asked for, out of packets */
	struct line_limit limit;
};

/* What pflow.c is about. */
struct pflow_state {
	bool active;           /* there is a collector: the next fields are about it */
	struct cfg_pflow conf; /* without its names */
	char name[256];
	int fd;                    /* -1: not open */
	int trouble;               /* -errno of the last attempt that failed; 0: none */
	unsigned well;             /* datagrams since then */
	struct exporter *exporter; /* NULL: there never was a collector */
};

/* What watch.c counts for the metrics. */
struct watch_state {
	sd_event_source *timer; /* once a second, to see how late the loop is */
	uint64_t delay_us;
	uint64_t delays_us;
	uint64_t delays;
	uint64_t delay_max_us;
	uint64_t reloads;
	uint64_t reloads_failed;
	time_t reloaded_at; /* realtime s */
};

/* What metrics_file.c is about. */
struct metrics_file_state {
	sd_event_source *timer;
	uint64_t failures;
	int trouble; /* -errno that was told */
	bool waits;  /* for the text */
};

/* One of the kernel's tables that full.c looks at. */
struct full_table {
	uint64_t told;    /* so many of its packets */
	uint64_t told_at; /* monotonic ms; 0: never */
};
#define FULL_TABLES 3

struct daemon {
	struct options options;
	sd_event *event;
	struct model *model;
	bool model_changed; /* daemon_model() is to sum it up anew */
	struct net *net;
	struct prober *prober;
	struct control *control;     /* NULL with --oneshot */
	struct dataplane *dataplane; /* NULL after detach from everything */
	struct page *page;           /* NULL with --oneshot */
	struct failures *failures;   /* of checks; NULL with --oneshot */
	struct watch_state watch;
	struct metrics_file_state metrics_file;

	struct followed_host *followed; /* one for each of the model's hosts */
	unsigned n_followed;

	struct interface_wish wishes[MAX_INTERFACES];
	unsigned n_wishes;
	struct interface_mode told[MAX_INTERFACES]; /* what the log has of them */
	unsigned n_told;
	struct interface_trouble troubles[MAX_INTERFACES];
	unsigned n_troubles;

	sd_event_source *tick; /* dataplane_tick(), once a second */
	unsigned ticks;
	sd_event_source *settle;     /* end of settling at the latest */
	sd_event_source *later;      /* sync_soon() has put off a sync */
	uint64_t sync_again_at;      /* monotonic µs: no sync_soon() before */
	bool following;              /* hosts_follow() is under way: answers come early */
	bool settling;               /* waiting for first answers before the first sync */
	bool synced;                 /* the kernel has done what this daemon wants, once */
	bool started;                /* … and logs are told of packets: readiness is announced */
	uint64_t started_at;         /* monotonic ms */
	const char *state;           /* directory of the state file */
	struct pf_tables *pf_tables; /* as last told; NULL: never */
	struct conns_state conns;
	struct flows *flows; /* of direct server return */
	struct conn_log_state conn_log;
	struct trace_state trace;
	struct request_log_state request_log;
	struct trace_packets packets;
	struct pflog_state pflog;
	struct pflow_state pflow;
	struct full_table full[FULL_TABLES];
	uint64_t overrun_at;      /* when rtnetlink's events were lost last; 0: never */
	char sync_trouble[512];   /* what the last sync failed of; empty: it did not */
	char reload_trouble[512]; /* what the last reload failed of; empty: it did not */

	struct model *former; /* to go back to unless somebody confirms; NULL: nothing to confirm */
	sd_event_source *confirm;
	time_t confirm_until; /* realtime s */
	bool keeps_record;    /* the record on the disk is about this */
	bool rolled_back;     /* nobody confirmed: this is the configuration before */
	/* the file of --track-file */
	bool tracked; /* it says `unserved` */
	bool track_failed;
	unsigned unserved; /* services that no host serves */
};

uint64_t monotonic_ms(void);
uint64_t monotonic_us(void);

/* ---- daemon.c ------------------------------------------------------------------------------ */
/* Takes over conf. On failure the mistake is logged, and daemon_stop() is to be called, too.
 * rolled_back: by confirm_recover(). */
int daemon_start(struct daemon *d, const struct options *options, struct cfg *conf,
		 bool rolled_back);
void daemon_stop(struct daemon *d);

/* The model with its sums (model_update()) as of now: they cost a look at every host, and results
 * come by the thousand. */
struct model *daemon_model(struct daemon *d);

/* ---- hosts.c ------------------------------------------------------------------------------- */
/* Starts a check and a next-hop watch for each host that needs one. The former list, if any, is
 * ended after the new one is at work, so that neighbours stay resolved. */
int hosts_follow(struct daemon *d);
void hosts_unfollow(struct daemon *d);
/* Starts and ends checks after an admin state or a next hop changed, or the data plane came or
 * went. */
int hosts_refresh(struct daemon *d);
/* Has every host answered whatever it was asked first? */
bool hosts_all_answered(const struct daemon *d);
/* Takes over health from what a former daemon left in the kernel; how many hosts. */
unsigned hosts_adopt(struct daemon *d);

/* ---- signs.c ------------------------------------------------------------------------------- */
/* Checks those hosts at once that look bad; to be called about once a second. 0 or -errno. */
int signs_look(struct daemon *d);

/* ---- full.c -------------------------------------------------------------------------------- */
/* What has been before is not told. To be called when the data plane is open; 0 or -errno. */
int full_begin(struct daemon *d);

/* Tells of tables that are full; to be called about once a second. 0 or -errno. */
int full_look(struct daemon *d);

/* ---- withdraw.c ---------------------------------------------------------------------------- */
/* Takes a host that has just gone down, or out of reach, out of the kernel: a store for each
 * service that has it, microseconds. Before the first sync there is nothing to do. */
void withdraw_host(struct daemon *d, struct host *host);

/* ---- sync.c -------------------------------------------------------------------------------- */
/* There is a data plane, and the model is one that it should follow. */
bool sync_is_possible(const struct daemon *d);
/* Brings the kernel in line with the model, unless settling. Failures are logged. */
int sync_now(struct daemon *d);
/* The same for what comes in bursts, such as results of checks: as soon as the results that are
 * there already have been taken in, unless so many changes come that syncing would take more than
 * half of the daemon's time; then with those that follow. */
void sync_soon(struct daemon *d);
/* What sync_soon() has put off, now. Not what the kernel has refused: that waits for its next try. */
void sync_flush(struct daemon *d);
int sync_begin_settling(struct daemon *d, bool adopted);
/* Would the model fit into the kernel's maps? `error` gets a sentence if not. */
int sync_check(struct daemon *d, const struct model *m, char *error, size_t error_size);
/* What would have to be done for it, and to how many flows; the plan is the caller's. `error` gets
 * a sentence on failure. */
int sync_plan(struct daemon *d, const struct model *m, char *error, size_t error_size,
	      struct plan **ret);
/* To be called after each answer: ends settling when all have come. */
void sync_check_settled(struct daemon *d);
/* … after that, and when programs have been loaded: tells systemd when the start is over. */
void sync_check_started(struct daemon *d);

/* ---- attach.c ------------------------------------------------------------------------------ */
/* Attaches to what the configuration implies and to what was wished for, as far as it exists. */
void attach_all(struct daemon *d);
/* Tells of interfaces whose mode has changed with another one's. */
void attach_tell_changes(struct daemon *d);
/* Tries again what did not work; from time to time. */
void attach_retry(struct daemon *d);
/* Is the program on every interface that the user named? */
bool attach_wishes_met(const struct daemon *d);
int attach_wish(struct daemon *d, const char *name, enum xdp_mode mode, struct attachment *ret,
		struct control_error *error);
int detach_wish(struct daemon *d, const char *name, struct control_error *error);
int detach_everything(struct daemon *d, struct control_error *error);
/* A host is now reached through that interface. */
void attach_next_hop(struct daemon *d, uint32_t ifindex);
/* A link came, went or changed. */
void attach_link_event(struct daemon *d, uint32_t ifindex);

/* ---- nat.c --------------------------------------------------------------------------------- */
/* Looks which "nat to" addresses of the model the box has, and says what has changed. true: the
 * model is to be updated and synced. */
bool nat_check(struct daemon *d, struct model *m);
/* Says which listen addresses are nobody's here. */
void nat_note_routed(const struct daemon *d);

/* ---- reload.c ------------------------------------------------------------------------------ */
/* Reads the configuration, NULL: the file, anew; on failure everything stays as it is. diag gets
 * what there is to say. See struct control_ops. */
int reload(struct daemon *d, const struct control_config *from, unsigned confirm_s,
	   struct diag *diag, struct control_error *error);
int reload_plan(struct daemon *d, const struct control_config *from, struct diag *diag,
		struct control_error *error, struct plan **ret);
/* Puts the model into the place of the one in use, which *ret_before gets: nothing uses it any
 * more.
 */
int reload_swap(struct daemon *d, struct model *next, struct model **ret_before);

/* ---- confirm.c ----------------------------------------------------------------------------- */
/* A reload has put `former` aside (taken over): now it is confirmed, or is to be within so many
 * seconds. own_file: the daemon's next start would read the same. */
void confirm_reloaded(struct daemon *d, struct model *former, unsigned confirm_s, bool own_file);
int confirm(struct daemon *d, struct control_error *error);
int confirm_rollback(struct daemon *d, struct control_error *error);
/* Seconds left, 0: nothing to confirm. */
unsigned confirm_left(const struct daemon *d);
/* To be called when the daemon ends. */
void confirm_stop(struct daemon *d);
/* At the start: if *conf is what nobody confirmed, the one before takes its place. */
int confirm_recover(const struct options *o, struct cfg **conf, bool *ret_rolled_back);

/* ---- status.c ------------------------------------------------------------------------------ */
/* What `systemctl status` shows. */
void status_notify(const struct daemon *d);

/* ---- track.c ------------------------------------------------------------------------------- */
/* Brings the file of --track-file up to date, if there is one. Failures are logged once. */
void track_update(struct daemon *d);
/* Tells the readers of events; takes over the reference. */
void publish(const struct daemon *d, json_t *event);

/* ---- counters.c ---------------------------------------------------------------------------- */
/* See struct control_ops. */
size_t daemon_counters(void *data, struct daemon_counter *ret, size_t max);

/* ---- watch.c ------------------------------------------------------------------------------- */
/* The status page and what it shows. Failures are logged. */
int watch_open(struct daemon *d);
void watch_close(struct daemon *d);
/* A reload has come to its end. */
void watch_reloaded(struct daemon *d, bool ok);

/* ---- metrics_file.c ------------------------------------------------------------------------ */
/* Writes the metrics to the file of --metrics-file from time to time, if there is one. */
int metrics_file_open(struct daemon *d);
void metrics_file_close(struct daemon *d);
/* They are there now. */
void metrics_file_ready(struct daemon *d);

/* ---- control_ops.c ------------------------------------------------------------------------- */
extern const struct control_ops daemon_control_ops;

#endif
