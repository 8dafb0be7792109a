/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "capture/filter.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include <pcap/bpf.h> /* which needs sys/types.h */

struct filter {
	unsigned n;
	struct bpf_insn program[];
};

__attribute__((format(printf, 3, 4))) static int refuse(char *error, size_t error_size,
							const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, error_size, format, args);
	va_end(args);
	return -EINVAL;
}

/* ---- reading ------------------------------------------------------------------------------- */
/* A number and what ends it. */
static bool take_number(const char **text, uint32_t max, const char *ends, uint32_t *ret)
{
	unsigned long value;
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	errno = 0;
	value = strtoul(*text, &end, 10);
	if (errno || value > max)
		return false;
	if (*end != *ends)
		return false;
	*text = *end ? end + 1 : end;
	*ret = (uint32_t)value;
	return true;
}

static bool take_instruction(const char **text, bool last, struct bpf_insn *ret)
{
	uint32_t code, jt, jf, k;

	if (!take_number(text, UINT16_MAX, " ", &code) || !take_number(text, UINT8_MAX, " ", &jt) ||
	    !take_number(text, UINT8_MAX, " ", &jf) ||
	    !take_number(text, UINT32_MAX, last ? "" : ",", &k))
		return false;
	*ret = (struct bpf_insn){ (u_short)code, (u_char)jt, (u_char)jf, k };
	return true;
}

/* ---- what a program may do ----------------------------------------------------------------- */
/* bpf_validate() lets some others pass, and bpf_filter() ends the process when it meets them. */
static const u_short codes[] = {
	/* clang-format off */
	BPF_RET | BPF_K, BPF_RET | BPF_A,
	BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_H | BPF_ABS, BPF_LD | BPF_B | BPF_ABS,
	BPF_LD | BPF_W | BPF_IND, BPF_LD | BPF_H | BPF_IND, BPF_LD | BPF_B | BPF_IND,
	BPF_LD | BPF_W | BPF_LEN, BPF_LD | BPF_IMM, BPF_LD | BPF_MEM,
	BPF_LDX | BPF_W | BPF_LEN, BPF_LDX | BPF_MSH | BPF_B, BPF_LDX | BPF_IMM, BPF_LDX | BPF_MEM,
	BPF_ST, BPF_STX,
	BPF_JMP | BPF_JA,
	BPF_JMP | BPF_JGT | BPF_K, BPF_JMP | BPF_JGE | BPF_K, BPF_JMP | BPF_JEQ | BPF_K,
	BPF_JMP | BPF_JSET | BPF_K,
	BPF_JMP | BPF_JGT | BPF_X, BPF_JMP | BPF_JGE | BPF_X, BPF_JMP | BPF_JEQ | BPF_X,
	BPF_JMP | BPF_JSET | BPF_X,
	BPF_ALU | BPF_ADD | BPF_K, BPF_ALU | BPF_SUB | BPF_K, BPF_ALU | BPF_MUL | BPF_K,
	BPF_ALU | BPF_DIV | BPF_K, BPF_ALU | BPF_MOD | BPF_K, BPF_ALU | BPF_AND | BPF_K,
	BPF_ALU | BPF_OR | BPF_K, BPF_ALU | BPF_XOR | BPF_K, BPF_ALU | BPF_LSH | BPF_K,
	BPF_ALU | BPF_RSH | BPF_K,
	BPF_ALU | BPF_ADD | BPF_X, BPF_ALU | BPF_SUB | BPF_X, BPF_ALU | BPF_MUL | BPF_X,
	BPF_ALU | BPF_DIV | BPF_X, BPF_ALU | BPF_MOD | BPF_X, BPF_ALU | BPF_AND | BPF_X,
	BPF_ALU | BPF_OR | BPF_X, BPF_ALU | BPF_XOR | BPF_X, BPF_ALU | BPF_LSH | BPF_X,
	BPF_ALU | BPF_RSH | BPF_X, BPF_ALU | BPF_NEG,
	BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA,
	/* clang-format on */
};

static bool is_known(const struct bpf_insn *i)
{
	for (size_t n = 0; n < sizeof(codes) / sizeof(codes[0]); n++)
		if (codes[n] == i->code)
			return true;
	return false;
}

/* libpcap allows loops ("protochain"), and those need not end. A jump counts from what follows. */
static bool jumps_back(const struct bpf_insn *i, unsigned at, unsigned n)
{
	return i->code == (BPF_JMP | BPF_JA) && i->k >= n - at - 1;
}

static int check(const struct filter *f, char *error, size_t error_size)
{
	for (unsigned i = 0; i < f->n; i++) {
		if (!is_known(&f->program[i]))
			return refuse(error, error_size, "the filter's instruction %u is none", i);
		if (jumps_back(&f->program[i], i, f->n))
			return refuse(
				error, error_size,
				"the filter's instruction %u jumps back or out of the program", i);
	}
	if (!bpf_validate(f->program, (int)f->n))
		return refuse(error, error_size, "the filter is no valid program of classic BPF");
	return 0;
}

int filter_parse(const char *text, struct filter **ret, char *error, size_t error_size)
{
	struct filter *f;
	uint32_t n;
	int r;

	if (!take_number(&text, UINT32_MAX, ",", &n))
		return refuse(error, error_size,
			      "the filter is not of the form N,CODE JT JF K,...");
	if (n == 0 || n > FILTER_MAX)
		return refuse(error, error_size,
			      "the filter has %u instructions: 1 to %d are allowed", n, FILTER_MAX);
	f = calloc(1, sizeof(*f) + n * sizeof(f->program[0]));
	if (!f)
		return -ENOMEM;
	for (; f->n < n; f->n++)
		if (!take_instruction(&text, f->n == n - 1, &f->program[f->n]))
			break;
	r = f->n == n ? check(f, error, error_size) :
			refuse(error, error_size, "the filter's instruction %u is none", f->n);
	if (r < 0) {
		filter_free(f);
		return r;
	}
	*ret = f;
	return 0;
}

void filter_free(struct filter *f)
{
	free(f);
}

bool filter_matches(const struct filter *f, const uint8_t *data, uint32_t captured, uint32_t length)
{
	return !f || bpf_filter(f->program, data, length, captured) != 0;
}
