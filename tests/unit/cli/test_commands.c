/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Whole commands against a daemon that gives prepared answers, and without one. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "capture.h"

#define MAX_REQUESTS 4

static char dir[] = "/tmp/xlb-cli-XXXXXX";
static char socket_path[64];
static struct capture capture;

/* ---- the daemon: a connection for each answer -------------------------------------------------
 */
struct script {
	int listener;
	const char *answers[MAX_REQUESTS]; /* "STATUS BODY" */
	char requests[MAX_REQUESTS][4096]; /* what came */
	pthread_t thread;
};

static struct script script;

static size_t body_length(const char *request)
{
	const char *length = strstr(request, "Content-Length: ");

	return length ? strtoul(length + 16, NULL, 10) : 0;
}

static void read_request(int fd, char *buf, size_t size)
{
	size_t n = 0;
	ssize_t r;

	while ((r = recv(fd, buf + n, size - 1 - n, 0)) > 0) {
		char *end;

		n += (size_t)r;
		buf[n] = '\0';
		end = strstr(buf, "\r\n\r\n");
		if (end && strlen(end + 4) >= body_length(buf))
			return;
	}
}

static void answer(int fd, const char *text)
{
	char head[128];
	const char *body = strchr(text, ' ') + 1;

	snprintf(head, sizeof(head),
		 "HTTP/1.1 %.3s X\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", text,
		 strlen(body));
	send(fd, head, strlen(head), MSG_NOSIGNAL);
	send(fd, body, strlen(body), MSG_NOSIGNAL);
}

static void *serve(void *data)
{
	struct script *s = data;

	for (int i = 0; i < MAX_REQUESTS && s->answers[i]; i++) {
		int fd = accept(s->listener, NULL, NULL);

		if (fd < 0)
			break;
		read_request(fd, s->requests[i], sizeof(s->requests[i]));
		answer(fd, s->answers[i]);
		close(fd);
	}
	return NULL;
}

static void daemon_start(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	strcpy(addr.sun_path, socket_path);
	script.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(script.listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	cr_assert_eq(listen(script.listener, 8), 0);
	cr_assert_eq(pthread_create(&script.thread, NULL, serve, &script), 0);
}

static void daemon_stop(void)
{
	shutdown(script.listener, SHUT_RDWR);
	pthread_join(script.thread, NULL);
	close(script.listener);
}

static int run(const char *line, const char *first_answer, const char *second_answer)
{
	int status;

	script.answers[0] = first_answer;
	script.answers[1] = second_answer;
	daemon_start();
	status = capture_run(&capture, line);
	daemon_stop();
	return status;
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(dir));
	snprintf(socket_path, sizeof(socket_path), "%s/xlbd.sock", dir);
	capture_open(&capture);
	capture.cli.socket = socket_path;
	capture.cli.bpffs = dir;
}

static void teardown(void)
{
	static const char *const files[] = { "xlbd.sock", "xlbd", "asked" };
	char path[96];

	capture_close(&capture);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	cr_expect_eq(rmdir(dir), 0);
}

TestSuite(commands, .init = setup, .fini = teardown, .timeout = 30);

static void expect_request(int i, const char *line, const char *body)
{
	const char *end = strstr(script.requests[i], "\r\n\r\n");

	cr_assert_not_null(end);
	cr_expect(strncmp(script.requests[i], line, strlen(line)) == 0, "%s", script.requests[i]);
	cr_expect_str_eq(end + 4, body);
}

/* ---- requests ------------------------------------------------------------------------------ */
Test(commands, names_are_escaped)
{
	cr_expect_eq(run("table disable a/b:443", "200 {}", NULL), CLI_DONE);
	expect_request(0, "POST /v1/tables/a%2Fb%3A443/disable HTTP/1.1\r\n", "");
	cr_expect_str_eq(capture.out, "command succeeded\n");
}

