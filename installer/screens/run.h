/*
 * run: the programs that the screens start: the engine, and small helpers of
 * the live system. The engine's progress comes as lines "NN text" on its
 * standard output; its standard error goes to the log, and the last line of it
 * is the reason of a failure.
 */
#ifndef SCREENS_RUN_H
#define SCREENS_RUN_H

#include <sys/types.h>

#include "setup.h"

/* Collects the facts anew, with the disks. */
void run_facts(struct setup *s);
void run_keymap(const char *name);
void run_shell(void);
/* The fingerprint of the host key that is taken along; false: there is none. */
bool run_fingerprint(const char *root, char *buf, size_t size);

/* Writes @text to @path, readable by root only. 0 or -errno. */
int run_write(const char *path, const char *text);

/*
 * Runs @argv to its end and keeps what it printed (both outputs, cut to @size).
 * Its exit status; -errno when it could not be started.
 */
int run_capture(const char *const argv[], char *buf, size_t size);

/* The engine at work. */
struct engine {
	pid_t pid;
	int out;		/* its progress */
	char line[256];		/* being read */
	size_t used;
	int percent;
	char text[256];		/* what it is doing */
	bool ended;
	int status;		/* exit status, when it has ended */
};

/* Starts "ENGINE --run FILE --progress" with its log in INSTALL_LOG. */
int engine_start(struct engine *e, const char *engine, const char *file);
/* Takes in what has come; true when something has changed. Never waits. */
bool engine_poll(struct engine *e);
/* One line of progress; false when it is none. Pure, for tests. */
bool engine_line(struct engine *e, const char *line);
/* The last line of @log that says something. */
void engine_reason(const char *log, char *buf, size_t size);

#endif
