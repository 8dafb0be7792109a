/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/config_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/source.h"

static int complain(const struct cli *cli, const char *path, const char *why)
{
	fprintf(cli->err, "xlbctl: %s: %s\n", path, why);
	return CLI_FAILED;
}

/* Reads for the parser, and keeps what it was. */
static int read_and_keep(const char *path, char **ret_text, size_t *ret_len, void *data)
{
	json_t *includes = data;
	int r = cfg_read_include(path, ret_text, ret_len, NULL);

	if (r == 0)
		json_object_set_new(includes, path, json_stringn(*ret_text, *ret_len));
	return r;
}

/* Its diagnostics are of no interest: the daemon knows macros that we don't. */
static json_t *find_includes(const char *name, const char *text, size_t len,
			     const struct config_options *o)
{
	json_t *includes = json_object();
	const struct cfg_options options = { .macros = o->macros,
					     .n_macros = o->n_macros,
					     .no_resolve = true,
					     .read = read_and_keep,
					     .read_data = includes };
	struct diag diag = { 0 };
	struct cfg *cfg;

	if (cfg_parse_text(name, text, len, &options, &diag, &cfg) == 0)
		cfg_free(cfg);
	diag_clear(&diag);
	return includes;
}

static json_t *macros_of(const struct config_options *o)
{
	json_t *macros = json_object();

	for (size_t i = 0; i < o->n_macros; i++)
		json_object_set_new(macros, o->macros[i].name, json_string(o->macros[i].value));
	return macros;
}

int config_text_body(const struct cli *cli, const struct config_options *o, json_t **ret)
{
	json_t *string;
	size_t len;
	char *text;
	int r = source_read(o->file, false, &text, &len);

	if (r < 0)
		return complain(cli, o->file, strerror(-r));
	string = json_stringn(text, len);
	if (string)
		*ret = json_pack("{s:s, s:o, s:o, s:o}", "file", o->file, "text", string,
				 "includes", find_includes(o->file, text, len, o), "macros",
				 macros_of(o));
	free(text);
	if (!string)
		return complain(cli, o->file, "not UTF-8 text");
	return *ret ? CLI_DONE : complain(cli, o->file, "out of memory");
}
