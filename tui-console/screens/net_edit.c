/* See net_edit.h. What the fields mean is model/net_form's. */
#include "screens/net_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/net_form.h"

#define TRIAL_FILE "/run/net/new"

struct edit {
	struct net_form form;
	struct net_config config; /* as it is */
	const char *old;	  /* the interface's name in it; NULL: a new one */
	struct ui *ui;
};

int net_edit_config(struct net_config *c, struct conf_error *err)
{
	struct net_config active;
	struct net_link *any;
	int result = net_current(c, "", err);

	if (result)
		return result;
	any = net_find(c, NET_ANY);
	if (!any || net_active(&active, "", NULL))
		return 0;
	for (size_t i = 0; i < active.nlinks; i++)
		if (!net_find(c, active.links[i].name))
			snprintf(any->name, sizeof(any->name), "%s", active.links[i].name);
	net_free(&active);
	return 0;
}

/* Puts it on trial and says so; the network screen counts down. */
static void put_on_trial(struct ui *ui, const struct net_config *c)
{
	char *const argv[] = { (char[]){ "network" }, (char[]){ "try" },
			       (char[]){ TRIAL_FILE }, NULL };
	char *text = net_text(c);
	int err = text ? file_write_atomic(TRIAL_FILE, text, strlen(text), 0600) : -1;

	free(text);
	if (err) {
		ui_fail(ui, "network: " TRIAL_FILE " cannot be written: is there room?");
		return;
	}
	if (!ui_work(ui, "Trying the network", argv))
		ui_command(ui, "network try FILE; c keeps it: network confirm");
	ui_refresh(ui);
}

/* --- fields ---------------------------------------------- */

static const char *const choices4[] = { "none", "DHCP", "fixed", NULL };
static const char *const choices6[] = { "none", "automatic", "fixed", NULL };
static const char *const choices_mode[] = { "active-backup (one card at a time)",
					    "802.3ad (LACP, the switch takes part)", NULL };

static struct net_form *form_of(void *ctx)
{
	return &((struct edit *)ctx)->form;
}

static bool no_ipv4(void *ctx, const struct ui_field *f)
{
	(void)f;
	return form_of(ctx)->ipv4 != NET4_STATIC;
}

static bool no_ipv6(void *ctx, const struct ui_field *f)
{
	(void)f;
	return form_of(ctx)->ipv6 != NET6_STATIC;
}

static bool no_ports(void *ctx, const struct ui_field *f)
{
	(void)f;
	return form_of(ctx)->kind != NET_BOND && form_of(ctx)->kind != NET_BRIDGE;
}

static bool no_bond(void *ctx, const struct ui_field *f)
{
	(void)f;
	return form_of(ctx)->kind != NET_BOND;
}

static bool no_vlan(void *ctx, const struct ui_field *f)
{
	(void)f;
	return form_of(ctx)->kind != NET_VLAN;
}

/* Sharing and serving need the bridge's own fixed address. */
static bool no_guests(void *ctx, const struct ui_field *f)
{
	return form_of(ctx)->kind != NET_BRIDGE || no_ipv4(ctx, f);
}

static bool not_new(void *ctx, const struct ui_field *f)
{
	(void)f;
	return ((struct edit *)ctx)->old || form_of(ctx)->kind == NET_NIC;
}

/* The fields of ask(), in its order. */
enum { F_NAME, F_PORTS, F_MODE, F_ON, F_ID, F_IPV4, F_ADDR4, F_GATEWAY4, F_IPV6, F_ADDR6,
       F_GATEWAY6, F_NAT, F_FIRST, F_LAST, F_MTU, FIELDS };

/* The field that a reason speaks of; the first word that it holds decides. */
static size_t blamed(const char *reason)
{
	static const struct {
		const char *word;
		size_t field;
	} words[] = {
		{ "gateway4", F_GATEWAY4 }, { "gateway6", F_GATEWAY6 }, { "dhcp:", F_FIRST },
		{ "ipv4", F_ADDR4 }, { "ipv6", F_ADDR6 }, { "ports", F_PORTS },
		{ "mtu", F_MTU }, { "id=", F_ID }, { "on=", F_ON }, { "dhcp", F_FIRST },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(reason, words[i].word))
			return words[i].field;
	return F_NAME;
}

static bool check_form(void *ctx, size_t *field, char *problem, size_t size)
{
	struct edit *e = ctx;
	struct net_config out;
	struct conf_error err = { 0 };

	if (!net_form_put(&e->form, e->old, &e->config, &out, &err)) {
		net_free(&out);
		return true;
	}
	*field = blamed(err.text);
	snprintf(problem, size, "%s", err.text);
	return false;
}

