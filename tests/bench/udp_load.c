/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * udp_load ADDRESS PORT PACKETS_PER_SECOND SECONDS: small datagrams at an even pace, from 256
 * source ports in turn. Says how many it sent, which on a slow machine is fewer than asked for.
 * SIGINT ends it early.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FLOWS 256

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	stopped = signal;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int open_flow(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0) {
		perror("udp_load");
		exit(1);
	}
	return fd;
}

/* What is due by now, and then a short sleep: bursts are those of a millisecond at the most.
 * Packets per second. */
static double send_all(const int *flows, uint64_t pps, double seconds)
{
	static const char payload[18] = "udp_load";
	uint64_t begin = now_us(), end = begin + (uint64_t)(seconds * 1e6), now, sent = 0,
		 tried = 0;

	while ((now = now_us()) < end && !stopped) {
		uint64_t due = (now - begin) * pps / 1000000;

		for (; tried < due; tried++)
			sent += send(flows[tried % FLOWS], payload, sizeof(payload), MSG_DONTWAIT) >
				0;
		usleep(50);
	}
	return (double)sent * 1e6 / (double)(now - begin);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int flows[FLOWS];

	if (argc != 5 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fprintf(stderr, "usage: udp_load ADDRESS PORT PACKETS_PER_SECOND SECONDS\n");
		return 2;
	}
	to.sin_port = htons((uint16_t)atoi(argv[2]));
	for (int i = 0; i < FLOWS; i++)
		flows[i] = open_flow(&to);
	signal(SIGINT, stop);
	printf("%.0f packets/s offered\n",
	       send_all(flows, strtoull(argv[3], NULL, 10), atof(argv[4])));
	return 0;
}
