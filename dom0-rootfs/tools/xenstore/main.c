/*
 * xenstore: the store from the command line. One program under several names
 * (xenstore-read, -write, -ls, ...), or with the verb as its first argument.
 * Names, options and output follow what scripts know of them.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libxs/xs.h"

#define PERMS_MAX 64

enum { EXIT_USAGE = 2 };

struct options {
	bool prefix;	/* -p: names beside values, permissions in ls */
	bool full;	/* -f: full paths in ls */
	bool tidy;	/* -t: rm empty parents */
	bool recursive; /* -r: chmod what is below as well */
	long count;	/* -n: events to wait for, -1: for ever */
};

struct verb {
	const char *name, *options, *args;
	int min_args;
	int (*run)(struct xs *x, const struct options *o, char **arg, int args);
};

/* "what: why: what to do"; returns the exit status. */
static int failed(const char *path, int err)
{
	const char *cure = "see xenstore-ls";

	if (err == -EACCES || err == -EPERM)
		cure = "see xenstore-ls -p";
	else if (err == -ENOTCONN || err == -ETIMEDOUT)
		cure = "is xenstored running?";
	else if (err == -EINVAL)
		cure = "a path is /a/b of letters, digits and -_@";
	fprintf(stderr, "xenstore: %s: %s: %s\n", path, strerror(-err), cure);
	return EXIT_FAILURE;
}

/* Bytes that a terminal should not see are shown as \xNN. */
static void print_value(const char *value, int len)
{
	for (int i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c >= ' ' && c < 0x7f && c != '\\')
			putchar(c);
		else if (c == '\\')
			fputs("\\\\", stdout);
		else
			printf("\\x%02x", c);
	}
}

static int run_read(struct xs *x, const struct options *o, char **arg, int args)
{
	char value[XS_VALUE_MAX + 1];

	for (int i = 0; i < args; i++) {
		int len = xs_read(x, XS_TX_NONE, arg[i], value, sizeof(value));

		if (len < 0)
			return failed(arg[i], len);
		if (o->prefix)
			printf("%s: ", arg[i]);
		print_value(value, len);
		putchar('\n');
	}
	return EXIT_SUCCESS;
}

static int run_write(struct xs *x, const struct options *o, char **arg, int args)
{
	(void)o;
	if (args % 2) {
		fputs("xenstore: write: a value is missing: "
		      "give pairs of path and value\n",
		      stderr);
		return EXIT_USAGE;
	}
	for (int i = 0; i < args; i += 2) {
		int err = xs_write(x, XS_TX_NONE, arg[i], arg[i + 1], strlen(arg[i + 1]));

		if (err)
			return failed(arg[i], err);
	}
	return EXIT_SUCCESS;
}

/* Remove the parents of path as long as they hold nothing. */
static int tidy(struct xs *x, char *path)
{
	char value[2];
	struct xs_dir dir;
	char *slash;
	int err;

	while ((slash = strrchr(path, '/')) && slash != path) {
		size_t children;

		*slash = 0;
		err = xs_directory(x, XS_TX_NONE, path, &dir);
		if (err)
			return err;
		children = dir.count;
		xs_dir_free(&dir);
		err = xs_read(x, XS_TX_NONE, path, value, sizeof(value));
		if (children || err)
			return 0;
		err = xs_rm(x, XS_TX_NONE, path);
		if (err)
			return err;
	}
	return 0;
}

static int run_rm(struct xs *x, const struct options *o, char **arg, int args)
{
	for (int i = 0; i < args; i++) {
		int err = xs_rm(x, XS_TX_NONE, arg[i]);

		if (!err && o->tidy)
			err = tidy(x, arg[i]);
		if (err)
			return failed(arg[i], err);
	}
	return EXIT_SUCCESS;
}

static int run_list(struct xs *x, const struct options *o, char **arg, int args)
{
	for (int i = 0; i < args; i++) {
		struct xs_dir dir;
		int err = xs_directory(x, XS_TX_NONE, arg[i], &dir);

		if (err)
			return failed(arg[i], err);
		for (size_t n = 0; n < dir.count; n++)
			printf("%s%s%s\n", o->prefix ? arg[i] : "", o->prefix ? "/" : "",
			       dir.name[n]);
		xs_dir_free(&dir);
	}
	return EXIT_SUCCESS;
}

