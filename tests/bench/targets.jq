# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What the results are held against: adds "targets", a list of {what, value, wanted, met}, as far as
# the parts that were run tell.

def most(what; value; limit):
	value as $v | if $v == null then empty else
	{what: what, value: $v, wanted: "<= \(limit)", met: ($v <= limit)} end;
def least(what; value; limit):
	value as $v | if $v == null then empty else
	{what: what, value: $v, wanted: ">= \(limit)", met: ($v >= limit)} end;
def over($a; $b): if $a == null or $b == null or $b == 0 then null else $a / $b end;

# Program cost: net ns of a scenario.
def result($part; $name; $family; $flows):
	first((.[$part].results // [])[] | select(.scenario == $name and .family == $family and
		(.always_new or .flows == $flows))) // null;
def ns($part; $name; $family; $flows): result($part; $name; $family; $flows) | .net_ns.median?;
def peer($part; $name; $flows):
	result($part; $name; 4; $flows) as $r | over($r.net_ns.median?; $r.peer_scaled_ns?);

# The peer's by what a program of its shape takes here and took there.
def by_shape($part; $name; $flows):
	result($part; $name; 4; $flows) as $r | over($r.net_ns.median?; $r.peer_by_shape_ns?);

def program:
	. as $all
	| ([[1, 0.15], [4096, 0.15], [65536, 0.10], [1048576, 0.05]][] as [$flows, $limit]
		| "stable", "source-hash" | . as $name
		| $all | most("\($name), \($flows) flows / Katran"; peer("program"; $name; $flows); $limit)),
	  ([[1, 0.15], [4096, 0.15], [65536, 0.10], [1048576, 0.05]][] as [$flows, $limit]
		| $all | most("stable, \($flows) flows / Katran, scaled by its shape"; by_shape("program"; "stable"; $flows); $limit)),
	  ([[65536, 0.30], [1048576, 0.35]][] as [$flows, $limit]
		| "roundrobin", "sticky", "moving" | . as $name
		| $all | most("\($name), \($flows) flows / Katran, scaled by its shape"; by_shape("program"; $name; $flows); $limit)),
	  most("stable, 1 M flows / 1 flow";
		over(ns("program"; "stable"; 4; 1048576); ns("program"; "stable"; 4; 1)); 1.3),
	  ([[65536, 0.30], [1048576, 0.35]][] as [$flows, $limit]
		| "roundrobin", "sticky", "moving" | . as $name
		| $all | most("\($name), \($flows) flows / Katran"; peer("program"; $name; $flows); $limit)),
	  most("SYN, stable row / Katran"; peer("program"; "stable-syn"; 0); 0.02),
	  most("SYN, roundrobin / Katran"; peer("program"; "roundrobin-syn"; 0); 0.15),
	  ("stable", "roundrobin" | . as $name | $all | most("\($name), IPv6 / IPv4, 65536 flows";
		over(ns("program"; $name; 6; 65536); ns("program"; $name; 4; 65536)); 1.5)),
	  (result("program"; "no-service"; 4; 1) as $r | ($r | select(. != null)
		| most("not a VIP / target of 5 ns, scaled"; over(.net_ns.median; .target_ns); 1),
		  most("not a VIP / parse floor"; over(.net_ns.median; .floor_ns.median); 3)));

def nat:
	. as $all
	| ("nat-in", "nat-back") as $name | ([1, 0.40], [65536, 0.25]) as [$flows, $limit]
	| most("\($name), \($flows) flows / loxilb"; peer("nat"; $name; $flows); $limit),
	  most("\($name), \($flows) flows / loxilb, scaled by its shape"; by_shape("nat"; $name; $flows); $limit);

def mpps($path; $flows):
	first((.wire.results // [])[] | select(.path == $path and .flows == $flows)) // null
	| .mpps.median?;

# Katran's part of what a bare redirect did where both were measured: 4.0 of 11.3 Mpps.
def katran_on_the_wire: 4.0 / 11.3;

def wire:
	. as $all
	| ((64, 65536) as $flows
		| least("xlb-dsr, \($flows) flows / bare redirect";
			over(mpps("xlb-dsr"; $flows); mpps("redirect"; $flows)); 0.9),
		  least("xlb-dsr, \($flows) flows / nftables DSR";
			over(mpps("xlb-dsr"; $flows); mpps("nft-dsr"; $flows)); 6),
		  least("xlb-nat, \($flows) flows / kernel forwarding";
			over(mpps("xlb-nat"; $flows); mpps("kernel"; $flows)); 1)),
	  least("xlb-dsr, 65536 flows / Katran (\(katran_on_the_wire * 1000 | round / 1000) of a bare redirect)";
		over(over(mpps("xlb-dsr"; 65536); mpps("redirect"; 65536)); katran_on_the_wire); 2.4),
	  least("xlb-nat, 64 flows / nftables NAT";
		over(mpps("xlb-nat"; 64); mpps("nft-nat"; 64)); 1.7),
	  least("xlb-nat, 65536 flows / nftables NAT";
		over(mpps("xlb-nat"; 65536); mpps("nft-nat"; 65536)); 2);

def seen($name): first((.user.results // [])[] | select(.name == $name)) // null;
# CPU per connection that the load balancer adds to the direct way
def own($name): (seen($name) | .new.cpu_us.median?) as $a | (seen("direct") | .new.cpu_us.median?) as $b
	| if $a == null or $b == null or $a <= $b then null else $a - $b end; # noise: no ratio

def user:
	least("keep-alive requests, relay / HAProxy"; over(seen("xlb-relay") | .keep_alive.rate.median?;
		seen("haproxy") | .keep_alive.rate.median?); 1.6),
	(("haproxy", "nft-nat") as $peer | least("new connections, relay / \($peer)";
		over(seen("xlb-relay") | .new.rate.median?; seen($peer) | .new.rate.median?); 1.2)),
	most("own CPU per connection, relay / nft-nat"; over(own("xlb-relay"); own("nft-nat")); 0.3),
	most("own CPU per connection, relay / haproxy"; over(own("xlb-relay"); own("haproxy")); 0.1),
	least("iperf3, relay / direct"; over(seen("xlb-relay") | .gbit.median?;
		seen("direct") | .gbit.median?); 0.97);

def moved:
	(.moved // [])[] | most("flows moved: \(.change), IPv\(.family)"; .first + .second; 0);

. + {targets: [program, nat, wire, user, moved]}
