/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Macros and included files: what puts other text in the place of a word. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "config/suggest.h"

/* Deeper than this, files include each other. */
#define MAX_FRAMES 16
#define MAX_SUGGESTIONS 64

struct macro *macro_find(struct parse *p, const char *name)
{
	struct macro *macro = p->macros;

	while (macro && strcmp(macro->name, name) != 0)
		macro = macro->next;
	return macro;
}

static struct macro *macro_add(struct parse *p, const char *name)
{
	struct macro *macro = arena_alloc(p->arena, sizeof(*macro));

	if (!macro)
		return NULL;
	macro->name = arena_strdup(p->arena, name);
	macro->next = p->macros;
	p->macros = macro;
	return macro;
}

void macro_define(struct parse *p, struct cfg_pos pos, const char *name, const char *value)
{
	struct macro *macro = macro_find(p, name);

	if (strpbrk(name, " \t")) {
		parse_error(p, pos, NULL, "macro name cannot contain whitespace");
		return;
	}
	if (macro && macro->fixed)
		return;
	if (!macro)
		macro = macro_add(p, name);
	if (!macro)
		return;
	macro->value = value;
	macro->pos = pos;
}

void macro_define_options(struct parse *p)
{
	for (size_t i = 0; i < p->options->n_macros; i++) {
		const struct cfg_macro *option = &p->options->macros[i];
		struct macro *macro = macro_find(p, option->name);

		if (!macro)
			macro = macro_add(p, option->name);
		if (!macro)
			return;
		macro->value = arena_strdup(p->arena, option->value);
		macro->fixed = true;
	}
}

void macro_report_undefined(struct parse *p, struct cfg_pos pos, const char *name)
{
	const char *names[MAX_SUGGESTIONS], *nearest;
	char hint[256];
	size_t n = 0;

	for (struct macro *macro = p->macros; macro && n < MAX_SUGGESTIONS; macro = macro->next)
		names[n++] = macro->name;
	nearest = suggest_nearest(name, names, n);
	snprintf(hint, sizeof(hint), "did you mean \"$%s\"?", nearest ? nearest : "");
	parse_error(p, pos, nearest ? hint : NULL, "macro '%s' not defined", name);
}

void macro_report_unused(struct parse *p)
{
	if (!p->options->verbose)
		return;
	for (const struct macro *macro = p->macros; macro; macro = macro->next) {
		if (!macro->used)
			parse_warning(p, macro->pos, NULL, "macro '%s' not used", macro->name);
	}
}

static bool already_open(const struct parse *p, const char *path)
{
	for (const struct frame *frame = p->frame; frame; frame = frame->up) {
		if (frame->source && strcmp(frame->source->name, path) == 0)
			return true;
	}
	return false;
}

/* A relative path starts at the file that includes. */
static const char *beside(struct parse *p, const char *file, const char *name)
{
	const char *slash = strrchr(file, '/');
	size_t len = slash ? (size_t)(slash - file) + 1 : 0;
	char *path;

	if (name[0] == '/' || !slash)
		return name;
	path = arena_alloc(p->arena, len + strlen(name) + 1);
	if (!path)
		return name;
	memcpy(path, file, len);
	strcpy(path + len, name);
	return path;
}

static void add_source(struct parse *p, struct source *source)
{
	struct source **tail = &p->sources;

	while (*tail)
		tail = &(*tail)->next;
	*tail = source;
}

static int open_include(struct parse *p, const char *path)
{
	struct source *source = arena_alloc(p->arena, sizeof(*source));
	struct frame *frame = arena_alloc(p->arena, sizeof(*frame));
	cfg_read_fn *read_include = p->options->read ? p->options->read : cfg_read_include;
	char *text;
	int ret;

	if (!source || !frame)
		return -ENOMEM;
	ret = read_include(path, &text, &source->len, p->options->read_data);
	if (ret < 0)
		return ret;
	source->name = path;
	source->text = arena_strndup(p->arena, text, source->len);
	free(text);
	if (parse_failed(p))
		return -ENOMEM;
	add_source(p, source);
	frame->source = source;
	frame->pos = (struct cfg_pos){ path, 1, 1 };
	return lexer_push(p, frame, source->text, source->len);
}

void include_file(struct parse *p, struct cfg_pos pos, const char *name)
{
	const char *path = beside(p, pos.file, name);
	int ret;

	p->host = NULL;
	if (already_open(p, path)) {
		parse_error(p, pos, NULL, "file %s includes itself", path);
		return;
	}
	if (p->n_frames >= MAX_FRAMES) {
		parse_error(p, pos, NULL, "failed to include file %s: nested too deep", path);
		return;
	}
	ret = open_include(p, path);
	if (ret < 0)
		parse_error(p, pos, NULL, "failed to include file %s: %s", path, strerror(-ret));
}
