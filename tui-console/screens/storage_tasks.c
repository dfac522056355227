/*
 * Long work of the storage screens: tasks that go on when the screen is left. While
 * it is shown, they are lines with bars at its bottom, and their ends are told.
 */
#include "screens/storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool storage_clock_due(struct storage_clock *c, unsigned int seconds)
{
	struct timespec t;
	int64_t now;
	bool asked;

	clock_gettime(CLOCK_MONOTONIC, &t);
	now = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	asked = c->last_ms && now - c->last_ms < STORAGE_REFRESH_MS - 10;
	c->last_ms = now;
	if (!asked && c->fetched_ms && now - c->fetched_ms < seconds * 1000)
		return false;
	c->fetched_ms = now;
	return true;
}

void storage_task_start(struct ui *ui, struct storage_tasks *t, const char *what,
			char *const argv[])
{
	char id[TASK_ID_SIZE];
	struct task_error err;
	struct task info;

	if (task_start(what, argv, id, &err)) {
		ui_fail(ui, "%s", err.text);
		return;
	}
	for (size_t i = 0; i < sizeof(t->mine) / sizeof(t->mine[0]); i++) {
		if (!*t->mine[i]) {
			memcpy(t->mine[i], id, sizeof(id));
			break;
		}
	}
	if (!task_get(id, &info, NULL))
		ui_command(ui, "%s", info.command);
	ui_refresh(ui);
}

/* A task that this screen started: tell how it ended. */
static bool tell_end(struct ui *ui, char id[TASK_ID_SIZE])
{
	struct task task;

	if (!*id || task_get(id, &task, NULL) || task.state == TASK_RUNNING)
		return false;
	id[0] = '\0';
	if (task.state == TASK_FAILED)
		ui_error(ui, task.what, task.error);
	else
		ui_say(ui, "%s: %s", task.what, task_state_name(task.state));
	return true;
}

bool storage_tasks_look(struct ui *ui, struct storage_tasks *t)
{
	size_t n, before = t->n;
	struct task *list;
	bool ended = false;

	t->n = 0;
	if (task_list(&list, &n, NULL))
		return false;
	for (size_t i = 0; i < n && t->n < STORAGE_TASKS_SHOWN; i++) {
		if (list[i].state == TASK_RUNNING &&
		    !strncmp(list[i].command, "storage ", 8))
			t->running[t->n++] = list[i];
	}
	free(list);
	for (size_t i = 0; i < sizeof(t->mine) / sizeof(t->mine[0]); i++)
		ended = tell_end(ui, t->mine[i]) || ended;
	return ended || t->n < before;
}

struct ui_rect storage_tasks_draw(struct ui *ui, const struct storage_tasks *t,
				  struct ui_rect area)
{
	struct ui_rect left = area;

	if (!t->n)
		return left;
	left.h -= (int)t->n + 1;
	ui_heading(ui, left.y + left.h, area.x, area.w, "At work (x cancels)");
	for (size_t i = 0; i < t->n; i++) {
		const struct task *task = &t->running[i];
		int y = left.y + left.h + 1 + (int)i, half = area.w / 2;

		ui_put(ui, y, area.x + 1, half - 2, UI_PLAIN, task->what);
		ui_put(ui, y, area.x + half, 20, UI_DIM, task->text);
		if (task->percent >= 0) {
			ui_meter(ui, y, area.x + half + 21, area.w - half - 27,
				 task->percent / 100.0, UI_LOAD_LIMITS);
			ui_putf(ui, y, area.x + area.w - 5, 5, UI_BOLD, "%3d%%",
				task->percent);
		}
	}
	return left;
}

void storage_task_cancel(struct ui *ui, struct storage_tasks *t)
{
	const char *items[STORAGE_TASKS_SHOWN + 1] = { NULL };
	struct task_error err;
	char command[64];
	struct task task;
	int which;

	for (size_t i = 0; i < t->n; i++)
		items[i] = t->running[i].what;
	if (!t->n) {
		ui_say(ui, "Nothing is at work.");
		return;
	}
	which = t->n == 1 ? 0 : ui_choose(ui, "Cancel which?", items, 0);
	if (which < 0 || (size_t)which >= t->n)
		return;
	/* The list changes while the question stands. */
	task = t->running[which];
	snprintf(command, sizeof(command), "task cancel %s", task.id);
	if (!ui_confirm(ui, &(struct ui_question){
			.title = task.what, .yes = "Cancel it", .danger = true,
			.text = "Cancel it? What was copied so far is removed.",
			.command = command }))
		return;
	if (task_cancel(task.id, &err))
		ui_fail(ui, "%s", err.text);
}
