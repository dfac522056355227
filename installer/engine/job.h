/*
 * One order to the engine: the answers, what they select on this machine, and
 * where the work stands. plan.c fills it in and changes nothing; the steps
 * then write, to job.disk[] and job.vms_disk only.
 */
#ifndef INSTALLER_JOB_H
#define INSTALLER_JOB_H

#include <signal.h>
#include <stdbool.h>

#include "answers.h"
#include "bootenv.h"
#include "found.h"
#include "layout.h"
#include "source.h"

#define WORK_DIR	"/run/basalt/installer"
#define TARGET_ROOT	WORK_DIR "/target"	/* before /state in paths */
#define TARGET_DIR	TARGET_ROOT "/state"	/* the state partition */
#define SLOT_DIR	WORK_DIR "/slot"
#define ESP_DIR		WORK_DIR "/esp"

struct job {
	const struct answers *a;
	bool progress;			/* lines "NN text" on standard output */
	unsigned int done, weight, all;	/* of the steps, for the percentage */
	const char *text;
	volatile sig_atomic_t *stop;	/* set when it is to end early */

	/* install */
	struct disk disk[2];
	unsigned int disks;
	struct disk vms_disk;		/* name "": on the system disks, or none */
	struct layout layout;
	char id[ID_LEN + 1];
	char state_dev[80], vms_dev[80];
	char pool[16];			/* the VMs' pool */

	/* upgrade, restore */
	struct found found[FOUND_MAX];
	int found_n;
	struct found *target;
	char keep;			/* the slot that stays */

	struct source source;
};

/* A row of what is to be done. */
struct step {
	unsigned int weight;	/* its share of the time */
	const char *text;
	int (*run)(struct job *j, struct fault *f);
};
extern const struct step install_steps[], upgrade_steps[], restore_steps[];

/*
 * Checks the answers against the machine, opens the source and fills in @j.
 * All that is wrong is reported; the number of problems, 0 is good.
 */
int plan(struct job *j, void (*report)(const char *text));

/* What the plan says in words, for people: one line per call. */
void plan_tell(const struct job *j, void (*tell)(const char *text));

/* Runs the steps up to the row without a function. */
__attribute__((warn_unused_result))
int job_run(struct job *j, const struct step *steps, struct fault *f);

/* The current step is @percent done. -ECANCELED when the job is to end. */
__attribute__((warn_unused_result))
int job_progress(struct job *j, unsigned int percent, struct fault *f);

/* Lets go of all that a job holds: mounts, arrays, pools; also of a dead one. */
void job_release(struct job *j);

/* Remembers, for job_release(), an array that was started. */
__attribute__((warn_unused_result))
int job_note_array(const char *device);

/* Which partition of a disk, as /dev/sda3. */
void job_part(const struct disk *d, enum part part, char *to, size_t n);

/* The steps' parts that lie in files of their own. */
int step_storage(struct job *j, struct fault *f);
int step_settings(struct job *j, struct fault *f);
int step_take_along(struct job *j, struct fault *f);
/* Lets go of the pool that step_storage() made. */
void storage_release(void);
/* Copies the source to @device and reads it back. */
__attribute__((warn_unused_result))
int slot_write(struct job *j, const char *device, unsigned int from,
	       unsigned int to, struct fault *f);
__attribute__((warn_unused_result))
int slot_verify(const char *device, struct fault *f);

#endif
