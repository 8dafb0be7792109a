/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "review/undone.h"

/* What direct server return shows of a connection is its first half, and nobody watches that yet.
 */
static bool routes(const struct cfg *conf)
{
	for (const struct cfg_redirect *r = conf->redirects; r; r = r->next)
		if (r->target && r->target->route)
			return true;
	return false;
}

static void note(struct diag *diag, struct cfg_pos pos, const char *what)
{
	diag_add(diag, DIAG_NOTE, pos, NULL, NULL,
		 "%s is not done yet by this version: nothing is logged", what);
}

void undone_notes(const struct cfg *conf, struct diag *diag)
{
	const struct cfg_pos whole = { .file = conf->file };

	if ((conf->log_connection || conf->log_connection_errors || conf->log_connection_opens) &&
	    routes(conf))
		note(diag, whole, "log connection for redirects with \"route to\"");
}
