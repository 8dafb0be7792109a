/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Interfaces: what their driver and the kernel do with packets before and after XDP. */
#include <bpf/libbpf.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doctor/setting.h"
#include "doctor/survey.h"

/* ---- reading ------------------------------------------------------------------------------- */
static int ethtool(int fd, const char *name, void *command)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_data = command;
	return ioctl(fd, SIOCETHTOOL, &request);
}

static uint32_t ethtool_value(int fd, const char *name, uint32_t command)
{
	struct ethtool_value value = { .cmd = command };

	return ethtool(fd, name, &value) < 0 ? 0 : value.data;
}

static void read_driver(struct place *p)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (ethtool(fd, p->name, &info) == 0)
		snprintf(p->driver, sizeof(p->driver), "%s", info.driver);
	p->gro = ethtool_value(fd, p->name, ETHTOOL_GGRO);
	p->lro = ethtool_value(fd, p->name, ETHTOOL_GFLAGS) & ETH_FLAG_LRO;
	p->tx_checksum = ethtool_value(fd, p->name, ETHTOOL_GTXCSUM);
	close(fd);
}

static void read_xdp(struct place *p)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);

	if (bpf_xdp_query((int)p->ifindex, 0, &opts) < 0)
		return;
	if (opts.attach_mode == XDP_ATTACHED_SKB)
		p->xdp = PLACE_XDP_GENERIC;
	else if (opts.attach_mode != XDP_ATTACHED_NONE)
		p->xdp = PLACE_XDP_NATIVE;
}

static unsigned rp_filter(const char *name)
{
	char path[128];
	long value;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", name);
	value = setting_number(path, 0);
	return value > 0 ? (unsigned)value : 0;
}

static void read_settings(struct place *p)
{
	unsigned all = rp_filter("all"), own = rp_filter(p->name);

	p->rp_filter = all > own ? all : own;
	read_driver(p);
	read_xdp(p);
}

/* ---- finding ------------------------------------------------------------------------------- */
struct place *places_by_index(struct survey *s, uint32_t ifindex)
{
	for (size_t i = 0; i < s->n_places; i++)
		if (s->places[i].ifindex == ifindex)
			return &s->places[i];
	return NULL;
}

/* NULL: the interface is gone, or there are too many. */
static struct place *get_place(struct survey *s, uint32_t ifindex)
{
	struct place *p = places_by_index(s, ifindex);
	const struct net_link *link;

	if (p || s->n_places == SURVEY_PLACES || net_link_by_index(s->net, ifindex, &link) < 0)
		return p;
	p = &s->places[s->n_places++];
	*p = (struct place){ .ifindex = ifindex, .mtu = link->mtu };
	memcpy(p->name, link->name, sizeof(p->name));
	memcpy(p->mac, link->mac, sizeof(p->mac));
	read_settings(p);
	return p;
}

/* What is sent to a VIP of no interface comes by way of a router, most likely that of the default
 * route. */
static void find_of_vip(struct survey *s, const struct site_vip *vip)
{
	uint32_t ifindex = net_address_owner(s->net, &vip->addr);
	const struct net_link *link;
	struct place *p;

	if (vip->interface[0] && net_link_by_name(s->net, vip->interface, &link) == 0)
		ifindex = link->ifindex;
	p = get_place(s, ifindex ? ifindex : s->clients_way.ifindex);
	if (p)
		p->clients = true;
}

static void find_of_service(struct survey *s, const struct site_service *service)
{
	for (size_t i = 0; service->way == SITE_ROUTE && i < service->n_vips; i++)
		find_of_vip(s, &service->vips[i]);
}

void places_find(struct survey *s)
{
	struct place *p;

	for (size_t i = 0; i < s->in->site->n_services; i++)
		find_of_service(s, &s->in->site->services[i]);
	for (size_t i = 0; i < s->n_ways; i++) {
		if (!s->ways[i].hop.ifindex || s->ways[i].service->way != SITE_ROUTE)
			continue;
		p = get_place(s, s->ways[i].hop.ifindex);
		if (p)
			p->hosts = true;
	}
}

