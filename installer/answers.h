/*
 * The answer file: all that an installation, an upgrade or a restore is told.
 * The screens make one, a person may write one; one engine carries it out.
 * docs/ANSWERS.md is the reference for people.
 *
 * Text, one "key = value" per line, '#' begins a comment line. A key that is
 * not in answer_keys[] and does not begin with ANSWER_NET is an error.
 * Keys below ANSWER_NET are those of network.conf: "net.X = Y" becomes the
 * line "X = Y" of the installed system's network.conf.
 *
 * Not here: which disk a match selects, and whether what is asked for is
 * possible on this machine (engine). Nothing here reads the machine, prints or
 * exits. Works with musl and with glibc.
 */
#ifndef INSTALLER_ANSWERS_H
#define INSTALLER_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANSWER_NET	"net."
#define ANSWER_TEXT_MAX	4096	/* a value, with its NUL */
#define ANSWER_LINES_MAX 256	/* lines that say something */
#define ANSWER_FILE_MAX	65536	/* octets of a file */

enum answer_action { ACTION_INSTALL, ACTION_UPGRADE, ACTION_RESTORE };
enum answer_raid { RAID_NONE, RAID_1 };
enum answer_existing { EXISTING_REFUSE, EXISTING_WIPE };
enum answer_storage { STORAGE_LVM, STORAGE_DIRECTORY, STORAGE_NONE };
enum answer_end { END_STOP, END_REBOOT, END_POWEROFF };

/* Bits of answers.take_along. */
#define TAKE_VMS	1u
#define TAKE_NETWORK	2u
#define TAKE_SETTINGS	4u
#define TAKE_KEYS	8u

struct answer_list {
	size_t n;
	char **text;
};

/* An answer file, checked; strings are never NULL, "" is "not given". */
struct answers {
	enum answer_action action;
	struct answer_list disk;	/* matches, see docs/ANSWERS.md */
	enum answer_raid raid;
	enum answer_existing existing;
	enum answer_storage storage;
	char *storage_disk;		/* "rest" or a match */
	char *source;			/* "medium" or a path */
	char *hostname;
	char *timezone;
	struct answer_list ntp;
	char *keyboard;
	int lock_minutes;		/* -1: not given */
	char *root_password;
	char *root_password_hash;
	char *operator_password;
	char *operator_password_hash;
	struct answer_list ssh_key;
	struct answer_list net;		/* lines "X = Y" of network.conf */
	unsigned int take_along;
	uint64_t dom0_memory;		/* octets; 0: by the host's size */
	char *serial;			/* "none", "com1" or "com2" */
	enum answer_end end;
	uint64_t given;			/* for answers_given() */
};

/* What is wrong, as "what: why: what to do"; line 0: the whole file. */
struct answer_problem {
	int line;
	char text[256];
};

/* A row of the table from which checking, docs and help derive. */
struct answer_key {
	const char *name;
	const char *values;	/* what may be given, for people */
	const char *fallback;	/* what holds when it is not given, or "" */
	const char *help;	/* one line */
	bool repeats;		/* may be given more than once */
	/* For answers.c: where the value goes, and how. */
	size_t at;
	int (*set)(const struct answer_key *key, void *field, const char *value,
		   struct answer_problem *problem);
};
extern const struct answer_key answer_keys[];
extern const size_t answer_keys_n;

/*
 * Is @value good for @key (also "net.…", which is only looked at for its
 * form)? 0, or -EINVAL with @problem filled in. For a screen's field.
 */
__attribute__((warn_unused_result))
int answer_check(const char *key, const char *value,
		 struct answer_problem *problem);

/*
 * Parses @size octets of @text into @a, with defaults for what is not given,
 * and checks what one line cannot show (RAID 1 wants two disks, …). All
 * problems are reported, at most @max: their number is returned, 0 is good.
 * @a is to be given to answers_free() in any case.
 */
__attribute__((warn_unused_result))
int answers_parse(struct answers *a, const char *text, size_t size,
		  struct answer_problem *problems, int max);

/* The same for a file. */
__attribute__((warn_unused_result))
int answers_load(struct answers *a, const char *path,
		 struct answer_problem *problems, int max);

/* Whether the file had @key: what is not a default wins over what is taken along. */
bool answers_given(const struct answers *a, const char *key);

/* A note about passwords that are given in plain text; false: there are none. */
bool answers_plain(const struct answers *a, char *note, size_t n);

void answers_free(struct answers *a);

#endif
