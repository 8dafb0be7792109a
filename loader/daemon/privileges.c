/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	unsigned number;
	const char *name;
} needed[] = {
	{ CAP_BPF, "CAP_BPF" },             /* maps and programs */
	{ CAP_NET_ADMIN, "CAP_NET_ADMIN" }, /* programs of the network, and to attach them */
	{ CAP_PERFMON,
	  "CAP_PERFMON" }, /* loops and pointers, as the verifier trusts only those who have it */
};

int privileges_in(uint64_t effective, char *missing, size_t size)
{
	size_t n = 0;

	missing[0] = '\0';
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!(effective >> needed[i].number & 1) && n < size)
			n += snprintf(missing + n, size - n, "%s%s", n ? ", " : "", needed[i].name);
	return n ? -EPERM : 0;
}

int privileges_check(char *missing, size_t size)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	return privileges_in((uint64_t)data[1].effective << 32 | data[0].effective, missing, size);
}