Test(commands, json_is_passed_on)
{
	cr_expect_eq(run("-j host drain 2", "200 {\"host\":{\"id\":2,\"availability\":95.238095}}",
			 NULL),
		     CLI_DONE);
	expect_request(0, "POST /v1/hosts/2/drain HTTP/1.1\r\n", "");
	cr_expect_str_eq(capture.out, "{\n  \"host\": {\n    \"id\": 2,\n"
				      "    \"availability\": 95.238095\n  }\n}\n");
}

static const char drained[] = "200 {\"host\":{\"id\":2,\"name\":\"a\",\"table\":\"web:80\"},"
			      "\"namesakes\":[{\"id\":7,\"table\":\"web:443\"}]}";

Test(commands, a_name_that_several_hosts_have)
{
	cr_expect_eq(run("host drain a", drained, NULL), CLI_DONE);
	cr_expect_str_eq(capture.out, "command succeeded\n");
	cr_expect_str_eq(capture.err, "xlbctl: this was host 2 of table web:80; there are also:\n"
				      "  7 of table web:443\n");
}

Test(commands, an_id_means_one_host)
{
	cr_expect_eq(run("host drain 2", drained, NULL), CLI_DONE);
	cr_expect_str_empty(capture.err);
}

Test(commands, log)
{
	cr_expect_eq(run("log v", "200 {\"verbose\":true}", NULL), CLI_DONE);
	expect_request(0, "POST /v1/log HTTP/1.1\r\n", "{\"verbose\":true}");
	cr_expect_str_eq(capture.out, "logging request sent.\n");
}

Test(commands, show_hosts_asks_for_tables)
{
	cr_expect_eq(run("show hosts",
			 "200 {\"hosts\":[{\"id\":7,\"name\":\"h\",\"table_id\":1,"
			 "\"status\":\"up\"}]}",
			 "200 {\"tables\":[{\"id\":1,\"name\":\"t:80\",\"status\":\"active\","
			 "\"hosts_up\":1}]}"),
		     CLI_DONE);
	expect_request(0, "GET /v1/hosts HTTP/1.1\r\n", "");
	expect_request(1, "GET /v1/tables HTTP/1.1\r\n", "");
	cr_expect_str_eq(strchr(capture.out, '\n') + 1,
			 "1   \ttable   \tt:80                    \t       \tactive (1 hosts)\n"
			 "7   \thost    \th                       \t       \tup\n");
}

Test(commands, show_sessions)
{
	cr_expect_eq(run("show sessions 1",
			 "200 {\"truncated\":true,\"sessions\":[{\"service\":\"web\","
			 "\"proto\":\"tcp\",\"client\":\"2001:db8::9\",\"client_port\":50000,"
			 "\"port\":443,\"host\":\"2001:db8::3\",\"state\":\"ESTABLISHED\","
			 "\"idle_s\":5,\"expires_s\":595}]}",
			 NULL),
		     CLI_DONE);
	expect_request(0, "GET /v1/sessions?limit=1 HTTP/1.1\r\n", "");
	cr_expect_str_eq(
		capture.out,
		"Service  Proto  Client               Port  Host         State            Idle  "
		"Expires in\n"
		"web      tcp    [2001:db8::9]:50000   443  2001:db8::3  ESTABLISHED  00:00:05  "
		"  00:09:55\n");
	cr_expect_str_eq(capture.err, "xlbctl: these are the first 1 sessions, there are more\n");
}

