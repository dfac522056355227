/* See run.h. */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* A signal handler has nothing else to reach them by. */
static volatile sig_atomic_t stopped;
static volatile pid_t child;

static void stop(int sig)
{
	stopped = 1;
	if (child > 0)
		kill(child, sig);
}

void run_keep_signals(void)
{
	struct sigaction action = { .sa_handler = stop, .sa_flags = SA_RESTART };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

int run_stopped(void)
{
	return stopped;
}

static int wait_child(void)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return 127;
	}
	child = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int start(char *const argv[], const posix_spawn_file_actions_t *actions)
{
	pid_t pid;
	int err = posix_spawnp(&pid, argv[0], actions, NULL, argv, environ);

	if (err) {
		fprintf(stderr, "xl: %s cannot be started: %s\n", argv[0], strerror(err));
		return 127;
	}
	child = pid;
	return 0;
}

int run_command(char *const argv[])
{
	int status;

	fflush(stdout);
	status = start(argv, NULL);
	return status ? status : wait_child();
}

/* All of it, up to the end. */
static char *read_all(int fd)
{
	char *text = NULL, buf[4096];
	size_t len;
	FILE *f = open_memstream(&text, &len);
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR)) {
		if (f && n > 0)
			fwrite(buf, 1, (size_t)n, f);
	}
	if (f && !fclose(f))
		return text;
	free(text);
	return NULL;
}

int run_capture(char *const argv[], char **out)
{
	posix_spawn_file_actions_t actions;
	int ends[2], status;

	*out = NULL;
	if (pipe2(ends, O_CLOEXEC))
		return 127;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	status = start(argv, &actions);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (!status) {
		*out = read_all(ends[0]);
		status = wait_child();
	}
	close(ends[0]);
	return status;
}
