/*
 * The host's network: interfaces as they are and as they are set. Every change is
 * tried: the one before comes back by itself unless it is kept in time, so a
 * mistake cuts nobody off for longer than a minute.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libnet/net.h"
#include "model/net_form.h"
#include "screens/net_edit.h"
#include "screens/screens.h"

struct row {
	char name[NET_NAME];
	bool is_there;
	struct net_port port; /* when it is there */
};

struct network {
	struct net_status now;
	struct net_config config;
	struct row *rows;
	size_t nrows;
	size_t *vms;	/* interfaces of VMs per row */
	int trial_left;
	char problem[320];
	struct ui_table table;
};

enum { COLUMN_NAME, COLUMN_KIND, COLUMN_LINK, COLUMN_OF, COLUMN_ADDRESS, COLUMN_SET,
       COLUMN_VMS, COLUMN_MAC, COLUMN_DRIVER, COLUMNS };

static const struct ui_column columns[COLUMNS + 1] = {
	[COLUMN_NAME] = { .title = "Name", .width = 10, .weight = 1 },
	[COLUMN_KIND] = { .title = "Kind", .width = 9 },
	[COLUMN_LINK] = { .title = "Link", .width = 10 },
	[COLUMN_OF] = { .title = "Part of", .width = 9 },
	[COLUMN_ADDRESS] = { .title = "Address", .width = 18, .weight = 2 },
	[COLUMN_SET] = { .title = "Set to", .width = 14, .weight = 2 },
	[COLUMN_VMS] = { .title = "VMs", .width = 4, .align = UI_RIGHT, .importance = 3 },
	[COLUMN_MAC] = { .title = "MAC", .width = 17, .importance = 4 },
	[COLUMN_DRIVER] = { .title = "Driver", .width = 12, .importance = 5 },
};

static void link_text(const struct row *r, char *buf, size_t size)
{
	const struct net_port *p = &r->port;

	if (!r->is_there)
		snprintf(buf, size, "not there");
	else if (!p->up)
		snprintf(buf, size, "off");
	else if (!p->link)
		snprintf(buf, size, "no link");
	else if (p->speed >= 1000)
		snprintf(buf, size, "%g Gbit/s", p->speed / 1000.0);
	else if (p->speed > 0)
		snprintf(buf, size, "%d Mbit/s", p->speed);
	else
		snprintf(buf, size, "up");
}

/* The address worth showing: not one that every interface has. */
static void address_text(const struct row *r, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < r->port.naddrs && used < size; i++)
		if (strncmp(r->port.addrs[i], "fe80:", 5))
			used += (size_t)snprintf(buf + used, size - used, "%s%s",
						 used ? " " : "", r->port.addrs[i]);
}

static void set_text(const struct network *n, const struct row *r, char *buf, size_t size)
{
	static const char *const four[] = { "", "DHCP", "fixed" };
	static const char *const six[] = { "", "v6 auto", "v6 fixed" };
	const struct net_link *l = net_find(&n->config, r->name);

	buf[0] = '\0';
	if (!l && net_master(&n->config, r->name))
		snprintf(buf, size, "port");
	if (!l)
		return;
	snprintf(buf, size, "%s%s%s", four[l->ipv4], l->ipv4 && l->ipv6 ? ", " : "",
		 six[l->ipv6]);
	if (!*buf)
		snprintf(buf, size, "no address");
}

static void cell(void *ctx, size_t row, size_t column, char *buf, size_t size)
{
	struct network *n = ctx;
	const struct row *r = &n->rows[row];
	const struct net_port *p = &r->port;

	buf[0] = '\0';
	switch (column) {
	case COLUMN_NAME:
		snprintf(buf, size, "%s", r->name);
		break;
	case COLUMN_KIND:
		snprintf(buf, size, p->vlan ? "%s %u" : "%s", p->kind, p->vlan);
		break;
	case COLUMN_LINK:
		link_text(r, buf, size);
		break;
	case COLUMN_OF:
		snprintf(buf, size, "%s", *p->master ? p->master : p->on);
		break;
	case COLUMN_ADDRESS:
		address_text(r, buf, size);
		break;
	case COLUMN_SET:
		set_text(n, r, buf, size);
		break;
	case COLUMN_VMS:
		if (n->vms[row])
			snprintf(buf, size, "%zu", n->vms[row]);
		break;
	case COLUMN_MAC:
		if (r->is_there)
			snprintf(buf, size, "%02x:%02x:%02x:%02x:%02x:%02x", p->mac[0],
				 p->mac[1], p->mac[2], p->mac[3], p->mac[4], p->mac[5]);
		break;
	case COLUMN_DRIVER:
		snprintf(buf, size, "%s", p->driver);
		break;
	}
}

