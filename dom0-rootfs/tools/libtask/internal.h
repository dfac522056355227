/*
 * What libtask's files share.
 */
#ifndef LIBTASK_INTERNAL_H
#define LIBTASK_INTERNAL_H

#include <stdbool.h>

#include "libtask/libtask.h"

#define TASK_PATH_SIZE 256
#define TASK_LOG_MAX (1024 * 1024) /* what a command says beyond is dropped */

/* Fill err, which may be NULL, and return code. */
__attribute__((format(printf, 3, 4)))
int task_fail(struct task_error *err, int code, const char *fmt, ...);

const char *task_dir(void);
/* A file of the task; "" its directory. */
void task_path(char buf[TASK_PATH_SIZE], const char *id, const char *file);

/* Only digits, not too many: nothing that leads out of the directory. */
bool task_id_valid(const char *id);
/* Is its keeper alive? */
bool task_alive(const char *id);

#endif
