/*
 * Without a person: finds the answer file, has it carried out by a second
 * process of this program, tells every console how far it is, and ends as the
 * file says. A failure is told on every console and in a report beside the
 * answer file; the machine stays on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "job.h"
#include "libconf/conf.h"
#include "main.h"
#include "run.h"
#include "settle.h"

#define LOG		"/run/basalt/install.log"
#define COPY		WORK_DIR "/answers.txt"
#define VOLUME_DIR	WORK_DIR "/answers"
#define LABEL		"BASALT-ANSWERS"
#define FAT_LABEL_MAX	11	/* FAT holds no more of it */
#define WAIT_SECONDS	60

static void say(const char *text)
{
	const char *const argv[] = {"say", text, NULL};
	struct fault ignored;

	if (run(argv, NULL, &ignored))
		fprintf(stderr, "%s\n", text);
}

/* Value of answers= on the kernel command line, or "". */
static void argument(char *to, size_t n)
{
	char *text = NULL, *save = NULL;

	to[0] = '\0';
	if (file_read("/proc/cmdline", 65536, &text, NULL))
		return;
	for (char *w = strtok_r(text, " \n", &save); w;
	     w = strtok_r(NULL, " \n", &save))
		if (!strncmp(w, "answers=", 8))
			snprintf(to, n, "%s", w + 8);
	free(text);
}

/* The device of the volume with this label; false: it is not there. */
static bool find_label(const char *label, char *device, size_t n)
{
	static const char *const argv[] = {"blkid", NULL};
	char text[32768], want[128], fat[128], *save = NULL;
	struct run r = {.output = text, .output_n = sizeof(text)};
	struct fault ignored;

	if (run(argv, &r, &ignored))
		return false;
	snprintf(want, sizeof(want), " LABEL=\"%.100s\"", label);
	snprintf(fat, sizeof(fat), " LABEL=\"%.*s\"", FAT_LABEL_MAX, label);
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if ((strstr(l, want) || strstr(l, fat)) && strchr(l, ':')) {
			snprintf(device, n, "%.*s", (int)strcspn(l, ":"), l);
			return true;
		}
	return false;
}

static int mount_volume(const char *device, const char *how, struct fault *f)
{
	const char *const argv[] = {"mount", "-o", how, device, VOLUME_DIR, NULL};

	if (dir_make(VOLUME_DIR, 0755))
		return fault_set(f, -EIO, "%s: cannot be made", VOLUME_DIR);
	return run(argv, NULL, f);
}

/* A file's contents to COPY, so that the volume can go. */
static int keep_copy(const char *path, struct fault *f)
{
	char *text;
	size_t n;
	int err = file_read(path, ANSWER_FILE_MAX, &text, &n);

	if (err)
		return fault_set(f, err, "%s: %s", path, strerror(-err));
	err = file_write_atomic(COPY, text, n, 0600);
	free(text);
	return err ? fault_set(f, err, "%s: %s", COPY, strerror(-err)) : 0;
}

static int from_volume(const char *label, const char *path, char *device, size_t n,
		       struct fault *f)
{
	char full[1024];
	int err;

	for (int i = 0; !find_label(label, device, n); i++) {
		if (i == WAIT_SECONDS)
			return fault_set(f, -ENOENT, "no volume is labelled %s: "
					 "plug it in and start again", label);
		sleep(1);
	}
	err = mount_volume(device, "ro", f);
	if (err)
		return err;
	snprintf(full, sizeof(full), "%s/%.900s", VOLUME_DIR, path);
	err = keep_copy(full, f);
	umount2(VOLUME_DIR, MNT_DETACH);
	return err;
}

static int from_medium(const char *path, struct fault *f)
{
	struct source s;
	struct found found[FOUND_MAX];
	int n = found_scan("", found, f), err;
	char full[1024];

	err = n < 0 ? n : source_open(&s, "medium", found, n, f);
	if (err)
		return err;
	snprintf(full, sizeof(full), "%s%.900s", SOURCE_DIR, path);
	err = keep_copy(full, f);
	source_close(&s);
	return err;
}

/* The network may take a while to come up. */
static int from_http(const char *url, struct fault *f)
{
	const char *const argv[] = {"wget", "-q", "-T", "20", "-O", COPY, url, NULL};
	int err = -EIO;

	for (int i = 0; i < 12 && err; i++) {
		if (i)
			sleep(5);
		err = run(argv, NULL, f);
	}
	if (err) {
		struct fault why = *f;

		fault_set(f, err, "%.200s: cannot be fetched: %.200s: check the "
			  "address and the network", url, why.text);
	}
	return err;
}

