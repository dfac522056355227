/*
 * system.conf: see settings.h. One row of a table per key.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libsettings/priv.h"

#define CONF "/state/etc/system.conf"

const struct settings_key settings_keys[] = {
	{"hostname", "letters, digits and -, dots between parts", false},
	{"timezone", "as Europe/Berlin", false},
	{"ntp", "a time server's name or address; several may be given", true},
	{"keyboard", "a layout's name, as us or de", false},
	{"lock_minutes", "0 to 1440; 0 is never", false},
};
const size_t settings_nkeys = sizeof(settings_keys) / sizeof(*settings_keys);

static int check_hostname(const char *value, const char *root, struct conf_error *err)
{
	const char *part = value;

	(void)root;
	if (!*value || strlen(value) > 253)
		return conf_fail(err, -EINVAL, "host name: 1 to 253 characters are "
				 "needed: give another one");
	while (part) {
		size_t len = strcspn(part, ".");

		if (!len || len > 63 || part[0] == '-' || part[len - 1] == '-' ||
		    strspn(part, HOST_CHARS) < len)
			return conf_fail(err, -EINVAL,
					 "host name '%.60s': each part is 1 to 63 letters, "
					 "digits and -, which is not at an end of it",
					 value);
		part = part[len] ? part + len + 1 : NULL;
	}
	return 0;
}

static int check_ntp(const char *value, const char *root, struct conf_error *err)
{
	/* An address of IPv6 has colons, a name none. */
	(void)root;
	if (*value && strlen(value) <= 253 && *value != '-' &&
	    strspn(value, HOST_CHARS ".:") == strlen(value))
		return 0;
	return conf_fail(err, -EINVAL,
			 "time server '%.60s': not a host's name or address: correct it",
			 value);
}

/* A file of that name in dir, which is not led out of. */
static int check_name_in(const char *what, const char *name, const char *path,
			 struct conf_error *err)
{
	if (*name && strspn(name, HOST_CHARS "_/+") == strlen(name) && *name != '/' &&
	    !strstr(name, "//") && access(path, R_OK) == 0)
		return 0;
	return conf_fail(err, -EINVAL, "%s '%.60s': there is none of that name: choose one "
			 "from the list", what, name);
}

static int check_timezone(const char *value, const char *root, struct conf_error *err)
{
	char path[512], head[4] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s" ZONES "/%.200s", root, value);
	if (check_name_in("time zone", value, path, err))
		return -EINVAL;
	f = fopen(path, "re");
	if (f && fread(head, 1, 4, f) != 4)
		head[0] = '\0';
	if (f)
		fclose(f);
	return memcmp(head, "TZif", 4) ? check_name_in("time zone", "", path, err) : 0;
}

static int check_keyboard(const char *value, const char *root, struct conf_error *err)
{
	char path[512];

	snprintf(path, sizeof(path), "%s" KEYMAPS "/%.200s.bmap", root, value);
	return check_name_in("keyboard layout", value, path, err);
}

static int check_lock(const char *value, const char *root, struct conf_error *err)
{
	long n;

	(void)root;
	if (!conf_number(value, 0, 1440, &n))
		return 0;
	return conf_fail(err, -EINVAL,
			 "lock_minutes '%.40s': not a number from 0 to 1440: correct it",
			 value);
}

/* In the order of settings_keys. */
static int (*const checks[])(const char *, const char *, struct conf_error *) = {
	check_hostname, check_timezone, check_ntp, check_keyboard, check_lock,
};

int settings_check(const char *key, const char *value, const char *root,
		   struct conf_error *err)
{
	for (size_t i = 0; i < settings_nkeys; i++)
		if (!strcmp(key, settings_keys[i].name))
			return checks[i](value, root, err);
	return conf_fail(err, -EINVAL, "%.40s: not a setting: `settings help` lists them",
			 key);
}

static void put(char *to, size_t size, const char *value)
{
	if (value)
		snprintf(to, size, "%s", value);
}

static void from_conf(struct settings *s, const struct conf *c)
{
	const struct conf_line *l;
	const char *minutes = conf_get(c, "lock_minutes");
	long n;

	put(s->hostname, sizeof(s->hostname), conf_get(c, "hostname"));
	put(s->timezone, sizeof(s->timezone), conf_get(c, "timezone"));
	put(s->keyboard, sizeof(s->keyboard), conf_get(c, "keyboard"));
	for (size_t at = 0; s->nntp < SETTINGS_NTP && (l = conf_next(c, "ntp", &at)); )
		put(s->ntp[s->nntp++], sizeof(s->ntp[0]), l->value);
	if (minutes && !conf_number(minutes, 0, 1440, &n))
		s->lock_minutes = (int)n;
}

static int load_conf(struct conf *c, const char *root, struct conf_error *err)
{
	char path[512];
	int result;

	snprintf(path, sizeof(path), "%s" CONF, root);
	result = conf_load(c, path, err);
	return result == -ENOENT ? 0 : result;
}

int settings_load(struct settings *s, const char *root, struct conf_error *err)
{
	const struct conf_line *l;
	struct conf c;
	int result;

	*s = (struct settings){.hostname = "basalt", .timezone = "UTC", .keyboard = "us",
			       .lock_minutes = 15};
	result = load_conf(&c, root, err);
	if (result)
		return result;
	for (size_t at = 0; !result && (l = conf_next(&c, NULL, &at)); )
		result = settings_check(l->key, l->value, root, err);
	if (!result)
		from_conf(s, &c);
	conf_free(&c);
	return result;
}

static int check_all(const struct settings *s, const char *root, struct conf_error *err)
{
	int result = check_hostname(s->hostname, root, err);

	if (!result)
		result = check_timezone(s->timezone, root, err);
	if (!result)
		result = check_keyboard(s->keyboard, root, err);
	for (size_t i = 0; !result && i < s->nntp; i++)
		result = check_ntp(s->ntp[i], root, err);
	return result;
}

int settings_save(const struct settings *s, const char *root, struct conf_error *err)
{
	char path[512], number[16];
	struct conf c;
	int result = check_all(s, root, err);

	/* What is there and cannot be read is replaced: it is of no use. */
	if (result || (load_conf(&c, root, err), 0))
		return result;
	snprintf(number, sizeof(number), "%d", s->lock_minutes);
	result = conf_set(&c, "hostname", s->hostname);
	if (!result)
		result = conf_set(&c, "timezone", s->timezone);
	if (!result)
		result = conf_set(&c, "keyboard", s->keyboard);
	if (!result)
		result = conf_set(&c, "lock_minutes", number);
	conf_remove(&c, "ntp");
	for (size_t i = 0; !result && i < s->nntp; i++)
		result = conf_add(&c, "ntp", s->ntp[i]);
	snprintf(path, sizeof(path), "%s" CONF, root);
	if (result)
		conf_fail(err, result, "%s: %s: nothing was changed", path,
			  strerror(-result));
	else
		result = conf_save(&c, path, 0644, err);
	conf_free(&c);
	return result;
}
