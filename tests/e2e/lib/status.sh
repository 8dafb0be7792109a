# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The status page, and who asks for it: sourced after lib.sh.

STATUS_PORT=9963
PAGE_URL=http://127.0.0.1:$STATUS_PORT/

# page_conf INTERVAL TIMEOUT [LINE...]: examples/k3s.conf with a status page; prints the file's name.
page_conf()
{
	{
		printf 'status listen on 127.0.0.1 port %s\n' "$STATUS_PORT"
		sed "s/^interval .*/interval $1/; s/^timeout .*/timeout $2/" "$SOURCE_DIR/examples/k3s.conf"
		printf '%s\n' "${@:3}"
	} | conf page
}

# page_start INTERVAL TIMEOUT: the founding network with xlbd, its page and all nodes.
page_start()
{
	network_up two-arm
	servers_start
	xlbd_start "$(page_conf "$1" "$2")"
	check_within "all nodes are up" 15 hosts_up 4
}

# status_get PATH [CURL-OPTION...]: prints the answer.
status_get()
{
	local path=$1
	shift
	ns lb curl -sS --max-time 10 "$@" "http://127.0.0.1:$STATUS_PORT$path"
}

# The HTTP status of a request.
status_code() # PATH [CURL-OPTION...]
{
	status_get "$@" -o /dev/null -w '%{http_code}'
}

# metric SERIES: its value, as Prometheus would see it.
metric()
{
	status_get /metrics | awk -v series="$1" 'index($0, series " ") == 1 { print substr($0, length(series) + 2) }'
}

metric_is() # SERIES VALUE
{
	[ "$(metric "$1")" = "$2" ]
}

# Of a number with decimals.
whole()
{
	printf '%.0f\n' "$1"
}