/* ---- judging ------------------------------------------------------------------------------- */
static const char *why_generic(const struct survey *s, const struct place *p)
{
	const json_t *item;
	const char *why = NULL;
	size_t i;

	json_array_foreach(json_object_get(s->in->interfaces, "interfaces"), i, item)
		if (json_integer_value(json_object_get(item, "ifindex")) == p->ifindex)
			why = json_string_value(json_object_get(item, "why_generic"));
	return why;
}

static void examine_mode(struct survey *s, const struct place *p)
{
	const char *why = why_generic(s, p);

	report_tested(s->report);
	if (p->xdp == PLACE_XDP_GENERIC) {
		report_add(s->report, SEVERITY_WARNING, "xdp",
			   "%s (driver %s) runs XDP in generic mode%s%s", p->name, p->driver,
			   why ? ": " : "", why ? why : "");
		report_advise(
			s->report,
			"packets cost several times as much; on virtio_net switch LRO and guest "
			"offloads off and give it queues enough, else use an interface whose "
			"driver has "
			"XDP; then: xlbctl attach --mode native %s",
			p->name);
	}
	if (p->xdp == PLACE_XDP_NONE && p->clients && s->in->interfaces) {
		report_add(s->report, SEVERITY_ERROR, "xdp",
			   "nothing is attached to %s, where requests come in", p->name);
		report_advise(s->report, "xlbctl attach %s", p->name);
	}
}

static void examine_offloads(struct survey *s, const struct place *p)
{
	report_tested(s->report);
	if (p->lro || (p->gro && p->xdp == PLACE_XDP_GENERIC)) {
		report_add(s->report,
			   p->xdp == PLACE_XDP_GENERIC ? SEVERITY_ERROR : SEVERITY_WARNING,
			   "offload",
			   "%s merges packets (%s): merged ones are too long to be sent on",
			   p->name, p->lro ? "LRO" : "GRO, in generic mode");
		report_advise(s->report, "ethtool -K %s lro off%s", p->name,
			      p->xdp == PLACE_XDP_GENERIC ? " gro off" : "");
	}
	if (p->tx_checksum && strcmp(p->driver, "veth") == 0) {
		report_add(s->report, SEVERITY_WARNING, "offload",
			   "%s is a veth that hands on unfinished checksums, which XDP forwards as "
			   "they "
			   "are: receivers drop the packets",
			   p->name);
		report_advise(s->report,
			      "ethtool -K %s tx off, at each end of every veth on the way; real "
			      "interfaces don't have this",
			      p->name);
	}
}

/* What XDP takes is not filtered; ssh to the address, and refusals when no host is left, are. */
static void examine_rp_filter(struct survey *s, const struct place *p)
{
	const struct next_hop *out = &s->clients_way;

	if (!p->clients || !out->ifindex)
		return;
	report_tested(s->report);
	if (p->rp_filter != 1 || out->ifindex == p->ifindex)
		return;
	report_add(s->report, SEVERITY_WARNING, "rp_filter",
		   "requests come in by %s, but the default route leaves by %s, and rp_filter is "
		   "strict: "
		   "what xlb leaves to this box (ssh, refusals when no host is up) is dropped",
		   p->name, out->interface);
	report_advise(s->report,
		      "sysctl -w net.ipv4.conf.all.rp_filter=2, and into /etc/sysctl.d (the larger "
		      "value of "
		      "\"all\" and of the interface counts); or route replies back by %s",
		      p->name);
}

static void examine_mtu(struct survey *s, const struct place *in, const struct place *out)
{
	report_tested(s->report);
	if (out->mtu >= in->mtu)
		return;
	report_add(s->report, SEVERITY_ERROR, "mtu",
		   "%s takes packets of %u bytes, %s sends only %u on to the hosts: longer ones "
		   "are lost",
		   in->name, in->mtu, out->name, out->mtu);
	report_advise(s->report,
		      "ip link set %s mtu %u (and of the hosts), or lower that of %s and of its "
		      "segment",
		      out->name, in->mtu, in->name);
}

void places_examine(struct survey *s)
{
	for (size_t i = 0; i < s->n_places; i++) {
		const struct place *p = &s->places[i];

		examine_mode(s, p);
		examine_offloads(s, p);
		examine_rp_filter(s, p);
		for (size_t j = 0; p->clients && j < s->n_places; j++)
			if (s->places[j].hosts)
				examine_mtu(s, p, &s->places[j]);
	}
}
