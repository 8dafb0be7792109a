/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The grammar of relayd.conf(5), and our few additions to it.
 *
 * Every pair of braces is written open … close, and every list in braces has its own error rules:
 * a line in error is skipped up to its end, or up to the end of the block it opened (yylex() below
 * counts the braces), and the next line is read as usual.
 */
%require "3.7"
%define api.pure full
%define api.prefix {grammar_}
%define api.location.type {struct cfg_pos}
%define parse.error custom
%define parse.lac full
%locations
%param {struct parse *p}

%code requires {
#include "config/parse.h"
}

%code provides {
/* flex knows no prefix for these. */
#define YYSTYPE GRAMMAR_STYPE
#define YYLTYPE GRAMMAR_LTYPE
}

%code {
#include <string.h>

/* A construct's place is that of its first symbol. */
#define YYLLOC_DEFAULT(current, rhs, n) ((current) = YYRHSLOC(rhs, (n) ? 1 : 0))

static int grammar_lex(GRAMMAR_STYPE *value, struct cfg_pos *pos, struct parse *p);
static void grammar_error(struct cfg_pos *pos, struct parse *p, const char *message);
}

%initial-action {
	@$ = (struct cfg_pos){ p->frame->source->name, 1, 1 };
}

%union {
	int64_t number;
	const char *string;
	bool flag;
	struct port_range port;
	struct cfg_check check;
	struct code_list codes;
	enum forward_mode forward;
	enum cfg_mode mode;
	enum rule_action action;
	enum key_option option;
	enum cfg_key_type key;
	struct cfg_prefix prefix;
	uint8_t protocol;
}

%token END 0 "end of file"
%token <string> STRING "a word or string"
%token <number> NUMBER "a number"
%token INVALID "what the lexer has reported"

/* The keywords, from the first to the last: grammar_keyword() looks for a word in here. */
%token AGENTX "agentx" APPEND "append" BACKLOG "backlog" BACKUP "backup" BINARY "binary"
%token BLOCK "block" BUFFER "buffer" CA "ca" CACHE "cache" CERT "cert" CHANGES "changes"
%token CHECK "check" CHECKS "checks" CIPHERS "ciphers" CLIENT "client" CODE "code"
%token CONNECTION "connection" CONTEXT "context" COOKIE "cookie" DEMOTE "demote"
%token DESTINATION "destination" DIGEST "digest" DISABLE "disable" ECDHE "ecdhe" EDH "edh"
%token ERROR "error" ERRORS "errors" EXPECT "expect" EXTERNAL "external" FILENAME "file"
%token FORWARD "forward" FROM "from" HASH "hash" HEADER "header" HEADERLEN "headerlen"
%token HOST "host" HTTP "http" ICMP "icmp" INCLUDE "include" INET "inet" INET6 "inet6"
%token INTERFACE "interface" INTERVAL "interval" IP "ip" KEY "key" KEYPAIR "keypair"
%token LABEL "label" LEAST_STATES "least-states" LISTEN "listen" LOADBALANCE "loadbalance"
%token LOG "log" LOOKUP "lookup" MATCH "match" METHOD "method" MINTTL "minttl" MODE "mode"
%token NAT "nat" NO "no" NODELAY "nodelay" NOTHING "nothing" ON "on" PARAMS "params"
%token PARENT "parent" PASS "pass" PASSWORD "password" PATH "path" PFLOG "pflog" PFTAG "pftag"
%token PORT "port" PREFORK "prefork" PRIORITY "priority" PROTOCOL "protocol"
%token PROXY_PROTOCOL "proxy-protocol" QUERY "query" QUICK "quick" RANDOM "random" REAL "real"
%token REDIRECT "redirect" RELAY "relay" REMOVE "remove" REQUEST "request" RESPONSE "response"
%token RETRY "retry" RETURN "return" ROUNDROBIN "roundrobin" ROUTE "route" ROUTER "router"
%token RTABLE "rtable" RTLABEL "rtlabel" SACK "sack" SCRIPT "script" SEND "send"
%token SESSION "session" SET "set" SOCKET "socket" SOURCE_HASH "source-hash" SPLICE "splice"
%token STATE "state" STICKY_ADDRESS "sticky-address" STRIP "strip" STYLE "style" TABLE "table"
%token TAG "tag" TAGGED "tagged" TCP "tcp" TICKETS "tickets" TIMEOUT "timeout" TLS "tls"
%token TO "to" TRANSPARENT "transparent" TTL "ttl" URL "url" V1 "v1" V2 "v2" VALUE "value"
%token WEBSOCKETS "websockets" WITH "with"
/* Ours. They stay usable as names, so that no file that relayd reads is lost: see "name". */
%token DNS "dns" DSR "dsr" FALL "fall" FAST "fast" MAGLEV "maglev" OPENS "opens" PANIC "panic" PFLOW "pflow" RISE "rise" SNI "sni"
%token STATUS "status" TOKEN "token" TYPE "type" VERIFY "verify" WEIGHT "weight"

