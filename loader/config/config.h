/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The configuration as it was written: what the parser makes of a file in relayd.conf(5)'s
 * language. Immutable after cfg_parse_file(); everything in it lives in one arena and goes with
 * cfg_free(). No I/O besides reading the files and (where a name is not an address) resolving it.
 */
#ifndef XLB_CONFIG_CONFIG_H
#define XLB_CONFIG_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/diag.h"

/* Limits of relayd, so that a file that is valid there is valid here and the reverse. */
#define CFG_TABLE_NAME_MAX 63
#define CFG_SERVICE_NAME_MAX 31
#define CFG_MAX_LISTEN 16  /* listen addresses of one redirect (SRV_MAX_VIRTS) */
#define CFG_MAX_HOSTS 256  /* ours: hosts of one table */
#define CFG_MAX_WEIGHT 256 /* ours */
#define CFG_MAX_COUNT 1000 /* ours: retry, rise, fall */
#define CFG_MAX_CODES 64   /* ours: statuses that one check takes */

/* Files that include each other many times must not take all memory. */
#define CFG_MAX_MEMORY (64u << 20)

enum cfg_mode {
	CFG_MODE_ROUNDROBIN, /* the default */
	CFG_MODE_RANDOM,
	CFG_MODE_SOURCE_HASH,
	CFG_MODE_LEAST_STATES,
	CFG_MODE_LOADBALANCE, /* relays only */
	CFG_MODE_HASH,        /* relays only */
	CFG_MODE_MAGLEV,      /* ours */
};

enum cfg_check_type {
	CFG_CHECK_NONE,
	CFG_CHECK_ICMP,
	CFG_CHECK_TCP,
	CFG_CHECK_TLS,
	CFG_CHECK_HTTP_CODE,
	CFG_CHECK_HTTP_DIGEST,
	CFG_CHECK_SEND_EXPECT,
	CFG_CHECK_BINARY,
	CFG_CHECK_SCRIPT,
	CFG_CHECK_DNS, /* ours */
};

struct cfg_addr {
	sa_family_t family; /* AF_INET or AF_INET6; AF_UNSPEC: not resolved (yet) */
	union {
		struct in_addr v4;
		struct in6_addr v6;
	};
};

/* Where clients connect to. */
struct cfg_vip {
	struct cfg_addr addr; /* AF_UNSPEC: there is none */
	uint16_t port;        /* host byte order */
};

struct cfg_check {
	enum cfg_check_type type;
	bool tls;                   /* https, or "tls" after send/expect */
	const char *path;           /* http: request path; script: file */
	const char *host;           /* http: Host header, or NULL */
	int code;                   /* http code: expected status */
	const uint16_t *more_codes; /* ours: further ones */
	unsigned n_more_codes;
	const char *digest; /* http digest: lower-case hex */
	const char *send;   /* send/expect: what to send, NULL for "nothing"; binary: hex */
	const char *expect; /* pattern (fnmatch), or hex for binary */
	/* Ours. */
	bool verify;         /* TLS: the certificate, for sni or else the host's name or address */
	const char *ca;      /* … by this file; NULL: by the system's authorities */
	const char *sni;     /* TLS: name to ask for, or NULL */
	const char *token;   /* https: file with a bearer token, or NULL. Read for each check */
	const char *query;   /* dns: name to ask for */
	uint16_t qtype;      /* dns: type of record, as on the wire */
	bool dsr;            /* ours: goes to the VIP, in frames for the host; "route to" only */
	struct cfg_vip vip4; /* with dsr: of IPv4 hosts, */
	struct cfg_vip vip6; /* of IPv6 hosts */
};

struct cfg_host {
	const char *name;     /* as written: this is what logs and relayctl columns print */
	struct cfg_addr addr; /* first address the name resolves to */
	unsigned ttl;         /* ip ttl of checks; 0: system default */
	unsigned parent;      /* host id whose state is inherited; 0: none */
	unsigned priority;    /* routers only */
	unsigned retry;       /* failed checks tolerated before down */
	bool has_retry;
	unsigned rise;   /* ours: successes in a row that end "down"; 0: not set */
	unsigned fall;   /* ours: failures in a row before down, retry + 1; 0: not set */
	unsigned weight; /* ours; 1..CFG_MAX_WEIGHT, default 1 */
	struct cfg_pos pos;
	struct cfg_host *next;
};

struct cfg_table {
	const char *name; /* without <> */
	bool disabled;
	struct cfg_host *hosts; /* in the order written */
	unsigned n_hosts;
	bool used; /* named by some forward to / route to */
	struct cfg_pos pos;
	struct cfg_table *next;
};

