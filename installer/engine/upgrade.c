/*
 * Upgrade: the free slot gets another version; one sector then says that it
 * is to be tried. Restore: that sector alone is changed. With a mirror, both
 * disks are treated alike, one after the other: each is whole by itself at
 * any instant.
 */
#include <string.h>
#include <unistd.h>

#include "job.h"
#include "loader.h"
#include "run.h"

/* Changes the block of every disk that is there. */
static int change(struct job *j, int (*how)(struct job *j, struct bootenv *e),
		  struct fault *f)
{
	int err = 0;

	for (int i = 0; i < 2 && !err; i++) {
		const struct found_disk *d = &j->target->disk[i];
		struct bootenv e;

		if (!d->there)
			continue;
		err = bootenv_load(&e, d->path, d->boot_at, f);
		if (!err)
			err = how(j, &e);
		if (!err)
			err = bootenv_save(&e, d->path, d->boot_at, f);
	}
	return err;
}

static const char *free_slot(const struct job *j, int disk)
{
	return j->target->disk[disk].part[j->keep == 'a' ? PART_B : PART_A];
}

static int begin(struct job *j, struct bootenv *e)
{
	bootenv_begin(e, j->keep);
	return 0;
}

static int check_and_begin(struct job *j, struct fault *f)
{
	int err = source_verify(SOURCE_DIR, f);

	return err ? err : change(j, begin, f);
}

static int copy(struct job *j, struct fault *f)
{
	int err = 0;

	for (int i = 0; i < 2 && !err; i++)
		if (j->target->disk[i].there)
			err = slot_write(j, free_slot(j, i), 50 * (unsigned int)i,
					 50 * (unsigned int)i + 50, f);
	return err;
}

static int read_back(struct job *j, struct fault *f)
{
	int err = 0;

	for (int i = 0; i < 2 && !err; i++)
		if (j->target->disk[i].there)
			err = slot_verify(free_slot(j, i), f);
	return err;
}

static int switch_one(struct job *j, struct bootenv *e)
{
	bootenv_switch(e, j->source.version);
	return 0;
}

static int switch_over(struct job *j, struct fault *f)
{
	return change(j, switch_one, f);
}

static int restore_one(struct job *j, struct bootenv *e)
{
	(void)j;
	return bootenv_restore(e);
}

static int restore(struct job *j, struct fault *f)
{
	int err = change(j, restore_one, f);

	if (err && !*f->text)
		fault_set(f, err, "there is no version before this one");
	return err;
}

const struct step upgrade_steps[] = {
	{3, "Checking the medium", check_and_begin},
	{8, "Copying the system", copy},
	{3, "Reading the copy back", read_back},
	{1, "Switching over", switch_over},
	{0, NULL, NULL},
};

const struct step restore_steps[] = {
	{1, "Going back to the version before", restore},
	{0, NULL, NULL},
};
