/*
 * Programs kept running: see network.h.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "network/network.h"

#define ARGS (sizeof(((struct child *)0)->argv) / sizeof(char *))

static long seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static struct child *find(struct children *c, const char *key)
{
	for (size_t i = 0; i < c->count; i++)
		if (!strcmp(c->list[i].key, key))
			return &c->list[i];
	return NULL;
}

static void free_args(struct child *k)
{
	for (size_t i = 0; i < ARGS && k->argv[i]; i++)
		free(k->argv[i]);
	memset(k->argv, 0, sizeof(k->argv));
}

static void stop(struct child *k)
{
	if (k->pid)
		kill(k->pid, SIGTERM);
}

void children_begin(struct children *c)
{
	for (size_t i = 0; i < c->count; i++)
		c->list[i].wanted = false;
}

static bool same_args(const struct child *k, const char *const argv[])
{
	size_t i = 0;

	for (; i < ARGS - 1 && k->argv[i] && argv[i]; i++)
		if (strcmp(k->argv[i], argv[i]))
			return false;
	return !k->argv[i] && !argv[i];
}

static struct child *new_child(struct children *c, const char *key)
{
	struct child *more = realloc(c->list, (c->count + 1) * sizeof(*more));

	if (!more)
		return NULL;
	c->list = more;
	more += c->count++;
	*more = (struct child){0};
	snprintf(more->key, sizeof(more->key), "%s", key);
	return more;
}

void children_want(struct children *c, const char *key, const char *const argv[])
{
	struct child *k = find(c, key);

	if (!k)
		k = new_child(c, key);
	if (!k)
		return;
	k->wanted = true;
	if (same_args(k, argv))
		return;
	stop(k);
	free_args(k);
	for (size_t i = 0; i < ARGS - 1 && argv[i]; i++)
		k->argv[i] = strdup(argv[i]);
}

static void start(struct child *k)
{
	pid_t parent = getpid(), pid = fork();
	sigset_t none;

	k->again = seconds() + 1;
	if (pid) {
		k->pid = pid > 0 ? pid : 0;
		return;
	}
	/* It ends with us: who starts us again starts it again. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(k->argv[0], k->argv);
	syslog(LOG_ERR, "%s: cannot be started: %s", k->argv[0], strerror(errno));
	_exit(127);
}

int children_settle(struct children *c)
{
	int wait_ms = -1;

	for (size_t i = c->count; i-- > 0; ) {
		struct child *k = &c->list[i];

		if (!k->wanted && k->pid) {
			stop(k);
		} else if (!k->wanted) {
			free_args(k);
			*k = c->list[--c->count];
		} else if (!k->pid && seconds() >= k->again) {
			start(k);
		} else if (!k->pid) {
			wait_ms = 1000;
		}
	}
	return wait_ms;
}

void children_reap(struct children *c)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < c->count; i++)
			if (c->list[i].pid == pid)
				c->list[i].pid = 0;
}

void children_signal(struct children *c, const char *key, int signal)
{
	struct child *k = find(c, key);

	if (k && k->pid)
		kill(k->pid, signal);
}

void children_end(struct children *c)
{
	for (size_t i = 0; i < c->count; i++) {
		stop(&c->list[i]);
		free_args(&c->list[i]);
	}
	free(c->list);
	*c = (struct children){0};
}
