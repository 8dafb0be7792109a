/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The parser's inside: one struct parse per run, handed through the lexer (lexer.l), the grammar
 * (grammar.y) and the functions that the grammar calls to build the configuration.
 *
 * Builders never fail: what is wrong becomes a diagnostic and the construct is left out, so that
 * one run finds all errors of a file. Only a lack of memory ends it early (parse_failed()).
 */
#ifndef XLB_CONFIG_PARSE_H
#define XLB_CONFIG_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/arena.h"
#include "config/config.h"
#include "config/diag.h"
#include "config/source.h"

/* Braces nest no deeper than this in the grammar: a block, and a list in it. */
#define PARSE_MAX_LEVEL 3

/* Longest token, with its NUL. */
#define PARSE_MAX_TOKEN 8096

enum parse_block {
	BLOCK_TOP,
	BLOCK_TABLE,
	BLOCK_REDIRECT,
	BLOCK_RELAY,
	BLOCK_PROTOCOL,
	BLOCK_ROUTER,
};

/* What has no effect here; each is noted once in a run. */
enum parse_note {
	NOTE_PREFORK,
	NOTE_AGENTX,
	NOTE_DEMOTE,
	NOTE_PRIORITY,
	NOTE_PFTAG,
	NOTE_NODELAY,
	NOTE_SACK,
	NOTE_SPLICE,
	NOTE_BACKLOG,
	NOTE_SOCKET_BUFFER,
	NOTE_HEADERLEN,
	NOTE_WEBSOCKETS,
	NOTE_TLS,
	NOTE_RETURN_ERROR,
	NOTE_TCP_RULE,
	NOTE_PASS,
	NOTE_IDLE_RULE,
	NOTE_TAG,
	NOTE_ROUTE_PORT,
};

struct port_range {
	uint16_t lo; /* host byte order; 0: invalid, already reported */
	uint16_t hi;
};

/* Statuses that a check takes, in the order written. */
struct code_list {
	const uint16_t *codes;
	unsigned n;
};

enum forward_mode { FORWARD_NAT, FORWARD_ROUTE, FORWARD_TRANSPARENT };

/* What the reader is in: a file, or the value of a macro. */
struct frame {
	const struct source *source; /* NULL: a macro's value */
	const struct macro *macro;   /* or NULL */
	struct cfg_pos pos;          /* of the next byte; of the macro's use */
	bool ended;                  /* the newline at the end of a file was handed out */
	char *memory;                /* that the scanner reads it from, and what is left of that */
	size_t memory_used, memory_size;
	void *buffer; /* the scanner's, in there */
	struct frame *up;
};

struct macro {
	const char *name;
	const char *value;
	struct cfg_pos pos;
	bool fixed; /* -D: the file cannot change it */
	bool used;
	struct macro *next;
};

/* Tables and targets as they are being written: what only the checks at the end need. */
struct table_draft {
	struct cfg_table table; /* first, see table_draft() */
	unsigned timeout_ms;    /* the global one, where the table stands */
};

struct target_draft {
	struct cfg_target target; /* first, see target_draft() */
	bool has_mode;
	struct cfg_pos interval_pos; /* line 0: not written */
	struct cfg_pos timeout_pos;
	struct cfg_pos fast_pos;
	struct cfg_pos mode_pos;
	struct cfg_pos check_pos;
	struct cfg_pos port_pos;
	uint16_t effective_port;   /* own, or the first listen line's */
	struct target_draft *next; /* in the order of the file, over all services */
};

enum rule_action { RULE_MATCH, RULE_PASS, RULE_BLOCK };
enum key_option { KEY_NONE, KEY_APPEND, KEY_SET, KEY_REMOVE, KEY_HASH, KEY_LOG };

/* The rule that is being read, with what is said about it at its end. */
struct rule_draft {
	struct cfg_rule rule;
	enum rule_action action;
	bool refused;  /* something in it was; already reported */
	bool marks;    /* tags and labels */
	bool unlooked; /* has a condition that nobody looks at */
};

/* How far the grammar is in the current line. */
struct parse_line {
	unsigned n_tokens;
	struct cfg_pos first; /* of its first token */
	const char *word;     /* the first token's text, if it is no keyword */
	bool ended;
};