Test(commands, show_sessions_of_relays_as_relayctl)
{
	cr_expect_eq(
		run("show sessions",
		    "200 {\"pid\":77,\"truncated\":false,\"sessions\":["
		    "{\"service\":\"web\",\"type\":\"relay\",\"service_id\":2,"
		    "\"proto\":\"tcp\",\"client\":\"203.0.113.9\",\"client_port\":50000,"
		    "\"port\":80,\"host\":\"10.0.0.3\",\"state\":\"OPEN\",\"idle_s\":5,"
		    "\"expires_s\":595,\"nat\":{\"id\":17,\"address\":\"10.0.0.1\",\"port\":1024,"
		    "\"host_port\":8080,\"running\":true,\"age_s\":61,\"packets_in\":1,"
		    "\"bytes_in\":60,\"packets_out\":2,\"bytes_out\":3000}},"
		    "{\"service\":\"six\",\"type\":\"redirect\",\"service_id\":1,"
		    "\"proto\":\"udp\",\"client\":\"2001:db8::9\",\"client_port\":53,"
		    "\"port\":53,\"host\":\"2001:db8::3\",\"state\":\"CLOSED\","
		    "\"idle_s\":0,\"nat\":{\"id\":3,\"address\":null,\"host_port\":53,"
		    "\"running\":false,\"age_s\":0}}]}",
		    NULL),
		CLI_DONE);
	cr_expect_str_eq(
		capture.out,
		"session 0:17 203.0.113.9:50000 -> 10.0.0.3:8080\tRUNNING\n"
		"\tage 00:01:01, idle 00:00:05, relay 2, pid 77\n"
		"\ttcp, nat 10.0.0.1:1024, OPEN, in 1 packets 60 bytes, out 2 packets 3000 bytes\n"
		"session 0:3 [2001:db8::9]:53 -> [2001:db8::3]:53\tDONE\n"
		"\tage 00:00:00, idle 00:00:00, redirect 1, pid 77\n"
		"\tudp, nat transparent, CLOSED, in 0 packets 0 bytes, out 0 packets 0 bytes\n");
}

/* The control room's own answer. */
static const char *rules_answer(void)
{
	static char text[8192] = "200 ";
	FILE *f = fopen(XLB_SOURCE_DIR "/tests/unit/control/rules.json", "r");
	size_t n;

	cr_assert_not_null(f);
	n = fread(text + 4, 1, sizeof(text) - 5, f);
	text[4 + n] = '\0';
	fclose(f);
	return text;
}

#define RULE_TCP                                                                                   \
	"pass in quick on vether0 inet proto tcp from any to 192.168.0.2 port = 443 flags any "    \
	"keep state (sloppy, tcp.established 600) route-to "
#define RULE_UDP                                                                                   \
	"pass in quick inet proto udp from any to 192.168.0.2 port 443:450 keep state (sloppy, "   \
	"udp.multiple 60) route-to "
#define RULE_RELAY                                                                                 \
	"# pass in quick inet proto tcp from any to lb.example port = 6443 flags S/SA keep state " \
	"(tcp.established 300) nat-to 192.168.1.2 rdr-to "
#define NO_EFFECT " # without effect: relays are not done yet\n"

Test(commands, show_rules)
{
	cr_expect_eq(run("show rules", rules_answer(), NULL), CLI_DONE);
	expect_request(0, "GET /v1/rules HTTP/1.1\r\n", "");
	cr_expect_str_eq(capture.out,
			 RULE_TCP "<https_forwarder> source-hash sticky-address\n" RULE_UDP
				  "<https_forwarder> source-hash sticky-address\n" RULE_RELAY
				  "<kube_forwarder> port 6443 loadbalance" NO_EFFECT);
}

Test(commands, show_rules_with_numbers)
{
	cr_expect_eq(run("show rules -v -v", rules_answer(), NULL), CLI_DONE);
	cr_expect_str_eq(
		capture.out,
		"@0 " RULE_TCP "<https_forwarder:2> source-hash sticky-address\n"
		"  [ Evaluations: 10        Packets: 10        Bytes: 1000        States: 5     ]\n"
		"  [ Inserted: uid 998 pid 4711 State Creations: 3     ]\n"
		"@1 " RULE_UDP "<https_forwarder:2> source-hash sticky-address\n"
		"  [ Evaluations: 20        Packets: 20        Bytes: 2000        States: 4     ]\n"
		"  [ Inserted: uid 998 pid 4711 State Creations: 6     ]\n"
		"@2 " RULE_RELAY "<kube_forwarder:0> port 6443 loadbalance" NO_EFFECT);
}

