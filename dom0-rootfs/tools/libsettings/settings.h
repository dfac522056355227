/*
 * libsettings: what a person sets on the host besides its network: name, time,
 * keyboard, accounts, SSH keys. docs/SETTINGS.md is the reference for people.
 *
 * Files, below `root` ("" on a host; tests and the installer give another one):
 *   /state/etc/system.conf       key = value: see settings_keys[]
 *   /state/etc/shadow            password hashes; /etc/shadow leads here
 *   /state/etc/authorized_keys   SSH keys of both accounts
 *
 * Saving replaces a file whole. Taking effect (settings_apply) is apart from
 * saving and only for the running system; at boot `settings apply` does it.
 *
 * int results are 0 or a negative errno; the reason is in struct conf_error.
 */
#ifndef LIBSETTINGS_SETTINGS_H
#define LIBSETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "libconf/conf.h"

enum {
	SETTINGS_NTP = 4, /* time servers */
	SETTINGS_KEY_MAX = 4096, /* characters of an SSH key's line */
};

struct settings {
	char hostname[254];
	char timezone[64];
	char ntp[SETTINGS_NTP][254];
	size_t nntp;
	char keyboard[32];
	int lock_minutes; /* the console locks after; 0: never */
};

/* The keys of system.conf: for `settings`, its help and the documentation. */
struct settings_key {
	const char *name;
	const char *values; /* what may be given, for people */
	bool repeats;
};
extern const struct settings_key settings_keys[];
extern const size_t settings_nkeys;

/* Defaults stand in for what the file does not say, and for the file. */
int settings_load(struct settings *s, const char *root, struct conf_error *err);
/* Checks, then writes the file; other lines of it stay. */
int settings_save(const struct settings *s, const char *root, struct conf_error *err);
/* One value: -EINVAL with the reason if it cannot be. root: where zones are. */
int settings_check(const char *key, const char *value, const char *root,
		   struct conf_error *err);
/* Make the running system follow: name, time zone, keyboard, time servers. */
int settings_apply(const struct settings *s, const char *root, struct conf_error *err);

/* Names there are, sorted, ending with NULL; to be freed by settings_free_list(). */
char **settings_timezones(const char *root);
char **settings_keyboards(const char *root);
void settings_free_list(char **list);

/* --- accounts: "root" (a shell) and "operator" (the console) ---------------- */

extern const char *const account_names[]; /* ends with NULL */

/* 1: a password is set, 0: none is, so none will do. */
int account_has_password(const char *account, const char *root);
/* 1: any account has one: a log-in is to be asked for on the screen. */
int account_any_password(const char *root);
/* 1: this is its password. Slow on purpose. */
int account_password_is(const char *account, const char *password, const char *root);
/* password NULL: none any more. At least 8 characters. */
int account_set_password(const char *account, const char *password, const char *root,
			 struct conf_error *err);
/* The same with a hash made elsewhere: $y$, $6$ or $5$. */
int account_set_hash(const char *account, const char *hash, const char *root,
		     struct conf_error *err);
/* Write the file of accounts if there is none. */
int account_init(const char *root);

/* --- SSH keys --------------------------------------------------------------- */

struct ssh_key {
	char type[40];	  /* "ssh-ed25519" */
	char comment[128]; /* "anna@laptop", or "" */
	char *line;	  /* as it stands in the file */
};

struct ssh_keys {
	struct ssh_key *keys;
	size_t count;
};

int ssh_keys_load(struct ssh_keys *k, const char *root, struct conf_error *err);
void ssh_keys_free(struct ssh_keys *k);
/* One line, without options: -EINVAL with the reason when it is no key. */
int ssh_key_check(const char *line, struct ssh_key *out, struct conf_error *err);
/* -EEXIST when it is there. */
int ssh_key_add(const char *line, const char *root, struct conf_error *err);
/* By its place, from 0. */
int ssh_key_remove(size_t index, const char *root, struct conf_error *err);

/* End a service of init's, so that it comes back with its settings read anew. */
void service_restart(const char *name, const char *root);

#endif