%type <string> name free_word from_opt dns_type interface_opt value_opt host_header send_data style_list
%type <number> retry_opt protocol_opt
%type <flag> tls_opt pflog_opt yes_no match_opt
%type <port> port
%type <check> check check_kind http_check
%type <codes> codes
%type <forward> forward_mode
%type <mode> mode
%type <action> action
%type <option> key_option
%type <key> key_type
%type <prefix> prefix
%type <protocol> listen_protocol

%%

file:
	  %empty
	| file line
	;

line:
	  '\n'
	| statement '\n'
	| include
	| bad_line			{ p->block = BLOCK_TOP; }
	;

/* yyerrok before the next line is looked at, or an error in its first word goes unreported. */
bad_line:
	  error '\n'			{ yyerrok; }
	;

statement:
	  name '=' STRING		{ macro_define(p, @1, $1, $3); }
	| INTERVAL NUMBER		{ global_interval(p, @2, $2); }
	| TIMEOUT NUMBER		{ global_timeout(p, @2, $2); }
	| PREFORK NUMBER		{ global_prefork(p, @2, $2); }
	| LOG STATE CHANGES		{ p->cfg->log_state_changes = true; }
	| LOG HOST CHECKS		{ p->cfg->log_host_checks = true; }
	| LOG CONNECTION		{
		p->cfg->log_connection = true;
		p->cfg->log_connection_errors = true;
	}
	| LOG CONNECTION ERRORS		{ p->cfg->log_connection_errors = true; }
	| LOG CONNECTION OPENS		{ p->cfg->log_connection_opens = true; }
	| AGENTX agentx_context agentx_path { global_agentx(p, @1); }
	| SOCKET name			{ p->cfg->socket = $2; }
	| PFLOW from_opt TO name port protocol_opt {
		struct cfg_pflow line = { .name = $4, .source_name = $2, .pos = @1 };

		global_pflow(p, @4, &line, $5, $6, @6);
	}
	| STATUS LISTEN ON name port host_header { global_status(p, @4, $4, $5, $6); }
	| table
	| redirect
	| relay
	| protocol
	| router
	;

from_opt:
	  %empty			{ $$ = NULL; }
	| FROM name			{ $$ = $2; }
	;

protocol_opt:
	  %empty			{ $$ = -1; }
	| PROTOCOL NUMBER		{ $$ = $2; @$ = @2; }
	;

agentx_context:
	  %empty
	| CONTEXT name
	;

agentx_path:
	  %empty
	| PATH name
	;

/* The file is read from the next line on; it ends with a newline of its own. */
include:
	  INCLUDE STRING '\n'		{ include_file(p, @2, $2); }
	;

open:
	  '{'				{
		p->level++;
		if (p->level <= PARSE_MAX_LEVEL)
			p->opened[p->level] = @1;
	}
	;

close:
	  '}'				{ p->level--; }
	;

newlines:
	  %empty
	| newlines '\n'
	;

end_of_line:
	  '\n' newlines
	;

/* Where a free word stands: our own keywords are words like any other there. */
name:
	  free_word
	| FALL				{ $$ = "fall"; }
	| RISE				{ $$ = "rise"; }
	| WEIGHT			{ $$ = "weight"; }
	;

