/*
 * What the installed system is told about itself: files below its /state.
 * What is taken along comes first; what the answers say wins over it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job.h"
#include "libconf/conf.h"
#include "libsettings/settings.h"
#include "run.h"

#define ETC	TARGET_DIR "/etc"

static int copy_tree(const char *from, const char *to, struct fault *f)
{
	const char *const argv[] = {"cp", "-a", from, to, NULL};

	if (access(from, F_OK))
		return 0;
	return run(argv, NULL, f);
}

static int take_files(const struct job *j, struct fault *f)
{
	static const struct {
		unsigned int what;
		const char *from;
	} rows[] = {
		{TAKE_SETTINGS, "/state/etc/system.conf"},
		{TAKE_SETTINGS, "/state/etc/shadow"},
		{TAKE_NETWORK, "/state/etc/network.conf"},
		{TAKE_KEYS, "/state/etc/authorized_keys"},
		{TAKE_KEYS, "/state/etc/ssh"},
		{TAKE_VMS, "/state/etc/pools.conf"},
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows) && !err; i++)
		if (j->a->take_along & rows[i].what)
			err = copy_tree(rows[i].from, ETC "/", f);
	return err;
}

/* One key of system.conf: the answer if it was given, or if there is nothing. */
static int put(struct conf *c, const struct answers *a, const char *key,
	       const char *value)
{
	if (!answers_given(a, key) && conf_get(c, key))
		return 0;
	return conf_set(c, key, value);
}

static int system_conf(const struct answers *a, struct fault *f)
{
	static const char path[] = ETC "/system.conf";
	struct conf_error e = {.text = ""};
	char minutes[16];
	struct conf c;
	int err = conf_load(&c, path, &e);

	if (err == -ENOENT)
		err = 0;
	snprintf(minutes, sizeof(minutes), "%d", a->lock_minutes);
	if (!err)
		err = put(&c, a, "hostname", a->hostname);
	if (!err)
		err = put(&c, a, "timezone", a->timezone);
	if (!err)
		err = put(&c, a, "keyboard", a->keyboard);
	if (!err && a->lock_minutes >= 0)
		err = put(&c, a, "lock_minutes", minutes);
	if (!err && a->ntp.n)
		conf_remove(&c, "ntp");
	for (size_t i = 0; i < a->ntp.n && !err; i++)
		err = conf_add(&c, "ntp", a->ntp.text[i]);
	if (!err)
		err = conf_save(&c, path, 0644, &e);
	conf_free(&c);
	return err ? fault_set(f, err, "%s: %.300s", path,
			       *e.text ? e.text : strerror(-err)) : 0;
}

static int network_conf(const struct answers *a, struct fault *f)
{
	static const char path[] = ETC "/network.conf";
	size_t n = 1;
	char *text;
	int err;

	if (!a->net.n)
		return 0;
	for (size_t i = 0; i < a->net.n; i++)
		n += strlen(a->net.text[i]) + 1;
	text = calloc(1, n);
	if (!text)
		return fault_set(f, -ENOMEM, "out of memory");
	for (size_t i = 0; i < a->net.n; i++)
		strcat(strcat(text, a->net.text[i]), "\n");
	err = file_write_atomic(path, text, strlen(text), 0644);
	free(text);
	return err ? fault_set(f, err, "%s: %s", path, strerror(-err)) : 0;
}

static int accounts(const struct answers *a, struct fault *f)
{
	const char *rows[][3] = {
		{"root", a->root_password, a->root_password_hash},
		{"operator", a->operator_password, a->operator_password_hash},
	};
	struct conf_error e = {.text = ""};
	int err = account_init(TARGET_ROOT);

	for (int i = 0; i < 2 && !err; i++) {
		if (*rows[i][1])
			err = account_set_password(rows[i][0], rows[i][1],
						   TARGET_ROOT, &e);
		else if (*rows[i][2])
			err = account_set_hash(rows[i][0], rows[i][2], TARGET_ROOT,
					       &e);
	}
	for (size_t i = 0; i < a->ssh_key.n && !err; i++) {
		err = ssh_key_add(a->ssh_key.text[i], TARGET_ROOT, &e);
		if (err == -EEXIST)
			err = 0;
	}
	return err ? fault_set(f, err, "accounts: %.300s",
			       *e.text ? e.text : strerror(-err)) : 0;
}

int step_settings(struct job *j, struct fault *f)
{
	static const char *const dirs[] = {ETC, ETC "/ssh", TARGET_DIR "/xen",
		TARGET_DIR "/xen/auto", TARGET_DIR "/images"};
	int err = 0;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs) && !err; i++)
		err = dir_make(dirs[i], 0755);
	if (!err && chmod(ETC "/ssh", 0700))
		err = -errno;
	if (err)
		return fault_set(f, err, "%s: %s", TARGET_DIR, strerror(-err));
	err = take_files(j, f);
	if (!err)
		err = system_conf(j->a, f);
	if (!err)
		err = network_conf(j->a, f);
	if (!err)
		err = accounts(j->a, f);
	return err;
}
