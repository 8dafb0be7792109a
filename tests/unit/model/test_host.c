/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The host's state machine, as relayd's manual has it. */
#include <errno.h>

#include "fixture.h"

#define CONFIG(options)                                                                            \
	"table <t> { 10.0.0.3 " options " }\n"                                                     \
	"redirect \"r\" {\n listen on 192.0.2.1 port 80\n"                                         \
	" route to <t> port 80 check tcp interface em0\n}\n"

/* ---- results ------------------------------------------------------------------------------- */
/* One row: results in, states out, a letter each: u(p), d(own), ?(unknown), -(not made). */
struct sequence {
	const char *name;
	const char *config;
	const char *results;
	const char *states;
	uint64_t checks, checks_up;
};

static const struct sequence sequences[] = {
	{ "first success", CONFIG(""), "u", "u", 1, 1 },
	{ "first failure", CONFIG(""), "d", "d", 1, 0 },
	{ "up and down at once", CONFIG(""), "uduu", "uduu", 4, 3 },
	{ "unknown is a state, and not counted", CONFIG(""), "u?d?u", "u?d?u", 3, 2 },
	{ "not made: nothing changes, nothing counts", CONFIG(""), "-u-d-", "?uudd", 2, 1 },
	{ "retry tolerates so many", CONFIG("retry 2"), "uddd", "uuud", 4, 3 },
	{ "success fills up the retries", CONFIG("retry 2"), "uddudd", "uuuuuu", 6, 6 },
	{ "unknown fills them up, too", CONFIG("retry 1"), "ud?udd", "uu?uud", 5, 4 },
	{ "not made takes no retry", CONFIG("retry 1"), "u-d--d", "uuuuud", 3, 2 },
	{ "one success brings up", CONFIG("retry 2"), "ddddu", "??ddu", 3, 1 },
	{ "retry before the first result keeps unknown", CONFIG("retry 1"), "dd", "?d", 1, 0 },
	{ "fall is retry and one", CONFIG("fall 3"), "uddd", "uuud", 4, 3 },
	{ "rise is for those that come back", CONFIG("rise 3"), "uduuu", "udddu", 5, 2 },
	{ "a failure starts rise anew", CONFIG("rise 3"), "uduuduuu", "udddddd" "u", 8, 2 },
	{ "so does unknown", CONFIG("rise 2"), "udu?du", "udd?dd", 5, 1 },
	{ "unknown comes up at once", CONFIG("rise 3"), "ud?u", "ud?u", 3, 2 },
	{ "never up: rise counts from the first success", CONFIG("rise 2"), "dduu", "dddu", 4, 1 },
	{ "not made takes no rise", CONFIG("rise 2"), "du-u", "dddu", 3, 1 },
	{ "rise and fall", CONFIG("rise 2 fall 2"), "uduudduduu", "uuuuuddddu", 10, 6 },
	{ "down stays down while retries last again", CONFIG("retry 1"), "udddd", "uuddd", 5, 2 },
};

static enum host_health health_of(char letter)
{
	return letter == 'u' ? HOST_UP : letter == 'd' ? HOST_DOWN : HOST_UNKNOWN;
}

static void check_sequence(const struct sequence *row)
{
	struct model *m = build(row->config);
	struct host *h = host(m, "t:80", 0);

	for (size_t i = 0; row->results[i]; i++) {
		struct probe_result r = { .health = health_of(row->results[i]),
					  .not_made = row->results[i] == '-',
					  .reason = "reason",
					  .latency_ms = (uint32_t)i };
		enum host_health before = h->health;
		struct host_change change;

		host_probe_result(h, &r, 1000 + i, &change);
		cr_expect_eq(h->health, health_of(row->states[i]), "%s: result %zu", row->name, i);
		cr_expect_eq(change.host, h);
		cr_expect_eq(change.before, before);
		cr_expect_eq(change.after, h->health);
		cr_expect_eq(change.changed, before != h->health);
		cr_expect_not(change.ignored);
		cr_expect_eq(h->latency_ms, i);
		if (change.changed)
			cr_expect_eq(h->changed_at, 1000 + i, "%s", row->name);
	}
	cr_expect_eq(h->checks, row->checks, "%s", row->name);
	cr_expect_eq(h->checks_up, row->checks_up, "%s", row->name);
	model_free(m);
}

