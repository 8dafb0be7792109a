/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Tests of the box and of the hosts, as far as they can be seen from the box: what keeps packets
 * from where they should go, and what to do about it. Changes nothing but the kernel's neighbour
 * entries, and sends some frames on the segments that hosts of direct server return are on.
 */
#ifndef XLB_DOCTOR_DOCTOR_H
#define XLB_DOCTOR_DOCTOR_H

#include <jansson.h>

#include "doctor/report.h"
#include "doctor/site.h"

struct doctor_input { /* borrowed */
	const struct site *site;
	const char *bpffs; /* where things are pinned, or would be */
	/* What the running daemon answers to GET /v1/interfaces and /v1/sessions; NULL: there is
	 * none. */
	const json_t *interfaces;
	const json_t *sessions;
};

/* 0, or -errno if the tests could not be made; the report is for report_free() in any case. Takes
 * some seconds. */
int doctor_run(const struct doctor_input *input, struct report *ret);

#endif
