/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the box is, apart from its network, and what that means. */
#ifndef XLB_DOCTOR_BOX_H
#define XLB_DOCTOR_BOX_H

#include "doctor/report.h"
#include "doctor/site.h"

struct box_facts {
	char release[65];
	unsigned kernel_major, kernel_minor; /* 0: not to be read */
	bool btf;
	bool bpffs;                /* a BPF file system is mounted where it should be */
	int jit;                   /* net.core.bpf_jit_enable; -1: cannot be read */
	char clocksource[32];      /* "": cannot be read */
	int forward4, forward6;    /* -1: cannot be read */
	unsigned port_lo, port_hi; /* of local programs; 0: cannot be read */
};

/* bpffs: the directory of our pins, which may not be there yet. */
void box_read(const char *bpffs, struct box_facts *ret);

void box_judge(const struct box_facts *facts, const struct site *site, const char *bpffs,
	       struct report *report);

#endif
