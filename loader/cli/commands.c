/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The table of commands: dispatch, abbreviations, hints, usage and help all read it. */
#include "cli/admin.h"
#include "cli/attach.h"
#include "cli/capture.h"
#include "cli/check.h"
#include "cli/cli.h"
#include "cli/daemon.h"
#include "cli/dispatch.h"
#include "cli/doctor.h"
#include "cli/load.h"
#include "cli/monitor.h"
#include "cli/node_setup.h"
#include "cli/show.h"
#include "cli/top.h"
#include "cli/why.h"

static int cmd_help(struct cli *cli, int argc, char **argv)
{
	return print_help(cli, argc - 1, argv + 1);
}

static const char attach_details[] =
	"Tells the daemon to attach the program to the interfaces. Without a daemon the loader\n"
	"runs once: it loads and pins the program, checks each host once, fills the maps and\n"
	"exits; a daemon started later goes on from there.\n\n"
	"  --mode auto     the driver's native mode, generic mode if it has none (default)\n"
	"  --mode native   native mode or failure\n"
	"  --mode generic  generic mode\n"
	"  -f FILE         configuration, for a loader that runs once (" XLB_DEFAULT_CONFIG ")\n";

static const char detach_details[] =
	"Detaches the program from the interfaces; without any, from all of them, and removes\n"
	"all that is pinned: the box is as it was before. Works without a daemon, too.\n";

static const char check_details[] =
	"Reports all that is wrong in a configuration, what has no effect and what is not served.\n"
	"Exit status 0: it is OK, 1: it has errors. Needs neither the daemon nor root.\n\n"
	"  FILE, -f FILE  what to check (" XLB_DEFAULT_CONFIG ")\n"
	"  -D NAME=VALUE  defines a macro, and beats the file's own definition\n"
	"  --plan         asks the running daemon what loading FILE would do, operation by\n"
	"                 operation, and how many live flows each would move; nothing is changed.\n"
	"                 Without FILE: what \"xlbctl reload\" would do\n";

static const char reload_details[] =
	"Reads the daemon's file. If it has errors everything stays as it is.\n\n"
	"  --confirm SECONDS  goes back to the former configuration unless \"xlbctl confirm\" is\n"
	"                     said in time; so does a daemon that is started anew before\n";

static const char load_details[] =
	"FILE and what it includes are read by xlbctl. Until the next reload or start the daemon\n"
	"uses it in place of its own file. If it has errors everything stays as it is.\n\n"
	"  -D NAME=VALUE      defines a macro, and beats the file's own definition\n"
	"  --confirm SECONDS  goes back to the former configuration unless \"xlbctl confirm\" is\n"
	"                     said in time\n";

static const char show_details[] =
	"With -w SECONDS before \"show\", again and again until interrupted.\n";

static const char top_details[] =
	"A table of services, hosts and reasons with their rates, that lives until \"q\" is\n"
	"pressed; \"?\" lists the keys. As text where the output is no terminal.\n\n"
	"  -b          as text, one table after the other\n"
	"  -d SECONDS  between one look and the next (1)\n"
	"  -n COUNT    so many looks\n"
	"  -s SORT     order, packets, bits, sessions, states or name\n";

static const char capture_details[] =
	"Writes packets as xlb sees them, until interrupted: as a file of pflog for tcpdump, or\n"
	"of pcapng for Wireshark, with frames before and after the rewrite and comments.\n"
	"FILTER is pcap-filter(7)'s. Without --all: only what is for, or of, a service.\n\n"
	"  -w FILE        writes there; \"-\" is standard output (default)\n"
	"  -F pflog       IP packets with pf's header (default)\n"
	"  -F pcapng      Ethernet frames with comments\n"
	"  -s SNAPLEN     bytes of each packet\n"
	"  -c COUNT       ends after so many packets\n"
	"  -d SECONDS     ends after so long\n"
	"  --all          also what is for no service\n\n"
	"xlbctl capture tcp port 443 | tcpdump -e -n -ttt -r -\n";

static const char doctor_details[] =
	"Tests the kernel, the interfaces, the ways to the hosts and, by asking on their segment,\n"
	"the hosts of \"route to\": each finding says what was seen and what to do.\n"
	"Changes nothing. With a running daemon it knows more, as root it sees more.\n"
	"Exit status 1: there are errors or warnings.\n\n"
	"  -f FILE  configuration, instead of the running daemon's or " XLB_DEFAULT_CONFIG "\n";

