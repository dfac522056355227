/*
 * page_network: the management network on one page. Lines are changed one by
 * one; the bottom line shows the cards' links as they are now.
 */
#include "setup.h"

#include <string.h>
#include <unistd.h>

#include "box.h"
#include "run.h"
#include "text.h"

#define TRIAL_FILE "/run/basalt/install-network.conf"

enum row { ROW_CARDS, ROW_BOND, ROW_VLAN, ROW_IP4, ROW_IP6, ROW_DNS, ROW_VMS,
	   ROW_TEST, ROWS };

/* --- what a line shows ---------------------------------------------------- */

static void nic_text(const struct nic *n, char *buf, size_t size)
{
	struct text t = text_in(buf, size);

	text_add(&t, "%s", n->link ? "link up" : "no link");
	if (n->speed)
		text_add(&t, ", %d Mbit/s", n->speed);
	text_add(&t, ", %s, %s", n->driver, n->mac);
}

static void links(void *ctx, char *buf, size_t size)
{
	struct setup *s = ctx;
	struct text t = text_in(buf, size);

	facts_links(&s->facts, s->root);
	text_add(&t, "Links:");
	for (int i = 0; i < s->facts.nnics; i++)
		text_add(&t, "  %s %s", s->facts.nic[i].name,
			 s->facts.nic[i].link ? "UP" : "down");
}

static void show_cards(const struct setup *s, struct text *t)
{
	const char *sep = "";

	if (s->choices.keep_network)
		text_add(t, "as in the live system");
	for (int i = 0; i < s->facts.nnics && !s->choices.keep_network; i++)
		if (s->choices.nic[i]) {
			text_add(t, "%s%s", sep, s->facts.nic[i].name);
			sep = ", ";
		}
}

static void show_ip(struct text *t, const char *const words[3], enum ip ip,
		    const char *address, const char *gateway)
{
	text_add(t, "%s", words[ip]);
	if (ip == IP_STATIC)
		text_add(t, " %s%s%s", address, *gateway ? ", gateway " : "",
			 gateway);
}

static const char *const ip4_words[] = { "by DHCP", "static", "none" };
static const char *const ip6_words[] = { "automatic", "static", "none" };

static void show_row(const struct setup *s, enum row row, char *buf,
		     size_t size)
{
	const struct choices *c = &s->choices;
	struct text t = text_in(buf, size);

	switch (row) {
	case ROW_CARDS:
		show_cards(s, &t);
		break;
	case ROW_BOND:
		text_add(&t, "%s", c->bond == BOND_LACP ?
			 "LACP (802.3ad): the switch must know it" :
			 "active-backup: one at a time");
		break;
	case ROW_VLAN:
		text_add(&t, "%s", c->vlan[0] ? c->vlan : "none");
		break;
	case ROW_IP4:
		show_ip(&t, ip4_words, c->ip4, c->addr4, c->gateway4);
		break;
	case ROW_IP6:
		show_ip(&t, ip6_words, c->ip6, c->addr6, c->gateway6);
		break;
	case ROW_DNS:
		text_add(&t, "%s", c->dns[0] ? c->dns : "from DHCP");
		break;
	case ROW_VMS:
		text_add(&t, "%s", c->private_vms ?
			 "private, behind address translation" :
			 "on the host's network (bridge xenbr0)");
		break;
	default:
		text_add(&t, "try these settings now");
	}
}

/* --- changing a line ------------------------------------------------------ */

static void change_cards(struct setup *s)
{
	static char text[NICS_MAX][160];
	struct box_item items[NICS_MAX];
	const struct box b = {
		.title = "Network cards",
		.text = "\nMark one card; two or more work together as one "
			"(bond). None: the network stays as in the live "
			"system.\n",
		.next = "Choose",
		.status = links,
		.ctx = s,
	};
	int n = s->facts.nnics;

	for (int i = 0; i < n; i++) {
		nic_text(&s->facts.nic[i], text[i], sizeof(text[i]));
		items[i] = (struct box_item){ s->facts.nic[i].name, text[i],
					      s->choices.nic[i] };
	}
	if (box_check(&b, items, n) != BOX_NEXT)
		return;
	for (int i = 0; i < n; i++)
		s->choices.nic[i] = items[i].on;
	s->choices.keep_network = !choices_nics(&s->choices, &s->facts);
}