/* Fetches the answers into COPY; @device: the volume they came from, or "". */
static int fetch(char *device, size_t n, struct fault *f)
{
	char where[1024], label[128], *colon;

	device[0] = '\0';
	argument(where, sizeof(where));
	if (!*where)
		return from_volume(LABEL, "answers.txt", device, n, f);
	if (!strncmp(where, "http://", 7))
		return from_http(where, f);
	if (*where == '/')
		return from_medium(where, f);
	colon = strstr(where, ":/");
	if (strncmp(where, "LABEL=", 6) || !colon)
		return fault_set(f, -EINVAL, "answers=%.200s: is not understood: "
				 "give /path, LABEL=NAME:/path or http://…", where);
	snprintf(label, sizeof(label), "%.*s", (int)(colon - where - 6), where + 6);
	return from_volume(label, colon + 2, device, n, f);
}

/* The last line of the log that says something. */
static void last_line(char *to, size_t n)
{
	char line[512];
	FILE *f = fopen(LOG, "re");

	snprintf(to, n, "it ended without a word");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line)
			snprintf(to, n, "%s", line);
	}
	if (f)
		fclose(f);
}

/* The reason and the log, beside the answer file. */
static void write_report(const char *device, const char *reason)
{
	struct fault f;
	char *log = NULL;
	FILE *out;

	if (mount_volume(device, "rw,sync", &f)) {
		say(f.text);
		return;
	}
	out = fopen(VOLUME_DIR "/basalt-report.txt", "we");
	if (out) {
		fprintf(out, "The installation failed: %s\n\nThe whole log:\n", reason);
		if (!file_read(LOG, 1 << 20, &log, NULL))
			fputs(log, out);
		free(log);
		if (fflush(out) || fsync(fileno(out)))
			say("The report could not be written.");
		fclose(out);
	}
	umount(VOLUME_DIR);
}

/* Reads the engine's progress; every tenth percent is told. */
static void follow(int fd)
{
	FILE *in = fdopen(fd, "re");
	char line[256], text[300];
	int told = -1;

	while (in && fgets(line, sizeof(line), in)) {
		int percent = atoi(line);

		line[strcspn(line, "\n")] = '\0';
		if (told >= 0 && percent < told + 10 && percent != 100)
			continue;
		told = percent;
		snprintf(text, sizeof(text), "installer: %.250s", line);
		say(text);
	}
	if (in)
		fclose(in);
}

static int carry_out(enum answer_end *end)
{
	int fd[2], log, status = 1;
	pid_t pid;

	log = open(LOG, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (log < 0 || pipe2(fd, O_CLOEXEC))
		return 1;
	pid = fork();
	if (!pid) {
		if (dup2(fd[1], 1) < 0 || dup2(log, 2) < 0)
			_exit(1);
		status = engine_run(COPY, true, end);
		/* How to end travels in the status, behind success. */
		_exit(status ? status : 10 + (int)*end);
	}
	close(fd[1]);
	close(log);
	follow(fd[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 1;
	status = WEXITSTATUS(status);
	if (status < 10)
		return status;
	*end = (enum answer_end)(status - 10);
	return 0;
}

static int end_as_told(enum answer_end end)
{
	static const char *const commands[] = {
		[END_STOP] = NULL, [END_REBOOT] = "reboot", [END_POWEROFF] = "poweroff",
	};
	const char *const argv[] = {commands[end], NULL};
	struct fault f;

	say("installer: done. Remove the medium.");
	if (end == END_STOP)
		return 0;
	return run(argv, NULL, &f) ? 1 : 0;
}

/* Before the work: what to know, and the disks that may come late. */
static void prepare(void)
{
	struct answer_problem ignored;
	struct answers a;
	char text[300];

	/* What is wrong with the file is said by the engine. */
	if (!answers_load(&a, COPY, &ignored, 1)) {
		if (answers_plain(&a, text, sizeof(text)))
			say(text);
		settle(&a, say);
	}
	answers_free(&a);
}

int unattended(void)
{
	char device[128], reason[512], text[600];
	struct fault f = {.text = ""};
	enum answer_end end = END_STOP;

	if (dir_make(WORK_DIR, 0755))
		return 1;
	say("installer: looking for the answer file ...");
	if (fetch(device, sizeof(device), &f)) {
		snprintf(reason, sizeof(reason), "%s", f.text);
	} else {
		prepare();
		if (!carry_out(&end))
			return end_as_told(end);
		last_line(reason, sizeof(reason));
	}
	snprintf(text, sizeof(text), "installer: FAILED: %s", reason);
	say(text);
	if (*device)
		write_report(device, reason);
	say("installer: stopped; nothing that was half written can be started. "
	    "The log is " LOG ".");
	return 1;
}
