/*
 * Tasks with real processes: they run on their own, end as their command ends, can
 * be cancelled, and a killed keeper leaves neither a running command nor a lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libtask/libtask.h"

static char dir[] = "/tmp/tasks-XXXXXX";

static void wait_until(const char *id, enum task_state state, struct task *t)
{
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(task_get(id, t, NULL), 0);
		if (t->state == state)
			return;
		usleep(10000);
	}
	fail_msg("task %s is %s", id, task_state_name(t->state));
}

static void start(const char *script, char id[TASK_ID_SIZE])
{
	char *argv[] = { "sh", "-c", (char *)script, NULL };
	struct task_error err;

	if (task_start("A test", argv, id, &err))
		fail_msg("%s", err.text);
}

static void test_done(void **state)
{
	char id[TASK_ID_SIZE], *log;
	struct task t;
	(void)state;

	start("echo 7 half a step; echo a line; echo 100 'all of it'; echo err >&2", id);
	wait_until(id, TASK_DONE, &t);
	assert_string_equal(t.what, "A test");
	assert_non_null(strstr(t.command, "sh -c '"));
	assert_int_equal(t.percent, 100);
	assert_string_equal(t.text, "all of it");
	assert_int_equal(t.status, 0);
	assert_true(t.ended >= t.started && t.started > 1000000);
	assert_int_equal(task_log(id, 1000, &log, NULL), 0);
	assert_string_equal(log, "a line\nerr\n");
	free(log);
	assert_int_equal(task_cancel(id, NULL), -ESRCH);
	assert_int_equal(task_remove(id, NULL), 0);
	assert_int_equal(task_get(id, &t, NULL), -ENOENT);
}

static void test_failed(void **state)
{
	struct task_error err;
	char id[TASK_ID_SIZE];
	struct task t;
	(void)state;

	start("echo 'disk: full: delete something' >&2; exit 4", id);
	wait_until(id, TASK_FAILED, &t);
	assert_int_equal(t.status, 4);
	assert_string_equal(t.error, "disk: full: delete something");

	char *nothing[] = { "/nonexistent/program", NULL };

	assert_int_equal(task_start("Nothing", nothing, id, &err), 0);
	wait_until(id, TASK_FAILED, &t);
	assert_int_equal(t.status, 127);
	assert_non_null(strstr(t.error, "cannot be run"));
}

/* The command hears SIGTERM and cleans up before it ends. */
static void test_cancel(void **state)
{
	char id[TASK_ID_SIZE], made[64], script[300];
	struct task t;
	(void)state;

	snprintf(made, sizeof(made), "%s/made", dir);
	snprintf(script, sizeof(script),
		 "trap 'rm %s; exit 1' TERM; : >%s; while :; do sleep .01; done", made,
		 made);
	start(script, id);
	for (int i = 0; i < 500 && access(made, F_OK); i++)
		usleep(10000);
	assert_int_equal(access(made, F_OK), 0);
	assert_int_equal(task_remove(id, NULL), -EBUSY);
	assert_int_equal(task_cancel(id, NULL), 0);
	wait_until(id, TASK_CANCELLED, &t);
	assert_int_equal(t.status, 1);
	assert_int_equal(access(made, F_OK), -1);
}

/* Killed with SIGKILL: the task is lost, and its command was asked to end. */
static void test_keeper_killed(void **state)
{
	char id[TASK_ID_SIZE], path[64];
	struct task t;
	int keeper = 0, child = 0;
	FILE *f;
	(void)state;

	snprintf(path, sizeof(path), "%s/pid", dir);
	char script[128];

	snprintf(script, sizeof(script), "echo $$ >%s; exec sleep 100", path);
	start(script, id);
	for (int i = 0; i < 500 && !child; i++) {
		f = fopen(path, "r");
		if (f && fscanf(f, "%d", &child) != 1)
			child = 0;
		if (f)
			fclose(f);
		usleep(10000);
	}
	assert_true(child > 1);
	snprintf(path, sizeof(path), "%s/%s/lock", dir, id);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &keeper), 1);
	fclose(f);
	assert_int_equal(kill(keeper, SIGKILL), 0);
	wait_until(id, TASK_LOST, &t);
	/* Gone, or a zombie that its new parent has not looked at yet. */
	for (int i = 0; i < 500 && !kill(child, 0); i++) {
		char stat[64], name[32], mark = 0;

		snprintf(stat, sizeof(stat), "/proc/%d/stat", child);
		f = fopen(stat, "r");
		if (!f || fscanf(f, "%*d %31s %c", name, &mark) != 2)
			mark = 'Z';
		if (f)
			fclose(f);
		if (mark == 'Z')
			return;
		usleep(10000);
	}
	assert_int_equal(kill(child, 0), -1);
}

static void test_list_is_newest_first_and_bounded(void **state)
{
	char id[TASK_ID_SIZE];
	struct task *list, t;
	size_t n;
	(void)state;

	for (int i = 0; i < TASK_ENDED_MAX + 5; i++) {
		start(":", id);
		wait_until(id, TASK_DONE, &t);
	}
	assert_int_equal(task_list(&list, &n, NULL), 0);
	assert_in_range(n, TASK_ENDED_MAX, TASK_ENDED_MAX + 1);
	assert_string_equal(list[0].id, id);
	for (size_t i = 1; i < n; i++)
		assert_true(atol(list[i - 1].id) > atol(list[i].id));
	free(list);
}

static void test_bad_ids(void **state)
{
	static const char *const bad[] = { "", "..", "1/..", "0x1", "99999999999999", "x" };
	struct task t;
	char *log;
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(task_get(bad[i], &t, NULL), -ENOENT);
		assert_int_equal(task_remove(bad[i], NULL), -ENOENT);
		assert_int_equal(task_log(bad[i], 10, &log, NULL), -ENOENT);
		assert_int_equal(task_cancel(bad[i], NULL), -ENOENT);
	}
}

static void test_progress_lines(void **state)
{
	static const struct {
		const char *line;
		int is, percent;
		const char *text;
	} cases[] = {
		{ "0 begun", 1, 0, "begun" },	{ "100 all", 1, 100, "all" },
		{ "50", 1, 50, "" },		{ "-- searching", 1, -1, "searching" },
		{ "101 too much", 0, 0, NULL }, { "1234 no", 0, 0, NULL },
		{ "50% no", 0, 0, NULL },	{ "a line", 0, 0, NULL },
		{ "", 0, 0, NULL },		{ "--", 0, 0, NULL },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *text = NULL;
		int percent = 0;

		assert_int_equal(task_parse_progress(cases[i].line, &percent, &text),
				 cases[i].is);
		if (!cases[i].is)
			continue;
		assert_int_equal(percent, cases[i].percent);
		assert_string_equal(text, cases[i].text);
	}
}

static int prepare(void **state)
{
	char self[PATH_MAX], path[2 * PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	(void)state;

	if (n < 0 || !mkdtemp(dir))
		return -1;
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(path, sizeof(path), "%s:%s", self, getenv("PATH"));
	return setenv("PATH", path, 1) || setenv("BASALT_TASKS", dir, 1);
}

static int tidy(void **state)
{
	char command[64];
	(void)state;

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_failed),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_keeper_killed),
		cmocka_unit_test(test_list_is_newest_first_and_bounded),
		cmocka_unit_test(test_bad_ids),
		cmocka_unit_test(test_progress_lines),
	};

	return cmocka_run_group_tests(tests, prepare, tidy);
}
