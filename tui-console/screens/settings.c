/*
 * The host's settings: a line each, Enter changes it. What they mean and whether
 * a value is good is libsettings'; the commands shown do the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app.h"
#include "libsettings/settings.h"
#include "screens/screens.h"

struct line;

struct settings_screen {
	struct settings now;
	struct ssh_keys keys;
	bool locked[2]; /* per account: a password is set */
	char problem[320];
	struct ui_table table;
};

/* One setting: its value for people, and what Enter does. */
struct line {
	const char *label;
	void (*show)(const struct settings_screen *s, char *buf, size_t size);
	void (*change)(struct ui *ui, struct settings_screen *s);
};

/* --- saving ---------------------------------------------- */

static void save(struct ui *ui, const struct settings *s, const char *key,
		 const char *value)
{
	struct conf_error err;

	if (settings_save(s, "", &err) || settings_apply(s, "", &err))
		ui_fail(ui, "%s", err.text);
	else
		ui_command(ui, "settings set %s %s", key, value);
	ui_refresh(ui);
}

static bool check_key(const char *key, const struct ui_field *f, char *problem,
		      size_t size)
{
	struct conf_error err;

	if (!settings_check(key, f->text, "", &err))
		return true;
	snprintf(problem, size, "%s", err.text);
	return false;
}

/* --- name, time ---------------------------------------------- */

static void show_hostname(const struct settings_screen *s, char *buf, size_t size)
{
	snprintf(buf, size, "%s", s->now.hostname);
}

static bool check_hostname(void *ctx, const struct ui_field *f, char *problem,
			   size_t size)
{
	(void)ctx;
	return check_key("hostname", f, problem, size);
}

static void change_hostname(struct ui *ui, struct settings_screen *s)
{
	struct settings new = s->now;
	struct app *app = ui_app(ui);

	if (!ui_input(ui, "Host name", "Name", new.hostname, sizeof(new.hostname),
		      check_hostname, NULL))
		return;
	save(ui, &new, "hostname", new.hostname);
	snprintf(app->host, sizeof(app->host), "%.64s", new.hostname);
}

static void show_timezone(const struct settings_screen *s, char *buf, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;
	char clock[32] = "";

	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%Y-%m-%d %H:%M %Z", &tm);
	snprintf(buf, size, "%s (it is %s)", s->now.timezone, clock);
}

/* Names from a list; first by area where there is one ("Europe"). */
static int choose_name(struct ui *ui, const char *title, char **names, const char *now)
{
	int preset = 0;

	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], now))
			preset = i;
	return ui_choose(ui, title, (const char *const *)names, preset);
}

static void take_zone(const char *name)
{
	char zone[80];

	/* For this process; others look at /etc/localtime when they start. */
	snprintf(zone, sizeof(zone), "%s", name);
	setenv("TZ", zone, 1);
	tzset();
}

static void change_timezone(struct ui *ui, struct settings_screen *s)
{
	char **names = settings_timezones("");
	struct settings new = s->now;
	int chosen = names ? choose_name(ui, "Time zone", names, new.timezone) : -1;

	if (chosen >= 0) {
		snprintf(new.timezone, sizeof(new.timezone), "%s", names[chosen]);
		save(ui, &new, "timezone", new.timezone);
		take_zone(new.timezone);
	}
	settings_free_list(names);
}

static void ntp_text(const struct settings *s, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < s->nntp && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? " " : "",
					 s->ntp[i]);
}

static void show_ntp(const struct settings_screen *s, char *buf, size_t size)
{
	ntp_text(&s->now, buf, size);
	if (!*buf)
		snprintf(buf, size, "none: this machine's own clock");
}

/* Words of text as time servers; the reason why not, or NULL. */
static bool read_servers(const char *text, struct settings *s, char *problem, size_t size)
{
	struct conf_error err;

	s->nntp = 0;
	while (*text) {
		size_t len;

		text += strspn(text, " ,");
		len = strcspn(text, " ,");
		if (!len)
			break;
		if (s->nntp == SETTINGS_NTP) {
			snprintf(problem, size, "at most %d servers", SETTINGS_NTP);
			return false;
		}
		snprintf(s->ntp[s->nntp], sizeof(s->ntp[0]), "%.*s", (int)len, text);
		if (settings_check("ntp", s->ntp[s->nntp++], "", &err)) {
			snprintf(problem, size, "%s", err.text);
			return false;
		}
		text += len;
	}
	return true;
}

static bool check_ntp(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	struct settings s;

	(void)ctx;
	return read_servers(f->text, &s, problem, size);
}

static void change_ntp(struct ui *ui, struct settings_screen *s)
{
	char text[SETTINGS_NTP * 254], problem[160];
	struct settings new = s->now;

	ntp_text(&new, text, sizeof(text));
	if (ui_input(ui, "Time servers", "Names or addresses", text, sizeof(text), check_ntp,
		     NULL) && read_servers(text, &new, problem, sizeof(problem)))
		save(ui, &new, "ntp", text);
}

/* --- keyboard, lock ---------------------------------------------- */