Test(commands, show_rules_of_one)
{
	cr_expect_eq(run("show rules -vv relayd/kube_forwarder", rules_answer(), NULL), CLI_DONE);
	cr_expect_str_eq(capture.out,
			 "@0 " RULE_RELAY "<kube_forwarder:0> port 6443 loadbalance" NO_EFFECT);
}

Test(commands, show_rules_of_nobody)
{
	cr_expect_eq(run("show rules web", rules_answer(), NULL), CLI_FAILED);
	cr_expect_str_eq(capture.err, "xlbctl: no redirect or relay \"web\"\nhint: names are those "
				      "of \"xlbctl show summary\"\n");
}

Test(commands, show_rules_counted_together)
{
	cr_expect_eq(run("show rules -v",
			 "200 {\"rules\":[{\"service\":\"web\",\"counted_with\":3}]}", NULL),
		     CLI_DONE);
	cr_expect_not_null(strstr(capture.out, "\n  [ Counted with rule 3 ]\n"));
}

Test(commands, show_rules_of_too_much)
{
	cr_expect_eq(capture_run(&capture, "show rules a b"), CLI_USAGE);
	cr_expect_eq(capture_run(&capture, "show rules -x"), CLI_USAGE);
	cr_expect_eq(capture_run(&capture, "show rules -"), CLI_USAGE);
	cr_expect_not_null(strstr(capture.err, "superfluous argument: b"));
	cr_expect_not_null(strstr(capture.err, "superfluous argument: -x"));
}

Test(commands, show_interfaces)
{
	cr_expect_eq(run("show interfaces",
			 "200 {\"interfaces\":[{\"ifindex\":7,\"name\":\"em0\",\"mode\":"
			 "\"generic\",\"nat\":\"tcx\",\"why_generic\":\"no "
			 "support\",\"mac\":\"52:54:00:00:00:01\","
			 "\"mtu\":1500,\"up\":true}]}",
			 NULL),
		     CLI_DONE);
	cr_expect_str_eq(
		capture.out,
		"Name  Ifindex  Link  Mode     NAT  MAC                 MTU  Why generic\n"
		"em0         7  up    generic  tcx  52:54:00:00:00:01  1500  no support\n");
}

Test(commands, show_interfaces_with_counters)
{
	cr_expect_eq(
		run("show interfaces -v",
		    "200 {\"interfaces\":[{\"name\":\"em0\",\"stats\":{\"rx_packets\":73,"
		    "\"rx_bytes\":6220,\"rx_dropped\":1,\"tx_packets\":81,\"tx_bytes\":9102,"
		    "\"tx_dropped\":0},\"sent\":{\"ipv4\":{\"packets\":40,\"bytes\":4012},"
		    "\"ipv6\":{\"packets\":0,\"bytes\":0}},\"per_second\":{\"rx_bytes_1s\":410.25,"
		    "\"rx_bytes_10s\":0.0,\"rx_bytes_60s\":1.0}},{\"name\":\"em1\",\"stats\":null,"
		    "\"per_second\":null}]}",
		    NULL),
		CLI_DONE);
	cr_expect_str_eq(
		capture.out,
		"Interface Stats for em0               IPv4             IPv6             Link\n"
		"  Bytes In                               -                -             6220\n"
		"  Bytes Out                           4012                0             9102\n"
		"  Packets In\n"
		"    Passed                               -                -               73\n"
		"    Blocked                              -                -                1\n"
		"  Packets Out\n"
		"    Passed                              40                0               81\n"
		"    Blocked                              -                -                0\n"
		"  Per second (Link)                    1 s             10 s            1 min\n"
		"    Bytes In                         410.2              0.0              1.0\n"
		"    Bytes Out                            -                -                -\n"
		"    Packets In                           -                -                -\n"
		"    Packets Out                          -                -                -\n"
		"\n"
		"Interface Stats for em1               IPv4             IPv6             Link\n"
		"  Bytes In                               -                -                -\n"
		"  Bytes Out                              -                -                -\n"
		"  Packets In\n"
		"    Passed                               -                -                -\n"
		"    Blocked                              -                -                -\n"
		"  Packets Out\n"
		"    Passed                               -                -                -\n"
		"    Blocked                              -                -                -\n"
		"  Per second (Link)                    1 s             10 s            1 min\n"
		"    Bytes In                             -                -                -\n"
		"    Bytes Out                            -                -                -\n"
		"    Packets In                           -                -                -\n"
		"    Packets Out                          -                -                -\n");
}

