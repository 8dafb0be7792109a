#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Metrics by HTTP and as a file, judged by promtool and scraped by Prometheus; what the listener
# refuses; and that it follows the configuration.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib/status.sh
. "$LIB_DIR/status.sh"
test_begin_xlb "$0" "$@"
command -v promtool >/dev/null || skip "promtool is missing: package prometheus"

network_up two-arm
servers_start

# metrics_conf NAME STATUS-LINE...: the founding configuration, checked faster.
metrics_conf()
{
	local name=$1
	shift
	{
		printf '%s\n' "$@"
		sed 's/^interval .*/interval 1/; s/^timeout .*/timeout 700/' "$SOURCE_DIR/examples/k3s.conf"
	} | conf "$name"
}

examples=$SOURCE_DIR/examples/prometheus
check "promtool: the example configuration" promtool check config "$examples/prometheus.yml"
check "promtool: the alerts" promtool check rules "$examples/xlb.rules.yml"
check "promtool: the alerts' tests" promtool test rules "$examples/xlb.tests.yml"

LISTEN="status listen on 127.0.0.1 port $STATUS_PORT"
conf=$(metrics_conf metrics "$LISTEN")
xlbd_start "$conf" --metrics-file "$RUN/xlb.prom"
check_within "all nodes are up" 15 hosts_up 4

# ---- what it says
metrics_are_clean()
{
	status_get /metrics >"$RUN/metrics"
	promtool check metrics <"$RUN/metrics" >"$RUN/complaints" 2>&1 || return
	cat "$RUN/complaints"
	[ ! -s "$RUN/complaints" ]
}
check "promtool: the metrics are clean" metrics_are_clean
check_equal "no series twice" "" "$(grep -v '^#' "$RUN/metrics" | sed 's/ [^ ]*$//' | sort | uniq -d)"
check_match "the type of the answer" 'text/plain; version=0.0.4' "$(status_get /metrics -o /dev/null -w '%{content_type}')"
check_equal "requests succeed" 0 "$(failed_requests 4 20)"
WEB='{service="https_forwarder",type="redirect"}'
sessions=$(ctl -j show redirects | jq '.redirects[0].sessions')
check_at_least "xlbctl has seen the requests" 20 "$sessions"
check_within "so have the metrics" 5 metric_is "xlb_service_connections_total$WEB" "$sessions"
passed=$(ctl -j show counters | jq '.counters[] | select(.name == "no_service") | .count')
passes_are_there()
{
	[ "$(metric 'xlb_passes_total{reason="no_service"}')" -ge "$passed" ]
}
check_at_least "some packets were for no service" 1 "$passed"
check_within "the metrics have them, too" 5 passes_are_there

# ---- logs and captures
ns lb "$XLBCTL" -s "$SOCKET" capture -c 5 >"$RUN/capture.pcap" 2>"$RUN/capture.log" &
capture=$!
logs_are_counted()
{
	ns client curl -fsS --max-time 5 -o /dev/null "http://$PUBLIC4/"
	[ "$(metric 'xlb_log_records_total{log="requests",counter="requests"}')" -ge 5 ] &&
		[ "$(metric 'xlb_log_records_total{log="requests",counter="request_lines"}')" -ge 5 ] &&
		[ "$(metric 'xlb_log_records_total{log="connections",counter="log_lines"}')" -ge 5 ] &&
		[ "$(metric 'xlb_log_records_total{log="captures",counter="capture_packets"}')" -eq 5 ]
}
check_within "logs of requests and connections, and captures, are counted" 30 logs_are_counted
check "the capture ends by itself" wait "$capture"
own_counters() # of /metrics
{
	status_get /metrics | sed -En 's/^xlb_log_[a-z_]+\{log="[a-z]+",(counter|reason)="([a-z0-9_]+)"\} .*/\2/p' | sort
}
xlbctls_counters() # but for those of packets
{
	comm -13 <(status_get /metrics | sed -En 's/^xlb_(drops|passes|slow_forwards|datapath_events)_total\{reason="([a-z0-9_]+)"\} .*/\2/p' | sort) \
		<(ctl -j show counters | jq -r '.counters[].name' | sort)
}
check_equal "they are those of \"xlbctl show counters\"" "$(xlbctls_counters)" "$(own_counters)"
check_match "losses have reasons" '^[0-9]+$' "$(metric 'xlb_log_losses_total{log="pflow",reason="pflow_dropped"}')"

HOST='{table="kube_hosts:80",host="192.168.1.4"}'
check_equal "a host is up" 1 "$(metric "xlb_backend_up$HOST")"
server_stop 4
check_within "its server stops: it is down" 10 metric_is "xlb_backend_up$HOST" 0
check_equal "its state says so" 1 "$(metric "xlb_backend_state${HOST%\}},state=\"down\"}")"
check_at_least "and the reason is counted" 1 \
	"$(metric "xlb_check_failures_total${HOST%\}},reason=\"tcp connect failed\"}")"
check_equal "the service is up" 1 "$(metric "xlb_service_up$WEB")"
server_start 4