/* Those that are not options of a host can name one. */
free_word:
	  STRING
	| DNS				{ $$ = "dns"; }
	| DSR				{ $$ = "dsr"; }
	| FAST				{ $$ = "fast"; }
	| MAGLEV			{ $$ = "maglev"; }
	| OPENS				{ $$ = "opens"; }
	| PANIC				{ $$ = "panic"; }
	| PFLOW				{ $$ = "pflow"; }
	| SNI				{ $$ = "sni"; }
	| STATUS			{ $$ = "status"; }
	| TOKEN				{ $$ = "token"; }
	| TYPE				{ $$ = "type"; }
	| VERIFY			{ $$ = "verify"; }
	;

yes_no:
	  %empty			{ $$ = true; }
	| NO				{ $$ = false; }
	;

port:
	  PORT NUMBER			{ $$ = port_number(p, @2, $2); }
	| PORT name			{ $$ = port_name(p, @2, $2); }
	| PORT HTTP			{ $$ = port_name(p, @2, "http"); }
	;

interface_opt:
	  %empty			{ $$ = NULL; }
	| INTERFACE name		{ $$ = $2; @$ = @2; }
	;

tls_opt:
	  %empty			{ $$ = false; }
	| TLS				{ $$ = true; }
	;

retry_opt:
	  %empty			{ $$ = 0; }
	| RETRY NUMBER			{ $$ = $2; }
	;

/* Tables. */

table:
	  TABLE '<' name '>'		{ table_begin(p, @3, $3); }
	  table_parts			{ table_end(p); }
	;

table_parts:
	  table_part
	| table_parts table_part
	;

table_part:
	  DISABLE			{ table_disable(p); }
	| open newlines close
	| open newlines hosts close
	| open newlines hosts error close { yyerrok; }
	| open newlines error close	{ yyerrok; }
	;

hosts:
	  host_or_file
	| hosts host_or_file
	| hosts ',' newlines host_or_file
	| hosts '\n'
	| bad_line
	| hosts bad_line
	;

/* What the file says is read in place of the name. */
host_or_file:
	  host
	| INCLUDE STRING		{ include_file(p, @2, $2); }
	;

host:
	  free_word			{ host_add(p, @1, $1); }
	| host IP TTL NUMBER		{ host_ttl(p, @2, $4); }
	| host PARENT NUMBER		{ host_parent(p, @2, $3); }
	| host PRIORITY NUMBER		{ host_priority(p, @2, $3); }
	| host RETRY NUMBER		{ host_retry(p, @2, $3); }
	| host RISE NUMBER		{ host_rise(p, @2, $3); }
	| host FALL NUMBER		{ host_fall(p, @2, $3); }
	| host WEIGHT NUMBER		{ host_weight(p, @2, $3); }
	;

/* Where to: shared by redirects, relays and routers. */

forward_mode:
	  FORWARD			{ $$ = FORWARD_NAT; }
	| ROUTE				{ $$ = FORWARD_ROUTE; }
	| TRANSPARENT FORWARD		{ $$ = FORWARD_TRANSPARENT; }
	;

target:
	  '<' name '>'			{ target_begin(p, @2, $2); }
	  target_options
	;

target_options:
	  target_option
	| target_options target_option
	;

target_option:
	  CHECK check			{ target_check(p, @1, &$2); }
	| port				{ target_port(p, @1, $1); }
	| TIMEOUT NUMBER		{ target_timeout(p, @2, $2); }
	| INTERVAL NUMBER		{ target_interval(p, @2, $2); }
	| FAST INTERVAL NUMBER		{ target_fast_interval(p, @3, $3); }
	| RISE NUMBER			{ target_rise(p, @2, $2); }
	| FALL NUMBER			{ target_fall(p, @2, $2); }
	| PANIC NUMBER			{ target_panic(p, @2, $2); }
	| PANIC STRING			{ target_panic_word(p, @2, $2); }
	| DEMOTE name			{ target_demote(p, @1, $2); }
	| MODE mode			{ target_mode(p, @2, $2); }
	| MODE mode STRING		{ target_mode(p, @2, $2); target_key(p, @3, $3); }
	;