static int run_exists(struct xs *x, const struct options *o, char **arg, int args)
{
	char value[XS_VALUE_MAX + 1];

	(void)o;
	for (int i = 0; i < args; i++) {
		int err = xs_read(x, XS_TX_NONE, arg[i], value, sizeof(value));

		if (err == -ENOENT)
			return EXIT_FAILURE;
		if (err < 0)
			return failed(arg[i], err);
	}
	return EXIT_SUCCESS;
}

static void print_perms(struct xs *x, const char *path)
{
	struct xs_perm perm[PERMS_MAX];
	int n = xs_get_perms(x, XS_TX_NONE, path, perm, PERMS_MAX);

	for (int i = 0; i < n && i < PERMS_MAX; i++)
		printf("%s%c%u", i ? "," : "  (", perm[i].access, perm[i].domid);
	if (n > 0)
		putchar(')');
}

static void print_node(struct xs *x, const struct options *o, const char *path,
		       unsigned int depth)
{
	char value[XS_VALUE_MAX + 1];
	int len = xs_read(x, XS_TX_NONE, path, value, sizeof(value));

	if (o->full)
		fputs(path, stdout);
	else
		printf("%*s%s", (int)depth, "", strrchr(path, '/') + 1);
	fputs(len < 0 ? ":" : " = \"", stdout);
	if (len < 0)
		fputs(strerror(-len), stdout);
	else
		print_value(value, len);
	if (len >= 0)
		putchar('"');
	if (o->prefix)
		print_perms(x, path);
	putchar('\n');
}

/* path has XS_PATH_SIZE bytes; it is changed on the way and put back. */
static int list_below(struct xs *x, const struct options *o, char *path,
		      unsigned int depth)
{
	size_t len = strcmp(path, "/") ? strlen(path) : 0;
	struct xs_dir dir;
	int err = xs_directory(x, XS_TX_NONE, path, &dir);

	/* A node may have gone since its parent was listed. */
	if (err)
		return depth && err == -ENOENT ? 0 : err;
	for (size_t i = 0; i < dir.count && !err; i++) {
		snprintf(path + len, XS_PATH_SIZE - len, "/%s", dir.name[i]);
		print_node(x, o, path, depth);
		err = list_below(x, o, path, depth + 1);
	}
	strcpy(path + len, len ? "" : "/");
	xs_dir_free(&dir);
	return err;
}

static int run_ls(struct xs *x, const struct options *o, char **arg, int args)
{
	char path[XS_PATH_SIZE] = "/";
	int err;

	for (int i = 0; i < args || (i == 0 && !args); i++) {
		if (args)
			snprintf(path, sizeof(path), "%s", arg[i]);
		err = list_below(x, o, path, 0);
		if (err)
			return failed(path, err);
	}
	return EXIT_SUCCESS;
}

static int parse_perm(const char *text, struct xs_perm *out)
{
	unsigned long domid;
	char *end;

	if (!*text || !strchr("nrwb", *text) || text[1] < '0' || text[1] > '9')
		return -EINVAL;
	domid = strtoul(text + 1, &end, 10);
	if (*end || domid > UINT16_MAX)
		return -EINVAL;
	*out = (struct xs_perm){(unsigned int)domid, *text};
	return 0;
}

static int chmod_below(struct xs *x, const struct options *o, char *path,
		       const struct xs_perm *perm, unsigned int count)
{
	size_t len = strcmp(path, "/") ? strlen(path) : 0;
	int err = xs_set_perms(x, XS_TX_NONE, path, perm, count);
	struct xs_dir dir;

	if (err || !o->recursive)
		return err;
	err = xs_directory(x, XS_TX_NONE, path, &dir);
	if (err)
		return err;
	for (size_t i = 0; i < dir.count && !err; i++) {
		snprintf(path + len, XS_PATH_SIZE - len, "/%s", dir.name[i]);
		err = chmod_below(x, o, path, perm, count);
	}
	path[len ? len : 1] = 0;
	xs_dir_free(&dir);
	return err;
}