static void command(void *ctx, char *buf, size_t size)
{
	char line[512];

	net_form_line(form_of(ctx), line, sizeof(line));
	snprintf(buf, size, "network.conf: %s = %s",
		 net_kind_name((enum net_kind)form_of(ctx)->kind), line);
}

static void choose_card(struct ui *ui, void *ctx, struct ui_field *f)
{
	const char *names[65] = { NULL };
	struct net_status now;
	size_t n = 0, used = strlen(f->text);
	int chosen;

	(void)ctx;
	if (net_status(&now, "", NULL))
		return;
	for (size_t i = 0; i < now.nports && n < 64; i++)
		if (strcmp(now.ports[i].kind, "vif"))
			names[n++] = now.ports[i].name;
	chosen = ui_choose(ui, "Interface", names, 0);
	if (chosen >= 0 && f->size > NET_NAME && used)
		snprintf(f->text + used, f->size - used, ",%s", names[chosen]);
	else if (chosen >= 0)
		snprintf(f->text, f->size, "%s", names[chosen]);
	net_status_free(&now);
}

#define TEXT(what, member, ...)                                                         \
	{ .kind = UI_TEXT, .label = what, .text = e->form.member,                        \
	  .size = sizeof(e->form.member), __VA_ARGS__ }

/* Runs the fields; true when they make sense and are to be tried. */
static bool ask(struct edit *e, const char *title)
{
	struct ui_field fields[FIELDS] = {
		[F_NAME] = TEXT("Name", name, .hint = "Up to 15 letters and digits."),
		[F_PORTS] = TEXT("Ports", ports, .hidden = no_ports, .pick = choose_card,
				 .hint = "Cards (a bridge also takes bonds and VLANs) with "
					 "commas between; F4 adds one."),
		[F_MODE] = { .kind = UI_CHOICE, .label = "Mode", .choices = choices_mode,
			     .value = &e->form.mode, .hidden = no_bond },
		[F_ON] = TEXT("On", on, .hidden = no_vlan, .pick = choose_card,
			      .hint = "The card, bond or bridge that carries it; F4 lists "
				      "them."),
		[F_ID] = TEXT("VLAN number", id, .hidden = no_vlan, .hint = "1 to 4094"),
		[F_IPV4] = { .kind = UI_CHOICE, .label = "IPv4", .choices = choices4,
			     .value = &e->form.ipv4 },
		[F_ADDR4] = TEXT("  Address", addr4, .hidden = no_ipv4,
				 .hint = "As 192.0.2.10/24"),
		[F_GATEWAY4] = TEXT("  Gateway", gateway4, .hidden = no_ipv4,
				    .hint = "As 192.0.2.1; empty for none"),
		[F_IPV6] = { .kind = UI_CHOICE, .label = "IPv6", .choices = choices6,
			     .value = &e->form.ipv6 },
		[F_ADDR6] = TEXT("  Address", addr6, .hidden = no_ipv6,
				 .hint = "As 2001:db8::10/64"),
		[F_GATEWAY6] = TEXT("  Gateway", gateway6, .hidden = no_ipv6,
				    .hint = "As 2001:db8::1; empty for none"),
		[F_NAT] = { .kind = UI_CHECK, .label = "Share the address",
			    .flag = &e->form.nat, .hidden = no_guests,
			    .hint = "VMs leave this host with its own address." },
		[F_FIRST] = TEXT("VMs get from", first, .hidden = no_guests,
				 .hint = "Addresses given out by DHCP; empty for none."),
		[F_LAST] = TEXT("  up to", last, .hidden = no_guests),
		[F_MTU] = TEXT("MTU", mtu, .hint = "576 to 9216; empty: as it is"),
	};

	/* A name that is there is not changed: VMs' definitions have it. */
	if (not_new(e, NULL))
		fields[F_NAME] = (struct ui_field){ .kind = UI_NOTE, .label = e->form.name };
	return ui_form_run(e->ui, &(struct ui_form){
		.title = title, .fields = fields, .n = FIELDS, .ctx = e, .ok = "Try",
		.intro = "It is tried for 60 s and goes back unless you keep it.",
		.check = check_form, .command = command }) == UI_OK;
}

static void edit_and_try(struct edit *e, const char *title)
{
	struct net_config out;
	struct conf_error err;

	if (!ask(e, title))
		return;
	if (net_form_put(&e->form, e->old, &e->config, &out, &err)) {
		ui_fail(e->ui, "%s", err.text);
		return;
	}
	put_on_trial(e->ui, &out);
	net_free(&out);
}

static bool begin(struct edit *e, struct ui *ui)
{
	struct conf_error err;

	*e = (struct edit){ .ui = ui };
	if (!net_edit_config(&e->config, &err))
		return true;
	ui_fail(ui, "%s", err.text);
	return false;
}

