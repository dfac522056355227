/*
 * settings: what libsettings does, from the command line and for scripts. With
 * --root DIR it works on the tree of a system that does not run.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "libconf/command.h"
#include "libsettings/settings.h"

enum { PASSWORD_MAX = 512 };

/* only: the values of this key alone, without its name. */
static void print_all(const struct settings *s, const char *only)
{
	const char *values[] = {s->hostname, s->timezone, NULL, s->keyboard, NULL};

	for (size_t i = 0; i < settings_nkeys; i++) {
		const char *name = settings_keys[i].name;
		const char *before = only ? "" : name, *equals = only ? "" : " = ";

		if (only && strcmp(only, name))
			continue;
		if (values[i])
			printf("%s%s%s\n", before, equals, values[i]);
		else if (!strcmp(name, "lock_minutes"))
			printf("%s%s%d\n", before, equals, s->lock_minutes);
		else
			for (size_t n = 0; n < s->nntp; n++)
				printf("%s%s%s\n", before, equals, s->ntp[n]);
	}
}

static int cmd_show(struct job *j)
{
	struct settings s;

	if (settings_load(&s, j->root, &j->err))
		return command_failed(j);
	print_all(&s, NULL);
	for (int i = 0; account_names[i]; i++)
		printf("# password of %s: %s\n", account_names[i],
		       account_has_password(account_names[i], j->root) ? "set" : "none");
	return 0;
}

static int cmd_get(struct job *j)
{
	struct settings s;

	for (size_t i = 0; i < settings_nkeys; i++) {
		if (strcmp(j->argv[0], settings_keys[i].name))
			continue;
		if (settings_load(&s, j->root, &j->err))
			return command_failed(j);
		print_all(&s, j->argv[0]);
		return 0;
	}
	settings_check(j->argv[0], "", j->root, &j->err);
	return command_failed(j);
}

/* The values have been checked. */
static int put_value(struct settings *s, struct job *j)
{
	const char *key = j->argv[0], *value = j->argv[1];

	if (!strcmp(key, "ntp")) {
		if (j->argc - 1 > SETTINGS_NTP)
			return conf_fail(&j->err, -E2BIG, "ntp: at most %d servers: give "
					 "fewer", SETTINGS_NTP);
		for (s->nntp = 0; (int)s->nntp + 1 < j->argc; s->nntp++)
			snprintf(s->ntp[s->nntp], sizeof(s->ntp[0]), "%s",
				 j->argv[s->nntp + 1]);
		return 0;
	}
	if (j->argc != 2)
		return conf_fail(&j->err, -EINVAL, "%s: one value is needed: see `settings "
				 "help`", key);
	if (!strcmp(key, "lock_minutes"))
		s->lock_minutes = atoi(value);
	else if (!strcmp(key, "hostname"))
		snprintf(s->hostname, sizeof(s->hostname), "%s", value);
	else if (!strcmp(key, "timezone"))
		snprintf(s->timezone, sizeof(s->timezone), "%s", value);
	else
		snprintf(s->keyboard, sizeof(s->keyboard), "%s", value);
	return 0;
}

static int cmd_set(struct job *j)
{
	struct settings s;

	if (j->argc == 1 && strcmp(j->argv[0], "ntp") &&
	    settings_check(j->argv[0], "", j->root, &j->err))
		return command_failed(j);
	for (int i = 1; i < j->argc; i++)
		if (settings_check(j->argv[0], j->argv[i], j->root, &j->err))
			return command_failed(j);
	/* A damaged file: the rest of it falls back to the defaults. */
	if (settings_load(&s, j->root, &j->err))
		fprintf(stderr, "settings: %s: written anew\n", j->err.text);
	if (put_value(&s, j) || settings_save(&s, j->root, &j->err))
		return command_failed(j);
	/* It is saved in any case; what cannot take effect is told. */
	return settings_apply(&s, j->root, &j->err) ? command_failed(j) : 0;
}

static int cmd_apply(struct job *j)
{
	struct settings s;
	int status = 0;

	if (settings_load(&s, j->root, &j->err))
		status = command_failed(j);
	if (account_init(j->root)) {
		fprintf(stderr, "settings: the file of accounts cannot be written: is "
			"/state writable?\n");
		status = EXIT_FAILURE;
	}
	return settings_apply(&s, j->root, &j->err) ? command_failed(j) : status;
}

/* One line from stdin; a terminal is asked without showing what is typed. */
static int read_secret(const char *prompt, char *buf, size_t size)
{
	struct termios old, quiet;
	bool asks = isatty(0) && !tcgetattr(0, &old);
	int result = -EIO;

	if (asks) {
		fprintf(stderr, "%s: ", prompt);
		quiet = old;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(0, TCSAFLUSH, &quiet);
	}
	if (fgets(buf, (int)size, stdin)) {
		buf[strcspn(buf, "\n")] = '\0';
		result = 0;
	}
	if (asks) {
		tcsetattr(0, TCSAFLUSH, &old);
		fputc('\n', stderr);
	}
	return result;
}