mode:
	  ROUNDROBIN			{ $$ = CFG_MODE_ROUNDROBIN; }
	| RANDOM			{ $$ = CFG_MODE_RANDOM; }
	| SOURCE_HASH			{ $$ = CFG_MODE_SOURCE_HASH; }
	| LEAST_STATES			{ $$ = CFG_MODE_LEAST_STATES; }
	| LOADBALANCE			{ $$ = CFG_MODE_LOADBALANCE; }
	| HASH				{ $$ = CFG_MODE_HASH; }
	| MAGLEV			{ $$ = CFG_MODE_MAGLEV; }
	;

check:
	  check_kind
	| check VERIFY			{ $$ = $1; check_verify(p, @2, &$$, NULL); }
	| check VERIFY CA FILENAME name	{ $$ = $1; check_verify(p, @2, &$$, $5); }
	| check SNI name		{ $$ = $1; check_sni(p, @2, &$$, $3); }
	| check DSR			{ $$ = $1; check_dsr(p, @2, &$$); }
	| check TOKEN FILENAME name	{ $$ = $1; check_token(p, @2, &$$, $4); }
	;

check_kind:
	  ICMP				{ $$ = check_simple(CFG_CHECK_ICMP); }
	| TCP				{ $$ = check_simple(CFG_CHECK_TCP); }
	| TLS				{ $$ = check_simple(CFG_CHECK_TLS); }
	| HTTP http_check		{ $$ = $2; }
	| STRING http_check		{ $$ = $2; $$.tls = check_is_https(p, @1, $1); }
	| SEND send_data EXPECT name tls_opt {
		$$ = check_send(p, @4, $2, $4);
		$$.tls = $5;
	}
	| BINARY SEND name EXPECT name tls_opt {
		$$ = check_binary(p, @3, $3, $5);
		$$.tls = $6;
	}
	| SCRIPT name			{ $$ = check_script(p, @2, $2); }
	| DNS name dns_type		{ $$ = check_dns(p, @2, $2, @3, $3); }
	;

http_check:
	  name host_header CODE NUMBER	{
		struct code_list one = check_codes(p, @4, NULL, $4);

		$$ = check_code(p, @4, $1, $2, &one);
	}
	| name host_header CODE open newlines codes close {
		$$ = check_code(p, @4, $1, $2, &$6);
	}
	| name host_header CODE open newlines codes error close {
		yyerrok;
		$$ = check_code(p, @4, $1, $2, &$6);
	}
	| name host_header CODE open newlines error close {
		yyerrok;
		$$ = check_code(p, @4, $1, $2, &(struct code_list){ 0 });
	}
	| name host_header DIGEST name	{ $$ = check_digest(p, @4, $1, $2, $4); }
	;

codes:
	  NUMBER			{ $$ = check_codes(p, @1, NULL, $1); }
	| codes NUMBER			{ $$ = check_codes(p, @2, &$1, $2); }
	| codes ',' newlines NUMBER	{ $$ = check_codes(p, @4, &$1, $4); }
	| codes '\n'
	;

dns_type:
	  %empty			{ $$ = NULL; }
	| TYPE name			{ $$ = $2; @$ = @2; }
	;

host_header:
	  %empty			{ $$ = NULL; }
	| HOST name			{ $$ = $2; }
	;

send_data:
	  NOTHING			{ $$ = NULL; }
	| name
	;

/* Redirects. The first directive of a block may share its line with a second one. */

redirect:
	  REDIRECT name			{ redirect_begin(p, @2, $2); }
	  redirect_block		{ redirect_end(p); }
	;

redirect_block:
	  open newlines close
	| open newlines redirect_lines close
	| open newlines redirect_lines error close { yyerrok; }
	| open newlines error close	{ yyerrok; }
	;

redirect_lines:
	  redirect_line newlines
	| include newlines
	| bad_line newlines
	| redirect_lines redirect_line end_of_line
	| redirect_lines include newlines
	| redirect_lines bad_line newlines
	;