static const char node_setup_details[] =
	"Each host of a redirect with \"route to\" needs the address that clients connect to\n"
	"on its loopback interface, and must not answer ARP for it. Prints how, for the hosts\n"
	"named (as in the configuration) or for all of them. Changes nothing, and needs neither\n"
	"the daemon nor root.\n\n"
	"  --sysctl    commands for sh, good until the next boot (default)\n"
	"  --networkd  a file for systemd-networkd\n"
	"  --netplan   a file for netplan\n"
	"  --ifupdown  a file for ifupdown\n"
	"  -f FILE     configuration, instead of the running daemon's or " XLB_DEFAULT_CONFIG "\n";

static const char why_details[] =
	"Asks the program in the kernel what would become of a packet: service, host and why that\n"
	"one, way out; or why it is passed or dropped, and what to do about it. Sends nothing, and\n"
	"changes nothing. An address of IPv6 that has a port is in brackets.\n\n"
	"  PROTO         tcp (default) or udp\n"
	"  --syn         the first packet of a connection (default)\n"
	"  --mid-stream  a later one\n"
	"  -i IFACE      where it comes in; else the interface that leads to the client\n";

static const char name_details[] = "Names and ids are those of \"xlbctl show summary\".\n";

const struct command commands[] = {
	{ "attach", "[--mode auto|native|generic] [-f FILE] IFACE...", 1, -1, cmd_attach,
	  "start serving on interfaces", attach_details, NULL },
	{ "detach", "[IFACE...]", 0, -1, cmd_detach, "stop serving on interfaces", detach_details,
	  NULL },
	{ "check", "[--plan] [-D NAME=VALUE] [FILE]", 0, -1, cmd_check,
	  "check a configuration, or what it would change", check_details, NULL },
	{ "doctor", "[-f FILE]", 0, -1, cmd_doctor, "find what is wrong, and what to do about it",
	  doctor_details, NULL },
	{ "node-setup", "[--sysctl|--networkd|--netplan|--ifupdown] [-f FILE] [HOST...]", 0, -1,
	  cmd_node_setup, "what real servers need for \"route to\"", node_setup_details, NULL },
	{ "why", "[--syn|--mid-stream] [-i IFACE] CLIENT[:PORT] VIP:PORT [PROTO]", 2, -1, cmd_why,
	  "where a client's packet would go, and why", why_details, NULL },
	{ "show", NULL, 0, 0, NULL, "what the daemon and the kernel know", show_details,
	  show_commands },
	{ "top", "[-b] [-d SECONDS] [-n COUNT] [-s SORT]", 0, -1, cmd_top,
	  "services and hosts at work", top_details, NULL },
	{ "host", NULL, 0, 0, NULL, "change a host", name_details, host_commands },
	{ "table", NULL, 0, 0, NULL, "change a table", name_details, table_commands },
	{ "redirect", NULL, 0, 0, NULL, "change a redirect", name_details, redirect_commands },
	{ "relay", NULL, 0, 0, NULL, "change a relay", name_details, relay_commands },
	{ "capture", "[-w FILE] [-F FORMAT] [-s SNAPLEN] [-c COUNT] [-d SECONDS] [--all] [FILTER]",
	  0, -1, cmd_capture, "packets for tcpdump and Wireshark", capture_details, NULL },
	{ "poll", NULL, 0, 0, cmd_poll, "check all hosts now", NULL, NULL },
	{ "reload", "[--confirm SECONDS]", 0, -1, cmd_reload, "read the configuration again",
	  reload_details, NULL },
	{ "load", "[--confirm SECONDS] [-D NAME=VALUE] FILE", 1, -1, cmd_load,
	  "use another configuration", load_details, NULL },
	{ "confirm", NULL, 0, 0, cmd_confirm, "keep what a reload with --confirm has loaded", NULL,
	  NULL },
	{ "rollback", NULL, 0, 0, cmd_rollback, "undo a reload with --confirm at once", NULL,
	  NULL },
	{ "monitor", NULL, 0, 0, cmd_monitor, "print events as they come", NULL, NULL },
	{ "log", NULL, 0, 0, NULL, "change what the daemon logs", NULL, log_commands },
	{ "version", NULL, 0, 0, cmd_version, "versions of xlbctl and the daemon", NULL, NULL },
	{ "help", "[COMMAND...]", 0, -1, cmd_help, "how to use a command", NULL, NULL },
	{ 0 },
};
