/*
 * installer: checks answer files and carries them out.
 *
 * Standard output: what was asked for, and with --progress lines "NN text".
 * Standard error: the log; when it fails, its last line is the reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "job.h"
#include "libconf/conf.h"
#include "loader.h"
#include "main.h"

#define PROBLEMS_MAX 64

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void tell(const char *text)
{
	puts(text);
}

static void report(const char *text)
{
	fprintf(stderr, "%s\n", text);
}

/* Parses @path into @a, all problems to standard error. */
static int load(struct answers *a, const char *path)
{
	struct answer_problem p[PROBLEMS_MAX];
	int n = answers_load(a, path, p, PROBLEMS_MAX);

	for (int i = 0; i < n; i++)
		if (p[i].line)
			fprintf(stderr, "%s:%d: %s\n", path, p[i].line, p[i].text);
		else
			fprintf(stderr, "%s: %s\n", path, p[i].text);
	return n;
}

/* One installer at a time. */
static int take_lock(void)
{
	int fd = -1;

	if (!dir_make(WORK_DIR, 0755))
		fd = open(WORK_DIR "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	fprintf(stderr, "installer: another one is at work: wait for its end\n");
	return -EBUSY;
}

int engine_check(const char *path)
{
	struct answers a;
	struct job j = {.a = &a, .stop = &stop};
	int bad = load(&a, path);

	if (!bad && take_lock())
		bad = 1;
	else if (!bad) {
		bad = plan(&j, report);
		if (!bad)
			plan_tell(&j, tell);
		source_close(&j.source);
	}
	answers_free(&a);
	return bad ? 1 : 0;
}

static const struct step *const steps[] = {
	[ACTION_INSTALL] = install_steps,
	[ACTION_UPGRADE] = upgrade_steps,
	[ACTION_RESTORE] = restore_steps,
};

int engine_run(const char *path, bool progress, enum answer_end *end)
{
	struct answers a;
	struct job j = {.a = &a, .progress = progress, .stop = &stop};
	struct fault f = {.text = ""};
	int bad = load(&a, path);

	*end = a.end;
	if (!bad && take_lock())
		bad = 1;
	if (!bad) {
		job_release(&j);
		bad = plan(&j, report);
		if (!bad) {
			plan_tell(&j, report);
			bad = job_run(&j, steps[a.action], &f) != 0;
		}
		job_release(&j);
		if (*f.text)
			report(f.text);
	}
	answers_free(&a);
	return bad ? 1 : 0;
}

static int list_disks(void)
{
	struct disk *list;
	struct fault f;
	size_t n;

	if (disk_list("", &list, &n, &f)) {
		report(f.text);
		return 1;
	}
	for (size_t i = 0; i < n; i++) {
		struct disk *d = &list[i];

		disk_contents(d);
		printf("%s: %llu MiB, bus=%s model=\"%s\" serial=\"%s\" wwn=\"%s\"; "
		       "holds %s%s%s%s\n", d->path,
		       (unsigned long long)(d->size >> 20), d->bus, d->model,
		       d->serial, d->wwn, *d->holds ? d->holds : "nothing",
		       d->read_only ? "; read-only" : "", *d->use ? "; " : "",
		       d->use);
	}
	free(list);
	return 0;
}

/* Writes the boot loader anew to all disks of the one installation there is. */
static int repair_loader(void)
{
	struct found list[FOUND_MAX];
	struct fault f = {.text = ""};
	int n = found_scan("", list, &f), err = 0;

	if (n != 1 || list[0].twice) {
		fprintf(stderr, "installer: %d installations are there: %s\n", n,
			n < 1 ? "install first" : "unplug all but one");
		return 1;
	}
	for (int i = 0; i < 2 && !err; i++) {
		const struct found_disk *d = &list[0].disk[i];
		struct bootenv e = {.active = 'a', .trial = -1, .other_good = true};

		if (!d->there)
			continue;
		/* A block that cannot be read is made anew: both slots are tried. */
		memcpy(e.id, list[0].id, sizeof(e.id));
		strcpy(e.port, "com1");
		err = bootenv_load(&e, d->path, d->boot_at, &f) == -EINVAL ?
		      loader_write(d->path, LOADER_DIR, d->boot_at, &e, &f) :
		      loader_write(d->path, LOADER_DIR, d->boot_at, NULL, &f);
		if (!err && *d->part[PART_ESP])
			err = loader_write_esp(d->part[PART_ESP], ESP_DIR, LOADER_DIR,
					       &f);
		if (!err)
			err = loader_arm(d->path, LOADER_DIR, d->boot_at, &f);
		if (!err)
			printf("%s: the boot loader was written\n", d->path);
	}
	if (err)
		report(f.text);
	return err ? 1 : 0;
}

static int usage(FILE *to, int status)
{
	fputs("usage: installer --check FILE            is it good, what would it do\n"
	      "       installer --run FILE [--progress] carry it out\n"
	      "       installer --unattended            find an answer file and do so\n"
	      "       installer --disks                 the disks there are\n"
	      "       installer --loader                write the boot loader anew\n"
	      "The answer file's keys: docs/ANSWERS.md\n", to);
	return status;
}

int main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_signal};
	enum answer_end ignored;
	const char *how = argc > 1 ? argv[1] : "";
	bool progress = argc == 4 && !strcmp(argv[3], "--progress");

	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setvbuf(stderr, NULL, _IOLBF, 0);
	if (!strcmp(how, "--check") && argc == 3)
		return engine_check(argv[2]);
	if (!strcmp(how, "--run") && (argc == 3 || progress))
		return engine_run(argv[2], progress, &ignored);
	if (!strcmp(how, "--unattended") && argc == 2)
		return unattended();
	if (!strcmp(how, "--disks") && argc == 2)
		return list_disks();
	if (!strcmp(how, "--loader") && argc == 2)
		return repair_loader();
	if (!strcmp(how, "--help"))
		return usage(stdout, 0);
	return usage(stderr, 2);
}
