/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Plans are carried out here on an image, one operation at a time; after each one everything that
 * the program could find must be right.
 */
#include "dataplane/plan.h"
#include "dataplane/vips.h"
#include "fixture.h"

static void no_name(uint32_t ifindex, char ret[IF_NAMESIZE])
{
	snprintf(ret, IF_NAMESIZE, ifindex == 4 ? "em0" : "");
}

static struct plan *plan_to(const struct image *prev, const struct image *next,
			    const struct fixture *f)
{
	struct plan *plan;

	cr_assert_eq(plan_diff(prev, next, f->scan.done, no_name, &plan), 0);
	return plan;
}

static struct image *next_image(struct fixture *f)
{
	struct image *next;

	cr_assert_eq(image_next(f->image, &f->in, &f->error, &next), 0, "%s", f->error.text);
	return next;
}

static void take_over(struct fixture *f, struct image *next)
{
	image_free(f->image);
	f->image = next;
}

/* ---- what it says -------------------------------------------------------------------------- */
static void expect_texts(struct fixture *f, const char *const *texts, size_t n)
{
	struct image *next = next_image(f);
	struct plan *plan = plan_to(f->image, next, f);

	for (size_t i = 0; i < plan_size(plan) && i < n; i++)
		cr_assert_str_eq(plan_get(plan, i)->text, texts[i]);
	cr_assert_eq(plan_size(plan), n);
	plan_free(plan);
	take_over(f, next);
}

Test(plan, first_service)
{
	static const char *const texts[] = {
		"egress 0 add em0",
		"loop guard zero add 02:00:00:00:01:00",
		"loop guard zero add 02:00:00:00:01:01",
		"host add 0 zero 192.168.1.3 via em0 02:00:00:00:01:00 weight 1, takes flows",
		"host add 1 zero 2001:db8::4 via em0 02:00:00:00:01:01 weight 1, takes flows",
		"rows zero: 16384 of 16384 change",
		"service add 0 zero tcp",
		"vip add 10.0.0.1 tcp port 443 for zero",
	};
	struct fixture *f = fix_new(1);

	f->services[0].n_hosts = 2;
	expect_texts(f, texts, sizeof(texts) / sizeof(texts[0]));
	expect_texts(f, NULL, 0); /* and nothing the second time */
	fix_free(f);
}

Test(plan, host_fails_and_returns)
{
	static const char *const fails[] = {
		"rows zero: 8192 of 16384 change",
		"host change 1 zero 2001:db8::4 via em0 02:00:00:00:01:01 weight 1, out of use",
	};
	static const char *const returns[] = {
		"host forget entries of 1 zero 2001:db8::4 via em0 02:00:00:00:01:01 weight 1, "
		"takes flows",
		"host change 1 zero 2001:db8::4 via em0 02:00:00:00:01:01 weight 1, takes flows",
		"rows zero: 8192 of 16384 change",
	};
	struct fixture *f = fix_new(1);

	f->services[0].n_hosts = 2;
	fix_sync(f);
	f->hosts[0][1].takes_new = f->hosts[0][1].keeps_old = false;
	expect_texts(f, fails, 2);
	f->hosts[0][1].takes_new = f->hosts[0][1].keeps_old = true;
	expect_texts(f, returns, 3);
	f->hosts[0][1].takes_new = f->hosts[0][1].keeps_old = false;
	expect_texts(f, fails, 2);
	fix_scan(f);
	fix_scan(f); /* the table was looked through: nothing is left to forget */
	f->hosts[0][1].takes_new = f->hosts[0][1].keeps_old = true;
	expect_texts(f, &returns[1], 2);
	fix_free(f);
}

Test(plan, new_mac)
{
	static const char *const texts[] = {
		"loop guard zero add 02:00:00:00:09:09",
		"host change 1 zero 2001:db8::4 via em0 02:00:00:00:09:09 weight 1, takes flows",
		"loop guard zero remove 02:00:00:00:01:01",
	};
	struct fixture *f = fix_new(1);

	fix_sync(f);
	f->hosts[0][1].dst_mac[4] = f->hosts[0][1].dst_mac[5] = 9;
	expect_texts(f, texts, 3);
	fix_free(f);
}