Test(commands, show_redirects_with_rates)
{
	cr_expect_eq(run("show redirects -v",
			 "200 {\"redirects\":[{\"id\":1,\"name\":\"web\",\"status\":\"active\","
			 "\"packets\":30,\"bytes\":3000,\"sessions\":0,\"states\":9,"
			 "\"per_second\":{\"packets_1s\":10.0,\"bytes_1s\":1000.04,"
			 "\"sessions_1s\":2.5,\"packets_10s\":1.0}}]}",
			 NULL),
		     CLI_DONE);
	cr_expect_str_eq(
		strchr(capture.out, '\n') + 1,
		"1   \tredirect\tweb                     \t       \tactive\n"
		"\t        \ttraffic: 30 packets, 3000 bytes, 0 sessions, 9 states\n"
		"\t        \tper second, last 1 s: 10.0 packets, 1000.0 bytes, 2.5 sessions\n"
		"\t        \tper second, last 10 s: 1.0 packets, 0.0 bytes, 0.0 sessions\n"
		"\t        \tper second, last 1 min: 0.0 packets, 0.0 bytes, 0.0 sessions\n");
}

Test(commands, show_counters_with_rates)
{
	cr_expect_eq(run("show counters -v",
			 "200 {\"counters\":[{\"name\":\"loop\",\"verdict\":\"drop\",\"count\":12,"
			 "\"text\":\"a\",\"per_second\":{\"packets_10s\":0.25}},"
			 "{\"name\":\"vlan\",\"verdict\":\"pass\",\"count\":0,\"text\":\"b\","
			 "\"per_second\":null}]}",
			 NULL),
		     CLI_DONE);
	cr_expect_str_eq(capture.out, "Count  Per second  Name  Verdict  Meaning\n"
				      "   12       0.2/s  loop  drop     a\n"
				      "    0              vlan  pass     b\n");
}

Test(commands, show_tables)
{
	cr_expect_eq(run("show tables",
			 "200 {\"tables\":[{\"id\":1,\"name\":\"web:80\",\"status\":\"active\","
			 "\"hosts_up\":2,\"hosts\":3,\"check\":\"tcp\",\"interval_ms\":10000,"
			 "\"timeout_ms\":200,\"used_by\":[\"a\",\"b\"]}]}",
			 NULL),
		     CLI_DONE);
	cr_expect_str_eq(capture.out,
			 "Id  Name    Status  Up  Hosts  Check  Interval  Timeout  Used by\n"
			 " 1  web:80  active   2      3  tcp         10s    200ms  a,b\n");
}

Test(commands, show_counters)
{
	cr_expect_eq(run("show counters",
			 "200 {\"counters\":[{\"name\":\"loop\",\"verdict\":\"drop\",\"count\":12,"
			 "\"text\":\"source MAC is a host's\"}]}",
			 NULL),
		     CLI_DONE);
	cr_expect_str_eq(capture.out, "Count  Name  Verdict  Meaning\n"
				      "   12  loop  drop     source MAC is a host's\n");
}

Test(commands, version)
{
	cr_expect_eq(run("version",
			 "200 {\"version\":\"9.9\",\"pid\":42,\"uptime_s\":3661,"
			 "\"config_file\":\"/c\",\"bpffs\":\"/b\"}",
			 NULL),
		     CLI_DONE);
	cr_expect_str_eq(capture.out, "xlbctl " XLB_VERSION "\nxlbd 9.9, process 42, up 01:01:01\n"
				      "configuration /c\nbpffs /b\n");
}

