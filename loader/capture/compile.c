/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "capture/compile.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "capture/filter.h"
#include "capture/pcap.h"
#include "capture/pflog.h"

#define SNAPLEN 65535

#define AF_AT 1 /* offset of the address family in pflog's header */

static bool loads_family(const struct bpf_insn *i)
{
	return i->code == (BPF_LD | BPF_B | BPF_ABS) && i->k == AF_AT;
}

static bool compares(const struct bpf_insn *i, bpf_u_int32 with)
{
	return i->code == (BPF_JMP | BPF_JEQ | BPF_K) && i->k == with;
}

/*
 * libpcap up to 1.10 takes pflog's address family for one of the box that it runs on. On Linux
 * AF_INET6 is 10, our records have OpenBSD's 24, and no filter would ever find IPv6. As programs
 * are not optimised here, a comparison always follows its load.
 */
static void correct_family(struct bpf_program *program)
{
	for (u_int i = 1; i < program->bf_len; i++)
		if (loads_family(&program->bf_insns[i - 1]) &&
		    compares(&program->bf_insns[i], AF_INET6))
			program->bf_insns[i].k = PFLOG_AF_INET6;
}

static int write_text(const struct bpf_program *program, char **ret)
{
	size_t size;
	FILE *out = open_memstream(ret, &size);
	int r;

	if (!out)
		return -ENOMEM;
	fprintf(out, "%u", program->bf_len);
	for (u_int i = 0; i < program->bf_len; i++) {
		const struct bpf_insn *insn = &program->bf_insns[i];

		fprintf(out, ",%u %u %u %u", insn->code, insn->jt, insn->jf, insn->k);
	}
	r = ferror(out) ? -ENOMEM : 0;
	return fclose(out) ? -ENOMEM : r;
}

/* What libpcap's optimiser would remove costs us nothing worth its mistakes. */
static int compile(pcap_t *pcap, const char *expression, char **ret_text, char *error,
		   size_t error_size)
{
	struct bpf_program program;
	int r;

	if (pcap_compile(pcap, &program, expression, 0, PCAP_NETMASK_UNKNOWN) < 0) {
		snprintf(error, error_size, "%s", pcap_geterr(pcap));
		return -EINVAL;
	}
	if (pcap_datalink(pcap) == DLT_PFLOG)
		correct_family(&program);
	r = program.bf_len > FILTER_MAX ? -E2BIG : write_text(&program, ret_text);
	pcap_freecode(&program);
	return r;
}

int filter_compile(const char *expression, uint32_t linktype, char **ret_text, char *error,
		   size_t error_size)
{
	int type = linktype == LINKTYPE_PFLOG ? DLT_PFLOG : DLT_EN10MB;
	pcap_t *pcap = pcap_open_dead(type, SNAPLEN);
	int r;

	if (!pcap)
		return -ENOMEM;
	r = compile(pcap, expression, ret_text, error, error_size);
	pcap_close(pcap);
	return r;
}
