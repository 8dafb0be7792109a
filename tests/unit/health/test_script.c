/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* "check script". Exit status 0 is DOWN: relayd's contract. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "prober.h"

static char directory[] = "/tmp/xlb-script-XXXXXX";

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(directory));
	cr_assert_eq(chmod(directory, 0777), 0); /* root's scripts run as another user */
	prober_set_up();
}

static void tear_down(void)
{
	char command[64];

	prober_tear_down();
	snprintf(command, sizeof(command), "rm -r %s", directory);
	cr_assert_eq(system(command), 0);
}

TestSuite(script, .init = set_up, .fini = tear_down, .timeout = 60);

static const char *write_script(const char *body, mode_t mode)
{
	static char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/check", directory);
	f = fopen(path, "we");
	cr_assert_not_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", body);
	fclose(f);
	cr_assert_eq(chmod(path, mode), 0);
	return path;
}

static struct record check(const char *path, unsigned timeout_ms)
{
	const struct cfg_check script = { .type = CFG_CHECK_SCRIPT, .path = path };
	struct probe_target target = target_of("127.0.0.1", 80, &script);
	struct record r = { 0 };
	struct probe *p;

	target.name = "node1.example";
	target.timeout_ms = timeout_ms;
	p = add(&target, &r);
	cr_assert(LOOP_UNTIL(r.results == 1));
	prober_remove(p);
	cr_expect_not(r.not_made);
	return r;
}

struct row {
	const char *body;
	mode_t mode;
	enum host_health health;
	const char *reason;
};

static const struct row rows[] = {
	{ "exit 0", 0755, HOST_DOWN, "script failed" },
	{ "exit 1", 0755, HOST_UP, "script ok" },
	{ "exit 255", 0755, HOST_UP, "script ok" },
	{ "kill -9 $$", 0755, HOST_DOWN, "script failed" },
	{ "kill -PIPE $$; exit 1", 0755, HOST_DOWN, "script failed" },
	{ "exit 1", 0644, HOST_DOWN, "script failed" },
	{ "[ $# = 1 ] && [ $1 = node1.example ] && exit 1; exit 0", 0755, HOST_UP, "script ok" },
	{ "[ $PWD = / ] && exit 1; exit 0", 0755, HOST_UP, "script ok" },
	{ "[ -z \"$NOTIFY_SOCKET\" ] && exit 1; exit 0", 0755, HOST_UP, "script ok" },
	{ "grep -q '^NoNewPrivs:.1$' /proc/self/status && exit 1; exit 0", 0755, HOST_UP,
	  "script ok" },
	{ "grep -q '^SigBlk:.0*$' /proc/self/status && exit 1; exit 0", 0755, HOST_UP,
	  "script ok" },
};

Test(script, exit_status)
{
	setenv("NOTIFY_SOCKET", "/nowhere", 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record r = check(write_script(rows[i].body, rows[i].mode), 5000);

		cr_expect_eq(r.health, rows[i].health, "%s", rows[i].body);
		cr_expect_str_eq(r.reason, rows[i].reason, "%s", rows[i].body);
	}
}

/* Neither the user, nor a group, nor a capability is root's. */
Test(script, runs_without_privileges)
{
	const char *body =
		"[ $(id -u) = 0 ] && exit 0; [ $(id -g) = 0 ] && exit 0\n"
		"grep -q '^Groups:.*[0-9]' /proc/self/status && exit 0\n"
		"grep -q '^Cap\\(Inh\\|Prm\\|Eff\\|Amb\\):.*[1-9a-f]' /proc/self/status && exit 0\n"
		"exit 1";

	if (geteuid() != 0)
		cr_skip_test("needs root to have something to give up");
	cr_expect_eq(check(write_script(body, 0755), 5000).health, HOST_UP);
}

/* What only an exit with status 0 gives: relayd's "down", and the others' "ok". */
Test(script, exit_status_zero_is_told)
{
	static const struct {
		const char *body;
		bool exit_zero;
	} statuses[] = { { "exit 0", true }, { "exit 1", false }, { "kill -9 $$", false } };

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		cr_expect_eq(check(write_script(statuses[i].body, 0755), 5000).exit_zero,
			     statuses[i].exit_zero, "%s", statuses[i].body);
}

/* More than may run at a time: the others have their turn when some are over. */
Test(script, no_more_than_so_many_at_a_time)
{
	enum { N = 100, AT_A_TIME = 64 };
	const struct cfg_check script = { .type = CFG_CHECK_SCRIPT, .path = "sleep" };
	struct probe_target target = target_of("127.0.0.1", 80, &script);
	static struct record r[N];
	unsigned finished = 0;

	target.name = "600";
	target.timeout_ms = 300;
	for (int i = 0; i < N; i++)
		add(&target, &r[i]);
	cr_assert(LOOP_UNTIL(r[0].results == 1));
	for (int i = 0; i < N; i++)
		finished += r[i].results;
	cr_expect_leq(finished, AT_A_TIME);
	for (int i = 0; i < N; i++)
		cr_assert(LOOP_UNTIL(r[i].results == 1));
}

/* Descriptors of ours that were not marked to be closed. */
Test(script, inherits_no_files)
{
	const char *body = "[ -e /proc/$$/fd/200 ] || exit 1; exit 0";
	int fd = fcntl(STDERR_FILENO, F_DUPFD, 200);

	cr_assert_eq(fd, 200);
	cr_expect_eq(check(write_script(body, 0755), 5000).health, HOST_UP);
	close(fd);
}

