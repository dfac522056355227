/* Running the steps, telling how far they are, and letting go at the end. */
#include "job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "libconf/conf.h"
#include "run.h"

#define ARRAYS	WORK_DIR "/arrays"

int job_progress(struct job *j, unsigned int percent, struct fault *f)
{
	if (j->progress) {
		printf("%u %s\n", (j->done * 100 + j->weight * percent) / j->all,
		       j->text);
		fflush(stdout);
	}
	if (*j->stop)
		return fault_set(f, -ECANCELED, "stopped on request: nothing that "
				 "was half written can be started: run the "
				 "installer again");
	return 0;
}

int job_run(struct job *j, const struct step *steps, struct fault *f)
{
	int err = 0;

	j->done = j->all = 0;
	for (const struct step *s = steps; s->run; s++)
		j->all += s->weight;
	for (const struct step *s = steps; s->run && !err; s++) {
		j->text = s->text;
		j->weight = s->weight;
		log_line("%s", s->text);
		err = job_progress(j, 0, f);
		if (!err)
			err = s->run(j, f);
		j->done += s->weight;
	}
	if (!err && j->progress) {
		printf("100 Done\n");
		fflush(stdout);
	}
	return err;
}

int job_note_array(const char *device)
{
	char line[128];
	FILE *f;
	int err;

	err = dir_make(WORK_DIR, 0755);
	f = err ? NULL : fopen(ARRAYS, "ae");
	if (!f)
		return -EIO;
	snprintf(line, sizeof(line), "%s\n", device);
	err = fputs(line, f) < 0 ? -EIO : 0;
	return fclose(f) ? -EIO : err;
}

static void stop_arrays(void)
{
	char line[128];
	FILE *f = fopen(ARRAYS, "re");
	struct fault ignored;

	while (f && fgets(line, sizeof(line), f)) {
		const char *const argv[] = {"mdadm", "--stop", line, NULL};

		line[strcspn(line, "\n")] = '\0';
		if (!access(line, F_OK) && run(argv, NULL, &ignored))
			log_line("%s", ignored.text);
	}
	if (f)
		fclose(f);
	unlink(ARRAYS);
}

void job_release(struct job *j)
{
	umount2(SLOT_DIR, MNT_DETACH);
	umount2(ESP_DIR, 0);
	storage_release();
	umount2(TARGET_DIR, 0);
	source_close(&j->source);
	stop_arrays();
}

void job_part(const struct disk *d, enum part part, char *to, size_t n)
{
	char name[80];

	disk_part(d->name, part, name, sizeof(name));
	snprintf(to, n, "/dev/%s", name);
}
