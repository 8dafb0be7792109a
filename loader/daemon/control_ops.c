/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the control API may do to the daemon. */
#include <errno.h>
#include <stdio.h>

#include "daemon/capture.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/state.h"

static void flush(void *data)
{
	sync_flush(data);
}

static const struct model *get_model(void *data)
{
	return daemon_model(data);
}

static struct dataplane *get_dataplane(void *data)
{
	return ((struct daemon *)data)->dataplane;
}

static struct net *get_net(void *data)
{
	return ((struct daemon *)data)->net;
}

static void get_info(void *data, struct control_info *ret)
{
	const struct daemon *d = data;

	ret->config_file = d->options.config;
	ret->loaded_from = d->model->conf->file;
	ret->config_state = d->former      ? CONFIG_UNCONFIRMED :
			    d->rolled_back ? CONFIG_ROLLED_BACK :
					     CONFIG_LOADED;
	ret->confirm_in_s = confirm_left(d);
	ret->bpffs = d->options.bpffs;
	ret->started_at = d->started_at;
	ret->started = d->started;
}

static int attach(void *data, const char *interface, enum xdp_mode mode, struct attachment *ret,
		  struct control_error *error)
{
	return attach_wish(data, interface, mode, ret, error);
}

static int detach(void *data, const char *interface, struct control_error *error)
{
	return interface ? detach_wish(data, interface, error) : detach_everything(data, error);
}

/* After an admin state has changed: checks start or end, the kernel follows. */
static int admin_changed(struct daemon *d)
{
	int r;

	model_update(d->model);
	r = sync_now(d);
	state_save(d->model, d->state);
	return r ? r : hosts_refresh(d);
}

static int host_admin(void *data, struct host *host, enum host_admin admin,
		      struct control_error *error)
{
	struct daemon *d = data;
	int r = host_set_admin(host, admin);

	if (r)
		return r;
	r = admin_changed(d);
	log_notice("host %s of table %s: %s", host->conf->name, host->table->name,
		   admin == HOST_ENABLED  ? "enabled" :
		   admin == HOST_DISABLED ? "disabled" :
					    "draining");
	control_event(d->control, json_pack("{s:s, s:i, s:s, s:s, s:s}", "type", "host_admin", "id",
					    (int)host->id, "name", host->conf->name, "table",
					    host->table->name, "status", host_status_name(host)));
	return r;
}

static int table_admin(void *data, struct table *table, bool disabled, struct control_error *error)
{
	struct daemon *d = data;

	table_set_disabled(table, disabled);
	log_notice("table %s: %s", table->name, disabled ? "disabled" : "enabled");
	control_event(d->control,
		      json_pack("{s:s, s:i, s:s, s:b}", "type", "table_admin", "id", (int)table->id,
				"name", table->name, "disabled", disabled));
	return admin_changed(d);
}

static int service_admin(void *data, struct service *service, bool disabled,
			 struct control_error *error)
{
	struct daemon *d = data;

	service_set_disabled(service, disabled);
	log_notice("%s %s: %s", service->kind == SERVICE_RELAY ? "relay" : "redirect",
		   service->name, disabled ? "disabled" : "enabled");
	control_event(d->control,
		      json_pack("{s:s, s:i, s:s, s:b}", "type", "service_admin", "id",
				(int)service->id, "name", service->name, "disabled", disabled));
	return admin_changed(d);
}

static int poll_all(void *data, struct control_error *error)
{
	prober_poll(((struct daemon *)data)->prober);
	return 0;
}

static int load(void *data, const struct control_config *conf, unsigned confirm_s,
		struct diag *diag, struct control_error *error)
{
	return reload(data, conf, confirm_s, diag, error);
}

static int plan(void *data, const struct control_config *conf, struct diag *diag,
		struct control_error *error, struct plan **ret)
{
	return reload_plan(data, conf, diag, error, ret);
}

static int confirm_reload(void *data, struct control_error *error)
{
	return confirm(data, error);
}

static int roll_back(void *data, struct control_error *error)
{
	return confirm_rollback(data, error);
}

static int log_level(void *data, bool verbose, struct control_error *error)
{
	log_set_verbose(verbose);
	return 0;
}

const struct control_ops daemon_control_ops = {
	.flush = flush,
	.model = get_model,
	.dataplane = get_dataplane,
	.net = get_net,
	.info = get_info,
	.counters = daemon_counters,
	.attach = attach,
	.detach = detach,
	.host_admin = host_admin,
	.table_admin = table_admin,
	.service_admin = service_admin,
	.poll = poll_all,
	.load = load,
	.plan = plan,
	.confirm = confirm_reload,
	.rollback = roll_back,
	.log_level = log_level,
	.capture = capture_switch,
};