void net_edit(struct ui *ui, const char *name, const char *kind)
{
	const struct net_link *l, *master;
	char title[64];
	struct edit e;

	if (!begin(&e, ui))
		return;
	l = net_find(&e.config, name);
	master = net_master(&e.config, name);
	snprintf(title, sizeof(title), "%s %s", kind, name);
	if (master) {
		ui_fail(ui, "%s is a port of %s: change that one", name, master->name);
	} else if (l) {
		net_form_from(&e.form, l);
		e.old = name;
		edit_and_try(&e, title);
	} else if (!strcmp(kind, "card")) {
		snprintf(e.form.name, sizeof(e.form.name), "%s", name);
		edit_and_try(&e, title);
	} else {
		ui_fail(ui, "%s was not made by network.conf: it is left alone", name);
	}
	net_free(&e.config);
}

/* The first of br0, br1, … that is free. */
static void propose_name(struct edit *e, const char *stem)
{
	for (int i = 0; i < 100; i++) {
		snprintf(e->form.name, sizeof(e->form.name), "%s%d", stem, i);
		if (!net_find(&e->config, e->form.name))
			return;
	}
}

void net_edit_new(struct ui *ui)
{
	static const char *const items[] = {
		"Bridge: what VMs are plugged into", "Bond: several cards as one",
		"VLAN: one VLAN of a card, bond or bridge", NULL };
	static const struct {
		enum net_kind kind;
		const char *stem, *title;
	} kinds[] = {
		{ NET_BRIDGE, "br", "New bridge" }, { NET_BOND, "bond", "New bond" },
		{ NET_VLAN, "vlan", "New VLAN" } };
	int chosen = ui_choose(ui, "New interface", items, 0);
	struct edit e;

	if (chosen < 0 || !begin(&e, ui))
		return;
	e.form.kind = kinds[chosen].kind;
	propose_name(&e, kinds[chosen].stem);
	edit_and_try(&e, kinds[chosen].title);
	net_free(&e.config);
}

void net_edit_delete(struct ui *ui, const char *name)
{
	struct net_config out;
	struct conf_error err;
	char text[160];
	struct edit e;

	if (!begin(&e, ui))
		return;
	snprintf(text, sizeof(text), "%s loses its address and its line in network.conf. "
		 "It is tried for 60 s and goes back unless you keep it.", name);
	if (!net_find(&e.config, name))
		ui_fail(ui, "%s: nothing is set for it", name);
	else if (net_form_without(name, &e.config, &out, &err))
		ui_fail(ui, "%s", err.text);
	else {
		if (ui_confirm(ui, &(struct ui_question){ .title = "Delete", .text = text,
							  .yes = "Delete", .danger = true,
							  .command = "network try FILE" }))
			put_on_trial(ui, &out);
		net_free(&out);
	}
	net_free(&e.config);
}

/* --- name servers ---------------------------------------------- */

struct names {
	const struct net_config *config;
	char dns[NET_SERVERS * INET6_ADDRSTRLEN], search[512];
};

static bool check_names(void *ctx, size_t *field, char *problem, size_t size)
{
	struct names *n = ctx;
	struct net_config out;
	struct conf_error err = { 0 };

	if (!net_form_names(n->dns, n->search, n->config, &out, &err)) {
		net_free(&out);
		return true;
	}
	*field = strstr(err.text, "search") ? 1 : 0;
	snprintf(problem, size, "%s", err.text);
	return false;
}

static void join(char *buf, size_t size, const char *items, size_t item, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i < n && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? " " : "",
					 items + i * item);
}

void net_edit_names(struct ui *ui)
{
	struct names n = { .dns = "", .search = "" };
	struct ui_field fields[] = {
		{ .kind = UI_TEXT, .label = "Name servers", .text = n.dns,
		  .size = sizeof(n.dns),
		  .hint = "Addresses with blanks between; empty: those from DHCP." },
		{ .kind = UI_TEXT, .label = "Search domains", .text = n.search,
		  .size = sizeof(n.search), .hint = "As example.org" },
	};
	struct net_config out;
	struct edit e;

	if (!begin(&e, ui))
		return;
	n.config = &e.config;
	join(n.dns, sizeof(n.dns), e.config.dns[0], sizeof(e.config.dns[0]),
	     e.config.ndns);
	join(n.search, sizeof(n.search), e.config.search[0], sizeof(e.config.search[0]),
	     e.config.nsearch);
	if (ui_form_run(ui, &(struct ui_form){ .title = "Name servers", .fields = fields,
					       .n = 2, .ctx = &n, .ok = "Try",
					       .check = check_names }) == UI_OK &&
	    !net_form_names(n.dns, n.search, &e.config, &out, NULL)) {
		put_on_trial(ui, &out);
		net_free(&out);
	}
	net_free(&e.config);
}
