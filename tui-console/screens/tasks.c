/* Tasks: the list of all, and one with its progress and log. */
#include "screens/tasks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libtask/libtask.h"
#include "screens/screens.h"

#define LOG_TAIL 32768

static enum ui_style state_style(const struct task *t)
{
	static const enum ui_style styles[] = {
		[TASK_RUNNING] = UI_ACCENT, [TASK_DONE] = UI_GOOD, [TASK_FAILED] = UI_BAD,
		[TASK_CANCELLED] = UI_WARN, [TASK_LOST] = UI_BAD,
	};

	return styles[t->state];
}

static const char *took(const struct task *t, char buf[16])
{
	time_t end = t->ended ? t->ended : time(NULL);

	return ui_duration((uint64_t)(end > t->started ? end - t->started : 0), buf);
}

static void cancel_task(struct ui *ui, const struct task *t)
{
	char id[TASK_ID_SIZE], command[64], text[200];
	struct ui_question q = { .title = "Stop this task", .text = text,
				 .command = command, .yes = "Stop it", .danger = true };
	struct task_error err;

	memcpy(id, t->id, sizeof(id));
	snprintf(text, sizeof(text), "%s\nWhat it has done so far is taken back.", t->what);
	snprintf(command, sizeof(command), "task cancel %s", id);
	if (!ui_confirm(ui, &q))
		return;
	if (task_cancel(id, &err))
		ui_fail(ui, "%s", err.text);
	else
		ui_command(ui, "%s", command);
	ui_refresh(ui);
}

/* --- the list -------------------------------------------------------------------- */

struct tasks {
	struct task *list;
	size_t n;
	struct ui_table table;
	char problem[320];
};

enum { COLUMN_WHAT, COLUMN_STATE, COLUMN_BAR, COLUMN_DONE, COLUMN_TEXT, COLUMN_STARTED,
       COLUMN_TOOK };

static const struct task *row_of(void *ctx, size_t row)
{
	return &((struct tasks *)ctx)->list[row];
}

static size_t count(void *ctx)
{
	return ((struct tasks *)ctx)->n;
}

static void cell(void *ctx, size_t row, size_t column, char *buf, size_t size)
{
	const struct task *t = row_of(ctx, row);
	char text[16];
	struct tm tm;

	if (column == COLUMN_WHAT)
		snprintf(buf, size, "%s", t->what);
	else if (column == COLUMN_STATE)
		snprintf(buf, size, "%s", task_state_name(t->state));
	else if (column == COLUMN_DONE && t->state == TASK_RUNNING && t->percent >= 0)
		snprintf(buf, size, "%d %%", t->percent);
	else if (column == COLUMN_TEXT)
		snprintf(buf, size, "%s", t->state == TASK_RUNNING ? t->text : t->error);
	else if (column == COLUMN_STARTED && localtime_r(&t->started, &tm))
		strftime(buf, size, "%m-%d %H:%M", &tm);
	else if (column == COLUMN_TOOK)
		snprintf(buf, size, "%s", took(t, text));
}

static int compare(void *ctx, size_t a, size_t b, size_t column)
{
	const struct task *x = row_of(ctx, a), *y = row_of(ctx, b);
	time_t dx = x->ended - x->started, dy = y->ended - y->started;

	switch (column) {
	case COLUMN_WHAT: return strcmp(x->what, y->what);
	case COLUMN_STATE: return (int)x->state - (int)y->state;
	case COLUMN_BAR: case COLUMN_DONE: return x->percent - y->percent;
	case COLUMN_TOOK: return dx < dy ? -1 : dx > dy;
	default: return x->started < y->started ? -1 : x->started > y->started;
	}
}

static uint64_t id(void *ctx, size_t row)
{
	return strtoull(row_of(ctx, row)->id, NULL, 10);
}

static enum ui_style style(void *ctx, size_t row, size_t column)
{
	const struct task *t = row_of(ctx, row);

	if (column == COLUMN_STATE)
		return state_style(t);
	return column == COLUMN_WHAT && t->state == TASK_RUNNING ? UI_BOLD : UI_PLAIN;
}

static bool draw_cell(struct ui *ui, void *ctx, size_t row, size_t column, int y, int x,
		      int w, bool selected)
{
	const struct task *t = row_of(ctx, row);
	double f = t->percent < 0 ? NAN : t->percent / 100.0;

	if (column != COLUMN_BAR)
		return false;
	if (t->state != TASK_RUNNING)
		return true;
	if (selected)
		ui_meter_styled(ui, y, x, w, f, UI_SELECTED);
	else
		ui_meter(ui, y, x, w, f, UI_LOAD_LIMITS);
	return true;
}