struct parse {
	struct cfg *cfg;
	struct cfg_arena *arena;
	struct diag *diag;
	const struct cfg_options *options;
	struct source *sources;
	size_t first_item;   /* in diag, of this run */
	size_t first_errors; /* counted in diag before this run */
	size_t block_errors; /* … before this block */

	/* lexer */
	void *scanner;
	struct frame *frame;
	struct macro *macros;
	unsigned n_frames;
	unsigned depth; /* of braces read */
	unsigned level; /* of braces that the grammar is in */
	struct cfg_pos opened[PARSE_MAX_LEVEL + 1];
	struct parse_line line;
	bool headless;                  /* a line lacked its block: it may begin in the next one */
	bool recovering;                /* skip to the end of the line or block in error */
	const char *word;               /* the last token's text, when it was a word or string */
	const struct macro *word_macro; /* that it came from, or NULL */
	bool saw_cr;

	/* what is being built */
	enum parse_block block;
	struct table_draft *table;
	struct cfg_host *host;
	struct target_draft *target;
	struct target_draft *targets; /* all that belong to a service */
	struct target_draft **targets_tail;
	struct cfg_redirect *redirect;
	struct cfg_relay *relay;
	unsigned n_services; /* begun */
	struct cfg_protocol *protocol;
	struct rule_draft rule;
	bool relay_diverts; /* forward to destination, nat lookup */
	struct cfg_pos no_state_pos;

	struct cfg_pos interval_pos; /* of the global lines; line 0: none */
	struct cfg_pos timeout_pos;
	bool refused_any;    /* a service was left out on purpose */
	uint64_t noted;      /* bit per enum parse_note */
	int resolve_left_ms; /* time that names may still take to resolve */
};