static int run_chmod(struct xs *x, const struct options *o, char **arg, int args)
{
	struct xs_perm perm[PERMS_MAX];
	char path[XS_PATH_SIZE];
	int err;

	for (int i = 1; i < args; i++)
		if (i > PERMS_MAX || parse_perm(arg[i], &perm[i - 1])) {
			fprintf(stderr,
				"xenstore: %s: not a permission: "
				"give n, r, w or b and a domain id, as r5\n",
				arg[i]);
			return EXIT_USAGE;
		}
	snprintf(path, sizeof(path), "%s", arg[0]);
	err = chmod_below(x, o, path, perm, (unsigned int)args - 1);
	return err ? failed(arg[0], err) : EXIT_SUCCESS;
}

static int run_watch(struct xs *x, const struct options *o, char **arg, int args)
{
	struct xs_event ev;
	int err;

	for (int i = 0; i < args; i++) {
		err = xs_watch(x, arg[i], arg[i]);
		if (err)
			return failed(arg[i], err);
	}
	for (long i = 0; o->count < 0 || i < o->count; i++) {
		err = xs_wait_event(x, &ev, -1);
		if (err)
			return failed(arg[0], err);
		printf("%s\n", ev.path);
		fflush(stdout);
	}
	return EXIT_SUCCESS;
}

static const struct verb verbs[] = {
	{"read", "p", "[-p] PATH...", 1, run_read},
	{"write", "", "PATH VALUE...", 2, run_write},
	{"rm", "t", "[-t] PATH...", 1, run_rm},
	{"list", "p", "[-p] PATH...", 1, run_list},
	{"ls", "fp", "[-f] [-p] [PATH...]", 0, run_ls},
	{"exists", "", "PATH...", 1, run_exists},
	{"chmod", "r", "[-r] PATH PERM...", 2, run_chmod},
	{"watch", "n:", "[-n COUNT] PATH...", 1, run_watch},
};

#define VERBS (sizeof(verbs) / sizeof(*verbs))

static int usage(FILE *to, const struct verb *only)
{
	for (const struct verb *v = verbs; v < verbs + VERBS; v++)
		if (!only || v == only)
			fprintf(to, "usage: xenstore-%s [-s] %s\n", v->name, v->args);
	return to == stdout ? EXIT_SUCCESS : EXIT_USAGE;
}

static const struct verb *find_verb(const char *name)
{
	for (const struct verb *v = verbs; v < verbs + VERBS; v++)
		if (!strcmp(v->name, name))
			return v;
	return NULL;
}

/* Scripts give -s (use the socket) to all of these: it is what we do. */
static int parse_options(const struct verb *v, int argc, char **argv, struct options *o)
{
	char known[16];
	char *end = NULL;
	int c;

	*o = (struct options){.count = -1};
	snprintf(known, sizeof(known), "+sh%s", v->options);
	while ((c = getopt(argc, argv, known)) != -1) {
		if (c == 'h')
			exit(usage(stdout, v));
		if (c == '?')
			return -EINVAL;
		o->prefix |= c == 'p';
		o->full |= c == 'f';
		o->tidy |= c == 't';
		o->recursive |= c == 'r';
		if (c == 'n')
			o->count = strtol(optarg, &end, 10);
	}
	return (end && *end) || argc - optind < v->min_args ? -EINVAL : 0;
}

int main(int argc, char **argv)
{
	const char *base = strrchr(argv[0], '/');
	const struct verb *v;
	struct options o;
	struct xs *x;
	int err;

	base = base ? base + 1 : argv[0];
	if (!strncmp(base, "xenstore-", 9)) {
		v = find_verb(base + 9);
	} else {
		v = argc > 1 ? find_verb(argv[1]) : NULL;
		argc--;
		argv++;
	}
	if (!v || parse_options(v, argc, argv, &o))
		return usage(stderr, v);
	err = xs_open(&x, getenv("XENSTORED_PATH"));
	if (err)
		return failed(XS_SOCKET, err);
	err = v->run(x, &o, argv + optind, argc - optind);
	xs_close(x);
	return err;
}
