/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets as the kernel saw them, for whoever logs or captures. A service's packets are told if its
 * desired_service.trace says so, all packets while a capture runs. What found no room on its way
 * here is counted (reason trace_lost).
 *
 * The programs that can tell are loaded and attached only while somebody wants to be told.
 */
#ifndef XLB_DATAPLANE_TRACE_H
#define XLB_DATAPLANE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "xlb/abi.h"
#include "xlb/reasons.h"

struct dataplane;

struct trace_event {      /* decoded; pointers are valid during the call */
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	unsigned wants;   /* XLB_TRACE_CONN, PFLOG, REQUEST, CAPTURE: at least one */
	enum xlb_hook hook;
	enum xlb_trace_verdict verdict;
	int reason;            /* enum xlb_reason, the last that was counted; -1: the plain path */
	const char *service;   /* name; NULL: none */
	uint16_t service_id;   /* relayd's id; 0: no service */
	bool nat;              /* the service is a relay, or "forward to" */
	uint8_t proto;         /* IPPROTO_*; 0: not parsed, or neither IPv4 nor IPv6 */
	uint8_t tcp_flags;     /* byte 13 of the TCP header */
	const char *host_name; /* NULL: none */
	struct cfg_addr host;  /* family AF_UNSPEC: none */
	uint32_t ifindex;      /* where it came in */
	uint32_t egress;       /* where it goes out; 0: it doesn't */
	/* as it came, from the Ethernet header on, without FCS; at TC an aggregate (GRO) is one
	 * frame */
	uint32_t frame_len;
	bool is_new;    /* it creates state: a connection, an entry for a flow, a SYN */
	bool from_host; /* NAT: on its way to the client */
	/* The frame's first bytes as it came, then as it left, which is only there for a capture of
	 * what was forwarded. As many as the most demanding of `wants` asks for: XLB_TRACE_HEADERS
	 * (CONN, PFLOG), XLB_TRACE_BYTES (REQUEST), the capture's snaplen. */
	const uint8_t *before;
	size_t before_len;
	const uint8_t *after;
	size_t after_len;
};

typedef void trace_fn(const struct trace_event *event, void *data);

/* Who is told, during dataplane_read_traces(); NULL: nobody. */
void dataplane_on_trace(struct dataplane *dp, trace_fn *fn, void *data);

/*
 * Where the data plane's options say "background" programs are loaded by a thread: dataplane_sync()
 * does not wait for them, dataplane_capture() and dataplane_why() say -EAGAIN. The descriptor,
 * which stays the same, becomes readable when dataplane_loaded() is to be called: what has been
 * loaded is in use then, or dataplane_error() says why not. -1: nothing is loaded in the
 * background.
 */
int dataplane_loading_fd(const struct dataplane *dp);
int dataplane_loaded(struct dataplane *dp);

/* Programs that tell are wanted, and on their way. */
bool dataplane_is_loading(const struct dataplane *dp);

/* All packets at the hooks, or all that are for or of a service, with at most snaplen bytes of each
 * (an Ethernet header's 14 at least, XLB_TRACE_BYTES at most), until it is called with on = false.
 * dataplane_error() says what is wrong; then nothing has changed. */
int dataplane_capture(struct dataplane *dp, bool on, uint32_t snaplen, bool services_only);

/* The programs that tell are attached now, or those of a former daemon may be. */
bool dataplane_is_tracing(const struct dataplane *dp);

/* Readable when the buffer is half full; -1: there is none. Changes with dataplane_sync() and
 * dataplane_capture(), once. */
int dataplane_traces_fd(const struct dataplane *dp);

/* Tells what there is, or as much as is good at a time. To be called every few milliseconds while
 * dataplane_is_tracing(): nobody is woken for a packet. 0 or -errno. */
int dataplane_read_traces(struct dataplane *dp);

/* ---- for dataplane.c ----------------------------------------------------------------------- */
/* Puts the programs on all interfaces that are needed now: the plain ones, or those that tell.
 * dp->error gets a sentence. */
int trace_fit(struct dataplane *dp);

/* Reads what a former daemon's programs tell. */
int trace_open(struct dataplane *dp, bool background);

struct loading;
/* 0: the programs are there; -EAGAIN: on their way; else dp->error gets a sentence. ring -1: dry
 * ones. */
int trace_need(struct dataplane *dp, struct loading *loading, int ring);

/* No captures any more. Programs that services want go on telling, the next daemon reads it; else
 * the plain ones take their place. */
void trace_close(struct dataplane *dp);

#endif