Test(script, not_there)
{
	struct record r = check("/nowhere/at/all", 5000);

	cr_expect_eq(r.health, HOST_DOWN);
	cr_expect_str_eq(r.reason, "script failed");
}

/* It and what it started; by then the prober has long gone on. */
Test(script, killed_at_the_deadline_with_its_children)
{
	char body[256], pids[64];
	struct record r;
	unsigned alive;

	snprintf(pids, sizeof(pids), "%s/pids", directory);
	snprintf(body, sizeof(body), "sleep 600 & echo $! $$ > %s; sleep 600", pids);
	r = check(write_script(body, 0755), 300);
	cr_expect_eq(r.health, HOST_DOWN);
	cr_expect_str_eq(r.reason, "script failed");
	cr_expect_geq(r.latency_ms, 300);
	snprintf(body, sizeof(body),
		 "for p in $(cat %s); do grep -qs '^State:.[^Z]' /proc/$p/status && exit 1; done; "
		 "exit 0",
		 pids);
	cr_expect(LOOP_UNTIL((alive = (unsigned)system(body)) == 0), "%u", alive);
	cr_expect_neq(access(pids, R_OK), -1, "it had run");
}

/* How many processes there are that sleep for NUMBER.25 seconds; not counting who looks. */
static unsigned processes(const char *nap)
{
	char command[256];
	unsigned n = 0;
	FILE *f;

	snprintf(command, sizeof(command), "grep -lszx -e '%d[.]25' /proc/[0-9]*/cmdline | wc -l",
		 atoi(nap));
	f = popen(command, "re");
	cr_assert_not_null(f);
	cr_assert_eq(fscanf(f, "%u", &n), 1);
	pclose(f);
	return n;
}

/* A number that no other process of this machine sleeps for. */
static const char *own_nap(char buf[16])
{
	snprintf(buf, 16, "%d.25", 10000 + getpid());
	return buf;
}

/* What has left the process group goes, too, and its children: at the deadline … */
Test(script, nobody_escapes_the_deadline)
{
	char body[256], nap[16];

	own_nap(nap);
	snprintf(body, sizeof(body),
		 "setsid sleep %s & setsid sh -c 'sleep %s & sleep %s' & (setsid sleep %s &)\n"
		 "exec sleep %s",
		 nap, nap, nap, nap, nap);
	cr_expect_eq(check(write_script(body, 0755), 500).health, HOST_DOWN);
	cr_expect(LOOP_UNTIL(processes(nap) == 0));
}

/* … and when the script is over. */
Test(script, nothing_outlives_a_script)
{
	char body[256], nap[16];

	own_nap(nap);
	snprintf(body, sizeof(body), "sleep %s & setsid sleep %s & (setsid sleep %s &)\nexit 1",
		 nap, nap, nap);
	cr_expect_eq(check(write_script(body, 0755), 5000).health, HOST_UP);
	cr_expect(LOOP_UNTIL(processes(nap) == 0));
}

/* Another script's children are left alone as long as that one runs, with a parent or without. */
Test(script, others_keep_their_children)
{
	const struct cfg_check slow = { .type = CFG_CHECK_SCRIPT, .path = "/bin/sh" };
	const struct cfg_check fast = { .type = CFG_CHECK_SCRIPT, .path = "false" };
	struct probe_target target = target_of("127.0.0.1", 80, &slow);
	struct record hanging = { 0 }, quick = { 0 };
	char body[256], nap[16];
	struct probe *p;

	snprintf(body, sizeof(body), "(setsid sleep %s &)\nexec sleep 600", own_nap(nap));
	target.name = write_script(body, 0755); /* sh SCRIPT */
	target.timeout_ms = 60000;
	p = add(&target, &hanging);
	cr_assert(LOOP_UNTIL(processes(nap) == 1));
	target.check = &fast;
	target.interval_ms = 20;
	add(&target, &quick);
	cr_assert(LOOP_UNTIL(quick.results >= 10));
	cr_expect_eq(processes(nap), 1);
	prober_remove(p);
	cr_expect(LOOP_UNTIL(processes(nap) == 0));
}

/* The program's own children are not ours to end or to reap. */
Test(script, strangers_are_left_alone)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(pause());
	cr_expect_eq(check(write_script("exit 1", 0755), 5000).health, HOST_UP);
	cr_expect_eq(check(write_script("exit 1", 0755), 5000).health, HOST_UP);
	cr_assert_eq(waitpid(pid, &status, WNOHANG), 0, "it lives");
	kill(pid, SIGTERM);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
}

/* One that hangs holds nobody up. */
Test(script, side_by_side)
{
	const struct cfg_check slow = { .type = CFG_CHECK_SCRIPT, .path = "/bin/sh" };
	const struct cfg_check fast = { .type = CFG_CHECK_SCRIPT, .path = "false" };
	struct probe_target target = target_of("127.0.0.1", 80, &slow);
	struct record hanging = { 0 }, quick = { 0 };

	target.name = write_script("sleep 600", 0755); /* sh SCRIPT */
	target.timeout_ms = 60000;
	add(&target, &hanging);
	target.check = &fast;
	add(&target, &quick);
	cr_assert(LOOP_UNTIL(quick.results == 1));
	cr_assert_eq(quick.health, HOST_UP, "found by PATH, and its exit status is 1");
	cr_assert_eq(hanging.results, 0);
}