/* One "forward to" or "route to" line. */
struct cfg_target {
	const struct cfg_table *table; /* NULL: fixed address below */
	struct cfg_addr addr;          /* forward to ADDR port N */
	const char *addr_name;
	bool route; /* route to (DSR) */
	bool transparent;
	uint16_t port; /* host byte order; 0: as the listener's */
	struct cfg_check check;
	unsigned timeout_ms; /* effective: own or global at that place (L10) */
	unsigned interval_s; /* effective */
	enum cfg_mode mode;
	bool has_key;
	uint8_t key[16]; /* MD5 of the text, or the 32 hex digits */
	const char *demote;
	const char *interface; /* route to … interface IF */
	unsigned retry;        /* forward to ADDR … retry N */
	/* Ours; 0: not set. */
	unsigned rise; /* of hosts that have none of their own */
	unsigned fall;
	unsigned fast_interval_s; /* while successes or failures are being counted */
	unsigned panic;           /* percent: with fewer hosts up, health is ignored */
	/*
	 * Targets of one table with the same port, check, times and way share an instance, as in
	 * relayd: one "table:port" in listings, one set of checks. Counted from 1 in the order
	 * written; so are the ids of hosts. 0 for a fixed address.
	 */
	unsigned instance;
	unsigned first_host_id; /* of the table's first host; the others' follow */
	struct cfg_pos pos;
	struct cfg_target *next; /* backups, in order */
};

struct cfg_listen {
	const char *name; /* as written */
	struct cfg_addr addr;
	uint8_t proto;         /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t port_lo;      /* host byte order */
	uint16_t port_hi;      /* == port_lo unless a range */
	const char *interface; /* or NULL: any */
	bool pflog;
	bool tls;
	bool further; /* another address of the name in the listen line before */
	struct cfg_pos pos;
	struct cfg_listen *next;
};

enum cfg_proto_type { CFG_PROTO_TCP, CFG_PROTO_HTTP, CFG_PROTO_DNS };

/* What a key of a rule is looked up in: "match header log KEY". */
enum cfg_key_type {
	CFG_KEY_COOKIE,
	CFG_KEY_HEADER,
	CFG_KEY_PATH,
	CFG_KEY_QUERY,
	CFG_KEY_URL,
};

/* A condition of a rule and, with `log`, what it logs. */
struct cfg_key {
	enum cfg_key_type type;
	const char *key;   /* a glob; "*" if none was written */
	const char *value; /* a glob; NULL: any */
	bool log;
	struct cfg_pos pos;
	struct cfg_key *next;
};

struct cfg_prefix {
	struct cfg_addr addr; /* AF_UNSPEC: any */
	unsigned bits;
};

/* A filter rule of an http protocol, as far as it may have to do with what is logged. */
struct cfg_rule {
	bool pass;          /* else match: of the former only the last that matches counts */
	bool quick;         /* no rule behind it is looked at */
	bool response;      /* about responses, which nobody reads */
	sa_family_t family; /* of the client; AF_UNSPEC: any */
	struct cfg_prefix from, to; /* client, listen address */
	const char *method;         /* NULL: any */
	const char *label;          /* NULL: none is set; empty: none any more */
	struct cfg_key *keys;       /* all must be found */
	struct cfg_pos pos;
	struct cfg_rule *next;
};

struct cfg_protocol {
	const char *name;
	enum cfg_proto_type type;
	bool match_url_log;     /* some rule logs host and path of requests */
	bool logs;              /* some rule logs something of requests */
	bool sni_log;           /* ours: server names that TLS clients ask for */
	struct cfg_rule *rules; /* in order; http only */
	unsigned ip_ttl;        /* 0: not set */
	unsigned ip_minttl;
	bool used;
	struct cfg_pos pos;
	struct cfg_protocol *next;
};

struct cfg_redirect {
	const char *name;
	struct cfg_listen *listen;
	unsigned n_listen;
	struct cfg_target *target; /* main, then backup */
	bool sticky_address;
	bool no_state;            /* ours: UDP flows of hashing modes are not tracked */
	unsigned session_timeout; /* s; 0: not set (default 600, XLB_DEFAULT_SESSION_TIMEOUT) */
	const char *pftag;        /* NULL: none */
	bool match;
	bool sni_log; /* ours, as a protocol's */
	bool disabled;
	unsigned number; /* of all redirects and relays, from 1 in the order written */
	struct cfg_pos pos;
	struct cfg_redirect *next;
};

/* Ours: an address that hosts of a relay see as the client. */
struct cfg_nat {
	const char *name; /* as written */
	struct cfg_addr addr;
	struct cfg_pos pos;
	struct cfg_nat *next;
};

#define CFG_MAX_NAT 4 /* of a relay, of one family */

struct cfg_relay {
	const char *name;
	struct cfg_listen *listen;
	unsigned n_listen;
	struct cfg_target *target;
	const struct cfg_protocol *protocol; /* NULL: tcp "default" */
	unsigned session_timeout;            /* s; 0: not set */
	struct cfg_nat *nat; /* NULL: of a family the box's own address towards the host */
	bool disabled;
	unsigned number; /* as a redirect's */
	struct cfg_pos pos;
	struct cfg_relay *next;
};