static const struct ui_table_model model = {
	.columns = (const struct ui_column[]){
		[COLUMN_WHAT] = { .title = "Task", .width = 20, .weight = 2 },
		[COLUMN_STATE] = { .title = "State", .width = 9 },
		[COLUMN_BAR] = { .title = "", .width = 10, .weight = 1,
				 .descending = true },
		[COLUMN_DONE] = { .title = "Done", .width = 5, .align = UI_RIGHT,
				  .descending = true },
		[COLUMN_TEXT] = { .title = "At", .width = 24, .weight = 3,
				  .importance = 5 },
		[COLUMN_STARTED] = { .title = "Started", .width = 11, .descending = true },
		[COLUMN_TOOK] = { .title = "Took", .width = 9, .align = UI_RIGHT,
				  .descending = true },
		{ .title = NULL },
	},
	.count = count,
	.cell = cell,
	.compare = compare,
	.id = id,
	.style = style,
	.draw = draw_cell,
	.empty = "No long command was started yet. Imports, copies and the like appear "
		 "here and go on when the console is left.",
};

static bool open_tasks(struct ui *ui, void *self, const void *arg)
{
	struct tasks *s = self;

	(void)ui, (void)arg;
	ui_table_init(&s->table, &model, s, COLUMN_STARTED);
	return true;
}

static void close_tasks(struct ui *ui, void *self)
{
	struct tasks *s = self;

	(void)ui;
	ui_table_free(&s->table);
	free(s->list);
}

static void refresh_tasks(struct ui *ui, void *self)
{
	struct tasks *s = self;
	struct task_error err = { .text = "" };

	(void)ui;
	free(s->list);
	s->list = NULL;
	s->n = 0;
	task_list(&s->list, &s->n, &err);
	memcpy(s->problem, err.text, sizeof(s->problem));
	ui_table_update(&s->table);
}

static void draw_tasks(struct ui *ui, void *self, struct ui_rect area)
{
	struct tasks *s = self;
	size_t running = 0;
	char text[64];

	for (size_t i = 0; i < s->n; i++)
		running += s->list[i].state == TASK_RUNNING;
	snprintf(text, sizeof(text), "Tasks: %zu running, %zu ended", running,
		 s->n - running);
	if (*s->problem)
		ui_put(ui, area.y, area.x + 1, area.w - 2, UI_BAD, s->problem);
	else
		ui_heading(ui, area.y, area.x + 1, area.w - 2, text);
	ui_table_draw(ui, &s->table, (struct ui_rect){ area.y + 1, area.x, area.h - 1,
						       area.w });
}

static bool key_tasks(struct ui *ui, void *self, int key)
{
	return ui_table_key(ui, &((struct tasks *)self)->table, key);
}

static const struct task *selected(void *self)
{
	struct tasks *s = self;
	size_t row = ui_table_row(&s->table);

	return row < s->n ? &s->list[row] : NULL;
}

static bool can_open(struct ui *ui, void *self)
{
	(void)ui;
	return selected(self);
}

static void do_open(struct ui *ui, void *self)
{
	ui_push(ui, &screen_task, selected(self)->id);
}

static bool can_cancel(struct ui *ui, void *self)
{
	(void)ui;
	return selected(self) && selected(self)->state == TASK_RUNNING;
}

static void do_cancel(struct ui *ui, void *self)
{
	cancel_task(ui, selected(self));
}

static bool can_forget(struct ui *ui, void *self)
{
	(void)ui;
	return selected(self) && selected(self)->state != TASK_RUNNING;
}

static void do_forget(struct ui *ui, void *self)
{
	struct task_error err;
	char which[TASK_ID_SIZE];

	memcpy(which, selected(self)->id, sizeof(which));
	if (task_remove(which, &err))
		ui_fail(ui, "%s", err.text);
	else
		ui_command(ui, "task remove %s", which);
	ui_refresh(ui);
}

static const struct ui_action list_actions[] = {
	{ UI_KEY_ENTER, "Open", "its progress and its log", do_open, can_open },
	{ 'x', "Stop", "stop the task; it cleans up behind itself", do_cancel, can_cancel },
	{ 'f', "Forget", "take one that has ended off the list", do_forget, can_forget },
	{ '/', "Search", NULL, NULL, NULL },
	{ 0 },
};

const struct ui_screen screen_tasks = {
	.name = "tasks",
	.title = "Tasks",
	.help = "Commands that take long, such as imports and copies. They go on when the "
		"console is left, and are still here when one comes back.\n\n" UI_TABLE_HELP,
	.size = sizeof(struct tasks),
	.refresh_ms = 1000,
	.actions = list_actions,
	.open = open_tasks,
	.close = close_tasks,
	.refresh = refresh_tasks,
	.draw = draw_tasks,
	.key = key_tasks,
};

