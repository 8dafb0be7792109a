# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The tables of docs/benchmarks.md out of results.json, as Markdown: $part names one.

def digits($n): if . == null then "" else . * pow(10; $n) | round / pow(10; $n) | tostring end;
def grouped: tostring | [while(length > 0; .[:-3])] | reverse | [.[0]] + [.[1:][] | .[-3:]] | join(",");
def row: "| " + join(" | ") + " |";
def rule($n): [range($n) | "---"] | row;
# The median and the quartiles.
def spread($n): if . == null then "" else
	"\(.median | digits($n)) (\(.low | digits($n))-\(.high | digits($n)))" end;

def machine:
	"The run below: \(.date), commit \(.commit), \(.machine.cpu), \(.machine.cpus) cores, \(.machine.memory_mib) MiB, "
	+ "\(.machine.virtual), Linux \(.kernel), load average before it \(.machine.load_before).";

# ---- the cost of a packet: the rows, and what a new flow of each is called
def program_rows: [
	["stable", "stable row (`maglev`, `loadbalance`)", "stable-syn"], ["source-hash", "stable row, `source-hash`"],
	["stable-redirect", "stable row, from one interface to another"], ["stable-udp", "stable row, UDP"],
	["moving", "row that moves"], ["settled", "settled row, no entry"], ["settled-entry", "settled row, the flow has an entry"],
	["roundrobin", "`roundrobin`, an entry per flow", "roundrobin-syn"], ["roundrobin-udp", "the same, UDP"],
	["sticky", "`sticky-address`, an entry per client"],
	["no-service", "for no service"], ["fragment", "fragment, not the first"], ["icmp-error", "ICMP error"]];
def nat_rows: [["nat-in", "client to host", "nat-syn"], ["nat-back", "host to client"],
	["nat-no-service", "for nobody"]];

def flows: [1, 4096, 65536, 1048576];
def costs($rows; $peer):
	. as $p
	| def found($name; $family; $flows): first($p.results[] | select(.scenario == $name and
		.family == $family and (.always_new or .flows == $flows))) // null;
	def ratio($r): if ($r.peer_scaled_ns // 0) == 0 then "-" else $r.net_ns.median / $r.peer_scaled_ns | digits(2) + "x" end;
	def shaped($r): if ($r.peer_by_shape_ns // 0) <= 0 then "-" else $r.net_ns.median / $r.peer_by_shape_ns | digits(2) + "x" end;
	def floors($r): if ($r.floor_ns.median? // 0) <= 0 then "-" else $r.net_ns.median / $r.floor_ns.median | digits(1) + "x" end;
	any($rows[] | found(.[0]; 4; 1); .floor_ns? != null) as $floor
	| any($rows[] | found(.[0]; 4; 1); .shape_ns? != null) as $shape
	| (["net ns", "IP"] + [flows[] | if . == 1 then "1 flow" else grouped end] + ["new flow", "\($peer) at 1 / 64k"]
		+ if $shape then ["the same, by its shape"] else [] end
		+ if $floor then ["parse floor at 1 / 64k"] else [] end | row),
	rule(8 + if $shape then 1 else 0 end + if $floor then 1 else 0 end),
	($rows[] as $row | (4, 6) as $family
		| [flows[] | . as $n | found($row[0]; $family; $n)] as $r
		| select(any($r[]; . != null))
		| [$row[1], "\($family)"] + [$r[] | .net_ns? | spread(1)]
			+ [if $row[2] then found($row[2]; $family; 0).net_ns? | spread(1) else "" end]
			+ ["\(ratio($r[0])) / \(ratio($r[2]))"]
			+ if $shape then ["\(shaped($r[0])) / \(shaped($r[2]))"] else [] end
			+ if $floor then ["\(floors($r[0])) / \(floors($r[2]))"] else [] end | row),
	if $shape then [flows[] | . as $n | found($rows[0][0]; 4; $n)] as $r
		| ["a program of \($peer)'s shape", "4"] + [$r[] | .shape_ns | spread(1)] + ["", "", "", ""]
		| row else empty end;
def scale($what): "`\($what)` took \(.bare_ns | digits(1)) ns; \(.peer)'s figures are scaled by \(.scale | digits(2)).";

def part:
	if $part == "machine" then machine
	elif $part == "program" then .program | scale("return XDP_TX"), "", costs(program_rows; "Katran")
	elif $part == "nat" then .nat | scale("return TC_ACT_OK"), "", costs(nat_rows; "loxilb")
	elif $part == "wire" then
		(["path", "64 flows", "65,536 flows", "64 flows, per CPU second", "65,536"] | row), rule(5),
		(.wire.results as $r
		| (reduce $r[].path as $p ([]; if index($p) then . else . + [$p] end))[] as $path
		| [64, 65536] | map(. as $n | first($r[] | select(.path == $path and .flows == $n)))
		| [$path, (.[] | .mpps | spread(2)), (.[] | .core_mpps | spread(2))] | row)
	elif $part == "user" then
		(["balancer", "requests/s, kept", "p50 / p99 µs", "CPU µs", "connections/s", "p50 / p99 µs", "CPU µs", "iperf3 Gbit/s"] | row), rule(8),
		(.user.results[] | [.name]
			+ [.keep_alive, .new | (.rate.median | round | grouped) + " (\(.rate.low | round | grouped)-\(.rate.high | round | grouped))",
				"\(.p50_us.median | round) / \(.p99_us.median | round)", (.cpu_us.median | digits(1))]
			+ [.gbit | spread(1)] | row)
	elif $part == "scale" then
		(["services", "hosts of each", "flows", "plan ms", "apply ms", "one host fails, ms", "packet ns", "maps MiB"] | row), rule(8),
		(.scale.results[] | [(.services, .hosts, .flows | grouped), (.plan_ms, .apply_ms | digits(1)), (.change_ms | digits(2)),
			(.packet_ns | digits(1)), (.memory_mib | digits(0))] | row),
		"", "Memory by map, of the last line:", "",
		(["map", "MiB"] | row), rule(2),
		(.scale.maps_of_last_bytes | to_entries | sort_by(-.value)[] | select(.value >= 65536)
			| ["`\(.key)`", (.value / 1048576 | digits(2))] | row)
	elif $part == "moved" then
		(["change", "IP", "connections with hosts that stay", "moved by one", "by the other",
			"a consistent hash without state would move", "hash modulo n would move"] | row), rule(7),
		(.moved[] | [.change, "\(.family)", (.survivors, .first, .second, .rehashed, .modulo | grouped)] | row)
	elif $part == "targets" then
		(["", "", "value", "wanted"] | row), rule(4),
		(.targets[] | [if .met then "met" else "**missed**" end, .what, (.value | digits(3)), .wanted] | row)
	else error("no such table: \($part)") end;
part
