/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "config/print.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/*
 * A string that the lexer reads back as it is. In quotes a backslash stands for itself unless a
 * quote, a blank or a tab follows, which therefore get one more. A string cannot end in one: such
 * text was a bare word, where each is written twice.
 */
static void print_string(const char *text, FILE *out)
{
	size_t len = strlen(text);
	char before = '\0';

	if (len && text[len - 1] == '\\') {
		for (; *text; text++)
			fprintf(out, *text == '\\' ? "\\\\" : "%c", *text);
		return;
	}
	fputc('"', out);
	for (; *text; before = *text++) {
		if (*text == '"' || (before == '\\' && (*text == ' ' || *text == '\t')))
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

/* The same for the data of send and expect, which have escapes of their own. */
static void print_escaped(const char *text, FILE *out)
{
	char escaped[2 * 8192], *to = escaped;

	for (; *text && to < escaped + sizeof(escaped) - 3; text++) {
		if (*text == '\n' || *text == '\r' || *text == '\\')
			*to++ = '\\';
		*to++ = *text == '\n' ? 'n' : *text == '\r' ? 'r' : *text;
	}
	*to = '\0';
	print_string(escaped, out);
}

static void print_word(const char *keyword, const char *text, FILE *out)
{
	fprintf(out, "%s ", keyword);
	print_string(text, out);
}

static void print_pflow(const struct cfg_pflow *pflow, FILE *out)
{
	fputs("pflow ", out);
	if (pflow->source_name) {
		print_word("from", pflow->source_name, out);
		fputc(' ', out);
	}
	print_word("to", pflow->name, out);
	fprintf(out, " port %u protocol %u\n", pflow->port, pflow->protocol);
}

static void print_status(const struct cfg_status *status, FILE *out)
{
	print_word("status listen on", status->name, out);
	fprintf(out, " port %u", status->port);
	if (status->host) {
		fputc(' ', out);
		print_word("host", status->host, out);
	}
	fputc('\n', out);
}

static void print_globals(const struct cfg *cfg, FILE *out)
{
	fprintf(out, "interval %u\ntimeout %u\n", cfg->interval_s, cfg->timeout_ms);
	if (cfg->log_state_changes)
		fputs("log state changes\n", out);
	if (cfg->log_host_checks)
		fputs("log host checks\n", out);
	if (cfg->log_connection_opens)
		fputs("log connection opens\n", out);
	if (cfg->log_connection)
		fputs("log connection\n", out);
	else if (cfg->log_connection_errors)
		fputs("log connection errors\n", out);
	if (cfg->pflow)
		print_pflow(cfg->pflow, out);
	if (cfg->socket) {
		print_word("socket", cfg->socket, out);
		fputc('\n', out);
	}
	for (const struct cfg_status *s = cfg->status; s; s = s->next)
		print_status(s, out);
}

static void print_host(const struct cfg_host *host, FILE *out)
{
	fputc('\t', out);
	print_string(host->name, out);
	if (host->ttl)
		fprintf(out, " ip ttl %u", host->ttl);
	if (host->parent)
		fprintf(out, " parent %u", host->parent);
	if (host->priority)
		fprintf(out, " priority %u", host->priority);
	if (host->has_retry)
		fprintf(out, " retry %u", host->retry);
	if (host->rise)
		fprintf(out, " rise %u", host->rise);
	if (host->fall)
		fprintf(out, " fall %u", host->fall);
	if (host->weight != 1)
		fprintf(out, " weight %u", host->weight);
	fputc('\n', out);
}

static void print_table(const struct cfg_table *table, FILE *out)
{
	fputs("\ntable <", out);
	print_string(table->name, out);
	fprintf(out, ">%s {\n", table->disabled ? " disable" : "");
	for (const struct cfg_host *host = table->hosts; host; host = host->next)
		print_host(host, out);
	fputs("}\n", out);
}

static void print_codes(const struct cfg_check *check, FILE *out)
{
	if (check->n_more_codes == 0) {
		fprintf(out, " code %d", check->code);
		return;
	}
	fprintf(out, " code { %d", check->code);
	for (unsigned i = 0; i < check->n_more_codes; i++)
		fprintf(out, ", %u", check->more_codes[i]);
	fputs(" }", out);
}

static void print_check_options(const struct cfg_check *check, FILE *out)
{
	if (check->verify)
		fputs(" verify", out);
	if (check->ca) {
		fputs(" ca ", out);
		print_word("file", check->ca, out);
	}
	if (check->sni) {
		fputc(' ', out);
		print_word("sni", check->sni, out);
	}
	if (check->token) {
		fputc(' ', out);
		print_word("token file", check->token, out);
	}
	fputs(check->dsr ? " dsr" : "", out);
}

static void print_http_check(const struct cfg_check *check, FILE *out)
{
	print_word(check->tls ? "https" : "http", check->path, out);
	if (check->host) {
		fputc(' ', out);
		print_word("host", check->host, out);
	}
	if (check->type == CFG_CHECK_HTTP_CODE) {
		print_codes(check, out);
	} else {
		fputc(' ', out);
		print_word("digest", check->digest, out);
	}
}

static void print_send_expect(const struct cfg_check *check, FILE *out)
{
	fputs("send ", out);
	if (check->send)
		print_escaped(check->send, out);
	else
		fputs("nothing", out);
	fputs(" expect ", out);
	print_escaped(check->expect, out);
	fputs(check->tls ? " tls" : "", out);
}

static void print_check(const struct cfg_check *check, FILE *out)
{
	if (check->type == CFG_CHECK_NONE)
		return;
	fputs(" check ", out);
	switch (check->type) {
	case CFG_CHECK_NONE:
		break;
	case CFG_CHECK_ICMP:
		fputs("icmp", out);
		break;
	case CFG_CHECK_TCP:
		fputs("tcp", out);
		break;
	case CFG_CHECK_TLS:
		fputs("tls", out);
		break;
	case CFG_CHECK_HTTP_CODE:
	case CFG_CHECK_HTTP_DIGEST:
		print_http_check(check, out);
		break;
	case CFG_CHECK_SEND_EXPECT:
		print_send_expect(check, out);
		break;
	case CFG_CHECK_BINARY:
		print_word("binary send", check->send, out);
		fputc(' ', out);
		print_word("expect", check->expect, out);
		fputs(check->tls ? " tls" : "", out);
		break;
	case CFG_CHECK_SCRIPT:
		print_word("script", check->path, out);
		break;
	case CFG_CHECK_DNS:
		print_word("dns", check->query, out);
		fprintf(out, " type %s", cfg_dns_type_name(check->qtype));
		break;
	}
	print_check_options(check, out);
}

static void print_mode(const struct cfg_target *target, FILE *out)
{
	fprintf(out, " mode %s", cfg_mode_name(target->mode));
	if (!target->has_key)
		return;
	fputs(" 0x", out);
	for (size_t i = 0; i < sizeof(target->key); i++)
		fprintf(out, "%02x", target->key[i]);
}

static void print_table_options(const struct cfg *cfg, const struct cfg_target *target, FILE *out)
{
	if (target->port)
		fprintf(out, " port %u", target->port);
	print_mode(target, out);
	print_check(&target->check, out);
	if (target->timeout_ms != cfg->timeout_ms)
		fprintf(out, " timeout %u", target->timeout_ms);
	if (target->interval_s != cfg->interval_s)
		fprintf(out, " interval %u", target->interval_s);
	if (target->fast_interval_s)
		fprintf(out, " fast interval %u", target->fast_interval_s);
	if (target->rise)
		fprintf(out, " rise %u", target->rise);
	if (target->fall)
		fprintf(out, " fall %u", target->fall);
	if (target->panic)
		fprintf(out, " panic %u%%", target->panic);
	if (target->demote) {
		fputc(' ', out);
		print_word("demote", target->demote, out);
	}
}

static void print_target(const struct cfg *cfg, const struct cfg_target *target, FILE *out)
{
	fputs(target->route       ? "\troute to " :
	      target->transparent ? "\ttransparent forward to " :
				    "\tforward to ",
	      out);
	if (target->table) {
		fputc('<', out);
		print_string(target->table->name, out);
		fputc('>', out);
		print_table_options(cfg, target, out);
	} else {
		print_string(target->addr_name, out);
		fprintf(out, " port %u", target->port);
		if (target->retry)
			fprintf(out, " retry %u", target->retry);
	}
	if (target->interface) {
		fputc(' ', out);
		print_word("interface", target->interface, out);
	}
	fputc('\n', out);
}

static void print_port(const struct cfg_listen *listen, FILE *out)
{
	if (listen->port_lo == listen->port_hi)
		fprintf(out, " port %u", listen->port_lo);
	else
		fprintf(out, " port %u:%u", listen->port_lo, listen->port_hi);
}

static void print_redirect_listen(const struct cfg_listen *listen, FILE *out)
{
	fputc('\t', out);
	print_word("listen on", listen->name, out);
	if (listen->proto == IPPROTO_UDP)
		fputs(" udp", out);
	print_port(listen, out);
	if (listen->interface) {
		fputc(' ', out);
		print_word("interface", listen->interface, out);
	}
	fputs(listen->pflog ? " pflog\n" : "\n", out);
}

static void print_redirect(const struct cfg *cfg, const struct cfg_redirect *redirect, FILE *out)
{
	fputc('\n', out);
	print_word("redirect", redirect->name, out);
	fputs(" {\n", out);
	for (const struct cfg_listen *l = redirect->listen; l; l = l->next) {
		if (!l->further)
			print_redirect_listen(l, out);
	}
	if (redirect->sni_log)
		fputs("\tmatch sni log\n", out);
	if (redirect->sticky_address)
		fputs("\tsticky-address\n", out);
	if (redirect->no_state)
		fputs("\tno state\n", out);
	if (redirect->session_timeout)
		fprintf(out, "\tsession timeout %u\n", redirect->session_timeout);
	if (redirect->pftag) {
		fputs("\t", out);
		print_word("pftag", redirect->pftag, out);
		fputc('\n', out);
	}
	if (redirect->disabled)
		fputs("\tdisable\n", out);
	for (const struct cfg_target *t = redirect->target; t; t = t->next)
		print_target(cfg, t, out);
	fputs("}\n", out);
}

static void print_relay(const struct cfg *cfg, const struct cfg_relay *relay, FILE *out)
{
	fputc('\n', out);
	print_word("relay", relay->name, out);
	fputs(" {\n", out);
	for (const struct cfg_listen *l = relay->listen; l; l = l->next) {
		fputc('\t', out);
		print_word("listen on", l->name, out);
		print_port(l, out);
		fputc('\n', out);
	}
	if (relay->protocol) {
		fputc('\t', out);
		print_word("protocol", relay->protocol->name, out);
		fputc('\n', out);
	}
	if (relay->session_timeout)
		fprintf(out, "\tsession timeout %u\n", relay->session_timeout);
	if (relay->disabled)
		fputs("\tdisable\n", out);
	for (const struct cfg_nat *nat = relay->nat; nat; nat = nat->next) {
		fputc('\t', out);
		print_word("nat to", nat->name, out);
		fputc('\n', out);
	}
	for (const struct cfg_target *t = relay->target; t; t = t->next)
		print_target(cfg, t, out);
	fputs("}\n", out);
}

static void print_prefix(const char *word, const struct cfg_prefix *prefix, FILE *out)
{
	char text[INET6_ADDRSTRLEN];

	if (prefix->addr.family == AF_UNSPEC)
		return;
	inet_ntop(prefix->addr.family, &prefix->addr.v6, text, sizeof(text));
	fprintf(out, " %s ", word);
	print_string(text, out);
	fprintf(out, "/%u", prefix->bits);
}

static void print_key(const struct cfg_key *key, FILE *out)
{
	static const char *const types[] = {
		[CFG_KEY_COOKIE] = "cookie", [CFG_KEY_HEADER] = "header", [CFG_KEY_PATH] = "path",
		[CFG_KEY_QUERY] = "query",   [CFG_KEY_URL] = "url",
	};

	fprintf(out, " %s %s", types[key->type], key->log ? "log " : "");
	print_string(key->key, out);
	if (key->value) {
		fputs(" value ", out);
		print_string(key->value, out);
	}
}

static void print_rule(const struct cfg_rule *rule, FILE *out)
{
	fprintf(out, "\t%s %s", rule->pass ? "pass" : "match",
		rule->response ? "response" : "request");
	if (rule->quick)
		fputs(" quick", out);
	if (rule->family != AF_UNSPEC)
		fputs(rule->family == AF_INET ? " inet" : " inet6", out);
	print_prefix("from", &rule->from, out);
	print_prefix("to", &rule->to, out);
	if (rule->method) {
		fputs(" method ", out);
		print_string(rule->method, out);
	}
	for (const struct cfg_key *key = rule->keys; key; key = key->next)
		print_key(key, out);
	if (rule->label && rule->label[0]) {
		fputs(" label ", out);
		print_string(rule->label, out);
	} else if (rule->label) {
		fputs(" no label", out);
	}
	fputc('\n', out);
}

static void print_protocol(const struct cfg_protocol *protocol, FILE *out)
{
	static const char *const types[] = {
		[CFG_PROTO_TCP] = "tcp",
		[CFG_PROTO_HTTP] = "http",
		[CFG_PROTO_DNS] = "dns",
	};

	fprintf(out, "\n%s ", types[protocol->type]);
	print_word("protocol", protocol->name, out);
	fputs(" {\n", out);
	for (const struct cfg_rule *r = protocol->rules; r; r = r->next)
		print_rule(r, out);
	if (protocol->sni_log)
		fputs("\tmatch sni log\n", out);
	if (protocol->ip_ttl)
		fprintf(out, "\ttcp ip ttl %u\n", protocol->ip_ttl);
	if (protocol->ip_minttl)
		fprintf(out, "\ttcp ip minttl %u\n", protocol->ip_minttl);
	fputs("}\n", out);
}

/* In the order written, as hosts are counted in it, and "parent" names them by that. */
static void print_services(const struct cfg *cfg, FILE *out)
{
	const struct cfg_redirect *redirect = cfg->redirects;
	const struct cfg_relay *relay = cfg->relays;

	while (redirect || relay) {
		if (redirect && (!relay || redirect->number < relay->number)) {
			print_redirect(cfg, redirect, out);
			redirect = redirect->next;
		} else {
			print_relay(cfg, relay, out);
			relay = relay->next;
		}
	}
}

int cfg_print(const struct cfg *cfg, FILE *out)
{
	print_globals(cfg, out);
	for (const struct cfg_table *t = cfg->tables; t; t = t->next)
		print_table(t, out);
	for (const struct cfg_protocol *q = cfg->protocols; q; q = q->next)
		print_protocol(q, out);
	print_services(cfg, out);
	return ferror(out) ? -EIO : 0;
}
