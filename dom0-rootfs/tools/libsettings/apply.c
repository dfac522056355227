/*
 * Making the running system follow the settings: see settings.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libsettings/priv.h"

void service_restart(const char *name, const char *root)
{
	char path[512], *text;
	long pid;

	snprintf(path, sizeof(path), "%s/run/serve/%s", root, name);
	if (file_read(path, 32, &text, NULL))
		return;
	text[strcspn(text, "\n")] = '\0';
	if (!conf_number(text, 2, 1 << 22, &pid))
		kill((pid_t)pid, SIGTERM);
	free(text);
}

static int apply_hostname(const struct settings *s, const char *root)
{
	char path[512], text[1024];
	int len, err;

	/* A tree that is not the running system's keeps its hands off the name. */
	if (!*root && sethostname(s->hostname, strlen(s->hostname)) < 0)
		return -errno;
	len = snprintf(text, sizeof(text),
		       "127.0.0.1\tlocalhost\n127.0.1.1\t%s\n::1\t\tlocalhost\n",
		       s->hostname);
	snprintf(path, sizeof(path), "%s/etc/hosts", root);
	err = file_write_atomic(path, text, (size_t)len, 0644);
	if (err)
		return err;
	len = snprintf(text, sizeof(text), "%s\n", s->hostname);
	snprintf(path, sizeof(path), "%s/etc/hostname", root);
	return file_write_atomic(path, text, (size_t)len, 0644);
}

static int apply_timezone(const struct settings *s, const char *root)
{
	char path[512], tmp[520], target[128], old[128] = "";

	snprintf(target, sizeof(target), ZONES "/%s", s->timezone);
	snprintf(path, sizeof(path), "%s/etc/localtime", root);
	snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	if (readlink(path, old, sizeof(old) - 1) > 0 && !strcmp(old, target))
		return 0;
	unlink(tmp);
	if (symlink(target, tmp) < 0 || rename(tmp, path) < 0)
		return -errno;
	/* The stamps of its lines are in local time. */
	service_restart("syslogd", root);
	return 0;
}

static int apply_keyboard(const struct settings *s, const char *root)
{
	char path[512], *argv[] = {"loadkmap", NULL}, *env[] = {NULL};
	posix_spawn_file_actions_t files;
	int err, status = 0;
	pid_t pid;

	/* No screen, no keyboard of ours. */
	if (*root || access("/dev/tty1", F_OK))
		return 0;
	snprintf(path, sizeof(path), KEYMAPS "/%s.bmap", s->keyboard);
	err = posix_spawn_file_actions_init(&files);
	if (err)
		return -err;
	posix_spawn_file_actions_addopen(&files, 0, path, O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	err = posix_spawn(&pid, "/sbin/loadkmap", &files, NULL, argv, env);
	posix_spawn_file_actions_destroy(&files);
	if (err)
		return -err;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status ? -EIO : 0;
}

int settings_apply(const struct settings *s, const char *root, struct conf_error *err)
{
	static const struct {
		const char *what;
		int (*apply)(const struct settings *s, const char *root);
	} steps[] = {
		{"host name", apply_hostname},
		{"time zone", apply_timezone},
		{"keyboard layout", apply_keyboard},
	};
	int first = 0;

	/* One that fails keeps none of the others from taking effect. */
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		int result = steps[i].apply(s, root);

		if (result && !first)
			first = conf_fail(err, result,
					  "%s: cannot be set: %s: it is saved and will be "
					  "tried at the next start", steps[i].what,
					  strerror(-result));
	}
	service_restart("ntpd", root);
	return first;
}
