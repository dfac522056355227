/*
 * page_settings: host name and time, password and key, options.
 */
#include "setup.h"

#include <string.h>

#include "box.h"
#include "text.h"

enum page_end page_host(struct setup *s, const char *title)
{
	struct choices *c = &s->choices;
	const struct box b = {
		.title = title,
		.text = "\nName and time. The arrow keys go from field to field, "
			"Tab to the buttons.\n",
		.help = "Ctrl-U empties a field.\n\nHost name: letters, digits "
			"and '-'; parts joined by dots.\n\nTime servers: names "
			"or addresses with blanks between; empty for none.\n\n"
			"Time zone: as Europe/Berlin, or UTC.",
	};
	const struct box_field fields[] = {
		{ "Host name", c->hostname, false },
		{ "Name servers", c->dns, false },
		{ "Time servers", c->ntp, false },
		{ "Time zone", c->timezone, false },
	};
	char why[512];
	enum page_end end;

	for (;;) {
		if (!page_left(s, box_form(&b, fields, 4), &end))
			continue;
		if (end != PAGE_NEXT || !host_wrong(c, why, sizeof(why)))
			return end;
		box_say("Name and time", why);
	}
}

static const struct box no_password = {
	.title = "No password?",
	.text = "\nWithout a password anyone at the server's screen is root. "
		"Over SSH a key is needed in any case.\n",
	.next = "Go on",
	.preset_back = true,
};

enum page_end page_access(struct setup *s, const char *title)
{
	struct choices *c = &s->choices;
	const struct box b = {
		.title = title,
		.text = "\nOne password for both accounts: root gets a shell, "
			"operator the console. It is shown as stars. The SSH "
			"key is the line of a .pub file.\n",
		.help = "Both accounts may do everything. Each can get a "
			"password of its own later, on the console's Settings; "
			"an SSH key, too.\n\nThe answer file holds only a hash "
			"of the password.",
	};
	const struct box_field fields[] = {
		{ "Password", c->password, true },
		{ "The same again", s->again, true },
		{ "SSH key", c->ssh_key, false },
	};
	char why[512];
	enum page_end end;

	for (;;) {
		if (!page_left(s, box_form(&b, fields, 3), &end))
			continue;
		if (end != PAGE_NEXT)
			return end;
		if (access_wrong(c, s->again, why, sizeof(why)))
			box_say("Log-in", why);
		else if (c->password[0] || box_ask(&no_password) == BOX_NEXT)
			return end;
	}
}

/* --- options -------------------------------------------------------------- */

static void change_memory(struct choices *c)
{
	const struct box b = {
		.title = "The control domain's memory",
		.text = "\nauto (by the size of the machine), or a size as 512M "
			"or 2G. VMs get the rest.\n",
		.next = "Set",
	};
	struct choices typed = *c;
	char why[512];

	while (box_input(&b, typed.dom0_memory) == BOX_NEXT) {
		if (!memory_wrong(&typed, why, sizeof(why))) {
			snprintf(c->dom0_memory, TEXT_MAX, "%s",
				 typed.dom0_memory);
			return;
		}
		box_say("The control domain's memory", why);
	}
}

static void change_serial(struct choices *c)
{
	static const struct box_item items[] = {
		[SERIAL_COM1] = { "COM1", "115200 baud", false },
		[SERIAL_COM2] = { "COM2", "115200 baud", false },
		[SERIAL_NONE] = { "None", "the server's own screen only", false },
	};
	const struct box b = {
		.title = "Serial console",
		.text = "\nOn which serial port shall the console be, too?\n",
		.next = "Choose",
	};
	int current = (int)c->serial;

	if (box_menu(&b, items, 3, &current) == BOX_NEXT)
		c->serial = (enum serial)current;
}

static void change_end(struct choices *c)
{
	c->end = c->end == FINISH_REBOOT ? FINISH_POWEROFF : FINISH_REBOOT;
}

static void (*const change[])(struct choices *c) = {
	change_memory, change_serial, change_end,
};

enum page_end page_options(struct setup *s, const char *title)
{
	static const char *const serial[] = { "COM1", "COM2", "none" };
	struct choices *c = &s->choices;
	const struct box b = {
		.title = title,
		.text = "\nThese are good as they are on most machines. Enter "
			"changes a line; Next goes on.\n",
		.help = "Memory: what the control domain keeps for itself. It "
			"cannot grow while the machine runs.\n\nSerial: the "
			"console also appears on that port, at 115200 baud.",
	};
	int current = 0;
	enum box_end left;
	enum page_end end;

	do {
		const struct box_item items[] = {
			{ "Memory", c->dom0_memory, false },
			{ "Serial console", serial[c->serial], false },
			{ "When done", c->end == FINISH_REBOOT ? "restart" :
			  "power off", false },
		};

		left = box_settings(&b, items, 3, &current);
		if (left == BOX_CHANGE)
			change[current](c);
	} while (!page_left(s, left, &end));
	return end;
}
