// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "dsr_world.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <string.h>

#include "xlb/hash.h"
#include "xlb_xdp.skel.h"

#define CLIENTS 3
#define FRAGMENT_IDS 2

enum { IN_MAIN, IN_OTHER }; /* services, as the oracle counts them */

static const uint16_t slots[] = { A, B, C, D, E }; /* of the oracle's hosts */

/* ---- listeners ------------------------------------------------------------------------------ */
static void to_maps(struct fixture *fx, const struct oracle_listen *l, uint16_t id)
{
	const volatile __u64 *key = fx->skel->rodata->hash_key;
	const bool range = l->port_lo != l->port_hi;
	struct xlb_vip vip = { .port = range ? 0 : htons(l->port_lo),
			       .proto = l->proto,
			       .family = l->family,
			       .ifindex = range ? 0 : l->ifindex,
			       .service = l->service == IN_MAIN ? MAIN : OTHER,
			       .listen = id,
			       .flags = range ? XLB_VIP_RANGES : 0 };
	struct xlb_ranges ranges = { 1,
				     { { l->port_lo, l->port_hi, vip.service, id, l->ifindex } } };
	uint32_t slot, l4, index = id;

	memcpy(vip.addr, l->addr, sizeof(vip.addr));
	memcpy(&l4, &vip.port, sizeof(l4));
	slot = xlb_vip_hash(key, vip.addr, l4, l->family == AF_INET6);
	while (fx->vips[slot].family)
		slot = (slot + 1) % XLB_VIP_SLOTS;
	fx->vips[slot] = vip;
	if (range)
		bpf_map_update_elem(bpf_map__fd(fx->skel->maps.ranges), &index, &ranges, BPF_ANY);
}

static void listen_on(struct fixture *fx, struct oracle *o, unsigned n, struct oracle_listen l,
		      uint32_t vip)
{
	vip_address(vip, l.family, l.addr);
	o->listens[n] = l;
	to_maps(fx, &l, n + 1);
}

static void listens(struct fixture *fx, struct oracle *o)
{
	struct xlb_settings settings = { .abi_version = XLB_ABI_VERSION, .has_ranges = 1 };
	unsigned n = 0;

	memset(fx->vips, 0, XLB_VIP_SLOTS * sizeof(*fx->vips));
	memset(o->listens, 0, sizeof(o->listens));
	for (int i = 0; i < 4; i++) {
		const int family = i % 2 ? AF_INET6 : AF_INET;
		const uint8_t proto = i / 2 ? IPPROTO_UDP : IPPROTO_TCP;
		struct oracle_listen l = { family, .port_lo = 443, .port_hi = 443, .proto = proto };

		listen_on(fx, o, n++, l, MAIN_VIP);
		l.service = IN_OTHER;
		listen_on(fx, o, n++, l, OTHER_VIP);
		l.service = IN_MAIN;
		l.port_lo = RANGE_LO;
		l.port_hi = RANGE_HI;
		listen_on(fx, o, n++, l, MAIN_VIP);
		l.port_lo = l.port_hi = 443;
		l.ifindex = fx->ifindex[1];
		listen_on(fx, o, n++, l, ELSEWHERE_VIP);
	}
	memcpy(settings.hash_key, (const void *)fx->skel->rodata->hash_key,
	       sizeof(settings.hash_key));
	bpf_map_update_elem(bpf_map__fd(fx->skel->maps.settings), &(uint32_t){ 0 }, &settings,
			    BPF_ANY);
}

/* ---- hosts ---------------------------------------------------------------------------------- */
/* A on the frames' interface; B behind another; C drains; D is down; E cannot be sent to. */
static void hosts(struct fixture *fx, struct oracle *o)
{
	const uint32_t ifindex[] = { fx->ifindex[0], fx->ifindex[1], fx->ifindex[1], fx->ifindex[0],
				     fx->ifindex[1] + 1000 };

	o->n_hosts = sizeof(slots) / sizeof(*slots);
	for (unsigned i = 0; i < o->n_hosts; i++) {
		struct xlb_host *h = &fx->hosts[slots[i]];

		h->ifindex = ifindex[i];
		if (slots[i] == E)
			h->tx_port = XLB_MAX_TX_PORTS;
		else
			fixture_egress(fx, slots[i]);
		o->hosts[i] = (struct oracle_host){ .ifindex = h->ifindex,
						    .alive = slots[i] != D,
						    .reachable = slots[i] != E,
						    .service = slots[i] == E ? IN_OTHER : IN_MAIN };
		memcpy(o->hosts[i].dst_mac, h->dst_mac, 6);
		memcpy(o->hosts[i].src_mac, h->src_mac, 6);
	}
}

/* ---- rows ----------------------------------------------------------------------------------- */
/* 0 to 4: a host, 5: nobody. New flows go neither to a draining host nor to a dead one. */
static void random_row(struct oracle_row *o, struct xlb_row *kernel, struct random *r)
{
	static const uint8_t curs[] = { 0, 0, 0, 1, 1, 4, ORACLE_NOBODY };
	uint32_t state = random_below(r, 10);

	*o = (struct oracle_row){ .cur = curs[random_below(r, sizeof(curs))] };
	kernel->cur = o->cur == ORACLE_NOBODY ? XLB_HOST_NONE : slots[o->cur];
	kernel->prev = XLB_HOST_NONE;
	if (state < 3) {
		o->state = ROW_MOVING;
		o->prev = random_below(r, 4);
		kernel->prev = slots[o->prev];
	} else if (state < 4) {
		o->state = ROW_SETTLED;
		kernel->prev = XLB_HOST_SETTLED;
	}
}