redirect_line:
	  LISTEN ON name listen_protocol port interface_opt pflog_opt {
		struct cfg_listen line = {
			.name = $3, .proto = $4, .port_lo = $5.lo, .port_hi = $5.hi,
			.interface = $6, .pflog = $7, .pos = @3,
		};
		redirect_listen(p, @6, &line);
	}
	| forward_mode TO target interface_opt { redirect_target(p, @1, $1, $4, @4); }
	| match_opt PFTAG name		{ redirect_pftag(p, @2, $3, $1); }
	| MATCH SNI LOG			{ redirect_sni_log(p); }
	| STICKY_ADDRESS		{ redirect_sticky(p); }
	| NO STATE			{ redirect_no_state(p, @1); }
	| SESSION TIMEOUT NUMBER	{ session_timeout(p, @3, $3); }
	| DISABLE			{ service_disable(p); }
	;

listen_protocol:
	  %empty			{ $$ = IPPROTO_TCP; }
	| TCP				{ $$ = IPPROTO_TCP; }
	| name				{ $$ = listen_protocol(p, @1, $1); }
	;

pflog_opt:
	  %empty			{ $$ = false; }
	| PFLOG				{ $$ = true; }
	;

match_opt:
	  %empty			{ $$ = false; }
	| MATCH				{ $$ = true; }
	;

/* Relays. */

relay:
	  RELAY name			{ relay_begin(p, @2, $2); }
	  relay_block			{ relay_end(p); }
	;

relay_block:
	  open newlines close
	| open newlines relay_lines close
	| open newlines relay_lines error close { yyerrok; }
	| open newlines error close	{ yyerrok; }
	;

relay_lines:
	  relay_line newlines
	| include newlines
	| bad_line newlines
	| relay_lines relay_line end_of_line
	| relay_lines include newlines
	| relay_lines bad_line newlines
	;

relay_line:
	  LISTEN ON name port tls_opt	{
		struct cfg_listen line = {
			.name = $3, .proto = IPPROTO_TCP, .port_lo = $4.lo, .port_hi = $4.hi,
			.tls = $5, .pos = @3,
		};
		relay_listen(p, @5, &line);
	}
	| forward_mode with_tls TO relay_to forward_family forward_proxy {
		relay_target(p, @1, $1);
	}
	| PROTOCOL name			{ relay_protocol(p, @2, $2); }
	| NAT TO nat_addresses
	| SESSION TIMEOUT NUMBER	{ session_timeout(p, @3, $3); }
	| DISABLE			{ service_disable(p); }
	;

nat_addresses:
	  name				{ relay_nat(p, @1, $1); }
	| open newlines nat_list close
	| open newlines nat_list error close { yyerrok; }
	| open newlines error close	{ yyerrok; }
	;

nat_list:
	  name				{ relay_nat(p, @1, $1); }
	| nat_list name			{ relay_nat(p, @2, $2); }
	| nat_list ',' newlines name	{ relay_nat(p, @4, $4); }
	| nat_list '\n'
	| bad_line
	| nat_list bad_line
	;

with_tls:
	  %empty
	| WITH TLS			{
		service_refuse(p, @1, "forward with tls", "xlb does not speak TLS for its clients",
			       "use \"forward to\", and let clients and hosts speak TLS themselves");
	}
	;

relay_to:
	  target
	| name port retry_opt		{ target_fixed(p, @1, $1, $2, $3); }
	| DESTINATION retry_opt		{ relay_divert(p, @1, "destination"); }
	| NAT LOOKUP retry_opt		{ relay_divert(p, @1, "nat lookup"); }
	;

forward_family:
	  %empty
	| INET				{
		service_refuse(p, @1, "forward to … inet",
			       "xlb does not translate between IPv6 and IPv4",
			       "use hosts of the listen address' family");
	}
	| INET6 name			{
		service_refuse(p, @1, "forward to … inet6",
			       "xlb does not translate between IPv4 and IPv6",
			       "use hosts of the listen address' family");
	}
	;