/* parse.c: diagnostics at a place of a source. hint may be NULL. */
void parse_error(struct parse *p, struct cfg_pos pos, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void parse_warning(struct parse *p, struct cfg_pos pos, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void parse_note(struct parse *p, enum parse_note note, struct cfg_pos pos, const char *hint,
		const char *format, ...) __attribute__((format(printf, 5, 6)));
bool parse_failed(const struct parse *p);   /* no memory */
size_t parse_errors(const struct parse *p); /* of this run, so far */

/* lexer.l */
int lexer_start(struct parse *p, const struct source *source);
void lexer_stop(struct parse *p);
int lexer_read(struct parse *p, void *value, struct cfg_pos *pos); /* a token, unfiltered */
/* -ENOMEM: parse_failed() says so, too. */
int lexer_push(struct parse *p, struct frame *frame, const char *text, size_t len);

/* grammar.y */
int grammar_parse(struct parse *p);
int grammar_keyword(const char *word); /* its token, or 0 */
size_t grammar_keywords(const char **ret_words, size_t max);

/* syntax.c */
enum syntax_kind {
	SYNTAX_WORD, /* not a keyword */
	SYNTAX_KEYWORD,
	SYNTAX_NUMBER,
	SYNTAX_CHARACTER,
	SYNTAX_NEWLINE,
	SYNTAX_END,
	SYNTAX_REPORTED, /* the lexer has said it */
};

struct syntax_error {
	struct cfg_pos pos;
	enum syntax_kind kind;
	const char *text;            /* of what came */
	const char *const *expected; /* tokens' names as in the grammar */
	size_t n_expected;
	unsigned at; /* which token of the line it is, from 1; filled in by syntax_report() */
};
void syntax_report(struct parse *p, struct syntax_error *error);

/* macro.c */
void macro_define(struct parse *p, struct cfg_pos pos, const char *name, const char *value);
struct macro *macro_find(struct parse *p, const char *name);
void macro_report_undefined(struct parse *p, struct cfg_pos pos, const char *name);
void macro_define_options(struct parse *p);
void macro_report_unused(struct parse *p);
void include_file(struct parse *p, struct cfg_pos pos, const char *name);

/* global.c */
void global_interval(struct parse *p, struct cfg_pos pos, int64_t seconds);
void global_timeout(struct parse *p, struct cfg_pos pos, int64_t ms);
void global_prefork(struct parse *p, struct cfg_pos pos, int64_t n);
void global_agentx(struct parse *p, struct cfg_pos pos);
void global_status(struct parse *p, struct cfg_pos pos, const char *name, struct port_range port,
		   const char *host);
void router_refuse(struct parse *p, struct cfg_pos pos, const char *name);

/* table.c */
void table_begin(struct parse *p, struct cfg_pos pos, const char *name);
void table_disable(struct parse *p);
void table_end(struct parse *p);
struct cfg_table *table_find(struct parse *p, const char *name);
const struct table_draft *table_draft(const struct cfg_table *table);
void host_add(struct parse *p, struct cfg_pos pos, const char *name);
void host_ttl(struct parse *p, struct cfg_pos pos, int64_t n);
void host_parent(struct parse *p, struct cfg_pos pos, int64_t n);
void host_priority(struct parse *p, struct cfg_pos pos, int64_t n);
void host_retry(struct parse *p, struct cfg_pos pos, int64_t n);
void host_rise(struct parse *p, struct cfg_pos pos, int64_t n);
void host_fall(struct parse *p, struct cfg_pos pos, int64_t n);
void host_weight(struct parse *p, struct cfg_pos pos, int64_t n);

/* target.c: "forward to" and "route to" with their options */
void target_begin(struct parse *p, struct cfg_pos pos, const char *table);
void target_fixed(struct parse *p, struct cfg_pos pos, const char *name, struct port_range port,
		  int64_t retry);
void target_port(struct parse *p, struct cfg_pos pos, struct port_range port);
void target_timeout(struct parse *p, struct cfg_pos pos, int64_t ms);
void target_interval(struct parse *p, struct cfg_pos pos, int64_t seconds);
void target_rise(struct parse *p, struct cfg_pos pos, int64_t n);
void target_fall(struct parse *p, struct cfg_pos pos, int64_t n);
void target_fast_interval(struct parse *p, struct cfg_pos pos, int64_t seconds);
void target_panic(struct parse *p, struct cfg_pos pos, int64_t percent);
void target_panic_word(struct parse *p, struct cfg_pos pos, const char *word);
void target_demote(struct parse *p, struct cfg_pos pos, const char *group);
void target_mode(struct parse *p, struct cfg_pos pos, enum cfg_mode mode);
void target_key(struct parse *p, struct cfg_pos pos, const char *key);
void target_check(struct parse *p, struct cfg_pos pos, const struct cfg_check *check);
void redirect_target(struct parse *p, struct cfg_pos pos, enum forward_mode mode,
		     const char *interface, struct cfg_pos interface_pos);
void relay_target(struct parse *p, struct cfg_pos pos, enum forward_mode mode);
void relay_divert(struct parse *p, struct cfg_pos pos, const char *what);
struct target_draft *target_draft(struct cfg_target *target);

/* check.c */
struct cfg_check check_simple(enum cfg_check_type type);
struct cfg_check check_code(struct parse *p, struct cfg_pos pos, const char *path, const char *host,
			    const struct code_list *codes);
struct cfg_check check_digest(struct parse *p, struct cfg_pos pos, const char *path,
			      const char *host, const char *digest);
struct cfg_check check_send(struct parse *p, struct cfg_pos pos, const char *send,
			    const char *expect);
struct cfg_check check_binary(struct parse *p, struct cfg_pos pos, const char *send,
			      const char *expect);
struct cfg_check check_dns(struct parse *p, struct cfg_pos pos, const char *name,
			   struct cfg_pos type_pos, const char *type);
struct code_list check_codes(struct parse *p, struct cfg_pos pos, const struct code_list *before,
			     int64_t code);
void check_verify(struct parse *p, struct cfg_pos pos, struct cfg_check *check, const char *ca);
void check_sni(struct parse *p, struct cfg_pos pos, struct cfg_check *check, const char *name);
void check_token(struct parse *p, struct cfg_pos pos, struct cfg_check *check, const char *file);
struct cfg_check check_script(struct parse *p, struct cfg_pos pos, const char *path);
bool check_is_https(struct parse *p, struct cfg_pos pos, const char *word);

/* listen.c */
struct port_range port_number(struct parse *p, struct cfg_pos pos, int64_t port);
struct port_range port_name(struct parse *p, struct cfg_pos pos, const char *name);
uint8_t listen_protocol(struct parse *p, struct cfg_pos pos, const char *name);
void redirect_listen(struct parse *p, struct cfg_pos pos, const struct cfg_listen *line);
void relay_listen(struct parse *p, struct cfg_pos pos, const struct cfg_listen *line);

/* service.c */
void redirect_begin(struct parse *p, struct cfg_pos pos, const char *name);
void redirect_end(struct parse *p);
void redirect_sticky(struct parse *p);
void redirect_pftag(struct parse *p, struct cfg_pos pos, const char *tag, bool match);
void redirect_no_state(struct parse *p, struct cfg_pos pos);
void redirect_sni_log(struct parse *p);
void relay_begin(struct parse *p, struct cfg_pos pos, const char *name);
void relay_end(struct parse *p);
void relay_protocol(struct parse *p, struct cfg_pos pos, const char *name);
void relay_nat(struct parse *p, struct cfg_pos pos, const char *name);
void relay_check_nat(struct parse *p, const struct cfg_relay *relay);
void session_timeout(struct parse *p, struct cfg_pos pos, int64_t seconds);
void service_disable(struct parse *p);
void service_refuse(struct parse *p, struct cfg_pos pos, const char *what, const char *why,
		    const char *instead);

/* protocol.c */
void protocol_begin(struct parse *p, struct cfg_pos pos, const char *name, const char *type,
		    struct cfg_pos type_pos);
void protocol_end(struct parse *p);
void protocol_no_effect(struct parse *p, enum parse_note note, struct cfg_pos pos,
			const char *what);
void protocol_backlog(struct parse *p, struct cfg_pos pos, int64_t n);
void protocol_socket_buffer(struct parse *p, struct cfg_pos pos, int64_t n);
void protocol_ttl(struct parse *p, struct cfg_pos pos, int64_t n);
void protocol_minttl(struct parse *p, struct cfg_pos pos, int64_t n);
void protocol_headerlen(struct parse *p, struct cfg_pos pos, int64_t n);
void protocol_websockets(struct parse *p, struct cfg_pos pos, bool on);
void protocol_sni_log(struct parse *p);
void protocol_tls(struct parse *p, struct cfg_pos pos);
void protocol_tls_flag(struct parse *p, struct cfg_pos pos, const char *flag);

/* rule.c: pass, block and match */
struct key_value {
	const char *key;   /* NULL: not written */
	const char *value; /* NULL: not written */
};
void rule_begin(struct parse *p, struct cfg_pos pos, enum rule_action action);
void rule_family(struct parse *p, sa_family_t family);
struct cfg_prefix rule_prefix(struct parse *p, struct cfg_pos pos, const char *name, int64_t bits);
void rule_method(struct parse *p, const char *method);
/* A condition that is read, and not looked at. */
void rule_unlooked(struct parse *p);
void rule_key(struct parse *p, struct cfg_pos pos, enum cfg_key_type type, enum key_option option,
	      struct key_value what);
void rule_path_strip(struct parse *p, struct cfg_pos pos);
void rule_forward(struct parse *p, struct cfg_pos pos, const char *table);
void rule_tag(struct parse *p, struct cfg_pos pos);
void rule_label(struct parse *p, const char *label);
void rule_end(struct parse *p);

/* pflow.c */
/* protocol: -1: not written */
void global_pflow(struct parse *p, struct cfg_pos pos, const struct cfg_pflow *line,
		  struct port_range port, int64_t protocol, struct cfg_pos protocol_pos);
void pflow_check(struct parse *p); /* when all listen lines are known */

/* resolve.c */
bool address_parse(const char *name, struct cfg_addr *ret_addr);
bool address_looks_numeric(const char *name);
/* Has an interface of the box that address? true, too, if nobody can tell. */
bool address_is_here(const struct cfg_addr *addr);
/* Up to max addresses of a name or interface; warns and gives 0 if the box knows none. */
unsigned address_resolve(struct parse *p, struct cfg_pos pos, const char *name,
			 struct cfg_addr *ret_addrs, unsigned max);
void interface_check(struct parse *p, struct cfg_pos pos, const char *name);

/* dsr.c */
void check_dsr(struct parse *p, struct cfg_pos pos, struct cfg_check *check);
void dsr_resolve(struct parse *p); /* when all listen lines are known */

/* validate.c */
void validate(struct parse *p);

#endif
