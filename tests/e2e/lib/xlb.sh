# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# xlbd and xlbctl on the load balancer, with a socket and a bpffs of this run.

XLBD_PID=

xlb_program() # NAME
{
	find "$XLB_BUILD" -type f -name "$1" -perm -u+x -print -quit
}

# Sets XLBD and XLBCTL, which the environment may bring along.
xlb_find()
{
	XLBD=${XLBD:-$(xlb_program xlbd)}
	XLBCTL=${XLBCTL:-$(xlb_program xlbctl)}
	[ -x "$XLBD" ] || skip "xlbd is not built in $XLB_BUILD"
	[ -x "$XLBCTL" ] || skip "xlbctl is not built in $XLB_BUILD"
	SOCKET=/run/xlb/xlbd.sock
	mkdir "$RUN/bpf"
	mount -t bpf bpf "$RUN/bpf"
	BPFFS=$RUN/bpf/xlb
}

# Of the unit, lower case, without CAP_, in a line of their own each.
unit_capabilities()
{
	sed -n 's/^CapabilityBoundingSet=//p' "$SOURCE_DIR/systemd/xlbd.service.in" | tr ' ' '\n' |
		sed 's/^CAP_//' | tr '[:upper:]' '[:lower:]'
}

# confine_xlbd [CAPABILITY...]: from now on XLBD is xlbd as its unit runs it: not root, with the
# unit's capabilities, or with those named, and no others. What the unit and tmpfiles.d give it is
# given, as in /run and on bpffs.
CONFINED_USER=65534
confine_xlbd()
{
	local caps
	[ $# -gt 0 ] || mapfile -t caps < <(unit_capabilities)
	[ $# -eq 0 ] || caps=("$@")
	caps=("${caps[@]/#/+}")
	mkdir -p "$STATE_DIRECTORY" "$BPFFS"
	chown "$CONFINED_USER:$CONFINED_USER" /run/xlb "$STATE_DIRECTORY" "$BPFFS"
	[ -e "$RUN/xlbd.program" ] || install "$XLBD" "$RUN/xlbd.program"
	cat >"$RUN/xlbd.confined" <<-EOF
		#!/bin/sh
		exec setpriv --reuid=$CONFINED_USER --regid=$CONFINED_USER --clear-groups --no-new-privs \\
			--bounding-set=-all,$(IFS=, && echo "${caps[*]}") \\
			--inh-caps=-all,$(IFS=, && echo "${caps[*]}") \\
			--ambient-caps=-all,$(IFS=, && echo "${caps[*]}") -- $RUN/xlbd.program "\$@"
	EOF
	chmod 755 "$RUN/xlbd.confined"
	XLBD=$RUN/xlbd.confined
}

# conf NAME: writes standard input to a configuration file and prints the file's name.
conf()
{
	cat >"$RUN/$1.conf"
	echo "$RUN/$1.conf"
}

# web_conf FILE NODES TARGET-OPTIONS [LINE...]: a redirect of port 443 for IPv4, another one for IPv6,
# with a check each second; INTERVAL and TIMEOUT in the environment change that. The lines go into
# both redirects.
web_conf()
{
	local file=$RUN/$1.conf nodes=$2 options=$3 v n
	shift 3
	{
		printf 'interval %s\ntimeout %s\n' "${INTERVAL:-1}" "${TIMEOUT:-500}"
		printf 'log state changes\n'
		for v in 4 6; do
			printf 'table <web%s> {' "$v"
			for n in $nodes; do
				printf ' %s' "$("node$v" "$n")"
			done
			printf ' }\nredirect "web%s" {\n' "$v"
			printf '\tlisten on %s port 443\n' "$(vip "$v")"
			printf '\t%s\n' "$@"
			printf '\troute to <web%s> port 443 %s check tcp interface em0\n}\n' \
				"$v" "$options"
		done
	} >"$file"
	echo "$file"
}

# both_paths_conf NAME PORT REDIRECT-MODE RELAY-MODE [LISTEN-OPTION]: for IPv4 and IPv6, that port of all
# nodes by a redirect with direct return, and by a relay from port 6443, which the router lets through.
# The file is $RUN/NAME.conf.
both_paths_conf()
{
	local v
	for v in 4 6; do
		cat <<-END
			table <nodes$v> { $(node$v 3), $(node$v 4), $(node$v 5), $(node$v 6) }
			redirect "direct$v" {
				listen on $(vip $v) port $2 ${5-}
				route to <nodes$v> port $2 mode $3 check tcp interface em0
			}
			relay "nat$v" {
				listen on $(vip $v) port 6443
				forward to <nodes$v> port $2 mode $4 check tcp
			}
		END
	done >"$RUN/$1.conf"
}

vip() # 4|6
{
	case $1 in
	4) echo "$VIP4" ;;
	6) echo "$VIP6" ;;
	esac
}

