/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Desired states to change, and images made from them. Each file of tests has its own copy.
 */
#ifndef TESTS_UNIT_DATAPLANE_FIXTURE_H
#define TESTS_UNIT_DATAPLANE_FIXTURE_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/image.h"

#define FIX_SERVICES 6
#define FIX_HOSTS 8
#define FIX_LISTENS 6

struct fixture {
	struct desired_service services[FIX_SERVICES];
	struct desired_host hosts[FIX_SERVICES][FIX_HOSTS];
	struct desired_listen listens[FIX_SERVICES][FIX_LISTENS];
	struct desired desired;
	struct scan_result scan;
	struct image_input in;
	struct image_error error;
	struct image *image;
};

static const char *const fix_names[] = { "zero", "one", "two", "three", "four", "five",
					 "six",	 "seven" };

static inline struct cfg_addr fix_addr(const char *text)
{
	struct cfg_addr addr = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	cr_assert_eq(inet_pton(addr.family, text, &addr.v6), 1, "%s", text);
	return addr;
}

/* Host number i of a service: up, on interface 4. */
static inline struct desired_host fix_host(unsigned i)
{
	char text[32];

	snprintf(text, sizeof(text), i % 2 ? "2001:db8::%u" : "192.168.1.%u", i + 3);
	return (struct desired_host){ .name = fix_names[i],
				      .addr = fix_addr(text),
				      .weight = 1,
				      .takes_new = true,
				      .keeps_old = true,
				      .has_next_hop = true,
				      .ifindex = 4,
				      .dst_mac = { 2, 0, 0, 0, 1, i },
				      .src_mac = { 2, 0, 0, 0, 0, 1 } };
}

/* Service number i with four hosts, TCP by rows, on 10.0.0.(i+1) port 443. */
static inline void fix_service(struct fixture *f, unsigned i)
{
	char text[32];

	snprintf(text, sizeof(text), "10.0.0.%u", i + 1);
	f->listens[i][0] = (struct desired_listen){ .addr = fix_addr(text),
						    .port_lo = 443,
						    .port_hi = 443 };
	for (unsigned h = 0; h < FIX_HOSTS; h++)
		f->hosts[i][h] = fix_host(h);
	f->services[i] = (struct desired_service){ .name = fix_names[i],
						   .id = i + 1,
						   .proto = IPPROTO_TCP,
						   .choose = XLB_CHOOSE_ROW,
						   .hash_ports = true,
						   .timeout_s = 600,
						   .listens = f->listens[i],
						   .n_listens = 1,
						   .hosts = f->hosts[i],
						   .n_hosts = 4 };
}

static inline struct fixture *fix_new(unsigned n_services)
{
	const struct xlb_settings settings = { .abi_version = XLB_ABI_VERSION,
					       .hash_key = { 11, 22, 33, 44, 55, 66, 77, 88 } };
	struct fixture *f = calloc(1, sizeof(*f));

	cr_assert_not_null(f);
	for (unsigned i = 0; i < FIX_SERVICES; i++)
		fix_service(f, i);
	f->desired = (struct desired){ f->services, n_services };
	f->in = (struct image_input){ .desired = &f->desired, .scan = &f->scan, .now = 1000 };
	f->image = image_new(&settings);
	cr_assert_not_null(f->image);
	return f;
}

static inline void fix_free(struct fixture *f)
{
	image_free(f->image);
	free(f);
}

/* What image_next() says; on success the image is replaced. */
static inline int fix_try(struct fixture *f)
{
	struct image *next;
	int err = image_next(f->image, &f->in, &f->error, &next);

	if (err)
		return err;
	image_free(f->image);
	f->image = next;
	return 0;
}

static inline void fix_sync(struct fixture *f)
{
	cr_assert_eq(fix_try(f), 0, "%s", f->error.text);
}

/* A look through the flow table ends, having found what f->scan says. */
static inline void fix_scan(struct fixture *f)
{
	struct image *next;

	f->scan.done++;
	f->scan.began = f->in.now;
	cr_assert_eq(image_age(f->image, &f->in, &next), 0);
	image_free(f->image);
	f->image = next;
}

static inline int fix_slot(const struct fixture *f, unsigned service, unsigned host)
{
	int slot = image_find_service(f->image, fix_names[service], f->services[service].proto);

	if (slot < 0)
		return slot;
	return image_find_host(f->image, slot, &f->hosts[service][host].addr);
}

#endif