Test(host, results)
{
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
		check_sequence(&sequences[i]);
}

/* Where looking again soon helps: between the first result that says otherwise and the last. */
Test(host, in_transition)
{
	static const struct {
		const char *results, *in_transition;
	} rows[] = {
		{ "uddd", " ++ " },
		{ "udu", " + " },
		{ "uddduu", " ++ + " },
		{ "dddudu", "++ + +" },
		{ "d?", "+ " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct model *m = build(CONFIG("rise 2 fall 3"));
		struct host *h = host(m, "t:80", 0);

		cr_expect_not(host_in_transition(h));
		for (size_t n = 0; rows[i].results[n]; n++) {
			result(h, health_of(rows[i].results[n]));
			cr_expect_eq(host_in_transition(h), rows[i].in_transition[n] == '+',
				     "%s: result %zu", rows[i].results, n);
		}
		model_free(m);
	}
}

Test(host, availability)
{
	struct model *m = build(CONFIG(""));
	struct host *h = host(m, "t:80", 0);
	double percent;

	cr_expect_not(host_availability(h, &percent));
	for (int i = 0; i < 20; i++)
		result(h, HOST_UP);
	result(h, HOST_DOWN);
	cr_assert(host_availability(h, &percent));
	cr_expect_float_eq(percent, 95.238, 0.001);
	model_free(m);
}

Test(host, log_lines_are_relayds)
{
	struct model *m = build(CONFIG(""));
	struct host *h = host(m, "t:80", 0);
	struct host_change change = result(h, HOST_UP);
	char line[256];

	cr_expect_str_eq(host_change_text(&change, line, sizeof(line)),
			 "host 10.0.0.3, check tcp (7ms,tcp connect ok), "
			 "state unknown -> up, availability 100.00%");
	change = result(h, HOST_DOWN);
	cr_expect_str_eq(host_change_text(&change, line, sizeof(line)),
			 "host 10.0.0.3, check tcp (7ms,tcp connect failed), "
			 "state up -> down, availability 50.00%");
	change = result(h, HOST_UNKNOWN);
	host_set_admin(h, HOST_DISABLED);
	change = result(h, HOST_UP);
	cr_expect(change.ignored);
	cr_expect_str_eq(host_change_text(&change, line, sizeof(line)),
			 "host 10.0.0.3, check tcp (ignoring result, host disabled)");
	model_free(m);
}

Test(host, log_lines_name_tls_as_relayd_does)
{
	static const struct {
		const char *check, *text;
	} rows[] = {
		{ "tls", "tcp use tls" },
		{ "https \"/\" code 401", "http code use tls" },
		{ "http \"/\" code 200", "http code" },
		{ "icmp", "icmp" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char config[256], line[256], want[256];
		struct host_change change;
		struct model *m;

		snprintf(config, sizeof(config),
			 "table <t> { 10.0.0.3 }\nredirect \"r\" {\n listen on 192.0.2.1 port 80\n"
			 " route to <t> port 80 check %s interface em0\n}\n",
			 rows[i].check);
		m = build(config);
		change = result(host(m, "t:80", 0), HOST_UP);
		snprintf(want, sizeof(want),
			 "host 10.0.0.3, check %s (7ms,tcp connect ok), "
			 "state unknown -> up, availability 100.00%%",
			 rows[i].text);
		cr_expect_str_eq(host_change_text(&change, line, sizeof(line)), want);
		model_free(m);
	}
}

/* ---- administrator ------------------------------------------------------------------------- */
/*
 * What a host does with flows after a history, letter by letter: results u, d and ?; D(isable),
 * E(nable), R (drain), T (table disabled), t (enabled again).
 */
struct history {
	const char *name;
	const char *events;
	const char *status;
	bool takes_new, keeps_old, checked;
};

static const struct history histories[] = {
	{ "fresh: flows of a former daemon stay", "", "unknown", false, true, true },
	{ "up", "u", "up", true, true, true },
	{ "down", "ud", "down", false, false, true },
	{ "down at the first check", "d", "down", false, false, true },
	{ "unknown after up", "u?", "unknown", false, true, true },
	{ "unknown after down", "ud?", "unknown", false, false, true },
	{ "disabled: flows finish", "uD", "disabled", false, true, false },
	{ "disabled ignores results", "uDd", "disabled", false, true, false },
	{ "disabled while down: nothing comes back", "udD", "disabled", false, false, false },
	{ "enabled, not checked yet: flows stay", "uDE", "unknown", false, true, true },
	{ "enabled after being down: not before it is up", "udDE", "unknown", false, false, true },
	{ "enabled and up", "udDEu", "up", true, true, true },
	{ "enabled and down", "uDEd", "down", false, false, true },
	{ "draining", "uR", "draining", false, true, true },
	{ "draining and down: flows move", "uRd", "draining", false, false, true },
	{ "draining and up again", "uRdu", "draining", false, true, true },
	{ "drained, then enabled: as if nothing had been", "uRE", "up", true, true, true },
	{ "drained, then disabled", "uRD", "disabled", false, true, false },
	{ "disabled, then drained: unknown until checked", "uDR", "draining", false, true, true },
	{ "table disabled: flows finish", "uT", "unknown", false, true, false },
	{ "table disabled ignores results", "uTd", "unknown", false, true, false },
	{ "table enabled, not checked yet", "uTt", "unknown", false, true, true },
	{ "table enabled and up", "uTtu", "up", true, true, true },
};

static void happen(struct host *h, char event)
{
	switch (event) {
	case 'D':
		cr_assert_eq(host_set_admin(h, HOST_DISABLED), 0);
		break;
	case 'E':
		cr_assert_eq(host_set_admin(h, HOST_ENABLED), 0);
		break;
	case 'R':
		cr_assert_eq(host_set_admin(h, HOST_DRAINING), 0);
		break;
	case 'T':
	case 't':
		table_set_disabled(h->table, event == 'T');
		break;
	default:
		result(h, health_of(event));
	}
}

Test(host, histories)
{
	for (size_t i = 0; i < sizeof(histories) / sizeof(histories[0]); i++) {
		const struct history *row = &histories[i];
		struct model *m = build(CONFIG(""));
		struct host *h = host(m, "t:80", 0);

		resolve(h);
		for (const char *event = row->events; *event; event++)
			happen(h, *event);
		cr_expect_str_eq(host_status_name(h), row->status, "%s: %s", row->name,
				 host_status_name(h));
		cr_expect_eq(host_usable(h), row->takes_new, "%s: new flows", row->name);
		cr_expect_eq(host_keeps_flows(h), row->keeps_old, "%s: old flows", row->name);
		cr_expect_eq(host_is_checked(h), row->checked, "%s: checked", row->name);
		model_free(m);
	}
}

Test(host, disabling_zeroes_the_counters_draining_keeps_them)
{
	struct model *m = build(CONFIG("retry 3"));
	struct host *h = host(m, "t:80", 0);

	result(h, HOST_UP);
	result(h, HOST_DOWN);
	host_set_admin(h, HOST_DRAINING);
	cr_expect_eq(h->checks, 2);
	cr_expect_eq(h->retries_left, 2);
	host_set_admin(h, HOST_DISABLED);
	cr_expect_eq(h->checks, 0);
	cr_expect_eq(h->checks_up, 0);
	cr_expect_eq(h->retries_left, 3);
	cr_expect_str_empty(h->reason);
	model_free(m);
}

Test(host, disabling_twice_is_disabling_once)
{
	struct model *m = build(CONFIG(""));
	struct host *h = host(m, "t:80", 0);

	result(h, HOST_UP);
	host_set_admin(h, HOST_ENABLED);
	cr_expect_eq(h->health, HOST_UP);
	host_set_admin(h, HOST_DISABLED);
	host_set_admin(h, HOST_DISABLED);
	cr_expect_eq(h->last_known, HOST_UP);
	model_free(m);
}

Test(host, adopted_health_counts_as_no_check_and_yields_to_results)
{
	struct model *m = build(CONFIG(""));
	struct host *h = host(m, "t:80", 0);

	host_adopt(h, HOST_UP, 5);
	cr_expect_eq(h->health, HOST_UP);
	cr_expect_eq(h->checks, 0);
	result(h, HOST_DOWN);
	host_adopt(h, HOST_UP, 6);
	cr_expect_eq(h->health, HOST_DOWN);
	model_free(m);
}

/* ---- next hops ----------------------------------------------------------------------------- */
Test(host, next_hop_matters_when_frames_would_differ)
{
	struct model *m = build(CONFIG(""));
	struct host *h = host(m, "t:80", 0);
	struct next_hop hop = { .state = NEXT_HOP_NO_ROUTE };

	result(h, HOST_UP);
	cr_expect_not(host_set_next_hop(h, &hop), "unknown, no route: nothing to send either way");
	cr_expect_not(host_usable(h));
	hop = (struct next_hop){ .state = NEXT_HOP_OK, .ifindex = 2, .dst_mac = { 2 } };
	cr_expect(host_set_next_hop(h, &hop));
	cr_expect(host_usable(h));
	cr_expect_not(host_set_next_hop(h, &hop));
	hop.gateway.family = AF_INET;
	snprintf(hop.interface, sizeof(hop.interface), "em1");
	cr_expect_not(host_set_next_hop(h, &hop), "names are for people");
	cr_expect_eq(h->next_hop.gateway.family, AF_INET, "and are kept for them");
	hop.dst_mac[5] = 1;
	cr_expect(host_set_next_hop(h, &hop));
	hop.src_mac[5] = 1;
	cr_expect(host_set_next_hop(h, &hop));
	hop.ifindex = 3;
	cr_expect(host_set_next_hop(h, &hop));
	hop.state = NEXT_HOP_LINK_DOWN;
	cr_expect(host_set_next_hop(h, &hop));
	cr_expect_not(host_usable(h));
	model_free(m);
}

/* ---- parents ------------------------------------------------------------------------------- */
#define FAMILY                                                                                     \
	"table <a> { 10.0.0.1, 10.0.0.2 }\n"                                                       \
	"table <b> { 10.0.1.1 parent 2, 10.0.1.2, 10.0.1.3 parent 2 retry 1 }\n"                   \
	"redirect \"r\" {\n listen on 192.0.2.1 port 80\n"                                         \
	" route to <a> port 80 check tcp interface em0\n}\n"                                       \
	"redirect \"s\" {\n listen on 192.0.2.1 port 81\n"                                         \
	" route to <b> port 80 check tcp interface em0\n}\n"

static void parent_result(struct host *parent, enum host_health health)
{
	const struct probe_result r = { .health = health, .reason = "because", .latency_ms = 4 };
	struct host_change change;

	host_probe_result(parent, &r, 1, &change);
	for (struct host *c = parent->children; c; c = c->next_sibling)
		host_follow_parent(c, &r, 1, &change);
}

Test(parent, children_copy_the_result)
{
	struct model *m = build(FAMILY);
	struct host *parent = host(m, "a:80", 1);
	struct host *first = host(m, "b:80", 0), *second = host(m, "b:80", 2);
	char name[64];

	cr_assert_eq(parent->children, first);
	cr_assert_eq(first->next_sibling, second);
	cr_assert_null(second->next_sibling);
	cr_assert_null(host(m, "b:80", 1)->parent);
	cr_expect_not(host_is_checked(first));
	cr_expect(host_is_checked(parent));
	cr_expect_str_eq(host_row_name(first, name, sizeof(name)), "10.0.1.1 parent 2");
	cr_expect_str_eq(host_row_name(parent, name, sizeof(name)), "10.0.0.2");

	parent_result(parent, HOST_UP);
	cr_expect_eq(first->health, HOST_UP);
	cr_expect_eq(first->checks, 1);
	cr_expect_str_eq(first->reason, "because");
	cr_expect_eq(host(m, "b:80", 1)->health, HOST_UNKNOWN);
	parent_result(parent, HOST_DOWN);
	cr_expect_eq(first->health, HOST_DOWN);
	cr_expect_eq(second->health, HOST_UP, "its own retry");
	parent_result(parent, HOST_DOWN);
	cr_expect_eq(second->health, HOST_DOWN);
	model_free(m);
}

Test(parent, administrator_switches_children_with_their_parent_only)
{
	struct model *m = build(FAMILY);
	struct host *parent = host(m, "a:80", 1), *child = host(m, "b:80", 0);

	cr_expect_eq(host_set_admin(child, HOST_DISABLED), -EPERM);
	cr_expect_eq(child->admin, HOST_ENABLED);
	parent_result(parent, HOST_UP);
	cr_expect_eq(host_set_admin(parent, HOST_DISABLED), 0);
	cr_expect_eq(child->admin, HOST_DISABLED);
	cr_expect_eq(child->health, HOST_UNKNOWN);
	model_free(m);
}
