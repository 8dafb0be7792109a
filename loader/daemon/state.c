/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log.h"

#define FILE_NAME "state.json"
#define VERSION 1
#define PATH_SIZE 4096

const char *state_directory(const char *option)
{
	const char *systemd = getenv("STATE_DIRECTORY");

	return option ? option : systemd ? systemd : XLB_STATE_DIRECTORY;
}

/* ---- what is meant ------------------------------------------------------------------------- */
/* Several instances may bear one name: the how manieth of them it is, from 0. */
static unsigned ordinal(const struct model *m, const struct table *t)
{
	unsigned n = 0;

	for (const struct table *each = m->tables; each != t; each++)
		n += strcmp(each->name, t->name) == 0;
	return n;
}

static struct table *find_table(const struct model *m, const char *name, unsigned n)
{
	for (unsigned i = 0; i < m->n_tables; i++)
		if (strcmp(m->tables[i].name, name) == 0 && n-- == 0)
			return &m->tables[i];
	return NULL;
}

/* By address; a name that did not resolve is what is left. Returns buf. */
static const char *host_key(const struct host *h, char *buf, size_t size)
{
	const struct cfg_addr *addr = &h->conf->addr;

	if (addr->family == AF_UNSPEC || !inet_ntop(addr->family, &addr->v6, buf, (socklen_t)size))
		snprintf(buf, size, "%s", h->conf->name);
	return buf;
}

static struct host *find_host(struct table *t, const char *key)
{
	char buf[256];

	for (unsigned i = 0; t && i < t->n_hosts; i++)
		if (strcmp(host_key(&t->hosts[i], buf, sizeof(buf)), key) == 0)
			return &t->hosts[i];
	return NULL;
}

static struct service *find_service(const struct model *m, const char *kind, const char *name)
{
	for (unsigned i = 0; i < m->n_services; i++)
		if (strcmp(service_kind_name(m->services[i].kind), kind) == 0 &&
		    strcmp(m->services[i].name, name) == 0)
			return &m->services[i];
	return NULL;
}

static const char *admin_name(enum host_admin admin)
{
	return admin == HOST_DRAINING ? "draining" : "disabled";
}

/* ---- reading ------------------------------------------------------------------------------- */
/* relayd's rule about reloads holds for restarts: where the file changed, the file wins. */
static bool load_service(const struct model *m, const json_t *entry)
{
	const char *kind, *name;
	int disabled, conf_disabled;
	struct service *s;

	if (json_unpack((json_t *)entry, "{s:s, s:s, s:b, s:b}", "kind", &kind, "name", &name,
			"disabled", &disabled, "conf_disabled", &conf_disabled) < 0)
		return false;
	s = find_service(m, kind, name);
	if (s && s->conf_disabled == conf_disabled)
		s->disabled = disabled;
	return true;
}

static bool load_table(const struct model *m, const json_t *entry)
{
	const char *name;
	int n, disabled, conf_disabled;
	struct table *t;

	if (json_unpack((json_t *)entry, "{s:s, s:i, s:b, s:b}", "name", &name, "ordinal", &n,
			"disabled", &disabled, "conf_disabled", &conf_disabled) < 0 ||
	    n < 0)
		return false;
	t = find_table(m, name, (unsigned)n);
	if (t && t->conf_disabled == conf_disabled)
		table_set_disabled(t, disabled);
	return true;
}

static bool load_host(const struct model *m, const json_t *entry)
{
	const char *table, *key, *admin;
	struct host *h;
	bool drains;
	int n;

	if (json_unpack((json_t *)entry, "{s:s, s:i, s:s, s:s}", "table", &table, "ordinal", &n,
			"host", &key, "admin", &admin) < 0 ||
	    n < 0)
		return false;
	drains = strcmp(admin, admin_name(HOST_DRAINING)) == 0;
	if (!drains && strcmp(admin, admin_name(HOST_DISABLED)) != 0)
		return false;
	h = find_host(find_table(m, table, (unsigned)n), key);
	if (h && !h->parent)
		host_set_admin(h, drains ? HOST_DRAINING : HOST_DISABLED);
	return true;
}

static bool load_list(const struct model *m, const json_t *root, const char *name,
		      bool (*load)(const struct model *m, const json_t *entry))
{
	const json_t *list = json_object_get(root, name), *entry;
	size_t i;

	if (!json_is_array(list))
		return false;
	json_array_foreach(list, i, entry)
		if (!load(m, entry))
			return false;
	return true;
}

