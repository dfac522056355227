/*
 * libtask: long commands that run by themselves. A task is any command; it goes
 * on when whoever started it ends or is killed. Each one has a directory
 * /run/basalt/tasks/ID with the files
 *
 *	info		what, command, started: written once
 *	progress	the last line "NN text" (percent and what it is doing)
 *	log		all else that the command said
 *	result		how it ended: state, status, ended; written last
 *	lock		held (flock) by the task's keeper as long as it lives
 *
 * Progress protocol: a line on stdout that starts with one to three digits (0 to
 * 100) and a blank is progress; "-- text" is progress whose percentage is not
 * known. Every other line goes to the log.
 *
 * A task is cancelled by SIGTERM to its command, which cleans up behind itself
 * and ends. If the keeper (the command `task`) is killed, the kernel sends the
 * command that SIGTERM; the task is then TASK_LOST.
 *
 * int results are 0 or a negative errno with err->text filled: "what: why: what to
 * do". Nothing here prints or exits. Starting forks and runs `task`, from PATH.
 */
#ifndef LIBTASK_H
#define LIBTASK_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#define TASK_DIR "/run/basalt/tasks" /* BASALT_TASKS in the environment: another */
#define TASK_ENDED_MAX 50	     /* older ones that have ended are removed */

struct task_error {
	char text[320];
};

enum task_state {
	TASK_RUNNING,
	TASK_DONE,	/* ended with status 0 */
	TASK_FAILED,	/* ended with another status: error says why */
	TASK_CANCELLED, /* was asked to end, and did */
	TASK_LOST,	/* its keeper was killed */
};

#define TASK_ID_SIZE 12

struct task {
	char id[TASK_ID_SIZE]; /* "1", "2", ...; never used twice since boot */
	char what[128];	       /* for a person: "Import debian.qcow2" */
	char command[512];     /* as one would type it */
	enum task_state state;
	int percent;	       /* -1: not known */
	char text[128];	       /* what it is doing */
	char error[320];       /* the last line of the log if it failed */
	int status;	       /* exit status; 128 + n after a signal */
	time_t started, ended; /* ended is 0 as long as it runs */
};

/* Start argv (argv[0] is looked for in PATH) as a task; *id is its name. */
int task_start(const char *what, char *const argv[], char id[TASK_ID_SIZE],
	       struct task_error *err);
/* Every task there is, newest first. free() the list. */
int task_list(struct task **list, size_t *count, struct task_error *err);
/* -ENOENT: no such task. */
int task_get(const char *id, struct task *out, struct task_error *err);
/* Ask it to end. Returns at once; -ESRCH: it has ended already. */
int task_cancel(const char *id, struct task_error *err);
/* Forget a task that has ended; -EBUSY: it runs. */
int task_remove(const char *id, struct task_error *err);
/* At most the last max bytes of its log, NUL-terminated, to be freed. */
int task_log(const char *id, size_t max, char **text, struct task_error *err);

const char *task_state_name(enum task_state state); /* "running", "done", ... */

/*
 * For the command `task` only: be the keeper of a task that task_start() has made:
 * run its command, take down what it says, write the result. Returns the status.
 */
int task_keep(const char *id);

/* Whether a line is progress; *percent is -1 for "--"; *text points into line. */
int task_parse_progress(const char *line, int *percent, const char **text);

#endif
