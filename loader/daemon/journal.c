/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* systemd's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram of lines. */
#include "daemon/journal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct sockaddr_un journal = { .sun_family = AF_UNIX,
					    .sun_path = "/run/systemd/journal/socket" };
static int fd = -1;
static uint64_t lost;

uint64_t journal_lost(void)
{
	return lost;
}

static int send_datagram(struct iovec *iov, int n)
{
	struct msghdr message = { .msg_name = (void *)&journal,
				  .msg_namelen = sizeof(journal),
				  .msg_iov = iov,
				  .msg_iovlen = (size_t)n };

	if (fd < 0)
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int journal_send(const struct iovec *fields, int n)
{
	static char newline[] = "\n";
	struct iovec iov[2 * JOURNAL_MAX_FIELDS];
	int r;

	if (n > JOURNAL_MAX_FIELDS)
		return -EINVAL;
	for (int i = 0; i < n; i++) {
		if (memchr(fields[i].iov_base, '\n', fields[i].iov_len))
			return -EINVAL;
		iov[2 * i] = fields[i];
		iov[2 * i + 1] = (struct iovec){ newline, 1 };
	}
	r = send_datagram(iov, 2 * n);
	if (!r)
		return 0;
	lost++;
	return -EAGAIN;
}
