/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the kinds of checks and the prober know of each other. A kind is a table of functions; a run
 * of it starts with zeroed state and ends with exactly one of check_finish(), check_not_made() or
 * an abandonment, after each of which the prober calls stop().
 */
#ifndef XLB_HEALTH_CHECK_H
#define XLB_HEALTH_CHECK_H

#include <stddef.h>
#include <sys/socket.h>

#include "health/health.h"

struct check_ops {
	/* What all checks of the kind share in one prober; both may be NULL. 0 or -errno. */
	int (*open)(sd_event *event, void **ret);
	void (*close)(void *shared);

	/* false: as many run as may, this one has to wait. May be NULL. */
	bool (*may_start)(const struct probe *probe);

	size_t state_size;
	/* Begins; may finish the check before it returns. */
	void (*start)(struct probe *probe);
	/* The time is over; finishes the check. */
	void (*deadline)(struct probe *probe);
	/* Frees what start() and its followers took, whatever the state; the state may be zero. */
	void (*stop)(struct probe *probe);
};

/* NULL: this version does not do it. */
const struct check_ops *check_ops_for(enum cfg_check_type type);

extern const struct check_ops tcp_check;
extern const struct check_ops tls_check;
extern const struct check_ops http_check;
extern const struct check_ops send_check;
extern const struct check_ops icmp_check;
extern const struct check_ops script_check;
extern const struct check_ops dns_check;

/* ---- for the kinds ------------------------------------------------------------------------- */
struct probe {
	struct prober *prober;
	struct probe_target target;
	const struct check_ops *ops;
	void *shared; /* the kind's, of this prober */
	void *state;  /* the kind's; zeroed before each start */
	void *data;

	sd_event_source *start;    /* one-shot, at the next check */
	sd_event_source *deadline; /* one-shot, while a check runs */
	unsigned interval_ms;      /* now: the target's, or a faster one */
	uint64_t place; /* a start at the host's own place in the target's interval, monotonic us */
	uint64_t planned; /* next start by the plan, monotonic us */
	uint64_t started; /* monotonic us */
	bool running;
	bool late;      /* the deadline has passed while the loop was busy: once more */
	bool exit_zero; /* for the result, see struct probe_result */
	/* It is due, and others run: in the prober's queue, or called from it and about to start.
	 */
	bool waits, called;
	struct probe *wait_prev, *wait_next;
	struct probe *prev, *next;
};

sd_event *check_event(const struct probe *probe);

/* The target as socket calls want it; its size. */
socklen_t check_socket_address(const struct probe_target *target, struct sockaddr_storage *ret);

/* "ip ttl" of the host, if there is one. -1 and errno. */
int check_set_ttl(int fd, const struct probe_target *target);

/*
 * What the target wants of a TCP socket that is not connected yet: "ip ttl", mark and interface. A
 * marked one gets a local port that no other socket of the machine has: the answers to two checks
 * come from the same VIP and port, whatever hosts they were for. -1 and errno.
 */
int check_set_options(int fd, const struct probe_target *target);

/* `reason` is relayd's word for it; copied by the receiver. The probe may be gone afterwards: a
 * kind returns at once. */
void check_finish(struct probe *probe, enum host_health health, const char *reason);

/* It could not be made, for lack of something on our side. */
void check_not_made(struct probe *probe, const char *reason);

#endif
