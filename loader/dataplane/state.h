/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The data plane object, for the files of this directory that implement dataplane.h.
 */
#ifndef XLB_DATAPLANE_STATE_H
#define XLB_DATAPLANE_STATE_H

#include "dataplane/attach.h"
#include "dataplane/conn_ids.h"
#include "dataplane/dataplane.h"
#include "dataplane/events.h"
#include "dataplane/image.h"
#include "dataplane/loading.h"
#include "dataplane/lookup.h"
#include "dataplane/maps.h"
#include "dataplane/nat_ports.h"
#include "dataplane/probe.h"
#include "dataplane/signs.h"
#include "dataplane/sweep.h"
#include "dataplane/trace.h"
#include "dataplane/tracing.h"

#define MAX_NO_EGRESS 64

struct ring_buffer;

struct dataplane {
	char *bpffs;
	int lock; /* of pins_lock() */
	bool test_clock;
	bool has_views; /* of show.h */
	struct maps *maps;
	struct image *image;  /* what the maps hold */
	struct lookup lookup; /* of the image, once somebody asked */
	struct links *links;
	struct sweep *sweep;
	struct probes *probes;
	struct sign_sample *signs; /* XLB_MAX_HOSTS, NULL: never looked */
	struct flow_tables tables;
	struct conn_tables conns;
	struct nat_ports nat_ports;
	struct events *events;
	conn_event_fn *on_conn; /* may be NULL */
	void *on_conn_data;
	int loaded_fd;          /* one of the next two is; -1: they are loaded at once */
	struct loading dry;     /* programs to ask why */
	struct loading tracing; /* … to see packets */
	int ring;               /* that these write to; -1: nobody has wanted to see packets yet */
	struct ring_buffer *traces;
	bool is_tracing; /* its programs are those on the interfaces */
	bool former;     /* those of a former daemon may be, and tell */
	struct xlb_capture capture;
	trace_fn *on_trace; /* may be NULL */
	void *on_trace_data;
	unsigned traces_left; /* of this time's */
	struct conn_ids *conn_ids;
	/* connections by service, counted at a tick for whoever asks */
	uint32_t active[XLB_MAX_SERVICES];
	uint32_t active_at;
	char error[512];
	/* traffic of hosts whose slots were freed, by service */
	struct traffic retired[XLB_MAX_SERVICES];
	struct traffic *held; /* by host slot, while counters are held; else NULL */
	uint16_t n_held;
	/* entries by host, counted at a tick for whoever asks */
	uint32_t *host_entries; /* XLB_MAX_HOSTS, NULL: never counted */
	uint32_t counted_at;
};

/* Ticks as the program counts them. */
uint32_t dataplane_now(const struct dataplane *dp);

/* Slots in the image as it is now, or -ENOENT. */
int find_service(struct dataplane *dp, const char *name, uint8_t proto);
int find_host(struct dataplane *dp, const char *service, uint8_t proto,
	      const struct cfg_addr *host);

/* "ESTABLISHED" and the like; of an enum xlb_conn_state. */
const char *conn_state_name(uint32_t state);

/* A connection of NAT, decoded; false: its service or host is not there any more. The strings are
 * the image's. */
bool session_of_conn(const struct dataplane *dp, const struct xlb_conn *conn, uint32_t target,
		     uint32_t nat_port, uint32_t now, struct session *ret);

/* Connections of the service that this one is of. */
uint32_t sessions_active(struct dataplane *dp, const struct xlb_conn *conn);

/* Tells of a connection that has ended; a conn_ended. */
void session_ended(const struct xlb_conn *conn, uint32_t target, uint32_t nat_port, void *data);

/* Sum over CPUs. */
int host_traffic(const struct maps *maps, uint32_t slot, struct traffic *ret);

/* Has a packet of the service been forwarded? An image_input's is_used, of a struct dataplane. */
bool service_is_used(uint16_t service, void *data);

#endif
