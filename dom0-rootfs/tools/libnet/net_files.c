/*
 * The files of libnet (net.h names them), and what changes as a whole: apply,
 * try, confirm, revert. All of it under one lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "libnet/priv.h"

#define TRIAL	"/run/net/trial"
#define SAVED	"/state/etc/network.conf"
#define DEFAULT "/etc/basalt/network.conf"
#define UNTIL	"# until "

int files_lock(const char *root, struct conf_error *err)
{
	char path[NET_PATH];
	int fd, result;

	net_path(path, root, "/run/net");
	result = dir_make(path, 0755);
	net_path(path, root, "/run/net/lock");
	fd = result ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0) {
		while (flock(fd, LOCK_EX) < 0 && errno == EINTR)
			;
		return fd;
	}
	result = result ? result : -errno;
	return conf_fail(err, result, "%s: cannot be opened: %s: are you root?", path,
			 strerror(-result));
}

/* Seconds since the start, sleeping ones too: no clock that is set moves it. */
static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec;
}

/* The trial's text, and when it ends. -ENOENT: nothing is on trial. */
static int read_trial(const char *root, char **text, long *until)
{
	char path[NET_PATH], *end;
	int result;

	net_path(path, root, TRIAL);
	result = file_read(path, CONF_TEXT_MAX, text, NULL);
	if (result)
		return result;
	*until = 0;
	if (!strncmp(*text, UNTIL, strlen(UNTIL)))
		*until = strtol(*text + strlen(UNTIL), &end, 10);
	return 0;
}

int net_trial_left(const char *root)
{
	long until, left;
	char *text;

	if (read_trial(root, &text, &until))
		return -1;
	free(text);
	left = until - now();
	/* A time that makes no sense is over. */
	return left < 0 || left > 24 * 3600 ? 0 : (int)left;
}

int files_current(const char *root, char **text, size_t *len, char name[NET_PATH],
		  struct conf_error *err)
{
	static const char *const order[] = {TRIAL, SAVED, DEFAULT};
	int result = -ENOENT;

	for (size_t i = 0; i < 3 && result == -ENOENT; i++) {
		net_path(name, root, order[i]);
		result = file_read(name, CONF_TEXT_MAX, text, len);
	}
	if (!result)
		return 0;
	return conf_fail(err, result, "%s: cannot be read: %s", name, strerror(-result));
}

int net_current(struct net_config *c, const char *root, struct conf_error *err)
{
	char name[NET_PATH], *text;
	size_t len;
	int result = files_current(root, &text, &len, name, err);

	*c = (struct net_config){0};
	if (result)
		return result;
	result = net_parse(c, text, len, name, err);
	free(text);
	return result;
}

int net_apply(const char *root, char *missing, size_t size, struct conf_error *err)
{
	int lock = files_lock(root, err), result;

	if (lock < 0)
		return lock;
	result = files_apply_locked(root, missing, size, err);
	close(lock);
	return result;
}

/* Cards that a trial names must be there: a typing error would cut one off. */
static int check_cards(const struct net_config *c, const char *root,
		       struct conf_error *err)
{
	struct net_status s;
	int result = net_status(&s, root, err);

	for (size_t i = 0; !result && i < c->nlinks; i++) {
		const struct net_link *l = &c->links[i];

		if (l->kind == NET_NIC && !l->has_mac && strcmp(l->name, NET_ANY) &&
		    !net_status_find(&s, l->name))
			result = conf_fail(err, -ENODEV, "%s: there is no such card: "
					   "`network` lists them", l->name);
		for (size_t p = 0; !result && p < l->nports; p++)
			if (!net_find(c, l->ports[p]) &&
			    !net_status_find(&s, l->ports[p]))
				result = conf_fail(err, -ENODEV,
						   "%s: ports: there is no card %s: "
						   "`network` lists them", l->name,
						   l->ports[p]);
		if (!result && l->on[0] && !net_find(c, l->on) &&
		    !net_status_find(&s, l->on))
			result = conf_fail(err, -ENODEV, "%s: on: there is no card %s: "
					   "`network` lists them", l->name, l->on);
	}
	net_status_free(&s);
	return result;
}

static int write_trial(const struct net_config *c, unsigned int seconds,
		       const char *root, struct conf_error *err)
{
	char path[NET_PATH], *text = net_text(c), *full = NULL;
	int result = -ENOMEM;

	net_path(path, root, TRIAL);
	if (text && asprintf(&full, UNTIL "%ld\n%s", now() + (long)seconds, text) >= 0)
		result = file_write_atomic(path, full, strlen(full), 0644);
	free(text);
	free(full);
	if (result)
		return conf_fail(err, result, "%s: cannot be written: %s: nothing was "
				 "changed", path, strerror(-result));
	return 0;
}

static int revert_locked(const char *root, struct conf_error *err)
{
	char path[NET_PATH];

	net_path(path, root, TRIAL);
	if (unlink(path) < 0)
		return conf_fail(err, -errno, "network: nothing is on trial");
	return files_apply_locked(root, NULL, 0, err);
}

int net_try(const struct net_config *c, unsigned int seconds, const char *root,
	    struct conf_error *err)
{
	int lock, result = net_check(c, NULL, err);

	if (!result)
		result = check_cards(c, root, err);
	if (result)
		return result;
	lock = files_lock(root, err);
	if (lock < 0)
		return lock;
	result = write_trial(c, seconds, root, err);
	if (!result) {
		result = files_apply_locked(root, NULL, 0, err);
		if (result)
			revert_locked(root, NULL);
	}
	close(lock);
	return result;
}

int net_confirm(const char *root, struct conf_error *err)
{
	char path[NET_PATH], *text = NULL, *body;
	int lock = files_lock(root, err), result;
	long until;

	if (lock < 0)
		return lock;
	result = read_trial(root, &text, &until);
	if (result == -ENOENT) {
		conf_fail(err, result, "network: nothing is on trial: it may have gone "
			  "back by itself");
	} else if (!result) {
		body = strchr(text, '\n');
		body = body ? body + 1 : text;
		net_path(path, root, SAVED);
		result = file_write_atomic(path, body, strlen(body), 0644);
		if (result)
			conf_fail(err, result, "%s: cannot be written: %s: the trial goes "
				  "on", path, strerror(-result));
		net_path(path, root, TRIAL);
		if (!result)
			unlink(path);
	}
	free(text);
	close(lock);
	return result;
}

int net_revert(const char *root, struct conf_error *err)
{
	int lock = files_lock(root, err), result;

	if (lock < 0)
		return lock;
	result = revert_locked(root, err);
	close(lock);
	return result;
}
