/*
 * Logs and events, to be followed and searched. One line has the cursor; while that is
 * the last one, what comes new is followed.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "model/logfile.h"
#include "screens/screens.h"
#include "ui/text.h"

#define SOURCES_MAX 64
#define CONSOLES    "/var/log/xen/console"

struct source {
	char title[80];
	char path[256]; /* "": the hypervisor's log */
};

struct logs {
	struct source sources[SOURCES_MAX];
	size_t nsources, at;
	struct logfile file;
	size_t cursor, top;
	bool follow;
	char search[48];
	char problem[256];
	int page;
};

/* --- where from ---------------------------------------------------------------- */

static void add_source(struct logs *l, const char *title, const char *path)
{
	struct source *s = &l->sources[l->nsources];

	if (l->nsources == SOURCES_MAX)
		return;
	if ((size_t)snprintf(s->title, sizeof(s->title), "%s", title) <
		    sizeof(s->title) &&
	    (size_t)snprintf(s->path, sizeof(s->path), "%s", path) < sizeof(s->path))
		l->nsources++;
}

static int by_title(const void *a, const void *b)
{
	return strcmp(((const struct source *)a)->title, ((const struct source *)b)->title);
}

/* guest-web1.log: what web1 has said on its console. */
static void add_consoles(struct logs *l)
{
	size_t first = l->nsources;
	char title[320], path[320];
	DIR *dir = opendir(CONSOLES);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		size_t len = strlen(e->d_name);

		if (strncmp(e->d_name, "guest-", 6) || len < 11 ||
		    strcmp(e->d_name + len - 4, ".log"))
			continue;
		snprintf(title, sizeof(title), "Console of %.*s", (int)len - 10,
			 e->d_name + 6);
		snprintf(path, sizeof(path), CONSOLES "/%s", e->d_name);
		add_source(l, title, path);
	}
	if (dir)
		closedir(dir);
	qsort(l->sources + first, l->nsources - first, sizeof(l->sources[0]), by_title);
}

static void list_sources(struct logs *l)
{
	l->nsources = 0;
	add_source(l, "Events", "/var/log/basalt/hostd.log");
	add_source(l, "System", "/var/log/messages");
	add_source(l, "Hypervisor", "");
	add_consoles(l);
}

static void choose_source(struct logs *l, size_t i)
{
	l->at = i;
	logfile_free(&l->file);
	logfile_init(&l->file, l->sources[i].path);
	l->cursor = l->top = 0;
	l->follow = true;
}

static void take_chunk(void *ctx, const char *text, size_t len)
{
	logfile_add(ctx, text, len);
}

static void read_hypervisor(struct ui *ui, struct logs *l)
{
	struct dom_error err = { .text = "" };
	struct dom *dom = app_dom(ui, &err);

	logfile_clear(&l->file);
	if (!dom || dom_dmesg(dom, false, take_chunk, &l->file, &err))
		snprintf(l->problem, sizeof(l->problem), "%s", err.text);
}

static void refresh_logs(struct ui *ui, void *self)
{
	struct logs *l = self;

	l->problem[0] = '\0';
	if (*l->sources[l->at].path)
		logfile_poll(&l->file);
	else
		read_hypervisor(ui, l);
	if (l->file.missing)
		snprintf(l->problem, sizeof(l->problem), "Nothing was logged here yet.");
	if (l->follow || l->cursor >= l->file.n)
		l->cursor = l->file.n ? l->file.n - 1 : 0;
}

static bool open_logs(struct ui *ui, void *self, const void *arg)
{
	struct logs *l = self;

	(void)ui, (void)arg;
	list_sources(l);
	choose_source(l, 0);
	return true;
}

static void close_logs(struct ui *ui, void *self)
{
	(void)ui;
	logfile_free(&((struct logs *)self)->file);
}

/* --- drawing ------------------------------------------------------------------- */

static void draw_logs(struct ui *ui, void *self, struct ui_rect area)
{
	struct logs *l = self;
	char state[64];
	int rows = area.h - 1;

	snprintf(state, sizeof(state), "%zu of %zu%s", l->file.n ? l->cursor + 1 : 0,
		 l->file.n, l->follow ? ", followed" : "");
	ui_heading(ui, area.y, area.x + 1, area.w - 2, l->sources[l->at].title);
	ui_put_right(ui, area.y, area.x + area.w - 32, 30, UI_DIM, state);
	l->page = rows > 1 ? rows : 1;
	if (l->cursor < l->top)
		l->top = l->cursor;
	if (l->cursor >= l->top + (size_t)l->page)
		l->top = l->cursor - (size_t)l->page + 1;
	for (int i = 0; i < rows && l->top + (size_t)i < l->file.n; i++) {
		size_t n = l->top + (size_t)i;
		const char *line = l->file.lines[n];
		bool found = *l->search && text_contains(line, l->search);
		enum ui_style style = found ? UI_WARN : UI_PLAIN;

		if (n == l->cursor && !l->follow) {
			style = UI_SELECTED;
			ui_fill(ui, (struct ui_rect){ area.y + 1 + i, area.x, 1, area.w },
				style);
		}
		ui_put(ui, area.y + 1 + i, area.x + 1, area.w - 2, style, line);
	}
	if (*l->problem)
		ui_put(ui, area.y + 2, area.x + 1, area.w - 2, UI_DIM, l->problem);
}