Test(commands, monitor)
{
	cr_expect_eq(run("monitor",
			 "200 {\"type\":\"reload\",\"time\":\"T\",\"ok\":true}\n"
			 "{\"type\":\"attach\",\"time\":\"T\"}\n",
			 NULL),
		     CLI_UNREACHABLE);
	cr_expect_str_eq(capture.out, "T reload ok=true\nT attach\n");
	cr_expect_not_null(strstr(capture.err, "the connection broke"));
}

Test(commands, monitor_that_is_refused)
{
	cr_expect_eq(run("monitor", "503 {\"error\":\"too many readers of events\"}", NULL),
		     CLI_FAILED);
	cr_expect_str_empty(capture.out);
	cr_expect_str_eq(capture.err, "xlbctl: too many readers of events\n");
}

/* ---- errors -------------------------------------------------------------------------------- */
Test(commands, errors_of_the_daemon)
{
	cr_expect_eq(run("host disable 99",
			 "404 {\"error\":\"no host \\\"99\\\"\",\"hint\":\"look\"}", NULL),
		     CLI_FAILED);
	cr_expect_str_empty(capture.out);
	cr_expect_str_eq(capture.err, "xlbctl: no host \"99\"\nhint: look\n");
}

Test(commands, diagnostics_look_like_a_compilers)
{
	cr_expect_eq(run("reload",
			 "422 {\"error\":\"the configuration has errors\",\"diagnostics\":["
			 "{\"level\":\"error\",\"file\":\"xlb.conf\",\"line\":4,\"col\":9,"
			 "\"message\":\"unknown mode\",\"source\":\"\\tmode rr\",\"hint\":null},"
			 "{\"level\":\"note\",\"file\":\"xlb.conf\",\"line\":null,\"col\":null,"
			 "\"message\":\"odd\",\"source\":null,\"hint\":\"try\"}]}",
			 NULL),
		     CLI_FAILED);
	cr_expect_not_null(strstr(capture.err, "xlb.conf:4:9: error: unknown mode\n"));
	cr_expect_not_null(strstr(capture.err, "\tmode rr\n"));
	cr_expect_not_null(strstr(capture.err, "^\n"));
	cr_expect_not_null(strstr(capture.err, "note: odd\n"));
	cr_expect_not_null(strstr(capture.err, "hint: try\n"));
	cr_expect_not_null(strstr(capture.err, "xlbctl: the configuration has errors\n"));
}

Test(commands, a_reload_with_warnings_succeeds)
{
	cr_expect_eq(
		run("reload",
		    "200 {\"schema\":1,\"diagnostics\":[{\"level\":\"warning\",\"file\":\"c\","
		    "\"line\":1,\"col\":1,\"message\":\"odd\",\"source\":null,\"hint\":null}]}",
		    NULL),
		CLI_DONE);
	cr_expect_str_empty(capture.out);
	cr_expect_not_null(strstr(capture.err, "c:1:1: warning: odd\n"));
}

Test(commands, answers_that_are_not_json)
{
	cr_expect_eq(run("show summary", "200 <html>", NULL), CLI_FAILED);
	cr_expect_not_null(strstr(capture.err, "the answer is not JSON"));
}

Test(commands, a_socket_nobody_listens_on)
{
	daemon_start();
	daemon_stop(); /* leaves the file */
	cr_expect_eq(capture_run(&capture, "show summary"), CLI_UNREACHABLE);
	cr_expect_not_null(strstr(capture.err, "Connection refused"), "%s", capture.err);
}

