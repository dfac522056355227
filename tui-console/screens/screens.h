/* All screens, whichever file they live in. */
#ifndef SCREENS_H
#define SCREENS_H

#include "ui/ui.h"

extern const struct ui_screen screen_vms; /* the dashboard */
extern const struct ui_screen screen_vm;  /* one VM; arg: const struct vm * */
extern const struct ui_screen screen_vm_console; /* its console; the same arg */
extern const struct ui_screen screen_tasks;
extern const struct ui_screen screen_task; /* arg: its id, const char * */
extern const struct ui_screen screen_logs;

extern const struct ui_screen screen_storage; /* pools and disks */
extern const struct ui_screen screen_network;
extern const struct ui_screen screen_settings;
extern const struct ui_screen screen_power;
#endif
