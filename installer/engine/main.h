/* What the engine's commands share. */
#ifndef INSTALLER_MAIN_H
#define INSTALLER_MAIN_H

#include <stdbool.h>

#include "answers.h"

/* Exit statuses; the reasons go to standard error. */
int engine_check(const char *path);
int engine_run(const char *path, bool progress, enum answer_end *end);
int unattended(void);

#endif