static void change_bond(struct setup *s)
{
	static const struct box_item items[] = {
		[BOND_BACKUP] = { "active-backup", "one card works, the others "
				  "wait", false },
		[BOND_LACP] = { "802.3ad", "LACP: all work; the switch must be "
				"set up for it", false },
	};
	const struct box b = {
		.title = "Bond",
		.text = "\nHow shall the cards work together?\n",
		.next = "Choose",
	};
	int current = (int)s->choices.bond;

	if (box_menu(&b, items, 2, &current) == BOX_NEXT)
		s->choices.bond = (enum bond)current;
}

/* A field of its own box; checked with the page. */
static void change_text(const char *title, const char *text, char *field)
{
	const struct box b = { .title = title, .text = text, .next = "Set" };
	char typed[BOX_VALUE_MAX];

	snprintf(typed, sizeof(typed), "%s", field);
	if (box_input(&b, typed) == BOX_NEXT)
		snprintf(field, TEXT_MAX, "%s", typed);
}

static void change_ip(const char *title, const struct box_item items[3],
		      const char *example, enum ip *ip, char *address,
		      char *gateway)
{
	const struct box menu = { .title = title, .text = "", .next = "Choose" };
	const struct box form = { .title = title, .text = example, .next = "Set" };
	const struct box_field fields[] = {
		{ "Address/length", address, false },
		{ "Gateway", gateway, false },
	};
	char old_address[TEXT_MAX], old_gateway[TEXT_MAX];
	int current = (int)*ip;

	if (box_menu(&menu, items, 3, &current) != BOX_NEXT)
		return;
	if (current == IP_STATIC) {
		snprintf(old_address, TEXT_MAX, "%s", address);
		snprintf(old_gateway, TEXT_MAX, "%s", gateway);
		if (box_form(&form, fields, 2) != BOX_NEXT) {
			snprintf(address, TEXT_MAX, "%s", old_address);
			snprintf(gateway, TEXT_MAX, "%s", old_gateway);
			return;
		}
	}
	*ip = (enum ip)current;
}

static void change_ip4(struct setup *s)
{
	static const struct box_item items[] = {
		{ "DHCP", "an address from the network", false },
		{ "Static", "an address of your own", false },
		{ "None", "no IPv4", false },
	};

	change_ip("IPv4", items, "\nAs 192.0.2.10/24 and 192.0.2.1\n",
		  &s->choices.ip4, s->choices.addr4, s->choices.gateway4);
}

static void change_ip6(struct setup *s)
{
	static const struct box_item items[] = {
		{ "Automatic", "from the router's advertisements", false },
		{ "Static", "an address of your own", false },
		{ "None", "no IPv6", false },
	};

	change_ip("IPv6", items, "\nAs 2001:db8::10/64 and 2001:db8::1\n",
		  &s->choices.ip6, s->choices.addr6, s->choices.gateway6);
}

static void change_vlan(struct setup *s)
{
	change_text("VLAN", "\nThe number of the VLAN (1 to 4094) that the "
		    "host's address lies in; empty for none.\n",
		    s->choices.vlan);
}

static void change_dns(struct setup *s)
{
	change_text("Name servers", "\nAddresses with blanks between; empty for "
		    "those that DHCP tells.\n", s->choices.dns);
}

static void change_vms(struct setup *s)
{
	static const struct box_item items[] = {
		{ "Bridged", "VMs are on the host's network", false },
		{ "Private", "VMs are behind the host, by address translation",
		  false },
	};
	const struct box b = {
		.title = "The VMs' network",
		.text = "\nWhat is the bridge xenbr0, where VMs are plugged in "
			"unless told otherwise?\n",
		.next = "Choose",
	};
	int current = s->choices.private_vms;

	if (box_menu(&b, items, 2, &current) == BOX_NEXT)
		s->choices.private_vms = current == 1;
}