/* ---- one operation at a time --------------------------------------------------------------- */
struct world {
	const struct image *prev;
	const struct image *next;
	struct image *now; /* what the program sees */
};

static void do_mac(struct image *image, const struct image_mac *mac, bool add)
{
	size_t i = 0;

	while (i < image->n_macs && image->macs[i].key.raw < mac->key.raw)
		i++;
	if (i < image->n_macs && image->macs[i].key.raw == mac->key.raw) {
		image->macs[i] = *mac;
		if (!add)
			memmove(&image->macs[i], &image->macs[i + 1],
				(--image->n_macs - i) * sizeof(*mac));
		return;
	}
	cr_assert(add);
	image->macs = realloc(image->macs, (image->n_macs + 1) * sizeof(*mac));
	memmove(&image->macs[i + 1], &image->macs[i], (image->n_macs++ - i) * sizeof(*mac));
	image->macs[i] = *mac;
}

static void do_rows(struct world *w, uint32_t i)
{
	image_rows_unref(w->now->rows[i]);
	w->now->rows[i] = image_rows_ref(w->next->rows[i]);
}

static void do_pool(struct world *w, uint32_t i)
{
	image_pool_unref(w->now->pools[i]);
	w->now->pools[i] = image_pool_ref(w->next->pools[i]);
}

static void do_op(struct world *w, const struct plan_op *op)
{
	struct image *now = w->now;
	uint32_t i = op->index;

	switch (op->type) {
	case PLAN_SETTINGS:
		now->settings = w->next->settings;
		break;
	case PLAN_TX_PORT:
		now->tx_ports[i] = w->next->tx_ports[i];
		break;
	case PLAN_FORGET:
		break;
	case PLAN_MAC_ADD:
		do_mac(now, &w->next->macs[i], true);
		break;
	case PLAN_MAC_DELETE:
		do_mac(now, &w->prev->macs[i], false);
		break;
	case PLAN_HOST_GAIN:
		now->hosts[i] = w->next->hosts[i];
		now->hosts[i].flags |= w->prev->hosts[i].flags;
		break;
	case PLAN_HOST_LOSE:
		now->hosts[i] = w->next->hosts[i];
		break;
	case PLAN_POOL:
		do_pool(w, i);
		break;
	case PLAN_ROWS:
		do_rows(w, i);
		break;
	case PLAN_SERVICE:
	case PLAN_SERVICE_CLEAR:
		now->services[i] = w->next->services[i];
		break;
	case PLAN_RANGES:
	case PLAN_RANGES_CLEAR:
		now->ranges[i] = w->next->ranges[i];
		break;
	case PLAN_VIP:
		now->vips[i] = w->next->vips[i];
		break;
	case PLAN_LISTEN:
	case PLAN_LISTEN_CLEAR:
		now->nat_listens[i] = w->next->nat_listens[i];
		break;
	case PLAN_TARGET_ADD:
	case PLAN_TARGET:
	case PLAN_TARGET_CLEAR:
		now->targets[i] = w->next->targets[i];
		break;
	}
}

/* ---- what must hold ------------------------------------------------------------------------ */
static void check_service(const struct world *w, uint16_t s, const char *op)
{
	cr_assert(w->now->services[s].name[0], "after \"%s\": a VIP of no service", op);
}

static void check_vips(const struct world *w, const char *op)
{
	const struct image *now = w->now;

	for (uint32_t i = 0; i < XLB_VIP_SLOTS; i++) {
		const struct xlb_vip *v = &now->vips[i];

		if (!vip_is_live(v))
			continue;
		if (!(v->flags & XLB_VIP_RANGES)) {
			check_service(w, v->service, op);
			continue;
		}
		cr_assert(now->settings.has_ranges, "after \"%s\": ranges not looked up", op);
		cr_assert_neq(now->ranges[v->listen].n, 0, "after \"%s\": empty ranges", op);
		for (uint32_t j = 0; j < now->ranges[v->listen].n; j++)
			check_service(w, now->ranges[v->listen].range[j].service, op);
	}
}

/* What was found before and is found afterwards is found in between. Only entries near the slot
 * that changed can be concerned. */
