/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * All that the metrics and the status page tell, as of one moment. It owns what it points to, so
 * that it can be written out piece by piece while the daemon goes on, reloads included.
 */
#ifndef XLB_METRICS_SNAPSHOT_H
#define XLB_METRICS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "config/arena.h"
#include "dataplane/dataplane.h"
#include "metrics/daemon_counter.h"
#include "model/model.h"

/* A host's status as xlbctl shows it. */
enum host_state { STATE_UP, STATE_DOWN, STATE_UNKNOWN, STATE_DISABLED, STATE_DRAINING, N_STATES };
extern const char *const host_state_names[N_STATES];

/* `labels` are those of the text format, without the closing brace: {service="a",type="relay" */
struct snapshot_service {
	const char *name;
	const char *labels;
	const char *kind; /* static, as the others without "owned" */
	const char *forward;
	const char *mode;
	const char *status;
	const char *why_not;        /* NULL: it is served */
	const char *const *listens; /* "192.168.0.2 port 443 tcp", NULL-terminated */
	const char *table;          /* in use, or NULL */
	bool sticky;
	bool disabled;
	bool counted; /* it is in the kernel: the numbers mean something */
	struct traffic traffic;
	uint64_t flows;
	unsigned usable;
	unsigned first_backend; /* in backends */
	unsigned n_backends;
};

/* A host as one service has it. */
struct snapshot_backend {
	const char *labels;
	unsigned service;
	unsigned host; /* in hosts */
	bool counted;
	struct traffic traffic;
	uint64_t flows;
	const char *left_out; /* why the service never uses it, or NULL */
};

/* A host as one table has it, where its state is. */
struct snapshot_host {
	const char *name;
	const char *address;
	const char *table; /* with " (2)" and so on, if there are several of that name */
	const char *labels;
	const char *check;
	const char *reason;   /* of the last result, may be empty */
	const char *next_hop; /* "ok", or what is wrong */
	const char *interface;
	uint32_t id;
	enum host_state state;
	bool up; /* as the checks say */
	bool usable;
	bool checked; /* by itself, and there was a result */
	unsigned weight;
	uint32_t latency_ms;
	uint64_t checks;
	uint64_t failures;
	uint64_t since_s; /* in this state; UINT64_MAX: not known */
};

struct snapshot_table {
	const char *labels;
	unsigned hosts;
	unsigned up;
	bool panic;
};

/* Failed checks of a host by reason. */
struct snapshot_failure {
	const char *labels;
	uint64_t count;
};

struct snapshot_interface {
	const char *name;
	const char *labels;
	const char *mode; /* of XDP, or NULL */
	const char *nat;  /* "tcx", "clsact", or NULL */
	const char *why_generic;
	bool up;
};

struct snapshot_nat {
	const char *labels;
	uint32_t used;
	uint32_t max;
};

/* What only the daemon knows of itself. Strings are borrowed in what it gives. */
struct snapshot_daemon {
	const char *hostname; /* or NULL */
	const char *config_file;
	const char *config_state;
	const char *reload_error; /* of the last reload, or empty */
	unsigned confirm_in_s;
	uint64_t reloads;
	uint64_t reloads_failed;
	time_t reloaded_at; /* realtime s: the last one that succeeded, or the start */
	uint64_t uptime_s;
	bool attached; /* there is a data plane */
	bool synced;   /* the last change has reached the kernel */
	/* how late the event loop came to a timer that is due once a second */
	uint64_t delay_us;
	uint64_t delays_us; /* sum */
	uint64_t delays;
	uint64_t delay_max_us;  /* since the start */
	uint64_t file_failures; /* of --metrics-file */
	uint64_t events_total;
};

/* What the listener has had. */
struct snapshot_page {
	uint64_t connections;
	uint64_t requests;
	uint64_t refused;  /* wrong Host, method or path */
	uint64_t slow;     /* ended, as they did not read */
	uint64_t pushed;   /* idle ones that made room for others */
	uint64_t builds;   /* of answers */
	uint64_t build_us; /* sum, from begin to end, with what came between */
};

struct snapshot_process { /* of /proc/self */
	uint64_t cpu_ms;
	uint64_t resident;   /* bytes */
	uint64_t started_ms; /* realtime */
	uint64_t files;
	uint64_t max_files;
};

struct snapshot {
	struct cfg_arena *arena; /* of all that it points to */
	uint64_t made_ms;        /* monotonic */
	struct timespec time;
	struct snapshot_service *services;
	unsigned n_services;
	struct snapshot_backend *backends;
	unsigned n_backends;
	struct snapshot_host *hosts;
	unsigned n_hosts;
	struct snapshot_table *tables;
	unsigned n_tables;
	struct snapshot_failure *failures;
	unsigned n_failures;
	struct snapshot_interface *interfaces;
	unsigned n_interfaces;
	struct snapshot_nat *nat;
	unsigned n_nat;
	bool counted; /* there is a data plane */
	uint64_t reasons[XLB_REASON_COUNT];
	struct table_use use[TABLE_USES];
	struct snapshot_daemon daemon;
	struct snapshot_page page;
	struct daemon_counter counters[XLB_MAX_COUNTERS];
	unsigned n_counters;
	struct snapshot_process process;
};

/* NULL: no memory. */
struct snapshot *snapshot_new(void);
void snapshot_free(struct snapshot *s); /* NULL is fine */

#endif
