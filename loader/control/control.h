/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The control API: HTTP/1.1 and JSON on a unix socket, served from the daemon's event loop. It
 * reads the model and the data plane by itself; whatever changes something goes through the
 * daemon's operations. Callbacks run in the event loop, never from within control_open() or
 * control_event().
 */
#ifndef XLB_CONTROL_CONTROL_H
#define XLB_CONTROL_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "config/diag.h"
#include "dataplane/dataplane.h"
#include "metrics/daemon_counter.h"
#include "model/model.h"
#include "net/net.h"

#define XLB_DEFAULT_SOCKET "/run/xlb/xlbd.sock"
#define XLB_CONTROL_GROUP "xlb" /* owns the socket, if there is such a group */
#define XLB_API_SCHEMA 1
#define XLB_CONFIRM_MAX_S 86400 /* seconds that a reload can wait to be confirmed */

struct control;
struct capture_packet; /* capture/packet.h */
struct plan;           /* dataplane/plan.h */

/* What a failed operation wants the user to read. Empty on entry; an empty message means that the
 * errno says enough. */
struct control_error {
	char message[512];
	char hint[256];
};

enum control_config_state {
	CONFIG_LOADED,
	CONFIG_UNCONFIRMED, /* rolled back unless somebody confirms it */
	CONFIG_ROLLED_BACK, /* nobody did: this is the one before */
};

struct control_info {            /* borrowed */
	const char *config_file; /* what a reload reads */
	const char *loaded_from; /* what is in use was read from there */
	enum control_config_state config_state;
	unsigned confirm_in_s; /* until it is rolled back */
	const char *bpffs;
	uint64_t started_at; /* monotonic ms */
	bool started; /* the first checks are over, what they found is in the kernel, and logs are
			 told */
};

/* A configuration that came with a request. All is borrowed. */
struct control_config {
	const char *name; /* as positions show it */
	const char *text;
	size_t len;
	const json_t *includes; /* object: path to text, all that `include` can find; or NULL */
	const json_t
		*macros; /* object: name to value, beats the text and the daemon's -D; or NULL */
};

/* What the daemon gives. Actions return 0 or -errno; the errno picks the HTTP status (-ENOENT,
 * -ENODEV 404, -EINVAL 400, -EBUSY, -EEXIST 409, -EPERM, -EACCES 403, -EOPNOTSUPP 501, else 500).
 */
struct control_ops {
	/* Before each request: brings the kernel in line with the model, if that has been put off,
	 * so that what is answered is what packets meet. NULL: nothing ever is. */
	void (*flush)(void *data);
	const struct model *(*model)(void *data);   /* never NULL */
	struct dataplane *(*dataplane)(void *data); /* NULL: not loaded, or taken out by detach */
	struct net *(*net)(void *data);             /* NULL: not known; interfaces lack details */
	void (*info)(void *data, struct control_info *ret);
	/* How many of ret, which has room for max, are written. NULL: none. */
	size_t (*counters)(void *data, struct daemon_counter *ret, size_t max);

	/* interface: name or altname. Already attached in that mode is 0. */
	int (*attach)(void *data, const char *interface, enum xdp_mode mode, struct attachment *ret,
		      struct control_error *error);
	/* interface NULL: from all, and nothing stays pinned. */
	int (*detach)(void *data, const char *interface, struct control_error *error);

	/* Never called for hosts that follow a parent. */
	int (*host_admin)(void *data, struct host *host, enum host_admin admin,
			  struct control_error *error);
	int (*table_admin)(void *data, struct table *table, bool disabled,
			   struct control_error *error);
	int (*service_admin)(void *data, struct service *service, bool disabled,
			     struct control_error *error);
	int (*poll)(void *data, struct control_error *error); /* check all hosts now */

	/* diag gets what the configuration's reader has to say, also on success. Failure leaves
	 * everything as it was. conf NULL: the daemon's own file. confirm_s not 0: goes back to
	 * what was last confirmed after so many seconds, unless confirm() is called. */
	int (*load)(void *data, const struct control_config *conf, unsigned confirm_s,
		    struct diag *diag, struct control_error *error);
	/* What load() would do to the kernel; changes nothing. The plan is the caller's. */
	int (*plan)(void *data, const struct control_config *conf, struct diag *diag,
		    struct control_error *error, struct plan **ret);
	int (*confirm)(void *data, struct control_error *error);  /* -ENOENT: nothing to confirm */
	int (*rollback)(void *data, struct control_error *error); /* -ENOENT */
	int (*log_level)(void *data, bool verbose, struct control_error *error);
	/* Packets for control_packet(): on, with at most so many bytes of each; or no more.
	 * -ENODEV: no data plane. */
	int (*capture)(void *data, bool on, uint32_t snaplen, bool services_only,
		       struct control_error *error);
};

/*
 * Binds the socket (mode 0660, group xlb; a stale one is replaced, a live one is -EADDRINUSE, and
 * what isn't a socket is left alone: -EEXIST) and serves it from `event`. `ops` and `data` are
 * borrowed for the life of the control. The directory must exist (-ENOENT).
 */
int control_open(sd_event *event, const char *socket_path, const struct control_ops *ops,
		 void *data, struct control **ret);

/*
 * Publishes an event to the readers of /v1/events. Takes over the reference (NULL, from a
 * json_pack() that failed, counts as dropped). The event needs a "type"; "time" (RFC 3339, UTC) is
 * added. Nobody waits: a reader that is too slow loses events and is told how many.
 */
void control_event(struct control *control, json_t *event);

/* A packet for the readers of /v1/capture, in the same way. */
void control_packet(struct control *control, const struct capture_packet *packet);

/* Packets that readers of /v1/capture got, and such as they were too slow for; ever. */
struct capture_counts {
	uint64_t packets;
	uint64_t lost;
};
struct capture_counts control_captured(const struct control *control);

/* Another data plane is there: captures that run go on with it. */
void control_refresh_captures(struct control *control);

/* The last CONTROL_RECENT events, the oldest first: an array that is borrowed until the next one;
 * NULL: no memory. And how many there were. */
#define CONTROL_RECENT 64
const json_t *control_recent(const struct control *control);
uint64_t control_events(const struct control *control);

/* Ends all connections and removes the socket. NULL is fine. */
void control_close(struct control *control);

#endif