forward_proxy:
	  %empty
	| PROXY_PROTOCOL proxy_version	{
		service_refuse(p, @1, "proxy-protocol", "xlb adds nothing to the stream",
			       "with \"transparent forward to\" the hosts see the client's address");
	}
	;

proxy_version:
	  V1
	| V2
	;

/* Protocols. */

protocol:
	  PROTOCOL name			{ protocol_begin(p, @2, $2, "tcp", @1); }
	  protocol_block		{ protocol_end(p); }
	| TCP PROTOCOL name		{ protocol_begin(p, @3, $3, "tcp", @1); }
	  protocol_block		{ protocol_end(p); }
	| HTTP PROTOCOL name		{ protocol_begin(p, @3, $3, "http", @1); }
	  protocol_block		{ protocol_end(p); }
	| name PROTOCOL name		{ protocol_begin(p, @3, $3, $1, @1); }
	  protocol_block		{ protocol_end(p); }
	;

protocol_block:
	  %empty
	| open newlines close
	| open newlines protocol_lines close
	| open newlines protocol_lines error close { yyerrok; }
	| open newlines error close	{ yyerrok; }
	;

protocol_lines:
	  protocol_line newlines
	| include newlines
	| bad_line newlines
	| protocol_lines protocol_line end_of_line
	| protocol_lines include newlines
	| protocol_lines bad_line newlines
	;

protocol_line:
	  TCP tcp_option
	| TCP open newlines tcp_options close
	| TCP open newlines tcp_options error close { yyerrok; }
	| TCP open newlines error close	{ yyerrok; }
	| HTTP http_option
	| HTTP open newlines http_options close
	| HTTP open newlines http_options error close { yyerrok; }
	| HTTP open newlines error close { yyerrok; }
	| TLS tls_option		{ protocol_tls(p, @1); }
	| TLS open newlines tls_options close { protocol_tls(p, @1); }
	| TLS open newlines tls_options error close { yyerrok; }
	| TLS open newlines error close	{ yyerrok; }
	| RETURN ERROR return_style	{
		protocol_no_effect(p, NOTE_RETURN_ERROR, @1, "return error");
	}
	| MATCH SNI LOG			{ protocol_sni_log(p); }
	| rule
	;

tcp_options:
	  tcp_option
	| tcp_options tcp_option
	| tcp_options ',' newlines tcp_option
	| tcp_options '\n'
	| bad_line
	| tcp_options bad_line
	;

tcp_option:
	  yes_no NODELAY		{ protocol_no_effect(p, NOTE_NODELAY, @2, "nodelay"); }
	| yes_no SACK			{ protocol_no_effect(p, NOTE_SACK, @2, "sack"); }
	| yes_no SPLICE			{ protocol_no_effect(p, NOTE_SPLICE, @2, "splice"); }
	| BACKLOG NUMBER		{ protocol_backlog(p, @1, $2); }
	| SOCKET BUFFER NUMBER		{ protocol_socket_buffer(p, @1, $3); }
	| IP TTL NUMBER			{ protocol_ttl(p, @1, $3); }
	| IP MINTTL NUMBER		{ protocol_minttl(p, @1, $3); }
	;

http_options:
	  http_option
	| http_options http_option
	| http_options ',' newlines http_option
	| http_options '\n'
	| bad_line
	| http_options bad_line
	;

http_option:
	  HEADERLEN NUMBER		{ protocol_headerlen(p, @1, $2); }
	| yes_no WEBSOCKETS		{ protocol_websockets(p, @2, $1); }
	;

tls_options:
	  tls_option
	| tls_options tls_option
	| tls_options ',' newlines tls_option
	| tls_options '\n'
	| bad_line
	| tls_options bad_line
	;

tls_option:
	  yes_no SESSION TICKETS
	| CIPHERS name
	| NO EDH
	| EDH
	| EDH PARAMS name
	| ECDHE name
	| CA FILENAME name
	| CA KEY name PASSWORD name
	| CA CERT name
	| CLIENT CA name
	| KEYPAIR name
	| yes_no name			{ protocol_tls_flag(p, @2, $2); }
	;

