/*
 * Looking at tasks, cancelling and forgetting them. What stands in their files is
 * read with limits: a command wrote some of it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libconf/conf.h"
#include "libtask/internal.h"

static const char *const state_names[] = {
	[TASK_RUNNING] = "running", [TASK_DONE] = "done", [TASK_FAILED] = "failed",
	[TASK_CANCELLED] = "cancelled", [TASK_LOST] = "lost",
};

const char *task_state_name(enum task_state state)
{
	return state_names[state];
}

bool task_id_valid(const char *id)
{
	size_t n = strspn(id, "0123456789");

	return n > 0 && n < TASK_ID_SIZE && !id[n];
}

int task_parse_progress(const char *line, int *percent, const char **text)
{
	size_t digits = strspn(line, "0123456789");

	if (!strncmp(line, "-- ", 3)) {
		*percent = -1;
		*text = line + 3;
		return 1;
	}
	if (!digits || digits > 3 || (line[digits] && line[digits] != ' '))
		return 0;
	*percent = atoi(line);
	*text = line + digits + (line[digits] == ' ');
	return *percent <= 100;
}

bool task_alive(const char *id)
{
	char path[TASK_PATH_SIZE];
	bool alive;
	int fd;

	task_path(path, id, "lock");
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	alive = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return alive;
}

static void copy_value(char *to, size_t size, const struct conf *c, const char *key)
{
	const char *value = conf_get(c, key);

	snprintf(to, size, "%s", value ? value : "");
}

static long long number_of(const struct conf *c, const char *key)
{
	const char *value = conf_get(c, key);

	return value ? strtoll(value, NULL, 10) : 0;
}

static void read_progress(struct task *t)
{
	char path[TASK_PATH_SIZE], *line;
	const char *text;

	t->percent = -1;
	task_path(path, t->id, "progress");
	if (file_read(path, 2048, &line, NULL))
		return;
	if (task_parse_progress(line, &t->percent, &text))
		snprintf(t->text, sizeof(t->text), "%s", text);
	free(line);
}

/* The last line that is not blank. */
static void read_error(struct task *t)
{
	char *text, *end, *line;

	if (task_log(t->id, 4096, &text, NULL))
		return;
	end = text + strlen(text);
	while (end > text && (end[-1] == '\n' || end[-1] == ' '))
		*--end = '\0';
	line = strrchr(text, '\n');
	snprintf(t->error, sizeof(t->error), "%s", line ? line + 1 : text);
	free(text);
}

static void read_result(struct task *t, bool alive)
{
	char path[TASK_PATH_SIZE];
	struct conf c;
	const char *state;

	task_path(path, t->id, "result");
	if (conf_load(&c, path, NULL)) {
		t->state = alive ? TASK_RUNNING : TASK_LOST;
		return;
	}
	t->state = TASK_FAILED;
	state = conf_get(&c, "state");
	for (int i = TASK_DONE; state && i <= TASK_CANCELLED; i++)
		if (!strcmp(state, state_names[i]))
			t->state = (enum task_state)i;
	t->status = (int)number_of(&c, "status");
	t->ended = number_of(&c, "ended");
	conf_free(&c);
}

int task_get(const char *id, struct task *t, struct task_error *err)
{
	char path[TASK_PATH_SIZE];
	struct conf c;
	/* Before the result is looked for: it may be written in between. */
	bool alive = task_id_valid(id) && task_alive(id);

	*t = (struct task){ .percent = -1 };
	task_path(path, id, "info");
	if (!task_id_valid(id) || conf_load(&c, path, NULL))
		return task_fail(err, -ENOENT, "task %s: there is none of that number: "
				 "task list shows them", id);
	snprintf(t->id, sizeof(t->id), "%s", id);
	copy_value(t->what, sizeof(t->what), &c, "what");
	copy_value(t->command, sizeof(t->command), &c, "command");
	t->started = number_of(&c, "started");
	conf_free(&c);
	read_progress(t);
	read_result(t, alive);
	if (t->state == TASK_FAILED)
		read_error(t);
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct task *x = a, *y = b;
	long i = atol(x->id), j = atol(y->id);

	return (i < j) - (i > j);
}

int task_list(struct task **list, size_t *count, struct task_error *err)
{
	DIR *dir = opendir(task_dir());
	struct dirent *e;
	size_t room = 0;

	*list = NULL;
	*count = 0;
	while (dir && (e = readdir(dir))) {
		if (*count == room) {
			struct task *more = realloc(*list, (room += 16) * sizeof(*more));

			if (!more) {
				free(*list);
				closedir(dir);
				return task_fail(err, -ENOMEM, "tasks: memory is short: "
						 "end something");
			}
			*list = more;
		}
		if (task_id_valid(e->d_name) &&
		    !task_get(e->d_name, &(*list)[*count], NULL))
			++*count;
	}
	if (dir)
		closedir(dir);
	if (*count)
		qsort(*list, *count, sizeof(**list), newest_first);
	return 0;
}

int task_cancel(const char *id, struct task_error *err)
{
	char path[TASK_PATH_SIZE], *text;
	struct task t;
	int ret = task_get(id, &t, err), pid = 0;

	if (ret)
		return ret;
	if (t.state != TASK_RUNNING)
		return task_fail(err, -ESRCH, "task %s: it has ended already (%s): "
				 "nothing is to be done", id, state_names[t.state]);
	task_path(path, id, "lock");
	if (!file_read(path, 64, &text, NULL)) {
		pid = atoi(text);
		free(text);
	}
	/* The lock is held, so the number in it is its keeper's. */
	if (pid <= 1 || kill(pid, SIGTERM) < 0)
		return task_fail(err, -ESRCH, "task %s: its keeper does not answer: "
				 "look at it again in a moment", id);
	return 0;
}

int task_remove(const char *id, struct task_error *err)
{
	char path[TASK_PATH_SIZE];
	struct dirent *e;
	struct task t;
	DIR *dir;

	task_path(path, id, "");
	dir = task_id_valid(id) ? opendir(path) : NULL;
	if (!dir)
		return task_fail(err, -ENOENT, "task %s: there is none of that number: "
				 "task list shows them", id);
	/* A keeper that has written the result needs the files no more. */
	if (!task_get(id, &t, NULL) && t.state == TASK_RUNNING) {
		closedir(dir);
		return task_fail(err, -EBUSY, "task %s: it is running: cancel it first",
				 id);
	}
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(dir), e->d_name, 0);
	closedir(dir);
	return rmdir(path) < 0 ? task_fail(err, -errno, "%s: cannot be removed: %s: "
					   "remove it by hand", path, strerror(errno))
			       : 0;
}

int task_log(const char *id, size_t max, char **text, struct task_error *err)
{
	char path[TASK_PATH_SIZE];
	struct stat st;
	ssize_t n;
	int fd;

	task_path(path, id, "log");
	fd = task_id_valid(id) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0 || fstat(fd, &st) < 0) {
		if (fd >= 0)
			close(fd);
		return task_fail(err, -ENOENT, "task %s: it has no log: task list shows "
				 "what there is", id);
	}
	if ((off_t)max > st.st_size)
		max = (size_t)st.st_size;
	*text = malloc(max + 1);
	n = *text ? pread(fd, *text, max, st.st_size - (off_t)max) : -1;
	close(fd);
	if (n < 0) {
		free(*text);
		return task_fail(err, -EIO, "task %s: its log cannot be read: look into "
				 "%s", id, path);
	}
	(*text)[n] = '\0';
	return 0;
}