/* --- test now ------------------------------------------------------------- */

/*
 * Puts the settings on trial in the live system, shows what came of it, and
 * goes back. `network` goes back by itself, too, should this program die.
 */
static void test_now(struct setup *s)
{
	const char *const try[] = { "network", "try", "-t", "60", TRIAL_FILE,
				    NULL };
	const char *const show[] = { "network", "show", NULL };
	const char *const revert[] = { "network", "revert", NULL };
	char conf[4096], out[4096];
	int status;

	if (network_wrong(&s->choices, &s->facts, out, sizeof(out))) {
		box_say("Test", out);
		return;
	}
	network_text(&s->choices, &s->facts, "", conf, sizeof(conf));
	status = run_write(TRIAL_FILE, conf);
	if (status) {
		box_say("Test", "\nThe settings could not be written to memory: "
			"it is full.\n");
		return;
	}
	box_wait("Test", "\nTrying the settings: up to ten seconds for links "
		 "and DHCP ...\n");
	status = run_capture(try, out, sizeof(out));
	if (status == 0) {
		sleep(10);
		run_capture(show, out, sizeof(out));
		run_capture(revert, conf, sizeof(conf));
	}
	unlink(TRIAL_FILE);
	box_say(status == 0 ? "What came of it (the live network is back)" :
			      "The settings cannot be used", out);
}

static void (*const change[ROWS])(struct setup *s) = {
	[ROW_CARDS] = change_cards,
	[ROW_BOND] = change_bond,
	[ROW_VLAN] = change_vlan,
	[ROW_IP4] = change_ip4,
	[ROW_IP6] = change_ip6,
	[ROW_DNS] = change_dns,
	[ROW_VMS] = change_vms,
	[ROW_TEST] = test_now,
};

/* --- the page ------------------------------------------------------------- */

static const char *const row_names[ROWS] = {
	"Cards", "Bond", "VLAN", "IPv4", "IPv6", "Name servers", "VMs", "Test",
};

/* The rows that make sense now; their numbers in @rows. */
static int list_rows(const struct setup *s, enum row rows[ROWS],
		     struct box_item items[ROWS])
{
	static char text[ROWS][2 * TEXT_MAX];
	int n = 0;

	for (int r = 0; r < ROWS; r++) {
		if (s->choices.keep_network && r != ROW_CARDS)
			continue;
		if (r == ROW_BOND && choices_nics(&s->choices, &s->facts) < 2)
			continue;
		show_row(s, (enum row)r, text[n], sizeof(text[n]));
		items[n] = (struct box_item){ row_names[r], text[n], false };
		rows[n++] = (enum row)r;
	}
	return n;
}

enum page_end page_network(struct setup *s, const char *title)
{
	const struct box b = {
		.title = title,
		.text = "\nHow is this server reached? Enter changes a line; "
			"Next goes on.\n",
		.help = "Cards: one, or several as a bond.\n\nVMs: on the same "
			"network as the host, or on a private one from where "
			"they reach the outside with the host's address.\n\n"
			"Test: puts the settings to work in the live system, "
			"shows links and addresses, and goes back.\n\nThe "
			"bottom line shows which cards have a link now.",
		.status = links,
		.ctx = s,
	};
	struct box_item items[ROWS];
	enum row rows[ROWS];
	int current = 0, n;
	char why[512];
	enum page_end end;
	enum box_end left;

	for (;;) {
		n = list_rows(s, rows, items);
		if (current >= n)
			current = 0;
		left = box_settings(&b, items, n, &current);
		if (left == BOX_CHANGE)
			change[rows[current]](s);
		if (!page_left(s, left, &end))
			continue;
		if (end != PAGE_NEXT ||
		    !network_wrong(&s->choices, &s->facts, why, sizeof(why)))
			return end;
		box_say("Network", why);
	}
}