return_style:
	  %empty
	| STYLE name
	| open newlines style_list close
	| open newlines style_list error close { yyerrok; }
	| open newlines error close	{ yyerrok; }
	;

style_list:
	  STYLE name			{ $$ = $2; }
	| style_list STYLE name
	| style_list ',' newlines STYLE name
	| style_list '\n'
	| bad_line			{ $$ = NULL; }
	| style_list bad_line
	;

/* Rules of protocols. */

rule:
	  action			{ rule_begin(p, @1, $1); }
	  direction quick family source destination rule_options { rule_end(p); }
	;

action:
	  MATCH				{ $$ = RULE_MATCH; }
	| PASS				{ $$ = RULE_PASS; }
	| BLOCK				{ $$ = RULE_BLOCK; }
	;

direction:
	  %empty
	| REQUEST
	| RESPONSE			{ p->rule.rule.response = true; }
	;

quick:
	  %empty
	| QUICK				{ p->rule.rule.quick = true; }
	;

family:
	  %empty
	| INET				{ rule_family(p, AF_INET); }
	| INET6				{ rule_family(p, AF_INET6); }
	;

source:
	  %empty
	| FROM prefix			{ p->rule.rule.from = $2; }
	;

destination:
	  %empty
	| TO prefix			{ p->rule.rule.to = $2; }
	;

prefix:
	  name				{ $$ = rule_prefix(p, @1, $1, -1); }
	| name '/' NUMBER		{ $$ = rule_prefix(p, @1, $1, $3); }
	;

rule_options:
	  %empty
	| rule_options rule_option
	;

rule_option:
	  METHOD name			{ rule_method(p, $2); }
	| key_type key_option		{ rule_key(p, @1, $1, $2, (struct key_value){ 0 }); }
	| key_type key_option name value_opt {
		rule_key(p, @1, $1, $2, (struct key_value){ $3, $4 });
	}
	| key_type key_option DIGEST name value_opt {
		rule_key(p, @1, $1, $2, (struct key_value){ 0 });
		rule_unlooked(p);
		if ($1 != CFG_KEY_URL)
			parse_error(p, @3, NULL, "a digest is a key for url only");
	}
	| PATH STRIP NUMBER		{ rule_path_strip(p, @1); }
	| FILENAME name value_opt	{ rule_unlooked(p); }
	| FORWARD TO '<' name '>'	{ rule_forward(p, @1, $4); }
	| TAG name			{ rule_tag(p, @1); }
	| NO TAG			{ rule_tag(p, @1); }
	| TAGGED name			{ rule_unlooked(p); }
	| LABEL name			{ rule_label(p, $2); }
	| NO LABEL			{ rule_label(p, ""); }
	;

key_type:
	  COOKIE			{ $$ = CFG_KEY_COOKIE; }
	| HEADER			{ $$ = CFG_KEY_HEADER; }
	| PATH				{ $$ = CFG_KEY_PATH; }
	| QUERY				{ $$ = CFG_KEY_QUERY; }
	| URL				{ $$ = CFG_KEY_URL; }
	;

key_option:
	  %empty			{ $$ = KEY_NONE; }
	| APPEND			{ $$ = KEY_APPEND; }
	| SET				{ $$ = KEY_SET; }
	| REMOVE			{ $$ = KEY_REMOVE; }
	| HASH				{ $$ = KEY_HASH; }
	| LOG				{ $$ = KEY_LOG; }
	;

value_opt:
	  %empty			{ $$ = NULL; }
	| VALUE name			{ $$ = $2; }
	;

/* Routers: read whole, so that the refusal is the one thing said about them. */

router:
	  ROUTER name			{ p->block = BLOCK_ROUTER; router_refuse(p, @1, $2); }
	  router_block			{ p->block = BLOCK_TOP; }
	;

router_block:
	  open newlines close
	| open newlines router_lines close
	| open newlines router_lines error close { yyerrok; }
	| open newlines error close	{ yyerrok; }
	;

router_lines:
	  router_line newlines
	| include newlines
	| bad_line newlines
	| router_lines router_line end_of_line
	| router_lines include newlines
	| router_lines bad_line newlines
	;

