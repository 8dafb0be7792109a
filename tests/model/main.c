// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The model test: random sequences of changes, time and packets against the real loader code and
 * the loaded program, judged by an oracle with a perfect connection table.
 *
 * Without options a fixed set of seeds; with --seconds, new ones from --seed on for that long.
 */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#include "netdev.h"
#include "sequence.h"

#define SKIPPED 77

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },       { "seconds", required_argument, NULL, 's' },
	{ "seed", required_argument, NULL, 'S' }, { "ticks", required_argument, NULL, 't' },
	{ "verbose", no_argument, NULL, 'v' },    {}
};

static void usage(FILE *f)
{
	fprintf(f, "usage: test_model [-v] [--seed SEED] [--seconds SECONDS] [--ticks TICKS]\n"
		   "  --seed SEED        the first sequence's seed (1)\n"
		   "  --seconds SECONDS  sequences for that long; else six, or one if --seed is "
		   "given\n"
		   "  --ticks TICKS      length of a sequence (600)\n"
		   "  -v, --verbose      every change\n");
}

static unsigned long long number(const char *text)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (*end || end == text) {
		fprintf(stderr, "test_model: %s is not a number\n", text);
		exit(2);
	}
	return n;
}

/* A bpf file system and a network of our own. */
static int prepare(struct sequence_options *o, char *dir)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    !mkdtemp(dir) || mount("bpf", dir, "bpf", 0, NULL))
		return -errno;
	o->bpffs = dir;
	int err = netdev_namespace();

	return err ? err : netdev_veth("clients", "hosts", o->ifindex);
}

static void finish(const char *dir)
{
	umount(dir);
	rmdir(dir);
}

static bool run_for(struct sequence_options *o, unsigned seconds, unsigned sequences)
{
	const time_t end = time(NULL) + seconds;
	unsigned number = 0;
	bool good = true;

	do {
		bool one = sequence_run(o);

		printf("%sok %u - seed %llu\n", one ? "" : "not ", ++number,
		       (unsigned long long)o->seed);
		fflush(stdout);
		good &= one;
		o->seed++;
	} while (seconds ? good && time(NULL) < end : number < sequences);
	printf("1..%u\n", number);
	return good;
}

int main(int argc, char **argv)
{
	struct sequence_options o = { .seed = 1, .ticks = 600 };
	unsigned seconds = 0, sequences = 6;
	char dir[] = "/tmp/xlb-model.XXXXXX";
	int c, err;
	bool good;

	while ((c = getopt_long(argc, argv, "hv", long_options, NULL)) != -1) {
		switch (c) {
		case 'h':
			usage(stdout);
			return 0;
		case 's':
			seconds = number(optarg);
			break;
		case 'S':
			o.seed = number(optarg);
			sequences = 1;
			break;
		case 't':
			o.ticks = number(optarg);
			break;
		case 'v':
			o.verbose = true;
			break;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (geteuid() != 0) {
		printf("1..0 # SKIP the model test loads BPF programs: run as root\n");
		return SKIPPED;
	}
	err = prepare(&o, dir);
	if (err) {
		printf("Bail out! mount and network namespaces: %s\n", strerror(-err));
		return 1;
	}
	good = run_for(&o, seconds, sequences);
	finish(dir);
	return !good;
}