# ---- Prometheus
sed "s/15s/1s/" "$examples/prometheus.yml" >"$RUN/prometheus.yml"
cp "$examples/xlb.rules.yml" "$RUN/"
start_in lb "$RUN/prometheus.log" prometheus --config.file="$RUN/prometheus.yml" \
	--storage.tsdb.path="$RUN/prometheus" --web.listen-address=127.0.0.1:9090
prometheus=$STARTED
asked() # QUERY
{
	ns lb curl -fsS --get --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query |
		jq -r '.data.result[].value[1]'
}
scraped()
{
	[ "$(asked 'up{job="xlb"}')" = 1 ] && [ "$(asked "xlb_service_up$WEB")" = 1 ]
}
check_within "Prometheus scrapes it" 30 scraped
check_equal "with all of its samples" "" \
	"$(grep -E 'level=(warn|error)' "$RUN/prometheus.log" | grep -i scrape || true)"
stop_process "$prometheus"

# ---- what it refuses
headers=$(status_get / -D - -o /dev/null)
check_match "a policy of contents" "^Content-Security-Policy: default-src 'none'; script-src 'self'" "$headers"
check_match "no guessing of types" '^X-Content-Type-Options: nosniff' "$headers"
check_no_match "no permission for other origins" '^Access-Control' "$(status_get /v1/status -H 'Origin: http://evil.example' -D - -o /dev/null)"
check_equal "GET /" 200 "$(status_code /)"
check_equal "HEAD /metrics" 200 "$(status_code /metrics --head)"
check_equal "POST" 405 "$(status_code /metrics -X POST)"
check_equal "a body" 413 "$(status_code /metrics -d x)"
check_equal "the control API is not there" 404 "$(status_code /v1/reload)"
check_equal "nor by POST" 405 "$(status_code /v1/reload -X POST)"
check_equal "nothing outside" 404 "$(status_code /../../etc/passwd --path-as-is)"
check_equal "a foreign name (DNS rebinding)" 403 "$(status_code /metrics -H 'Host: evil.example')"
check_equal "localhost" 200 "$(status_code /metrics -H "Host: localhost:$STATUS_PORT")"
refusals_are_counted()
{
	[ "$(metric xlb_status_refused_total)" -ge 5 ]
}
check_within "refusals are counted" 5 refusals_are_counted
check_fails "nothing listens elsewhere" ns client curl -sS --max-time 2 "http://$PUBLIC4:$STATUS_PORT/"

# ---- the file
file_is_clean()
{
	[ -z "$(promtool check metrics <"$RUN/xlb.prom" 2>&1)" ]
}
check "promtool: the file is clean" file_is_clean
same_families()
{
	diff <(status_get /metrics | grep '^# TYPE') <(grep '^# TYPE' "$RUN/xlb.prom")
}
check_within "it has the same families" 15 same_families
check_equal "everybody may read it" 644 "$(stat -c %a "$RUN/xlb.prom")"

# ---- reloads
reload() # STATUS-LINE...
{
	metrics_conf metrics "$@" >/dev/null
	ctl reload
}
code_at() # ADDRESS PORT [CURL-OPTION...]
{
	local address=$1 port=$2
	shift 2
	ns lb curl -sS --max-time 5 -o /dev/null -w '%{http_code}' "$@" "http://$address:$port/metrics"
}
start_in lb "$RUN/occupied.log" "$PYTHON" -m http.server --bind 127.0.0.1 9965
occupant=$STARTED
check_within "a port is in use" 5 code_at 127.0.0.1 9965
check "reload: one stays, one is new, one is taken" reload "$LISTEN" \
	'status listen on ::1 port 9964 host "lb1.example.org"' "status listen on 127.0.0.1 port 9965"
check_equal "the old one goes on" 200 "$(status_code /metrics)"
check_equal "the new one is there, by IPv6" 200 "$(code_at '[::1]' 9964)"
check_equal "under its name, too" 200 "$(code_at '[::1]' 9964 -H 'Host: lb1.example.org')"
check_match "the port in use is told" 'port 9965: Address already in use' "$(cat "$RUN/xlbd.log")"
check_within "reloads are counted" 5 metric_is xlb_config_reloads_total 1
stop_process "$occupant"
at_9965()
{
	[ "$(code_at 127.0.0.1 9965)" = 200 ]
}
check_within "it is taken when it is free" 20 at_9965
check_equal "it was told once" 1 "$(grep -c 'port 9965: Address already in use' "$RUN/xlbd.log")"
check_fails "a reload with an error" reload "$LISTEN" "status listen on nowhere port 1"
check_within "is a metric" 5 metric_is xlb_config_last_reload_successful 0
check "reload without it" reload "# none"
check_fails "nothing listens any more" status_get /metrics
check "reload with it" reload "$LISTEN"
check_equal "and it is back" 200 "$(status_code /metrics)"

# ---- an end, and a file that cannot be written
xlbd_stop
check_fails "the daemon's end removes the file" test -e "$RUN/xlb.prom"
xlbd_start "$conf" --metrics-file "$RUN/nowhere/xlb.prom"
told()
{
	[ "$(metric xlb_metrics_file_failures_total)" -ge "$1" ]
}
check_within "a file that cannot be written is counted" 10 told 1
check_within "each time" 30 told 2
check_equal "and told once" 1 "$(grep -c 'nowhere/xlb.prom: No such file' "$RUN/xlbd.log")"
finish
