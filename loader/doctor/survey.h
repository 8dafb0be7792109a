/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the tests of one run share, and the tests. */
#ifndef XLB_DOCTOR_SURVEY_H
#define XLB_DOCTOR_SURVEY_H

#include "doctor/doctor.h"
#include "net/net.h"

/* How frames for a host leave. */
struct way {
	const struct site_service *service; /* the first one that uses it */
	const struct site_host *host;
	struct net_watch *watch;
	struct next_hop hop;
};

enum place_xdp { PLACE_XDP_NONE, PLACE_XDP_NATIVE, PLACE_XDP_GENERIC };

/* An interface that packets of services come in by, or that hosts are behind. */
struct place {
	uint32_t ifindex;
	char name[16];
	uint8_t mac[6];
	bool clients; /* of redirects with "route to" */
	bool hosts;   /* of redirects with "route to" */
	unsigned mtu;
	char driver[32];
	enum place_xdp xdp;
	bool gro, lro;
	bool tx_checksum;   /* the driver is handed unfinished checksums */
	unsigned rp_filter; /* what counts: the larger one of "all" and its own */
};

#define SURVEY_PLACES 64

struct survey {
	const struct doctor_input *in;
	struct report *report;
	sd_event *event;
	struct net *net;
	struct way *ways; /* each host once for each interface */
	size_t n_ways;
	struct next_hop clients_way; /* to clients from anywhere: the default route */
	struct place places[SURVEY_PLACES];
	size_t n_places;
};

/* Kernel, file systems, settings; needs no network. */
void box_examine(struct survey *s);

/* Finds the ways to all hosts, within seconds. -ENOMEM or what net said. */
int ways_find(struct survey *s);
void ways_examine(struct survey *s);
void ways_free(struct survey *s);

/* Finds the interfaces, of ways and of VIPs, and looks at their settings. */
void places_find(struct survey *s);
void places_examine(struct survey *s);
struct place *places_by_index(struct survey *s, uint32_t ifindex);

/* Does each interface of a service carry its VIP? */
void vips_examine(struct survey *s);

/* Asks on the hosts' segments: who claims a VIP, which host lacks it, what size of packet passes.
 */
void segments_examine(struct survey *s);

/* Are the clients who they seem to be? */
void clients_examine(struct survey *s);

#endif