/* Ours: where the ends of connections are exported to. */
struct cfg_pflow {
	const char *name; /* of the collector, as written */
	struct cfg_addr addr;
	uint16_t port;          /* host byte order */
	struct cfg_addr source; /* AF_UNSPEC: the box's own towards the collector */
	const char *source_name;
	unsigned protocol; /* 5: NetFlow 5, or 10: IPFIX */
	struct cfg_pos pos;
};

/* Ours: where the status page and the metrics are. */
struct cfg_status {
	const char *name; /* as written; an address */
	struct cfg_addr addr;
	uint16_t port;    /* host byte order */
	const char *host; /* name that it is called by, or NULL */
	struct cfg_pos pos;
	struct cfg_status *next;
};

#define CFG_MAX_STATUS 4

struct cfg {
	struct cfg_arena *arena;
	const char *file;
	unsigned interval_s; /* default 10 */
	unsigned timeout_ms; /* default 200 */
	bool log_state_changes;
	bool log_host_checks;
	bool log_connection;
	bool log_connection_errors;
	bool log_connection_opens;     /* ours: when they begin, too */
	const char *socket;            /* NULL: the program's default */
	const struct cfg_pflow *pflow; /* NULL: nowhere */
	struct cfg_status *status;     /* each list in the order written */
	struct cfg_table *tables;
	struct cfg_protocol *protocols;
	struct cfg_redirect *redirects;
	struct cfg_relay *relays;
};

/* -D macro=value; beats the file's own definition. */
struct cfg_macro {
	const char *name;
	const char *value;
};

/* Stands in for the box's files: the whole text of `path`, malloc'd, or -errno. */
typedef int cfg_read_fn(const char *path, char **ret_text, size_t *ret_len, void *data);

struct cfg_options {
	const struct cfg_macro *macros; /* of two with one name the last counts */
	size_t n_macros;
	bool verbose;      /* warn about macros that are not used */
	bool no_resolve;   /* don't ask the box: names that are not addresses stay AF_UNSPEC,
			      interfaces are taken to exist (fuzzing, unit tests) */
	size_t max_memory; /* bytes; 0: CFG_MAX_MEMORY */
	cfg_read_fn *read; /* what `include` names; NULL: the box's files */
	void *read_data;
};

/*
 * Reads, parses and validates FILE. Every error, warning and note goes to *diag, in file order.
 * Returns 0 and the configuration, -EINVAL when the file has errors (see diag), or -errno when it
 * cannot be read or takes too much memory (diag says so, too). *ret_cfg is written on success only.
 */
int cfg_parse_file(const char *path, const struct cfg_options *options, struct diag *diag,
		   struct cfg **ret_cfg);

/* The same for text in memory; name is what positions show. */
int cfg_parse_text(const char *name, const char *text, size_t len,
		   const struct cfg_options *options, struct diag *diag, struct cfg **ret_cfg);

/* A file of the box, as `include` reads it: regular, at most 4 MiB. See cfg_read_fn. */
int cfg_read_include(const char *path, char **ret_text, size_t *ret_len, void *data);

/* Frees the configuration and all that hangs on it; NULL is fine. */
void cfg_free(struct cfg *cfg);

/* relayd's word for it: "roundrobin", "source-hash", … */
const char *cfg_mode_name(enum cfg_mode mode);

/* What a check with `dsr` of a host of that family connects to; NULL: its redirect listens on no
 * address of the family. */
const struct cfg_vip *cfg_check_vip(const struct cfg_check *check, sa_family_t family);

/* relayd's name of a check in logs: "none", "icmp", "tcp", "http code", "send expect", …; and
 * ours of those with `dsr`: "tcp dsr", "http code dsr", … */
const char *cfg_check_name(const struct cfg_check *check);

/* In all that is checked, and how. */
bool cfg_same_check(const struct cfg_check *a, const struct cfg_check *b);

/* "A", "AAAA", …; NULL: none that a check can ask for. The reverse: 0 if there is none. */
const char *cfg_dns_type_name(uint16_t type);
uint16_t cfg_dns_type(const char *name);

/* What a host's options and its line come to; both at least 1. */
unsigned cfg_rise(const struct cfg_host *host, const struct cfg_target *target);
unsigned cfg_fall(const struct cfg_host *host, const struct cfg_target *target);

/*
 * ms between checks while successes or failures of the host are being counted: "fast interval".
 * Where that is not written half the interval, yet not less than the timeout, if the host has a
 * rise or fall; with relayd's options only, the interval.
 */
unsigned cfg_fast_interval_ms(const struct cfg_host *host, const struct cfg_target *target);

#endif