static size_t count(void *ctx)
{
	return ((struct network *)ctx)->nrows;
}

static enum ui_style style(void *ctx, size_t row, size_t column)
{
	const struct row *r = &((struct network *)ctx)->rows[row];

	if (column == COLUMN_LINK)
		return r->is_there && r->port.link ? UI_GOOD : UI_WARN;
	return column == COLUMN_NAME ? UI_BOLD : UI_PLAIN;
}

static const struct ui_table_model model = {
	.columns = columns, .count = count, .cell = cell, .style = style,
	.empty = "There is no network card.",
};

/* --- what there is ---------------------------------------------- */

static void free_rows(struct network *n)
{
	free(n->rows);
	free(n->vms);
	n->rows = NULL;
	n->vms = NULL;
	n->nrows = 0;
}

static struct row *add_row(struct network *n, const char *name)
{
	struct row *r = &n->rows[n->nrows++];

	*r = (struct row){ .is_there = false };
	snprintf(r->name, sizeof(r->name), "%s", name);
	return r;
}

static size_t count_vms(const struct network *n, const char *bridge)
{
	size_t vms = 0;

	for (size_t i = 0; i < n->now.nports; i++)
		vms += !strcmp(n->now.ports[i].master, bridge) &&
		       !strcmp(n->now.ports[i].kind, "vif");
	return vms;
}

/* VMs' interfaces are counted with their bridge, not listed. */
static void make_rows(struct network *n)
{
	size_t most = n->now.nports + n->config.nlinks;

	free_rows(n);
	n->rows = calloc(most + 1, sizeof(*n->rows));
	n->vms = calloc(most + 1, sizeof(*n->vms));
	if (!n->rows || !n->vms)
		return;
	for (size_t i = 0; i < n->now.nports; i++) {
		struct net_port *p = &n->now.ports[i];
		struct row *r;

		if (!strcmp(p->kind, "vif"))
			continue;
		r = add_row(n, p->name);
		r->is_there = true;
		r->port = *p;
	}
	for (size_t i = 0; i < n->config.nlinks; i++) {
		const struct net_link *l = &n->config.links[i];
		struct row *r;

		if (net_status_find(&n->now, l->name) || !strcmp(l->name, NET_ANY))
			continue;
		r = add_row(n, l->name);
		snprintf(r->port.kind, sizeof(r->port.kind), "%s",
			 l->kind == NET_NIC ? "card" : net_kind_name(l->kind));
		r->port.vlan = l->vlan;
	}
	for (size_t i = 0; i < n->nrows; i++)
		n->vms[i] = count_vms(n, n->rows[i].name);
}

static void refresh(struct ui *ui, void *self)
{
	struct network *n = self;
	struct conf_error err = { 0 };

	(void)ui;
	net_status_free(&n->now);
	net_free(&n->config);
	n->problem[0] = '\0';
	if (net_edit_config(&n->config, &err) || net_status(&n->now, "", &err))
		snprintf(n->problem, sizeof(n->problem), "%s", err.text);
	n->trial_left = net_trial_left("");
	make_rows(n);
	ui_table_update(&n->table);
}

static bool open_screen(struct ui *ui, void *self, const void *arg)
{
	struct network *n = self;

	(void)ui;
	(void)arg;
	ui_table_init(&n->table, &model, n, -1);
	return true;
}

static void close_screen(struct ui *ui, void *self)
{
	struct network *n = self;

	(void)ui;
	ui_table_free(&n->table);
	free_rows(n);
	net_status_free(&n->now);
	net_free(&n->config);
}