static void check_no_gap(const struct world *w, uint32_t slot, const char *op)
{
	const __u64 *key = w->prev->settings.hash_key;

	for (uint32_t i = 0; i < 4 * XLB_VIP_PROBES; i++) {
		const struct xlb_vip *v =
			&w->prev->vips[(slot + i - 2 * XLB_VIP_PROBES) & (XLB_VIP_SLOTS - 1)];

		if (vip_is_live(v) && vips_find(w->next->vips, key, v) >= 0)
			cr_assert_geq(vips_find(w->now->vips, key, v), 0,
				      "after \"%s\": a VIP is lost", op);
	}
}

/* Would flows with entries be overlooked? Only where there were none or will be none. */
static bool may_be_stable(const struct image *image, int service, uint32_t row)
{
	return !image->services[service].flags && image->rows[service] &&
	       image->rows[service]->table.row[row].prev == XLB_HOST_NONE;
}

static void check_rows(const struct world *w, int s, const char *op)
{
	const struct image *now = w->now;

	for (uint32_t i = 0; now->rows[s] && i < XLB_ROWS; i++) {
		struct xlb_row row = now->rows[s]->table.row[i];

		cr_assert(row.cur == XLB_HOST_NONE || now->hosts[row.cur].flags & XLB_HOST_NEW,
			  "after \"%s\": row %u leads to a host that takes nothing", op, i);
		cr_assert(row.prev >= XLB_HOST_SETTLED || now->hosts[row.prev].flags,
			  "after \"%s\": row %u comes from a host that is gone", op, i);
		if (now->services[s].name[0] && !now->services[s].flags && w->prev->rows[s] &&
		    w->next->rows[s] && row.prev == XLB_HOST_NONE)
			cr_assert(may_be_stable(w->prev, s, i) || may_be_stable(w->next, s, i),
				  "after \"%s\": entries of row %u are not heard", op, i);
	}
}

static void check_pool(const struct world *w, int s, const char *op)
{
	const struct image_pool *pool = w->now->pools[s];
	bool had = w->prev->pools[s] || w->prev->services[s].choose == XLB_CHOOSE_ROW;
	bool has = w->next->pools[s] || w->next->services[s].choose == XLB_CHOOSE_ROW;

	if (had && has && w->now->services[s].choose != XLB_CHOOSE_ROW)
		cr_assert_not_null(pool, "after \"%s\": no pool", op);
	for (uint32_t i = 0; pool && i < XLB_POOL_HOSTS; i++)
		cr_assert(w->now->hosts[pool->pool.host[i].host].flags & XLB_HOST_NEW,
			  "after \"%s\": the pool has a host that takes nothing", op);
}

static void check_hosts(const struct world *w, const char *op)
{
	const struct image *now = w->now;

	for (int i = 0; i < XLB_MAX_HOSTS; i++) {
		const struct xlb_host *h = &now->hosts[i];

		cr_assert(!h->flags || now->tx_ports[h->tx_port] == h->ifindex,
			  "after \"%s\": host %d has no egress", op, i);
	}
}

static void check_world(const struct world *w, const struct plan_op *op)
{
	if (op->type == PLAN_VIP) {
		check_no_gap(w, op->index, op->text);
		check_vips(w, op->text);
	}
	if (op->type == PLAN_SERVICE_CLEAR || op->type == PLAN_SETTINGS ||
	    op->type == PLAN_RANGES_CLEAR)
		check_vips(w, op->text);
	check_hosts(w, op->text);
	for (int s = 0; s < FIX_SERVICES; s++) {
		check_rows(w, s, op->text);
		check_pool(w, s, op->text);
	}
}

/* No rows are rows that name nobody. */
static bool same_rows(const struct image_rows *a, const struct image_rows *b)
{
	const struct xlb_row nobody = { XLB_HOST_NONE, XLB_HOST_NONE };

	for (uint32_t i = 0; a != b && i < XLB_ROWS; i++)
		if (memcmp(a ? &a->table.row[i] : &nobody, b ? &b->table.row[i] : &nobody,
			   sizeof(nobody)))
			return false;
	return true;
}

