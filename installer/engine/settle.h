/*
 * Disks may come later than the programs that look for them: a controller
 * spins its disks up one by one, a stick takes seconds to answer. Without a
 * person who would look again, they are waited for.
 */
#ifndef INSTALLER_SETTLE_H
#define INSTALLER_SETTLE_H

#include <stdbool.h>
#include <stddef.h>

#include "answers.h"
#include "disk.h"

/*
 * Whether each match of the answers selects at least one of @disks; without
 * a match: whether there is a disk at all. Not whether it can be used.
 */
bool settle_there(const struct answers *a, const struct disk *disks, size_t n);

/*
 * Waits until settle_there() and no disk has come for some seconds; at most
 * half a minute, said by @say when it takes longer than a moment.
 */
void settle(const struct answers *a, void (*say)(const char *text));

#endif