router_line:
	  ROUTE name '/' NUMBER
	| FORWARD TO target
	| RTABLE NUMBER
	| RTLABEL name
	| DISABLE
	;

%%

int grammar_keyword(const char *word)
{
	for (int token = AGENTX; token <= WEIGHT; token++) {
		if (strcmp(yysymbol_name(YYTRANSLATE(token)), word) == 0)
			return token;
	}
	return 0;
}

size_t grammar_keywords(const char **ret_words, size_t max)
{
	size_t n = 0;

	for (int token = AGENTX; token <= WEIGHT && n < max; token++)
		ret_words[n++] = yysymbol_name(YYTRANSLATE(token));
	return n;
}

/* The next token of the lexer, and where in its line and in how many braces it is. */
static int next_token(GRAMMAR_STYPE *value, struct cfg_pos *pos, struct parse *p)
{
	int token = lexer_read(p, value, pos);

	if (p->line.ended)
		p->line = (struct parse_line){ 0 };
	if (p->line.n_tokens++ == 0) {
		p->line.first = *pos;
		p->line.word = token == STRING ? p->word : NULL;
	}
	p->line.ended = token == '\n';
	if (token == '{')
		p->depth++;
	else if (token == '}' && p->depth > 0)
		p->depth--;
	return token;
}

/*
 * The tokens as the grammar sees them. After an error nothing counts until the line ends outside of
 * any braces that it opened, or until the block around it ends.
 */
static int grammar_lex(GRAMMAR_STYPE *value, struct cfg_pos *pos, struct parse *p)
{
	int token;

	if (parse_failed(p))
		return END;
	token = next_token(value, pos, p);
	if (token == '{' && p->headless)
		p->recovering = true;
	p->headless = p->headless && token == '\n';
	if (!p->recovering)
		return token;
	while (token != END) {
		if (token == '\n' && p->depth <= p->level)
			break;
		if (token == '}' && p->depth < p->level)
			break;
		token = next_token(value, pos, p);
	}
	p->recovering = false;
	return token;
}

static void grammar_error(struct cfg_pos *pos, struct parse *p, const char *message)
{
	/* Only for what has no token: an exhausted parser stack. */
	parse_error(p, *pos, NULL, "%s", message);
}

static enum syntax_kind kind_of(yysymbol_kind_t symbol)
{
	switch (symbol) {
	case YYSYMBOL_INVALID:
		return SYNTAX_REPORTED;
	case YYSYMBOL_STRING:
		return SYNTAX_WORD;
	case YYSYMBOL_NUMBER:
		return SYNTAX_NUMBER;
	case YYSYMBOL_YYEOF:
		return SYNTAX_END;
	default:
		break;
	}
	if (strcmp(yysymbol_name(symbol), "'\\n'") == 0)
		return SYNTAX_NEWLINE;
	return yysymbol_name(symbol)[0] == '\'' ? SYNTAX_CHARACTER : SYNTAX_KEYWORD;
}

static int yyreport_syntax_error(const yypcontext_t *context, struct parse *p)
{
	yysymbol_kind_t expected[YYNTOKENS], symbol = yypcontext_token(context);
	const char *names[YYNTOKENS];
	int n = yypcontext_expected_tokens(context, expected, YYNTOKENS);
	struct syntax_error error = {
		.pos = *yypcontext_location(context),
		.kind = kind_of(symbol),
		.expected = names,
		.n_expected = n > 0 ? (size_t)n : 0,
	};

	for (int i = 0; i < n; i++)
		names[i] = yysymbol_name(expected[i]);
	error.text = p->word ? p->word : yysymbol_name(symbol);
	syntax_report(p, &error);
	p->headless = error.kind == SYNTAX_NEWLINE && p->level == 0;
	/* What ends the line or the block must not be skipped. */
	p->recovering = error.kind != SYNTAX_NEWLINE && error.kind != SYNTAX_END &&
			!(symbol == YYTRANSLATE('}') && p->depth < p->level);
	return 0;
}
