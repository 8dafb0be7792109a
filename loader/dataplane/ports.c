/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dataplane/ports.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xlb/abi.h"

static int read_mac(uint32_t ifindex, uint8_t ret[6])
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0)
		return -errno;
	if (!if_indextoname(ifindex, request.ifr_name) || ioctl(fd, SIOCGIFHWADDR, &request))
		err = -errno;
	else
		memcpy(ret, request.ifr_hwaddr.sa_data, 6);
	close(fd);
	return err;
}

/* The interface's entry, else one that is unused: not the last one left, whose connections may
 * still name it, but the one after the highest. */
static int find_port(const struct ports *ports, uint32_t ifindex)
{
	int first = -ENOSPC, after = 0;
	__u32 index;

	if (!bpf_map_lookup_elem(ports->port_index, &ifindex, &index))
		return index;
	for (__u32 i = 0; i < XLB_PORTS; i++) {
		struct xlb_port port;

		if (bpf_map_lookup_elem(ports->ports, &i, &port))
			return -errno;
		if (port.used)
			after = i + 1;
		else if (first < 0)
			first = i;
	}
	return after < XLB_PORTS ? after : first;
}

int ports_enter(const struct ports *ports, uint32_t ifindex)
{
	struct xlb_port port = { .ifindex = ifindex, .used = 1 };
	int err = read_mac(ifindex, port.mac), slot;
	__u32 index;

	if (err)
		return err;
	slot = find_port(ports, ifindex);
	if (slot < 0)
		return slot;
	index = slot;
	err = bpf_map_update_elem(ports->ports, &index, &port, BPF_ANY);
	return err ? err : bpf_map_update_elem(ports->port_index, &ifindex, &index, BPF_ANY);
}

int ports_leave(const struct ports *ports, uint32_t ifindex)
{
	const struct xlb_port none = { 0 };
	__u32 index;
	int err;

	if (bpf_map_lookup_elem(ports->port_index, &ifindex, &index))
		return errno == ENOENT ? 0 : -errno;
	err = bpf_map_delete_elem(ports->port_index, &ifindex);
	return err ? err : bpf_map_update_elem(ports->ports, &index, &none, BPF_ANY);
}

int ports_keep(const struct ports *ports, bool (*wanted)(uint32_t ifindex, void *data), void *data)
{
	int err = 0;

	for (__u32 i = 0; i < XLB_PORTS && !err; i++) {
		const struct xlb_port none = { 0 };
		struct xlb_port port;

		if (bpf_map_lookup_elem(ports->ports, &i, &port))
			return -errno;
		if (!port.used || wanted(port.ifindex, data))
			continue;
		err = ports_leave(ports, port.ifindex);
		if (!err) /* entered, but not in the index yet */
			err = bpf_map_update_elem(ports->ports, &i, &none, BPF_ANY);
	}
	return err;
}