/* --- one of them ------------------------------------------------------------------- */

struct task_view {
	struct task task;
	char *log;
	char problem[320];
};

static bool open_task(struct ui *ui, void *self, const void *arg)
{
	struct task_view *v = self;
	struct task_error err;

	if (!task_get(arg, &v->task, &err))
		return true;
	ui_fail(ui, "%s", err.text);
	return false;
}

static void close_task(struct ui *ui, void *self)
{
	(void)ui;
	free(((struct task_view *)self)->log);
}

static void refresh_task(struct ui *ui, void *self)
{
	struct task_view *v = self;
	struct task_error err = { .text = "" };
	char which[TASK_ID_SIZE];

	(void)ui;
	memcpy(which, v->task.id, sizeof(which));
	free(v->log);
	v->log = NULL;
	if (!task_get(which, &v->task, &err))
		task_log(which, LOG_TAIL, &v->log, &err);
	memcpy(v->problem, err.text, sizeof(v->problem));
}

/* The last lines that fit. */
static void draw_log(struct ui *ui, const char *log, struct ui_rect area)
{
	const char *from = log + strlen(log);
	int y = area.y;

	for (int lines = 0; from > log; from--) {
		if (from[-1] == '\n' && *from && ++lines == area.h)
			break;
	}
	for (; *from && y < area.y + area.h; y++) {
		size_t n = strcspn(from, "\n");

		ui_putf(ui, y, area.x, area.w, UI_PLAIN, "%.*s", (int)n, from);
		from += n + (from[n] == '\n');
	}
}

static void draw_task(struct ui *ui, void *self, struct ui_rect area)
{
	struct task_view *v = self;
	const struct task *t = &v->task;
	int x = area.x + 1, w = area.w - 2, y = area.y + 1, used;
	char text[32];

	ui_put(ui, y, x, w, UI_BOLD, t->what);
	ui_putf(ui, y + 1, x, w, UI_DIM, "$ %s", t->command);
	used = ui_put(ui, y + 3, x, w, state_style(t), task_state_name(t->state));
	ui_putf(ui, y + 3, x + used, w - used, UI_PLAIN, ", %s   %s", took(t, text),
		t->state == TASK_RUNNING ? t->text : "");
	if (t->state == TASK_RUNNING && t->percent >= 0) {
		snprintf(text, sizeof(text), "%d %%", t->percent);
		ui_meter(ui, y + 4, x, w - 6, t->percent / 100.0, UI_LOAD_LIMITS);
		ui_put_right(ui, y + 4, x + w - 5, 5, UI_BOLD, text);
	} else if (*t->error) {
		ui_put_wrapped(ui, (struct ui_rect){ y + 4, x, 2, w }, UI_BAD, t->error);
	}
	ui_put(ui, y + 4, x, w, UI_BAD, v->problem);
	ui_heading(ui, y + 6, x, w, "Log");
	draw_log(ui, v->log ? v->log : "", (struct ui_rect){ y + 7, x,
							     area.y + area.h - y - 7, w });
}

static bool can_stop(struct ui *ui, void *self)
{
	(void)ui;
	return ((struct task_view *)self)->task.state == TASK_RUNNING;
}

static void do_stop(struct ui *ui, void *self)
{
	cancel_task(ui, &((struct task_view *)self)->task);
}

static bool has_ended(struct ui *ui, void *self)
{
	return !can_stop(ui, self);
}

static void leave(struct ui *ui, void *self)
{
	(void)self;
	ui_pop(ui);
}

static const struct ui_action task_actions[] = {
	{ 'x', "Stop", "stop the task; it cleans up behind itself", do_stop, can_stop },
	{ UI_KEY_ESC, "Leave; it goes on", NULL, NULL, can_stop },
	{ UI_KEY_ENTER, "Back", "back", leave, has_ended },
	{ 0 },
};

const struct ui_screen screen_task = {
	.name = "task",
	.title = "Task",
	.help = "A command that takes long. It goes on when this screen is left.",
	.size = sizeof(struct task_view),
	.refresh_ms = 500,
	.actions = task_actions,
	.open = open_task,
	.close = close_task,
	.refresh = refresh_task,
	.draw = draw_task,
};

bool task_run(struct ui *ui, const char *what, char *const argv[])
{
	struct task_error err;
	char which[TASK_ID_SIZE];

	if (task_start(what, argv, which, &err)) {
		ui_error(ui, what, err.text);
		return false;
	}
	return ui_push(ui, &screen_task, which);
}