static void show_keyboard(const struct settings_screen *s, char *buf, size_t size)
{
	snprintf(buf, size, "%s", s->now.keyboard);
}

static void change_keyboard(struct ui *ui, struct settings_screen *s)
{
	char **names = settings_keyboards("");
	struct settings new = s->now;
	int chosen = names ? choose_name(ui, "Keyboard", names, new.keyboard) : -1;

	if (chosen >= 0) {
		snprintf(new.keyboard, sizeof(new.keyboard), "%s", names[chosen]);
		save(ui, &new, "keyboard", new.keyboard);
	}
	settings_free_list(names);
}

static void show_lock(const struct settings_screen *s, char *buf, size_t size)
{
	if (s->now.lock_minutes)
		snprintf(buf, size, "after %d idle minutes", s->now.lock_minutes);
	else
		snprintf(buf, size, "never");
}

static bool check_lock(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	(void)ctx;
	return check_key("lock_minutes", f, problem, size);
}

static void change_lock(struct ui *ui, struct settings_screen *s)
{
	struct settings new = s->now;
	char text[12];

	snprintf(text, sizeof(text), "%d", new.lock_minutes);
	if (!ui_input(ui, "Lock the screen", "After minutes (0: never)", text, sizeof(text),
		      check_lock, NULL))
		return;
	new.lock_minutes = atoi(text);
	save(ui, &new, "lock_minutes", text);
}

/* --- accounts ---------------------------------------------- */

static void show_password(const struct settings_screen *s, int account, char *buf,
			  size_t size)
{
	snprintf(buf, size, "%s", s->locked[account] ? "set" : "none");
}

static void show_root(const struct settings_screen *s, char *buf, size_t size)
{
	show_password(s, 0, buf, size);
}

static void show_operator(const struct settings_screen *s, char *buf, size_t size)
{
	show_password(s, 1, buf, size);
}

struct passwords {
	char first[128], again[128];
};

static bool check_same(void *ctx, size_t *field, char *problem, size_t size)
{
	const struct passwords *p = ctx;

	*field = 1;
	if (strcmp(p->first, p->again)) {
		snprintf(problem, size, "the two differ: type it once more");
		return false;
	}
	*field = 0;
	if (*p->first && strlen(p->first) < 8) {
		snprintf(problem, size, "shorter than 8 characters: choose a longer one");
		return false;
	}
	return true;
}

static void change_password(struct ui *ui, int account)
{
	struct passwords p = { .first = "" };
	char title[48];
	struct ui_field fields[] = {
		{ .kind = UI_PASSWORD, .label = "New password", .text = p.first,
		  .size = sizeof(p.first), .hint = "8 characters at least; empty: none." },
		{ .kind = UI_PASSWORD, .label = "Once more", .text = p.again,
		  .size = sizeof(p.again) },
	};
	struct conf_error err;

	snprintf(title, sizeof(title), "Password of %s", account_names[account]);
	if (ui_form_run(ui, &(struct ui_form){
		.title = title, .fields = fields, .n = 2, .ctx = &p, .ok = "Set",
		.intro = "Once a password is set, the screens of this machine ask for it, "
			 "and it opens ssh.", .check = check_same }) == UI_OK) {
		if (account_set_password(account_names[account], *p.first ? p.first : NULL,
					 "", &err))
			ui_fail(ui, "%s", err.text);
		else
			ui_command(ui, "settings password %s%s", account_names[account],
				   *p.first ? "" : " --none");
		service_restart("dropbear", "");
	}
	explicit_bzero(&p, sizeof(p));
	ui_refresh(ui);
}

static void change_root(struct ui *ui, struct settings_screen *s)
{
	(void)s;
	change_password(ui, 0);
}

static void change_operator(struct ui *ui, struct settings_screen *s)
{
	(void)s;
	change_password(ui, 1);
}

/* --- SSH keys ---------------------------------------------- */

static void show_keys(const struct settings_screen *s, char *buf, size_t size)
{
	snprintf(buf, size, s->keys.count == 1 ? "%zu key" : "%zu keys", s->keys.count);
}

static bool check_ssh(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	struct conf_error err;

	(void)ctx;
	if (!ssh_key_check(f->text, NULL, &err))
		return true;
	snprintf(problem, size, "%s", err.text);
	return false;
}

static void add_key(struct ui *ui)
{
	char text[SETTINGS_KEY_MAX + 1] = "";
	struct conf_error err;

	if (!ui_input(ui, "SSH key", "Line of a .pub file", text, sizeof(text), check_ssh,
		      NULL))
		return;
	if (ssh_key_add(text, "", &err))
		ui_fail(ui, "%s", err.text);
	else
		ui_command(ui, "settings ssh-key add LINE");
}

