# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What the client does: requests from any of its addresses, uploads, held connections, loads.

# Seconds for a request.
CLIENT_TIMEOUT=5

# url 4|6 [PATH]
url()
{
	case $1 in
	4) echo "https://$PUBLIC4/${2-}" ;;
	6) echo "https://[$PUBLIC6]/${2-}" ;;
	esac
}

client_address() # 4|6 INDEX
{
	"client$1" "$2"
}

# get 4|6 [INDEX] [PATH]: one request from the client's address number INDEX; prints the answer, which
# is the node's name.
get()
{
	ns client curl -fsS --max-time "$CLIENT_TIMEOUT" --cacert "$RUN/cert.pem" \
		--interface "$(client_address "$1" "${2-0}")" "$(url "$1" "${3-}")"
}

# Prints how many of N requests, from the client's first ADDRESSES in turn, did not succeed.
failed_requests() # 4|6 N [ADDRESSES]
{
	local i failed=0
	for ((i = 0; i < $2; i++)); do
		get "$1" $((i % ${3:-CLIENT_COUNT})) >/dev/null 2>>"$RUN/client.log" || failed=$((failed + 1))
	done
	echo "$failed"
}

# assignments 4|6 FROM COUNT [backwards]: who answers each of these client addresses, as "INDEX NODE"
# lines. Asked again backwards, no scheduler gives all of them the same nodes by chance.
assignments()
{
	local i order=(-n)
	[ -z "${4-}" ] || order=(-rn)
	for i in $(seq "$2" $(($2 + $3 - 1)) | sort "${order[@]}"); do
		echo "$i $(get "$1" "$i" 2>>"$RUN/client.log" || echo none)"
	done | sort -n
}

make_file() # NAME MEGABYTES, or NAME KIBIBYTES"K"
{
	local size=$2
	[[ $size = *K ]] || size+=M
	head -c "$size" /dev/urandom >"$RUN/$1"
}

# upload 4|6 FILE: puts a file over TLS, prints the sha256 of what arrived on a node's disk.
upload()
{
	local n
	ns client curl -fsS --max-time 120 --cacert "$RUN/cert.pem" -T "$RUN/$2" \
		"$(url "$1" "upload/$2")" >/dev/null || return
	for n in "${NODES[@]}"; do
		if [ -f "$(node_dir "$n")/html/upload/$2" ]; then
			sha256sum <"$(node_dir "$n")/html/upload/$2"
			rm "$(node_dir "$n")/html/upload/$2"
		fi
	done
}

# hold_start NAME 4|6 COUNT [PORT]: COUNT connections that stay open, with a request on each of them every
# 100 ms, until hold_stop NAME. The report is in $RUN/NAME.hold, a line for each connection.
declare -A HOLD_PID=()
hold_start()
{
	local address=$PUBLIC4
	[ "$2" = 4 ] || address=$PUBLIC6
	start_in client "$RUN/$1.hold.log" "$PYTHON" "$LIB_DIR/../peers/hold_connections.py" \
		--address "$address" --port "${4-443}" --ca "$RUN/cert.pem" --count "$3" \
		--report "$RUN/$1.hold"
	HOLD_PID[$1]=$STARTED
	wait_for 20 test -s "$RUN/$1.hold.ready" || die "held connections: $(cat "$RUN/$1.hold.log")"
}

hold_stop()
{
	stop_process "${HOLD_PID[$1]}"
	[ -s "$RUN/$1.hold" ] || die "held connections: $(cat "$RUN/$1.hold.log")"
}

# Requests that a held connection has had so far, the least of all connections.
hold_rounds()
{
	cat "$RUN/$1.hold.ready"
}

# load_start NAME 4|6 PORT DOCUMENT OPTION...: slow downloads of what make_document has made, and
# requests (see peers/http_load.c), from all of the client's addresses, until load_stop NAME. The
# report is in $RUN/NAME.load.
declare -A LOAD_PID=()
load_start()
{
	local i name=$1 v=$2 address=$PUBLIC4 sources=()
	local program=$XLB_BUILD/tests/e2e/http_load
	[ -x "$program" ] || die "not built: $program"
	[ "$v" = 4 ] || address=$PUBLIC6
	for ((i = 0; i < CLIENT_COUNT; i++)); do
		sources+=(--source "$(client_address "$v" "$i")")
	done
	start_in client "$RUN/$name.load.log" "$program" --address "$address" --port "$3" \
		--path "/$4" --file "$RUN/$4" --report "$RUN/$name.load" "${sources[@]}" "${@:5}"
	LOAD_PID[$name]=$STARTED
}

load_stop()
{
	stop_process "${LOAD_PID[$1]}"
	[ -s "$RUN/$1.load" ] || die "$1: $(cat "$RUN/$1.load.log")"
	cp "$RUN/$1.load" "$RUN/$1.load.ready"
}

load_reports_are_new()
{
	[ "$(find "$RUN" -maxdepth 1 -name '*.load.ready' -newer "$RUN/now" | wc -l)" = ${#LOAD_PID[@]} ]
}

# Reports are up to half a second old; returns when all are of a later time than now.
load_renew()
{
	touch "$RUN/now"
	wait_for 15 load_reports_are_new || die "a load has stopped: $(tail -n 5 "$RUN"/*.load.log)"
}

# A number of the loads' reports so far, of all loads together.
load_sum() # NAME-OF-THE-NUMBER
{
	jq -s "map(.$1) | add" "$RUN"/*.load.ready
}

# What went wrong so far, as "{REASON:COUNT}", nothing if nothing did.
load_errors()
{
	jq -cs 'map(.errors | to_entries[]) | group_by(.key) | select(length > 0) |
		map({(.[0].key): map(.value) | add}) | add' "$RUN"/*.load.ready
}