static void check_arrived(const struct world *w)
{
	const struct image *a = w->now, *b = w->next;

	cr_assert_eq(memcmp(&a->settings, &b->settings, sizeof(a->settings)), 0);
	cr_assert_eq(memcmp(a->vips, b->vips, sizeof(a->vips)), 0);
	cr_assert_eq(memcmp(a->ranges, b->ranges, sizeof(a->ranges)), 0);
	cr_assert_eq(memcmp(a->services, b->services, sizeof(a->services)), 0);
	cr_assert_eq(memcmp(a->hosts, b->hosts, sizeof(a->hosts)), 0);
	cr_assert_eq(memcmp(a->tx_ports, b->tx_ports, sizeof(a->tx_ports)), 0);
	cr_assert_eq(a->n_macs, b->n_macs);
	cr_assert(!a->n_macs || !memcmp(a->macs, b->macs, a->n_macs * sizeof(*a->macs)));
	for (int i = 0; i < XLB_MAX_SERVICES; i++)
		cr_assert(same_rows(a->rows[i], b->rows[i]));
}

static void carry_out(struct fixture *f, struct image *next)
{
	struct world w = { .prev = f->image, .next = next, .now = image_clone(f->image) };
	struct plan *plan = plan_to(f->image, next, f);

	cr_assert_not_null(w.now);
	for (size_t i = 0; i < plan_size(plan); i++) {
		do_op(&w, plan_get(plan, i));
		check_world(&w, plan_get(plan, i));
	}
	check_arrived(&w);
	plan_free(plan);
	plan = plan_to(w.now, next, f);
	cr_assert_eq(plan_size(plan), 0);
	plan_free(plan);
	image_free(w.now);
	take_over(f, next);
}

/* ---- random changes ------------------------------------------------------------------------ */
static void change_host(struct desired_host *h)
{
	switch (rand() % 6) {
	case 0:
		h->takes_new = !h->takes_new;
		break;
	case 1:
		h->takes_new = h->keeps_old = rand() % 3;
		break;
	case 2:
		h->weight = 1 + rand() % 3;
		break;
	case 3:
		h->dst_mac[3] = rand() % 3;
		break;
	case 4:
		h->ifindex = 4 + rand() % 3;
		break;
	case 5:
		h->has_next_hop = rand() % 4;
		break;
	}
}

static void change_listens(struct fixture *f, unsigned s)
{
	char text[32];
	unsigned n = 1 + rand() % (FIX_LISTENS - 1);

	for (unsigned i = 0; i < n; i++) {
		struct desired_listen *l = &f->listens[s][i];

		/* a place of its own for every service: 10.0.S.x */
		snprintf(text, sizeof(text), "10.0.%u.%u", s, rand() % 4);
		l->addr = fix_addr(text);
		l->port_lo = 80 + i;
		l->port_hi = rand() % 3 ? l->port_lo : l->port_lo + 1000;
		l->ifindex = rand() % 3 ? 0 : 2;
	}
	f->services[s].n_listens = n;
}

static void change_service(struct fixture *f, unsigned s)
{
	struct desired_service *service = &f->services[s];

	switch (rand() % 8) {
	case 0:
		service->n_hosts = rand() % (FIX_HOSTS + 1);
		break;
	case 1:
		change_listens(f, s);
		break;
	case 2:
		service->choose = rand() % 4;
		break;
	case 3:
		service->hash_ports = !service->hash_ports;
		break;
	case 4:
		service->track = !service->track;
		break;
	default:
		change_host(&f->hosts[s][rand() % FIX_HOSTS]);
	}
}

static void pass_time(struct fixture *f)
{
	struct image *next;

	f->in.now += rand() % 300;
	f->scan.done++;
	f->scan.began = f->in.now - 1;
	for (int i = 0; i < XLB_MAX_HOSTS; i++)
		f->scan.hosts[i] = !(rand() % 8);
	cr_assert_eq(image_age(f->image, &f->in, &next), 0);
	carry_out(f, next);
}

Test(plan, no_operation_leaves_anything_dangling)
{
	struct fixture *f = fix_new(3);

	srand(3);
	for (int step = 0; step < 400; step++) {
		for (int i = rand() % 4; i >= 0; i--)
			change_service(f, rand() % 3);
		if (rand() % 10 == 0)
			f->desired.n_services = rand() % 4;
		carry_out(f, next_image(f));
		if (rand() % 3 == 0)
			pass_time(f);
	}
	fix_free(f);
}

