/*
 * Starting a task: its directory is made under a temporary name and renamed when
 * it is complete, so that whoever lists sees all of a task or nothing. Then a
 * process of its own session runs `task keep ID`.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libconf/conf.h"
#include "libtask/internal.h"

/* As a person would type it; words with unusual characters in quotes. */
static void command_text(char *const argv[], char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; argv[i] && at < size; i++) {
		bool plain = argv[i][0] && !strpbrk(argv[i], " \t\"'\\$&|;<>()*?#~`");

		at += (size_t)snprintf(buf + at, size - at, "%s%s%s%s", i ? " " : "",
				       plain ? "" : "'", argv[i], plain ? "" : "'");
	}
	for (char *c = buf; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = '?';
}

static int write_info(const char *dir, const char *what, char *const argv[])
{
	char path[TASK_PATH_SIZE + 16], text[512], words[4096], number[32];
	struct conf c = { .lines = NULL };
	size_t len = 0;
	int ret;

	command_text(argv, text, sizeof(text));
	snprintf(number, sizeof(number), "%lld", (long long)time(NULL));
	ret = conf_set(&c, "what", what);
	ret = ret ? ret : conf_set(&c, "command", text);
	ret = ret ? ret : conf_set(&c, "started", number);
	snprintf(path, sizeof(path), "%s/info", dir);
	ret = ret ? ret : conf_save(&c, path, 0600, NULL);
	conf_free(&c);
	/* The words themselves, each with its NUL. */
	for (size_t i = 0; argv[i] && !ret; i++) {
		size_t n = strlen(argv[i]) + 1;

		if (len + n > sizeof(words))
			return -E2BIG;
		memcpy(words + len, argv[i], n);
		len += n;
	}
	snprintf(path, sizeof(path), "%s/argv", dir);
	return ret ? ret : file_write_atomic(path, words, len, 0600);
}

/* The next number, counted in a file under a lock. */
static int next_id(char id[TASK_ID_SIZE])
{
	char path[TASK_PATH_SIZE], text[16] = "";
	unsigned long n;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%.180s/next", task_dir());
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX) < 0 ||
	    (got = pread(fd, text, sizeof(text) - 1, 0)) < 0) {
		close(fd);
		return -errno;
	}
	n = strtoul(text, NULL, 10) + 1;
	snprintf(id, TASK_ID_SIZE, "%lu", n % 1000000000);
	got = pwrite(fd, id, strlen(id), 0);
	close(fd);
	return got < 0 ? -EIO : 0;
}

/* In the child: a keeper that has nothing of its starter's but the environment. */
static void become_keeper(const char *id)
{
	char *argv[] = { "task", "keep", (char *)id, NULL };
	sigset_t none;
	int null = open("/dev/null", O_RDWR);

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			signal(sig, SIG_DFL);
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	if (fork() == 0)
		execvp(argv[0], argv);
	_exit(0);
}

/* Waits until the keeper has taken the task's lock: it is running now. */
static int wait_kept(const char *id, struct task_error *err)
{
	char path[TASK_PATH_SIZE];

	task_path(path, id, "kept");
	for (int i = 0; i < 500; i++) {
		if (access(path, F_OK) == 0)
			return 0;
		usleep(10000);
	}
	return task_fail(err, -ECHILD, "task %s: it did not start: is the program "
			 "\"task\" in PATH?", id);
}

static int launch(const char *id, struct task_error *err)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return task_fail(err, -errno, "task: cannot start a process: %s: end "
				 "something that takes memory", strerror(errno));
	if (pid == 0)
		become_keeper(id);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return wait_kept(id, err);
}

/* Old ones go, so that the list stays readable and /run small. */
static void prune(void)
{
	struct task *list;
	size_t n, ended = 0;

	if (task_list(&list, &n, NULL))
		return;
	for (size_t i = 0; i < n; i++)
		if (list[i].state != TASK_RUNNING && ++ended > TASK_ENDED_MAX)
			task_remove(list[i].id, NULL);
	free(list);
}

int task_start(const char *what, char *const argv[], char id[TASK_ID_SIZE],
	       struct task_error *err)
{
	char tmp[TASK_PATH_SIZE], dir[TASK_PATH_SIZE];
	int ret = dir_make(task_dir(), 0700);

	ret = ret ? ret : next_id(id);
	if (!ret) {
		snprintf(tmp, sizeof(tmp), "%.180s/new-%s", task_dir(), id);
		snprintf(dir, sizeof(dir), "%.180s/%s", task_dir(), id);
		ret = mkdir(tmp, 0700) < 0 ? -errno : write_info(tmp, what, argv);
		if (!ret && rename(tmp, dir) < 0)
			ret = -errno;
	}
	if (ret)
		return task_fail(err, ret, "%s: a task cannot be made: %s: make room "
				 "there", task_dir(), strerror(-ret));
	ret = launch(id, err);
	if (ret)
		task_remove(id, NULL);
	else
		prune();
	return ret;
}
