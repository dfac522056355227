/* Locking the console: after the time that the settings say, or at once. */
#ifndef CONSOLE_LOCK_H
#define CONSOLE_LOCK_H

#include "ui/ui.h"

/* For ui_options: nobody has typed for so long. */
void lock_if_due(struct ui *ui, int64_t idle_ms);
/* The key F9. */
void lock_now(struct ui *ui);

#endif
