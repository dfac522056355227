/*
 * repair: the screens of "Repair an installed system".
 */
#ifndef SCREENS_REPAIR_H
#define SCREENS_REPAIR_H

#include "setup.h"

void repair(struct setup *s);

#endif
