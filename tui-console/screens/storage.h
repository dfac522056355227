/*
 * What the storage screens share: the list of pools and disks, the volumes of a
 * pool, forms, and long work as tasks. All is done by the command `storage`, which
 * each screen shows.
 */
#ifndef SCREENS_STORAGE_H
#define SCREENS_STORAGE_H

#include "libtask/libtask.h"
#include "model/records.h"
#include "ui/ui.h"

/* Fields of `storage pools --tabs`, `disks --tabs`, `list --tabs`. */
enum { POOL_NAME, POOL_KIND, POOL_SIZE, POOL_USED, POOL_META, POOL_VOLUMES, POOL_ON,
       POOL_PROBLEM, POOL_NOTICE };
enum { DISK_WHAT, DISK_NAME, DISK_MODEL, DISK_SERIAL, DISK_BUS, DISK_SIZE, DISK_CONTENT,
       DISK_USE, DISK_FLAGS };
enum { PART_WHAT, PART_NAME, PART_DISK, PART_SIZE, PART_CONTENT, PART_USE, PART_LABEL };
enum { VOLUME_NAME, VOLUME_SIZE, VOLUME_USED, VOLUME_MADE, VOLUME_BUSY, VOLUME_VMS,
       VOLUME_TARGET };

extern const struct ui_screen screen_storage;
extern const struct ui_screen screen_volumes; /* arg: the pool's name */

/* --- long work (storage_tasks.c) -------------------------------------------- */
#define STORAGE_TASKS_SHOWN 3

struct storage_tasks {
	struct task running[STORAGE_TASKS_SHOWN];
	size_t n;
	char mine[8][TASK_ID_SIZE]; /* started on this screen, end not yet told */
};
/* Starts a command as a task; says so. argv[0] is "storage". */
void storage_task_start(struct ui *ui, struct storage_tasks *t, const char *what,
			char *const argv[]);
/* Looks what runs and tells of ends; true: something has ended, so look anew. */
bool storage_tasks_look(struct ui *ui, struct storage_tasks *t);
/* Draws one line each at the bottom of area; returns what is left of it. */
struct ui_rect storage_tasks_draw(struct ui *ui, const struct storage_tasks *t,
				  struct ui_rect area);
/* Asks which one and cancels it. */
void storage_task_cancel(struct ui *ui, struct storage_tasks *t);

/*
 * Whether refresh() is to fetch anew: every so many seconds, and at once when a
 * person asks (F5), which is known by its coming before refresh_ms have gone by.
 */
#define STORAGE_REFRESH_MS 1000

struct storage_clock {
	int64_t last_ms, fetched_ms;
};
bool storage_clock_due(struct storage_clock *c, unsigned int seconds);

/* --- forms (storage_forms.c) ------------------------------------------------ */
/* pools: what `storage pools` said. Each returns true when something was changed. */
bool storage_form_pool(struct ui *ui, const struct records *disks, const char *disk);
bool storage_form_create(struct ui *ui, const char *pool);
bool storage_form_grow(struct ui *ui, const char *volume, uint64_t size);
void storage_form_snapshot(struct ui *ui, struct storage_tasks *t, const char *volume);
void storage_form_clone(struct ui *ui, struct storage_tasks *t,
			const struct records *pools, const char *volume);
void storage_form_import(struct ui *ui, struct storage_tasks *t,
			 const struct records *pools, const char *pool);

/* Runs `storage` with these words while a dialog waits, then shows the command.
 * true: it did it; otherwise what it said was shown. Ends with NULL. */
bool storage_do(struct ui *ui, const char *title, ...) __attribute__((sentinel));

#endif