static void rows(struct fixture *fx, struct oracle *o, struct random *r)
{
	for (uint32_t i = 0; i < XLB_ROWS; i++) {
		random_row(&o->services[IN_MAIN].row[i], &fx->rows->row[i], r);
		o->services[IN_OTHER].row[i] = (struct oracle_row){ .cur = 4 };
	}
}

/* ---- all of it ------------------------------------------------------------------------------ */
static void services(struct fixture *fx, struct oracle *o, struct world *w, struct random *r)
{
	struct oracle_service *main = &o->services[IN_MAIN], *other = &o->services[IN_OTHER];

	main->tracked = random_percent(r, 30);
	main->roundrobin = main->tracked && random_percent(r, 70);
	main->ring[0] = 0; /* A, B, B */
	main->ring[1] = main->ring[2] = 1;
	main->n_ring = 3;
	w->flags = main->tracked ? XLB_SERVICE_TRACK : 0;
	w->choose = main->roundrobin ? XLB_CHOOSE_ROUNDROBIN : XLB_CHOOSE_ROW;
	w->by_address = random_percent(r, 20);
	w->ring[0] = A;
	w->ring[1] = w->ring[2] = B;
	other->nat = random_percent(r, 50);
	main->hashing = &fx->services[MAIN];
	other->hashing = &fx->services[OTHER];
}

void dsr_world(struct fixture *fx, struct oracle *o, struct random *r)
{
	const struct variant v = { .family = AF_INET };
	struct world w = { .hosts = { UP, UP, DRAINING, DOWN } };

	o->timeouts = (struct oracle_timeouts){ T_SYN, T_OPEN, T_CLOSING, T_FINWAIT, T_CLOSED };
	services(fx, o, &w, r);
	fixture_reset(fx);
	fixture_apply(fx, &w, &v);
	if (o->services[IN_OTHER].nat)
		fx->services[OTHER].flags = XLB_SERVICE_NAT;
	listens(fx, o);
	hosts(fx, o);
	rows(fx, o, r);
	oracle_forget(o);
}

/* ---- packets -------------------------------------------------------------------------------- */
static uint16_t some_port(struct random *r)
{
	static const uint16_t others[] = { RANGE_LO, RANGE_HI, RANGE_HI + 1, 80 };

	return random_percent(r, 80) ? 443 : others[random_below(r, 4)];
}

static uint32_t some_vip(struct random *r)
{
	static const uint32_t others[] = { OTHER_VIP, OTHER_VIP, ELSEWHERE_VIP, 9 };

	return random_percent(r, 85) ? MAIN_VIP : others[random_below(r, 4)];
}

static uint8_t some_flags(struct random *r)
{
	static const uint8_t flags[] = { TH_SYN,          TH_ACK, TH_ACK | TH_PUSH,
					 TH_FIN | TH_ACK, TH_RST, TH_SYN | TH_ACK };

	return flags[random_below(r, sizeof(flags))];
}

static uint8_t some_error(int family, struct random *r)
{
	static const uint8_t v4[] = { ICMP_DEST_UNREACH, ICMP_SOURCE_QUENCH, ICMP_TIME_EXCEEDED,
				      ICMP_PARAMETERPROB, ICMP_REDIRECT };
	static const uint8_t v6[] = { ICMP6_DST_UNREACH, ICMP6_PACKET_TOO_BIG, ICMP6_TIME_EXCEEDED,
				      ICMP6_PARAM_PROB, ND_NEIGHBOR_ADVERT };

	return family == AF_INET6 ? v6[random_below(r, 5)] : v4[random_below(r, 5)];
}

static enum packet_kind some_kind(struct random *r)
{
	uint32_t n = random_below(r, 100);

	if (n < 70)
		return PACKET_TRANSPORT;
	return n < 95 ? PACKET_ERROR : n < 97 ? PACKET_ECHO : n < 99 ? PACKET_OTHER : PACKET_ARP;
}

static void shape(struct packet *p, struct random *r)
{
	if (random_percent(r, 20)) {
		p->fragment = 1 + random_below(r, FRAGMENT_ATOMIC);
		p->fragment_id = random_below(r, FRAGMENT_IDS);
	}
	if (random_percent(r, 20))
		p->options = 1 + random_below(r, 7);
	if (random_percent(r, 3))
		p->vlans = 1 + random_below(r, 2);
	if (random_percent(r, 10))
		p->padding = random_below(r, 40);
	if (random_percent(r, 5))
		p->from_host = A + random_below(r, 5);
	if (random_percent(r, 5))
		p->to_host = A + random_below(r, 5);
}

void dsr_packet(struct frame *f, struct random *r)
{
	const int family = random_percent(r, 50) ? AF_INET6 : AF_INET;
	struct packet p = { .kind = some_kind(r),
			    .client = 1 + random_below(r, CLIENTS),
			    .vip = some_vip(r),
			    .client_port = 40000 + random_below(r, 8),
			    .port = some_port(r),
			    .proto = random_percent(r, 60) ? IPPROTO_TCP : IPPROTO_UDP,
			    .tcp_flags = some_flags(r),
			    .payload = random_percent(r, 80) ? random_below(r, 64) :
							       random_below(r, 1400) };

	shape(&p, r);
	if (p.kind == PACKET_ERROR) {
		p.icmp_type = some_error(family, r);
		p.inner_fragment = random_percent(r, 10) ? 1 + random_below(r, FRAGMENT_ATOMIC) : 0;
		p.inner_options = random_percent(r, 20) ? random_below(r, 7) : 0;
	}
	if (family == AF_INET && p.options > 10)
		p.options = 10;
	frame_build(&p, family, f);
}
