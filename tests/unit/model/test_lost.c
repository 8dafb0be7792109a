/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What is withdrawn ahead of a sync is what the sync would take away: service_has_lost() says of
 * one host what model_desired() says of all. */
#include "fixture.h"

static const char config[] = "table <a> { 10.0.0.3, 10.0.0.4, 10.0.0.5 }\n"
			     "table <b> { 10.0.0.5, 10.0.0.6 }\n"
			     "table <c> { 10.0.0.3, 10.0.0.7 parent 1 }\n"
			     "redirect \"r\" {\n listen on 192.0.2.1 port 80\n"
			     " route to <a> port 80 check tcp panic 50% interface em0\n"
			     " route to <b> port 80 check tcp interface em0\n}\n"
			     "redirect \"s\" {\n listen on 192.0.2.1 port 81\n"
			     " route to <c> port 81 check icmp interface em0\n}\n"
			     "relay \"n\" {\n listen on 192.0.2.1 port 82\n"
			     " forward to <b> port 82 check tcp\n"
			     " forward to <c> port 82 check tcp\n}\n";

static uint32_t ifindex_of(const char *name, void *data)
{
	return 2;
}

/* What random states are made of, the same in each run. */
static uint32_t random_state = 1;

static unsigned draw(unsigned n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 16) % n;
}

static void change_next_hop(struct host *h)
{
	const struct next_hop away = { .state = NEXT_HOP_UNREACHABLE };

	if (draw(3))
		resolve(h);
	else
		host_set_next_hop(h, &away);
}

/* Something happens to one host. Then the table knows, as in withdraw_host(). */
static void happen(struct model *m)
{
	struct table *t = &m->tables[draw(m->n_tables)];
	struct host *h = &t->hosts[draw(t->n_hosts)];

	switch (draw(6)) {
	case 0:
		change_next_hop(h);
		break;
	case 1:
		host_set_admin(h, draw(2) ? HOST_ENABLED : draw(2) ? HOST_DISABLED : HOST_DRAINING);
		break;
	default:
		result(h, draw(2) ? HOST_UP : HOST_DOWN);
	}
	model_update(m);
}

static void compare(const struct model *m, const struct service *s)
{
	struct desired *d = NULL;

	cr_assert_eq(model_desired(m, ifindex_of, NULL, &d), 0);
	for (size_t i = 0; i < d->n_services; i++) {
		const struct desired_service *ds = &d->services[i];

		for (size_t j = 0; !strcmp(ds->name, s->name) && j < ds->n_hosts; j++) {
			const struct desired_host *h = &ds->hosts[j];
			bool used = h->has_next_hop && (h->takes_new || h->keeps_old);

			cr_assert_eq(service_has_lost(s, &h->addr), !used, "%s of %s", h->name,
				     s->name);
		}
	}
	model_desired_free(d);
}

Test(lost, is_what_the_sync_takes_away)
{
	struct model *m = build(config);

	for (int i = 0; i < 2000; i++) {
		happen(m);
		for (unsigned j = 0; j < m->n_services; j++)
			compare(m, &m->services[j]);
	}
	model_free(m);
}

Test(lost, a_stranger_is_not)
{
	struct model *m = build(config);
	struct cfg_addr stranger = { .family = AF_INET };

	cr_assert_not(service_has_lost(redirect(m, "r"), &stranger));
	model_free(m);
}

Test(lost, panic_keeps_a_host)
{
	struct model *m = build(config);
	struct host *h = host(m, "a:80", 0);

	bring_up(m, "a:80");
	result(h, HOST_DOWN);
	table_update(h->table);
	cr_assert(service_has_lost(redirect(m, "r"), &h->conf->addr));
	result(host(m, "a:80", 1), HOST_DOWN);
	table_update(h->table);
	cr_assert(h->table->panic);
	cr_assert_not(service_has_lost(redirect(m, "r"), &h->conf->addr));
	model_free(m);
}