static void remove_key(struct ui *ui, const struct ssh_key *k, size_t index)
{
	struct conf_error err;
	char text[256], command[48];

	snprintf(text, sizeof(text), "%s %s\n\nWho has it cannot log in any more.", k->type,
		 k->comment);
	snprintf(command, sizeof(command), "settings ssh-key remove %zu", index + 1);
	if (!ui_confirm(ui, &(struct ui_question){ .title = "Remove the key?", .text = text,
						   .command = command, .yes = "Remove",
						   .danger = true }))
		return;
	if (ssh_key_remove(index, "", &err))
		ui_fail(ui, "%s", err.text);
	else
		ui_command(ui, "%s", command);
}

enum { KEYS_LISTED = 100 };

static void change_keys(struct ui *ui, struct settings_screen *s)
{
	char texts[KEYS_LISTED][176];
	const char *items[KEYS_LISTED + 2] = { "Add a key" };
	size_t n = s->keys.count < KEYS_LISTED ? s->keys.count : KEYS_LISTED;
	int chosen;

	for (size_t i = 0; i < n; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%s %s", s->keys.keys[i].type,
			 s->keys.keys[i].comment);
		items[i + 1] = texts[i];
	}
	chosen = ui_choose(ui, "SSH keys (Enter on one removes it)", items, 0);
	if (chosen == 0)
		add_key(ui);
	else if (chosen > 0)
		remove_key(ui, &s->keys.keys[chosen - 1], (size_t)chosen - 1);
	if (chosen >= 0)
		service_restart("dropbear", "");
	ui_refresh(ui);
}

/* --- the screen ---------------------------------------------- */

static const struct line lines[] = {
	{ "Host name", show_hostname, change_hostname },
	{ "Time zone", show_timezone, change_timezone },
	{ "Time servers", show_ntp, change_ntp },
	{ "Keyboard", show_keyboard, change_keyboard },
	{ "Password of root", show_root, change_root },
	{ "Password of operator", show_operator, change_operator },
	{ "SSH keys", show_keys, change_keys },
	{ "Lock the screen", show_lock, change_lock },
};

static const struct ui_column columns[] = {
	{ .title = "Setting", .width = 22 },
	{ .title = "Value", .width = 30, .weight = 1 },
	{ 0 },
};

static size_t count(void *ctx)
{
	(void)ctx;
	return sizeof(lines) / sizeof(lines[0]);
}

static void cell(void *ctx, size_t row, size_t column, char *buf, size_t size)
{
	if (column == 0)
		snprintf(buf, size, "%s", lines[row].label);
	else
		lines[row].show(ctx, buf, size);
}

static enum ui_style style(void *ctx, size_t row, size_t column)
{
	(void)ctx;
	(void)row;
	return column ? UI_PLAIN : UI_BOLD;
}

static const struct ui_table_model model = {
	.columns = columns, .count = count, .cell = cell, .style = style,
};

static void refresh(struct ui *ui, void *self)
{
	struct settings_screen *s = self;
	struct conf_error err = { 0 };

	(void)ui;
	ssh_keys_free(&s->keys);
	s->problem[0] = '\0';
	if (settings_load(&s->now, "", &err) || ssh_keys_load(&s->keys, "", &err))
		snprintf(s->problem, sizeof(s->problem), "%s", err.text);
	for (int i = 0; i < 2; i++)
		s->locked[i] = account_has_password(account_names[i], "");
	ui_table_update(&s->table);
}

static bool open_screen(struct ui *ui, void *self, const void *arg)
{
	struct settings_screen *s = self;

	(void)ui;
	(void)arg;
	ui_table_init(&s->table, &model, s, -1);
	return true;
}

static void close_screen(struct ui *ui, void *self)
{
	struct settings_screen *s = self;

	(void)ui;
	ui_table_free(&s->table);
	ssh_keys_free(&s->keys);
}

static void draw(struct ui *ui, void *self, struct ui_rect area)
{
	struct settings_screen *s = self;
	struct ui_rect table = { area.y, area.x, area.h - 2, area.w };

	ui_table_draw(ui, &s->table, table);
	if (*s->problem)
		ui_put(ui, area.y + area.h - 1, area.x, area.w, UI_BAD, s->problem);
	else if (!s->locked[0] && !s->locked[1])
		ui_put(ui, area.y + area.h - 1, area.x, area.w, UI_DIM,
		       "No password is set: these screens are open to whoever stands "
		       "here.");
}

static bool key(struct ui *ui, void *self, int k)
{
	return ui_table_key(ui, &((struct settings_screen *)self)->table, k);
}

static void change(struct ui *ui, void *self)
{
	struct settings_screen *s = self;
	size_t row = ui_table_row(&s->table);

	if (row < sizeof(lines) / sizeof(lines[0]))
		lines[row].change(ui, s);
}

static const struct ui_action actions[] = {
	{ UI_KEY_ENTER, "Change", "Change the setting under the cursor", change, NULL },
	{ 0 },
};

const struct ui_screen screen_settings = {
	.name = "settings", .title = "Settings", .size = sizeof(struct settings_screen),
	.refresh_ms = 5000, .actions = actions, .open = open_screen, .close = close_screen,
	.refresh = refresh, .draw = draw, .key = key,
	.help = "What is set takes effect at once. `settings` does the same from a\n"
		"shell. The accounts: operator gets this console, root a shell.",
};
