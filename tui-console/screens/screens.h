/* All screens, whichever file they live in. */
#ifndef SCREENS_H
#define SCREENS_H

#include "ui/ui.h"

extern const struct ui_screen screen_vms; /* the dashboard */

#endif