static int ask_password(struct job *j, char password[PASSWORD_MAX])
{
	char again[PASSWORD_MAX] = "";
	int result;

	if (read_secret("New password", password, PASSWORD_MAX))
		return conf_fail(&j->err, -EIO, "password: none was given: type it, or give "
				 "it on standard input");
	if (!isatty(0))
		return 0;
	result = read_secret("Once more", again, sizeof(again));
	if (result || strcmp(password, again))
		result = conf_fail(&j->err, -EINVAL, "password: the two differ: nothing was "
				   "changed");
	explicit_bzero(again, sizeof(again));
	return result;
}

static int change_password(struct job *j)
{
	char password[PASSWORD_MAX] = "";
	int result;

	if (j->argc == 2 && !strcmp(j->argv[1], "--none"))
		return account_set_password(j->argv[0], NULL, j->root, &j->err);
	if (j->argc == 3 && !strcmp(j->argv[1], "--hash"))
		return account_set_hash(j->argv[0], j->argv[2], j->root, &j->err);
	if (j->argc != 1)
		return conf_fail(&j->err, -EINVAL, "password: see `settings help`");
	result = ask_password(j, password);
	if (!result)
		result = account_set_password(j->argv[0], password, j->root, &j->err);
	explicit_bzero(password, sizeof(password));
	return result;
}

static int cmd_password(struct job *j)
{
	if (change_password(j))
		return command_failed(j);
	service_restart("dropbear", j->root);
	return 0;
}

static int cmd_ssh_keys(struct job *j)
{
	struct ssh_keys k;

	if (ssh_keys_load(&k, j->root, &j->err))
		return command_failed(j);
	for (size_t i = 0; i < k.count; i++)
		printf("%zu %s %s\n", i + 1, k.keys[i].type, k.keys[i].comment);
	ssh_keys_free(&k);
	return 0;
}

/* A key's line from the words given, or from stdin for "-". */
static void key_line(const struct job *j, char *line, size_t size)
{
	line[0] = '\0';
	if (j->argc == 2 && !strcmp(j->argv[1], "-")) {
		if (!fgets(line, (int)size, stdin))
			line[0] = '\0';
		line[strcspn(line, "\n")] = '\0';
		return;
	}
	for (int i = 1; i < j->argc; i++) {
		strncat(line, i > 1 ? " " : "", size - strlen(line) - 1);
		strncat(line, j->argv[i], size - strlen(line) - 1);
	}
}

static int cmd_ssh_key(struct job *j)
{
	char line[SETTINGS_KEY_MAX + 3];
	long n;
	int result;

	if (!strcmp(j->argv[0], "add")) {
		key_line(j, line, sizeof(line));
		result = ssh_key_add(line, j->root, &j->err);
	} else if (!strcmp(j->argv[0], "remove") && j->argc == 2 &&
		   !conf_number(j->argv[1], 1, 100000, &n)) {
		result = ssh_key_remove((size_t)n - 1, j->root, &j->err);
	} else {
		result = conf_fail(&j->err, -EINVAL, "ssh-key: see `settings help`");
	}
	if (result)
		return command_failed(j);
	service_restart("dropbear", j->root);
	return 0;
}

static int print_list(char **list)
{
	for (char **p = list; p && *p; p++)
		puts(*p);
	settings_free_list(list);
	return 0;
}

static int cmd_timezones(struct job *j)
{
	return print_list(settings_timezones(j->root));
}

static int cmd_keyboards(struct job *j)
{
	return print_list(settings_keyboards(j->root));
}

/* For scripts: does the screen ask for a password, may ssh let anybody in? */
static int cmd_locked(struct job *j)
{
	return account_any_password(j->root) ? 0 : 1;
}

static int cmd_reachable(struct job *j)
{
	struct ssh_keys k;
	size_t count;

	if (ssh_keys_load(&k, j->root, &j->err))
		return command_failed(j);
	count = k.count;
	ssh_keys_free(&k);
	return count || account_any_password(j->root) ? 0 : 1;
}

static const struct command commands[] = {
	{"show", "", "all settings", 0, 0, cmd_show},
	{"get", "KEY", "one setting's value", 1, 1, cmd_get},
	{"set", "KEY VALUE...", "change one; takes effect at once", 1, 8, cmd_set},
	{"password", "ACCOUNT [--none | --hash HASH]",
	 "of root or operator, from the terminal or standard input", 1, 3, cmd_password},
	{"ssh-keys", "", "keys that may log in", 0, 0, cmd_ssh_keys},
	{"ssh-key", "add LINE | add - | remove NUMBER", "add or remove one", 1, 256,
	 cmd_ssh_key},
	{"timezones", "", "time zones there are", 0, 0, cmd_timezones},
	{"keyboards", "", "keyboard layouts there are", 0, 0, cmd_keyboards},
	{"apply", "", "let what is saved take effect", 0, 0, cmd_apply},
	{"locked", "", "status 0: a password is set", 0, 0, cmd_locked},
	{"reachable", "", "status 0: somebody may log in by ssh", 0, 0, cmd_reachable},
};

static void more_help(FILE *f)
{
	fputs("KEY is one of:\n", f);
	for (size_t i = 0; i < settings_nkeys; i++)
		fprintf(f, "  %-13s %s\n", settings_keys[i].name,
			settings_keys[i].values);
}

static const struct program program = {
	.name = "settings",
	.commands = commands,
	.count = sizeof(commands) / sizeof(*commands),
	.name_width = 9,
	.arguments_width = 34,
	.more_help = more_help,
};

int main(int argc, char **argv)
{
	return command_main(&program, argc, argv);
}