/* Entries that move to make room for others are copied before they go. */
static void carry_out_vips(struct fixture *f, struct image *next)
{
	struct world w = { .prev = f->image, .next = next, .now = image_clone(f->image) };
	struct plan *plan = plan_to(f->image, next, f);

	cr_assert_not_null(w.now);
	for (size_t i = 0; i < plan_size(plan); i++) {
		const struct plan_op *op = plan_get(plan, i);

		do_op(&w, op);
		if (op->type == PLAN_VIP)
			check_no_gap(&w, op->index, op->text);
	}
	check_arrived(&w);
	plan_free(plan);
	image_free(w.now);
	take_over(f, next);
}

static unsigned crowd(struct desired_listen *listens, const char *addr)
{
	unsigned n = IMAGE_MAX_VIPS / 4 + rand() % (IMAGE_MAX_VIPS / 4);

	for (unsigned i = 0; i < n; i++) {
		uint16_t port = 1 + i * 7 + rand() % 7;

		listens[i] = (struct desired_listen){ fix_addr(addr), port, port, 0 };
	}
	return n;
}

Test(plan, crowded_vips_are_found_all_the_time)
{
	static struct desired_listen listens[2][IMAGE_MAX_VIPS / 2];
	struct fixture *f = fix_new(2);

	srand(4);
	f->services[0].listens = listens[0];
	f->services[1].listens = listens[1];
	for (int step = 0; step < 30; step++) {
		f->services[0].n_listens = crowd(listens[0], "10.0.0.1");
		f->services[1].n_listens = crowd(listens[1], "2001:db8::1");
		carry_out_vips(f, next_image(f));
	}
	fix_free(f);
}

/* Ports of 10.0.0.1 whose probe begins in the last slots of the table: their runs go on at its
 * beginning. */
static unsigned ports_at_the_end(const struct fixture *f, uint16_t ports[], unsigned max)
{
	unsigned n = 0;

	for (uint32_t port = 1; port < 65536 && n < max; port++) {
		struct cfg_addr addr = fix_addr("10.0.0.1");
		struct xlb_vip v = { .addr = { addr.v4.s_addr },
				     .port = htons(port),
				     .proto = IPPROTO_TCP,
				     .family = AF_INET };

		if (vip_home(f->image->settings.hash_key, &v) >= XLB_VIP_SLOTS - XLB_VIP_PROBES)
			ports[n++] = port;
	}
	return n;
}

static unsigned count_moved(const struct image *a, const struct image *b)
{
	const __u64 *key = a->settings.hash_key;
	unsigned n = 0;

	for (uint32_t i = 0; i < XLB_VIP_SLOTS; i++) {
		int at = vip_is_live(&a->vips[i]) ? vips_find(b->vips, key, &a->vips[i]) : (int)i;

		n += at >= 0 && at != (int)i;
	}
	return n;
}

Test(plan, crowded_around_the_end_of_the_table)
{
	enum { MOST = 2 * XLB_VIP_PROBES - 4 };
	static struct desired_listen listens[MOST];
	struct fixture *f = fix_new(1);
	struct image *next;
	uint16_t ports[64];
	unsigned n = ports_at_the_end(f, ports, 64), moved = 0;

	cr_assert_gt(n, MOST);
	srand(5);
	f->services[0].listens = listens;
	for (int step = 0; step < 300; step++) {
		unsigned start = rand() % n, count = MOST / 2 + rand() % (MOST / 2);

		for (unsigned i = 0; i < count; i++) {
			uint16_t port = ports[(start + i) % n];

			listens[i] = (struct desired_listen){ fix_addr("10.0.0.1"), port, port, 0 };
		}
		f->services[0].n_listens = count;
		if (image_next(f->image, &f->in, &f->error, &next))
			continue; /* too many for the bound: nothing happens */
		moved += count_moved(f->image, next);
		carry_out_vips(f, next);
	}
	cr_assert_gt(moved, 20);
	fix_free(f);
}