/* ---- attach and detach --------------------------------------------------------------------- */
Test(commands, attach_with_a_daemon)
{
	static const char ok[] = "200 {\"interface\":{\"name\":\"em0\",\"mode\":\"generic\","
				 "\"why_generic\":\"no support\"}}";

	cr_expect_eq(run("attach em0 --mode generic em1", ok,
			 "409 {\"error\":\"em1: another XDP program is attached\"}"),
		     CLI_FAILED);
	expect_request(0, "POST /v1/attach HTTP/1.1\r\n",
		       "{\"interface\":\"em0\",\"mode\":\"generic\"}");
	expect_request(1, "POST /v1/attach HTTP/1.1\r\n",
		       "{\"interface\":\"em1\",\"mode\":\"generic\"}");
	cr_expect_str_eq(capture.out, "em0: attached, generic mode (native: no support)\n");
	cr_expect_str_eq(capture.err, "xlbctl: em1: another XDP program is attached\n");
}

Test(commands, attach_in_json)
{
	cr_expect_eq(run("-j attach em0", "200 {\"interface\":{\"name\":\"em0\"}}", NULL),
		     CLI_DONE);
	expect_request(0, "POST /v1/attach HTTP/1.1\r\n", "{\"interface\":\"em0\"}");
	cr_expect_str_eq(capture.out, "{\n  \"schema\": 1,\n  \"interfaces\": [\n    {\n"
				      "      \"name\": \"em0\"\n    }\n  ]\n}\n");
}

Test(commands, detach_with_a_daemon)
{
	cr_expect_eq(run("detach", "200 {\"schema\":1}", NULL), CLI_DONE);
	expect_request(0, "POST /v1/detach HTTP/1.1\r\n", "{}");
}

Test(commands, detach_of_one_with_a_daemon)
{
	cr_expect_eq(run("detach em0", "200 {\"schema\":1}", NULL), CLI_DONE);
	expect_request(0, "POST /v1/detach HTTP/1.1\r\n", "{\"interface\":\"em0\"}");
}

/* A loader that writes down what it was asked to do. */
static void make_loader(const char *exit_status)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "%s/xlbd", dir);
	f = fopen(path, "w");
	fprintf(f, "#!/bin/sh\necho \"$@\" >%s/asked\nexit %s\n", dir, exit_status);
	fclose(f);
	cr_assert_eq(chmod(path, 0755), 0);
	cr_assert_eq(setenv("PATH", dir, 1), 0);
}

static void expect_asked(const char *expected)
{
	char path[96], text[512] = "", wanted[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/asked", dir);
	f = fopen(path, "r");
	cr_assert_not_null(f);
	cr_assert_not_null(fgets(text, sizeof(text), f));
	fclose(f);
	snprintf(wanted, sizeof(wanted), expected, dir);
	cr_expect_str_eq(text, wanted);
}

Test(commands, attach_without_a_daemon)
{
	make_loader("0");
	cr_expect_eq(capture_run(&capture, "attach --mode native em0 em1"), CLI_DONE);
	expect_asked("--oneshot --attach em0 --attach em1 --mode native --bpffs %s\n");
}

Test(commands, attach_without_a_daemon_that_fails)
{
	make_loader("1");
	cr_expect_eq(capture_run(&capture, "attach -f my.conf em0"), CLI_FAILED);
	expect_asked("--oneshot --attach em0 --bpffs %s -f my.conf\n");
}

Test(commands, attach_without_a_loader)
{
	setenv("PATH", "/nowhere", 1);
	cr_expect_eq(capture_run(&capture, "attach em0"), CLI_FAILED);
	cr_expect_not_null(strstr(capture.err, "cannot run the loader"), "%s", capture.err);
}

Test(commands, detach_without_a_daemon)
{
	char pins[96];

	snprintf(pins, sizeof(pins), "%s/none", dir);
	capture.cli.bpffs = pins;
	cr_expect_eq(capture_run(&capture, "detach"), CLI_DONE);
	cr_expect_eq(capture_run(&capture, "detach em0"), CLI_FAILED);
	cr_expect_not_null(strstr(capture.err, "em0"), "%s", capture.err);
}
