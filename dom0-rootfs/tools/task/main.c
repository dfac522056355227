/*
 * task: long commands that run by themselves, from the command line. Exit 0 done,
 * 1 failed, 2 used wrongly; `task follow` ends with the status of the task.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libtask/libtask.h"

enum { OK = 0, FAILED = 1, USAGE = 2 };

struct command {
	const char *name, *usage, *summary;
	int min, max; /* operands; max < 0: any number */
	int (*run)(int argc, char **argv);
};

static int complain(const struct task_error *err)
{
	fflush(stdout);
	fprintf(stderr, "task: %s\n", err->text);
	return FAILED;
}

static int run_run(int argc, char **argv)
{
	struct task_error err;
	char id[TASK_ID_SIZE];
	(void)argc;

	if (task_start(argv[0], argv + 1, id, &err))
		return complain(&err);
	puts(id);
	return OK;
}

static void percent_text(const struct task *t, char buf[16])
{
	if (t->percent < 0 || t->state != TASK_RUNNING)
		snprintf(buf, 16, "-");
	else
		snprintf(buf, 16, "%d%%", t->percent);
}

static int run_list(int argc, char **argv)
{
	struct task_error err;
	struct task *list;
	char percent[16];
	size_t n;
	(void)argc;
	(void)argv;

	if (task_list(&list, &n, &err))
		return complain(&err);
	printf("%-5s %-10s %-5s %s\n", "Task", "State", "Done", "What");
	for (size_t i = 0; i < n; i++) {
		percent_text(&list[i], percent);
		printf("%-5s %-10s %-5s %s\n", list[i].id, task_state_name(list[i].state),
		       percent, list[i].what);
	}
	free(list);
	return OK;
}

static int run_show(int argc, char **argv)
{
	struct task_error err;
	struct task t;
	char when[32];
	(void)argc;

	if (task_get(argv[0], &t, &err))
		return complain(&err);
	printf("what    : %s\ncommand : %s\nstate   : %s\n", t.what, t.command,
	       task_state_name(t.state));
	strftime(when, sizeof(when), "%F %T", localtime(&t.started));
	printf("started : %s\n", when);
	if (t.ended) {
		strftime(when, sizeof(when), "%F %T", localtime(&t.ended));
		printf("ended   : %s\nstatus  : %d\n", when, t.status);
	} else if (t.percent >= 0) {
		printf("done    : %d%% %s\n", t.percent, t.text);
	}
	if (t.state == TASK_FAILED)
		printf("error   : %s\n", t.error);
	return OK;
}

static int run_log(int argc, char **argv)
{
	struct task_error err;
	char *text;
	(void)argc;

	if (task_log(argv[0], 1024 * 1024, &text, &err))
		return complain(&err);
	fputs(text, stdout);
	free(text);
	return OK;
}

/* Progress lines as the task's command wrote them, until it has ended. */
static int run_follow(int argc, char **argv)
{
	struct task_error err;
	char last[160] = "", line[160];
	struct task t;
	(void)argc;

	for (;;) {
		if (task_get(argv[0], &t, &err))
			return complain(&err);
		if (t.percent < 0)
			snprintf(line, sizeof(line), "-- %s", t.text);
		else
			snprintf(line, sizeof(line), "%d %s", t.percent, t.text);
		if (strcmp(line, last) && (t.percent >= 0 || t.text[0])) {
			puts(line);
			fflush(stdout);
		}
		memcpy(last, line, sizeof(last));
		if (t.state != TASK_RUNNING)
			break;
		usleep(200000);
	}
	if (t.state == TASK_DONE)
		return OK;
	fprintf(stderr, "task: %s: %s%s%s\n", t.what, task_state_name(t.state),
		t.error[0] ? ": " : "", t.error);
	return t.status ? t.status : FAILED;
}

static int run_cancel(int argc, char **argv)
{
	struct task_error err;
	(void)argc;

	return task_cancel(argv[0], &err) ? complain(&err) : OK;
}

static int run_remove(int argc, char **argv)
{
	struct task_error err;
	(void)argc;

	return task_remove(argv[0], &err) ? complain(&err) : OK;
}

static int run_keep(int argc, char **argv)
{
	(void)argc;
	return task_keep(argv[0]);
}

static const struct command commands[] = {
	{ "run", "WHAT COMMAND [ARGUMENT...]", "start a command as a task; prints its number",
	  2, -1, run_run },
	{ "list", "", "all tasks, newest first", 0, 0, run_list },
	{ "show", "TASK", "everything about one", 1, 1, run_show },
	{ "log", "TASK", "what its command said", 1, 1, run_log },
	{ "follow", "TASK", "show progress until it ends, and end as it did", 1, 1,
	  run_follow },
	{ "cancel", "TASK", "ask it to end", 1, 1, run_cancel },
	{ "remove", "TASK", "forget one that has ended", 1, 1, run_remove },
	{ "keep", "TASK", NULL, 1, 1, run_keep }, /* task_start()'s own */
};

static int usage(FILE *to)
{
	fprintf(to, "usage: task COMMAND ...\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (commands[i].summary)
			fprintf(to, "  %-7s %-29s %s\n", commands[i].name,
				commands[i].usage, commands[i].summary);
	return to == stdout ? OK : USAGE;
}

int main(int argc, char **argv)
{
	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help") ||
			 !strcmp(argv[1], "help")))
		return usage(stdout);
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++) {
		const struct command *c = &commands[i];

		if (strcmp(argv[1], c->name))
			continue;
		if (argc - 2 < c->min || (c->max >= 0 && argc - 2 > c->max)) {
			fprintf(stderr, "task: usage: task %s %s\n", c->name, c->usage);
			return USAGE;
		}
		return c->run(argc - 2, argv + 2);
	}
	return usage(stderr);
}