static bool load_all(const struct model *m, const json_t *root)
{
	return json_integer_value(json_object_get(root, "version")) == VERSION &&
	       load_list(m, root, "services", load_service) &&
	       load_list(m, root, "tables", load_table) && load_list(m, root, "hosts", load_host);
}

/* Kept for whoever wants to know; the next save would have written over it. */
static void put_aside(const char *path, const char *why)
{
	char aside[PATH_SIZE + 8];

	snprintf(aside, sizeof(aside), "%s.bad", path);
	if (rename(path, aside) < 0)
		log_warning("%s: %s; nor could it be put aside: %s", path, why, strerror(errno));
	else
		log_warning("%s: %s; what was switched before is forgotten, the file is now %s",
			    path, why, aside);
}

void state_load(struct model *m, const char *directory)
{
	char path[PATH_SIZE];
	json_error_t error;
	json_t *root;

	snprintf(path, sizeof(path), "%s/" FILE_NAME, directory);
	if (access(path, F_OK) < 0)
		return; /* nothing was ever switched */
	if (access(path, R_OK) < 0) {
		log_warning("%s: %s", path, strerror(errno));
		return;
	}
	root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		put_aside(path, error.text);
	else if (!load_all(m, root))
		put_aside(path, "not a state file of this version");
	json_decref(root);
	model_update(m);
}

/* ---- writing ------------------------------------------------------------------------------- */
static json_t *services_json(const struct model *m)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < m->n_services; i++) {
		const struct service *s = &m->services[i];

		if (s->disabled != s->conf_disabled)
			json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:b}", "kind",
							      service_kind_name(s->kind), "name",
							      s->name, "disabled", s->disabled,
							      "conf_disabled", s->conf_disabled));
	}
	return list;
}

static json_t *tables_json(const struct model *m)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < m->n_tables; i++) {
		const struct table *t = &m->tables[i];

		if (t->disabled != t->conf_disabled)
			json_array_append_new(
				list, json_pack("{s:s, s:i, s:b, s:b}", "name", t->name, "ordinal",
						(int)ordinal(m, t), "disabled", t->disabled,
						"conf_disabled", t->conf_disabled));
	}
	return list;
}

static void add_host(json_t *list, const struct model *m, const struct host *h)
{
	char key[256];

	if (h->admin == HOST_ENABLED || h->parent)
		return;
	json_array_append_new(list, json_pack("{s:s, s:i, s:s, s:s}", "table", h->table->name,
					      "ordinal", (int)ordinal(m, h->table), "host",
					      host_key(h, key, sizeof(key)), "admin",
					      admin_name(h->admin)));
}

static json_t *hosts_json(const struct model *m)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < m->n_tables; i++)
		for (unsigned j = 0; j < m->tables[i].n_hosts; j++)
			add_host(list, m, &m->tables[i].hosts[j]);
	return list;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* Whole and on the disk before it takes the old one's place. */
int state_write_file(const char *path, const char *text, size_t len)
{
	char draft[PATH_SIZE + 8];
	int fd, r;

	snprintf(draft, sizeof(draft), "%s.new", path);
	fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, text, len);
	close(fd);
	if (r == 0 && rename(draft, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(draft);
	return r;
}

static int write_json(const char *path, const json_t *root)
{
	char *text = json_dumps(root, JSON_INDENT(2));
	int r = text ? state_write_file(path, text, strlen(text)) : -ENOMEM;

	free(text);
	return r;
}

int state_save(const struct model *m, const char *directory)
{
	json_t *root =
		json_pack("{s:i, s:o, s:o, s:o}", "version", VERSION, "services", services_json(m),
			  "tables", tables_json(m), "hosts", hosts_json(m));
	char path[PATH_SIZE];
	int r = -ENOMEM;

	snprintf(path, sizeof(path), "%s/" FILE_NAME, directory);
	mkdir(directory, 0755); /* systemd makes it; without systemd we do */
	if (root)
		r = write_json(path, root);
	json_decref(root);
	if (r < 0)
		log_warning("%s: %s; what was switched is lost when the daemon ends", path,
			    strerror(-r));
	return r;
}
