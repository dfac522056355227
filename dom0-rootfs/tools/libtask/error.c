/*
 * Filling in struct task_error, and places of a task's files.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "libtask/internal.h"

int task_fail(struct task_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (err)
		vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

const char *task_dir(void)
{
	const char *dir = getenv("BASALT_TASKS");

	return dir && *dir ? dir : TASK_DIR;
}

void task_path(char buf[TASK_PATH_SIZE], const char *id, const char *file)
{
	snprintf(buf, TASK_PATH_SIZE, "%.180s/%.*s/%s", task_dir(), TASK_ID_SIZE - 1, id,
		 file);
}
