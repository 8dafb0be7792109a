/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* How the readers of a site fill it: each list grows by one, zeroed. NULL: no memory. */
#ifndef XLB_DOCTOR_SITE_LISTS_H
#define XLB_DOCTOR_SITE_LISTS_H

#include "doctor/site.h"

struct site_service *site_add_service(struct site *site, const char *name, bool relay);
struct site_vip *site_add_vip(struct site_service *service);
struct site_host *site_add_host(struct site_service *service, const char *name);

#endif
