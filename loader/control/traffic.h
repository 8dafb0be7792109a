/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the data plane has counted of the model's services and hosts. */
#ifndef XLB_CONTROL_TRAFFIC_H
#define XLB_CONTROL_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "control/view.h"

/* All of these are -ENOENT if the kernel has nothing of it, or there is no data plane. */

/* Sums over the service's protocols. */
int service_traffic(const struct view *v, const struct service *s, struct traffic *ret);
/* … of one protocol: IPPROTO_*. */
int service_proto_traffic(const struct view *v, const struct service *s, uint8_t proto,
			  struct traffic *ret);

/* Entries of flows and clients, and connections, that are alive. */
int service_states(const struct view *v, const struct service *s, uint64_t *ret);
int service_proto_states(const struct view *v, const struct service *s, uint8_t proto,
			 uint64_t *ret);

/* A table may serve several services: the sums over all of them. */
int host_total_traffic(const struct view *v, const struct host *h, struct traffic *ret);
int host_total_states(const struct view *v, const struct host *h, uint64_t *ret);

bool service_uses(const struct service *s, const struct table *t);

/* What one service has sent to the host is added. false: nothing is known of it. */
bool add_host_traffic(const struct view *v, const struct service *s, const struct host *h,
		      struct traffic *sum);

/* What the service has sent to hosts of the family that are reached by the interface now is added.
 */
void add_service_sent(const struct view *v, const struct service *s, uint32_t ifindex,
		      sa_family_t family, struct traffic *sum);

#endif
