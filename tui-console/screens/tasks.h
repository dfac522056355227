/* Long commands that go on by themselves: libtask/libtask.h. */
#ifndef SCREENS_TASKS_H
#define SCREENS_TASKS_H

#include <stdbool.h>

#include "ui/ui.h"

/* Starts argv as a task and shows its screen, which can be left: the task goes on and
 * is found again under Tasks. false: it could not be started (said why). */
bool task_run(struct ui *ui, const char *what, char *const argv[]);

#endif