static void draw_footer(struct ui *ui, struct network *n, struct ui_rect area)
{
	char servers[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < n->now.ndns && used < sizeof(servers); i++)
		used += (size_t)snprintf(servers + used, sizeof(servers) - used, "%s%s",
					 used ? ", " : "", n->now.dns[i]);
	ui_putf(ui, area.y, area.x, area.w, UI_DIM, "Gateway %s%s%s    Name servers %s",
		*n->now.gateway4 ? n->now.gateway4 : "none",
		*n->now.gateway6 ? ", " : "", n->now.gateway6,
		*servers ? servers : "none");
	if (*n->problem)
		ui_put(ui, area.y + 1, area.x, area.w, UI_BAD, n->problem);
	else if (n->trial_left >= 0)
		ui_putf(ui, area.y + 1, area.x, area.w, UI_WARN,
			"This change goes back in %d s: press c to keep it, v to go back now.",
			n->trial_left);
}

static void draw(struct ui *ui, void *self, struct ui_rect area)
{
	struct network *n = self;
	struct ui_rect table = { area.y, area.x, area.h - 2, area.w };
	struct ui_rect footer = { area.y + area.h - 2, area.x, 2, area.w };

	ui_table_draw(ui, &n->table, table);
	draw_footer(ui, n, footer);
}

static bool key(struct ui *ui, void *self, int k)
{
	return ui_table_key(ui, &((struct network *)self)->table, k);
}

/* --- what can be done ---------------------------------------------- */

static const struct row *selected(struct network *n)
{
	size_t i = ui_table_row(&n->table);

	return i < n->nrows ? &n->rows[i] : NULL;
}

static bool has_row(struct ui *ui, void *self)
{
	(void)ui;
	return selected(self) && !((struct network *)self)->problem[0];
}

static bool on_trial(struct ui *ui, void *self)
{
	(void)ui;
	return ((struct network *)self)->trial_left >= 0;
}

static bool settled(struct ui *ui, void *self)
{
	(void)ui;
	return ((struct network *)self)->trial_left < 0 &&
	       !((struct network *)self)->problem[0];
}

static bool can_edit(struct ui *ui, void *self)
{
	return has_row(ui, self) && settled(ui, self);
}

static void edit(struct ui *ui, void *self)
{
	const struct row *r = selected(self);
	char name[NET_NAME], kind[16];

	if (!r)
		return;
	strcpy(name, r->name);
	strcpy(kind, r->port.kind);
	net_edit(ui, name, kind);
}

static void add(struct ui *ui, void *self)
{
	(void)self;
	net_edit_new(ui);
}

static void delete(struct ui *ui, void *self)
{
	const struct row *r = selected(self);
	char name[NET_NAME];

	if (!r)
		return;
	strcpy(name, r->name);
	net_edit_delete(ui, name);
}

static void names(struct ui *ui, void *self)
{
	(void)self;
	net_edit_names(ui);
}

static void run(struct ui *ui, const char *verb)
{
	char *const argv[] = { (char[]){ "network" }, (char *)verb, NULL };

	if (!ui_work(ui, "Network", argv))
		ui_command(ui, "network %s", verb);
	ui_refresh(ui);
}

static void confirm(struct ui *ui, void *self)
{
	(void)self;
	run(ui, "confirm");
}

static void revert(struct ui *ui, void *self)
{
	(void)self;
	run(ui, "revert");
}

static const struct ui_action actions[] = {
	{ UI_KEY_ENTER, "Edit", "Change the interface's addresses and parts", edit, can_edit },
	{ 'n', "New", "Make a bridge, bond or VLAN", add, settled },
	{ 'x', "Delete", "Delete a bridge, bond or VLAN, or a card's address", delete,
	  can_edit },
	{ 'd', "DNS", "Name servers and search domains", names, settled },
	{ 'c', "Keep", "Keep the change that is on trial", confirm, on_trial },
	{ 'v', "Go back", "Go back to the network before the change", revert, on_trial },
	{ 0 },
};

const struct ui_screen screen_network = {
	.name = "network", .title = "Network", .size = sizeof(struct network),
	.refresh_ms = 1000, .actions = actions, .open = open_screen, .close = close_screen,
	.refresh = refresh, .draw = draw, .key = key,
	.help = "Cards, bonds, VLANs and bridges of this host. VMs are plugged into\n"
		"bridges. A change is tried: it goes back by itself after 60 s unless\n"
		"you keep it, even if it cuts your own connection.\n" UI_TABLE_HELP,
};