/* --- keys ---------------------------------------------------------------------- */

static void move_to(struct logs *l, long to)
{
	if (to >= (long)l->file.n)
		to = (long)l->file.n - 1;
	l->cursor = to < 0 ? 0 : (size_t)to;
	l->follow = false;
}

static bool find(struct logs *l, long from, int step)
{
	for (long i = from; i >= 0 && i < (long)l->file.n; i += step) {
		if (text_contains(l->file.lines[i], l->search)) {
			move_to(l, i);
			return true;
		}
	}
	return false;
}

static void search(struct ui *ui, void *self)
{
	struct logs *l = self;

	if (!ui_input(ui, "Search", "Lines with this text are marked:", l->search,
		      sizeof(l->search), NULL, NULL) || !*l->search)
		return;
	if (!find(l, (long)l->cursor, -1) && !find(l, (long)l->cursor, 1))
		ui_fail(ui, "\"%s\" does not occur in this log", l->search);
}

static void search_up(struct ui *ui, void *self)
{
	struct logs *l = self;

	if (!*l->search)
		search(ui, self);
	else if (!find(l, (long)l->cursor - 1, -1))
		ui_fail(ui, "\"%s\" does not occur further up", l->search);
}

static void search_down(struct ui *ui, void *self)
{
	struct logs *l = self;

	if (*l->search && !find(l, (long)l->cursor + 1, 1))
		ui_fail(ui, "\"%s\" does not occur further down", l->search);
}

static void follow(struct ui *ui, void *self)
{
	struct logs *l = self;

	(void)ui;
	l->follow = !l->follow;
	if (l->follow && l->file.n)
		l->cursor = l->file.n - 1;
}

static void pick_source(struct ui *ui, void *self)
{
	struct logs *l = self;
	const char *titles[SOURCES_MAX + 1];
	struct source old = l->sources[l->at];
	size_t at = 0;
	int got;

	list_sources(l); /* guests may have come */
	for (size_t i = 0; i < l->nsources; i++) {
		titles[i] = l->sources[i].title;
		if (!strcmp(l->sources[i].title, old.title))
			at = i;
	}
	titles[l->nsources] = NULL;
	l->at = at;
	got = ui_choose(ui, "Which log", titles, (int)at);
	if (got >= 0) {
		choose_source(l, (size_t)got);
		ui_refresh(ui);
	}
}

static void other_source(struct ui *ui, struct logs *l, size_t step)
{
	choose_source(l, (l->at + step) % l->nsources);
	ui_refresh(ui);
}

static void show_line(struct ui *ui, void *self)
{
	struct logs *l = self;
	char *line = l->cursor < l->file.n ? strdup(l->file.lines[l->cursor]) : NULL;

	if (line)
		ui_message(ui, "The whole line", line);
	free(line);
}

static bool key_logs(struct ui *ui, void *self, int key)
{
	struct logs *l = self;

	switch (key) {
	case UI_KEY_UP: case 'k':
		move_to(l, (long)l->cursor - 1);
		return true;
	case UI_KEY_DOWN: case 'j':
		move_to(l, (long)l->cursor + 1);
		return true;
	case UI_KEY_PAGE_UP: case UI_CTRL('u'): case UI_CTRL('b'):
		move_to(l, (long)l->cursor - l->page);
		return true;
	case UI_KEY_PAGE_DOWN: case UI_CTRL('d'): case UI_CTRL('f'):
		move_to(l, (long)l->cursor + l->page);
		return true;
	case UI_KEY_HOME: case 'g':
		move_to(l, 0);
		return true;
	case UI_KEY_END: case 'G':
		l->follow = false;
		follow(ui, l);
		return true;
	case UI_KEY_LEFT:
		other_source(ui, l, l->nsources - 1);
		return true;
	case UI_KEY_RIGHT:
		other_source(ui, l, 1);
		return true;
	default:
		return false;
	}
}

static const struct ui_action actions[] = {
	{ 'o', "Other log", "choose which log (Left and Right: the next one)",
	  pick_source, NULL },
	{ 'f', "Follow", "follow what comes new, or stop following", follow, NULL },
	{ '/', "Search", "search", search, NULL },
	{ 'n', "Up", "the next line above with that text", search_up, NULL },
	{ 'N', "Down", "the next one below", search_down, NULL },
	{ UI_KEY_ENTER, "Line", "the whole line under the cursor", show_line, NULL },
	{ 0 },
};

const struct ui_screen screen_logs = {
	.name = "logs",
	.title = "Logs",
	.help = "What has happened. Events: what hostd did about VMs. System: all programs "
		"and the kernel. Hypervisor: its own log. And what each guest has said on "
		"its console. Arrows, j k, PgUp PgDn, g G move; the last line follows.",
	.size = sizeof(struct logs),
	.refresh_ms = 1000,
	.actions = actions,
	.open = open_logs,
	.close = close_logs,
	.refresh = refresh_logs,
	.draw = draw_logs,
	.key = key_logs,
};
