/*
 * Restarting and switching off the host, the installer of a live system, and a shell.
 * VMs are shut down first, by /etc/rc.shutdown; a countdown leaves time to think again.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app.h"
#include "screens/screens.h"

enum { COUNTDOWN_S = 10 };

struct power {
	struct ui_table table;
	const char *command; /* what is counted down to; NULL: nothing */
	struct timespec at;
	size_t vms;
	bool live; /* runs from the medium */
};

static const struct choice {
	const char *label, *what, *command; /* NULL: a shell */
	bool only_live;
} choices[] = {
	{ "Shell", "A root shell on this terminal", NULL, false },
	{ "Install", "Install Basalt to a disk; what was made can be taken along", "setup",
	  true },
	{ "Restart", "Shut down the VMs, then start this machine anew", "reboot", false },
	{ "Power off", "Shut down the VMs, then switch this machine off", "poweroff", false },
};

/* An installed system was started from a slot of its disk. */
static bool is_live(void)
{
	char text[4096];
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	return !strstr(text, "basalt.slot=");
}

static long left(const struct power *p)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long)(p->at.tv_sec - now.tv_sec);
}

static size_t count_vms(struct ui *ui)
{
	struct dom *dom = app_dom(ui, NULL);
	struct dom_info *list;
	size_t n = 0;

	if (!dom || dom_list(dom, &list, &n, NULL))
		return 0;
	free(list);
	return n ? n - 1 : 0;
}

static void refresh(struct ui *ui, void *self)
{
	struct power *p = self;
	char *const argv[] = { (char *)p->command, NULL };

	p->vms = count_vms(ui);
	ui_table_update(&p->table);
	if (!p->command || left(p) > 0)
		return;
	p->command = NULL;
	/* init does it all; this console is ended with everything else. */
	if (ui_work(ui, "Going down", argv))
		return;
	ui_say(ui, "Going down: VMs are shut down first.");
}

/* The choice in a row; NULL: there is no such row. */
static const struct choice *choice_at(const struct power *p, size_t row)
{
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if ((p->live || !choices[i].only_live) && row-- == 0)
			return &choices[i];
	}
	return NULL;
}

static size_t count(void *ctx)
{
	size_t n = 0;

	while (choice_at(ctx, n))
		n++;
	return n;
}

static void cell(void *ctx, size_t row, size_t column, char *buf, size_t size)
{
	const struct choice *c = choice_at(ctx, row);

	snprintf(buf, size, "%s", column ? c->what : c->label);
}

static const struct ui_column columns[] = {
	{ .title = "Action", .width = 14 },
	{ .title = "What it does", .width = 30, .weight = 1 },
	{ 0 },
};

static const struct ui_table_model model = {
	.columns = columns, .count = count, .cell = cell,
};

static bool open_screen(struct ui *ui, void *self, const void *arg)
{
	struct power *p = self;

	(void)ui;
	(void)arg;
	p->live = is_live();
	ui_table_init(&p->table, &model, p, -1);
	return true;
}

static void close_screen(struct ui *ui, void *self)
{
	(void)ui;
	ui_table_free(&((struct power *)self)->table);
}

static void draw(struct ui *ui, void *self, struct ui_rect area)
{
	struct power *p = self;
	struct ui_rect table = { area.y, area.x, area.h - 3, area.w };
	int y = area.y + area.h - 2;

	ui_table_draw(ui, &p->table, table);
	if (p->command)
		ui_putf(ui, y, area.x, area.w, UI_BAD,
			"%s in %ld s, after the VMs (%zu running) were shut down. c cancels.",
			p->command, left(p), p->vms);
	else
		ui_putf(ui, y, area.x, area.w, UI_DIM, "%zu VM%s running.", p->vms,
			p->vms == 1 ? " is" : "s are");
}

static bool key(struct ui *ui, void *self, int k)
{
	return ui_table_key(ui, &((struct power *)self)->table, k);
}

static void shell(struct ui *ui)
{
	char *const argv[] = { (char[]){ "/bin/sh" }, (char[]){ "-l" }, NULL };

	ui_outside(ui, "Shell; \"exit\" comes back to the console.", argv);
}

static void install(struct ui *ui, const struct power *p)
{
	char *const argv[] = { (char[]){ "setup" }, NULL };

	if (p->vms)
		ui_error(ui, "Install", "VMs run: shut them down first, so that their "
			 "disks are complete where they are taken along.");
	else
		ui_outside(ui, "The installer; leaving it comes back to the console.", argv);
}

static void act(struct ui *ui, void *self)
{
	struct power *p = self;
	const struct choice *c = choice_at(p, ui_table_row(&p->table));
	char text[200];

	if (!c)
		return;
	if (!c->command || c->only_live) {
		c->command ? install(ui, p) : shell(ui);
		return;
	}
	snprintf(text, sizeof(text), "%s. %zu VM%s running; each gets a minute to shut down, "
		 "then it is switched off.", c->what, p->vms,
		 p->vms == 1 ? " is" : "s are");
	if (!ui_confirm(ui, &(struct ui_question){
		.title = c->label, .text = text, .command = c->command, .yes = c->label,
		.danger = true }))
		return;
	clock_gettime(CLOCK_MONOTONIC, &p->at);
	p->at.tv_sec += COUNTDOWN_S;
	p->command = c->command;
}

static bool counting(struct ui *ui, void *self)
{
	(void)ui;
	return ((struct power *)self)->command;
}

static bool idle(struct ui *ui, void *self)
{
	return !counting(ui, self);
}

static void cancel(struct ui *ui, void *self)
{
	((struct power *)self)->command = NULL;
	ui_say(ui, "Cancelled: nothing happens.");
}

static const struct ui_action actions[] = {
	{ UI_KEY_ENTER, "Do it", "Do what is under the cursor; asks first", act, idle },
	{ 'c', "Cancel", "Cancel while it counts down", cancel, counting },
	{ 0 },
};

const struct ui_screen screen_power = {
	.name = "power", .title = "Power", .size = sizeof(struct power), .refresh_ms = 1000,
	.actions = actions, .open = open_screen, .close = close_screen, .refresh = refresh,
	.draw = draw, .key = key,
	.help = "Restart and power-off count down from 10 s; c cancels, and so does\n"
		"leaving this screen. Install, in a live system, shows the installer's screens.",
};