ctl()
{
	ns lb "$XLBCTL" -s "$SOCKET" --bpffs "$BPFFS" "$@"
}

# The first checks are over, and interfaces are attached to.
xlbd_has_started()
{
	ctl -j version | jq -e .xlbd.started
}

# xlbd_start FILE [OPTION...]: returns when the daemon has started.
xlbd_start()
{
	local file=$1
	shift
	start_in lb "$RUN/xlbd.log" "$XLBD" -d -f "$file" -s "$SOCKET" --bpffs "$BPFFS" "$@"
	XLBD_PID=$STARTED
	wait_for 15 xlbd_has_started || die "xlbd does not start"
}

xlbd_stop()
{
	stop_process "$XLBD_PID"
}

# The status of a host: up, down, unknown, disabled, draining; several, if its tables do not agree.
host_status() # ADDRESS
{
	ctl -j show hosts | jq -r --arg host "$1" \
		'[.hosts[] | select(.address == $host) | .status] | unique | join(" ")'
}

host_is() # ADDRESS STATUS
{
	[ "$(host_status "$1")" = "$2" ]
}

# Up, and its next hop is known; in all tables that it is in.
host_usable() # ADDRESS
{
	ctl -j show hosts | jq -e --arg host "$1" \
		'[.hosts[] | select(.address == $host) | .usable] | length > 0 and all'
}

# hosts_up 4|6 [NUMBER...]: these nodes are ready to serve; all four if none is named.
hosts_up()
{
	local n v=$1
	shift
	[ $# -gt 0 ] || set -- "${NODES[@]}"
	for n; do
		host_usable "$("node$v" "$n")" || return
	done
}

# check_nodes_up [NUMBER...]: the same in both families, as a check.
check_nodes_up()
{
	local v
	for v in 4 6; do
		check_within "IPv$v: the nodes are up" 10 hosts_up $v "$@"
	done
}

# check_complete FILE: there is nothing in it that xlb does not do.
check_complete()
{
	check_no_match "-n: nothing is left undone" 'not done yet' "$(ns lb "$XLBD" -n -f "$1" 2>&1)"
}

# counter NAME: of "show counters".
counter()
{
	ctl -j show counters | jq --arg name "$1" '.counters[] | select(.name == $name) | .count'
}

# xdp for native mode, xdpgeneric, or nothing.
xdp_mode() # INTERFACE
{
	ns lb ip -d link show dev "$1" | sed -n 's/.*\(xdpgeneric\|xdpoffload\|xdp\)[ /].*/\1/p' |
		sed -n 1p
}

# What helps whoever reads of a failure.
test_evidence()
{
	[ -n "$XLBD_PID" ] || return 0
	diag "--- xlbctl show hosts"
	ctl show hosts 2>&1 | sed 's/^/#   /' || true
	diag "--- xlbctl show counters"
	ctl show counters 2>&1 | sed 's/^/#   /' || true
	diag "--- last lines of xlbd's log"
	tail -25 "$RUN/xlbd.log" | sed 's/^/#   /' || true
}
