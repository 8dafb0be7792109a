/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "config/parse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_INTERVAL_S 10
#define DEFAULT_TIMEOUT_MS 200

/* All names of a configuration together may take this long to resolve. */
#define RESOLVE_BUDGET_MS 10000

static void report(struct parse *p, enum diag_level level, struct cfg_pos pos, const char *hint,
		   const char *format, va_list args)
{
	char *line, *message;

	/* Not worth a word: what is skipped after an error, or incomplete for lack of memory. */
	if (p->recovering || parse_failed(p))
		return;
	line = source_line(p->sources, pos.file, pos.line);
	if (vasprintf(&message, format, args) < 0)
		message = NULL;
	diag_add(p->diag, level, pos, line, hint, "%s", message ? message : "out of memory");
	free(message);
	free(line);
}

void parse_error(struct parse *p, struct cfg_pos pos, const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(p, DIAG_ERROR, pos, hint, format, args);
	va_end(args);
}

void parse_warning(struct parse *p, struct cfg_pos pos, const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(p, DIAG_WARNING, pos, hint, format, args);
	va_end(args);
}

void parse_note(struct parse *p, enum parse_note note, struct cfg_pos pos, const char *hint,
		const char *format, ...)
{
	uint64_t bit = UINT64_C(1) << note;
	va_list args;

	if (p->noted & bit)
		return;
	p->noted |= bit;
	va_start(args, format);
	report(p, DIAG_NOTE, pos, hint, format, args);
	va_end(args);
}

bool parse_failed(const struct parse *p)
{
	return arena_failed(p->arena);
}

size_t parse_errors(const struct parse *p)
{
	return p->diag->n_errors - p->first_errors;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Which of the files was read first decides, then the place; equal ones stay as they came. */
static int file_rank(const struct parse *p, const char *file)
{
	int rank = 0;

	for (const struct source *s = p->sources; s; s = s->next, rank++) {
		if (file && strcmp(s->name, file) == 0)
			return rank;
	}
	return rank;
}

static bool item_before(const struct parse *p, const struct diag_item *a, const struct diag_item *b)
{
	int rank_a = file_rank(p, a->line ? a->file : NULL);
	int rank_b = file_rank(p, b->line ? b->file : NULL);

	if (rank_a != rank_b)
		return rank_a < rank_b;
	if (a->line != b->line)
		return a->line < b->line;
	return a->col < b->col;
}

static void sort_items(struct parse *p)
{
	struct diag_item *items = p->diag->items;

	for (size_t i = p->first_item + 1; i < p->diag->n_items; i++) {
		struct diag_item item = items[i];
		size_t j = i;

		for (; j > p->first_item && item_before(p, &item, &items[j - 1]); j--)
			items[j] = items[j - 1];
		items[j] = item;
	}
}

static int parse_setup(struct parse *p, const char *name)
{
	p->arena = arena_new(p->options->max_memory ? p->options->max_memory : CFG_MAX_MEMORY);
	if (!p->arena)
		return -ENOMEM;
	p->cfg = arena_alloc(p->arena, sizeof(*p->cfg));
	if (!p->cfg)
		return -ENOMEM;
	p->cfg->arena = p->arena;
	p->cfg->file = arena_strdup(p->arena, name);
	p->cfg->interval_s = DEFAULT_INTERVAL_S;
	p->cfg->timeout_ms = DEFAULT_TIMEOUT_MS;
	p->resolve_left_ms = RESOLVE_BUDGET_MS;
	p->targets_tail = &p->targets;
	macro_define_options(p);
	return 0;
}

static int parse_run(struct parse *p, const struct source *source)
{
	int ret = lexer_start(p, source);

	if (ret < 0)
		return ret;
	grammar_parse(p);
	p->recovering = false;
	if (parse_failed(p))
		return -ENOMEM;
	validate(p);
	macro_report_unused(p);
	sort_items(p);
	return parse_errors(p) ? -EINVAL : 0;
}

int cfg_parse_text(const char *name, const char *text, size_t len,
		   const struct cfg_options *options, struct diag *diag, struct cfg **ret_cfg)
{
	static const struct cfg_options no_options;
	struct parse p = {
		.diag = diag,
		.options = options ? options : &no_options,
		.first_item = diag->n_items,
		.first_errors = diag->n_errors,
	};
	struct source source = { .text = text, .len = len };
	struct cfg_pos nowhere = { .file = name };
	int ret;

	ret = parse_setup(&p, name);
	if (ret == 0) {
		source.name = p.cfg->file;
		p.sources = &source;
		ret = parse_run(&p, &source);
	}
	lexer_stop(&p);
	if (ret == -ENOMEM)
		diag_add(diag, DIAG_ERROR, nowhere, NULL, NULL, "out of memory");
	if (ret < 0) {
		arena_free(p.arena);
		return ret;
	}
	*ret_cfg = p.cfg;
	return 0;
}

int cfg_parse_file(const char *path, const struct cfg_options *options, struct diag *diag,
		   struct cfg **ret_cfg)
{
	struct cfg_pos nowhere = { .file = path };
	size_t len;
	char *text;
	int ret;

	ret = source_read(path, false, &text, &len);
	if (ret < 0) {
		diag_add(diag, DIAG_ERROR, nowhere, NULL, NULL, "cannot read %s: %s",
			 base_name(path), strerror(-ret));
		return ret;
	}
	ret = cfg_parse_text(path, text, len, options, diag, ret_cfg);
	free(text);
	return ret;
}

void cfg_free(struct cfg *cfg)
{
	if (cfg)
		arena_free(cfg->arena);
}
