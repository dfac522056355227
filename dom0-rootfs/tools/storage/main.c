/*
 * storage: disks, pools, volumes and images from the command line. Exit 0 done, 1
 * failed, 2 used wrongly. SIGTERM and SIGINT end long work, which cleans up; short
 * work they do not interrupt.
 *
 * BASALT_ROOT, BASALT_POOLS_CONF and BASALT_VMS in the environment say where
 * things are, for tests and for the installer.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage.h"

struct command {
	const char *name; /* one or two words */
	const char *usage, *summary;
	unsigned int min, max; /* operands */
	int (*run)(struct args *a);
};

static const struct command commands[] = {
	{ "disks", "", "disks, what is on them, what uses them", 0, 0, run_disks },
	{ "pools", "", "storage pools", 0, 0, run_pools },
	{ "pool create", "NAME [--lvm|--dir] DISK|DIRECTORY [--erase]",
	  "make a pool: LVM with thin volumes (usual), or a directory", 2, 2,
	  run_pool_create },
	{ "pool delete", "NAME [--force]", "destroy a pool; --force: with its volumes", 1,
	  1, run_pool_delete },
	{ "pool adopt", "NAME", "take up a pool that is on a disk", 1, 1, run_pool_adopt },
	{ "pool start", "[NAME]", "make pools usable (done at boot)", 0, 1,
	  run_pool_start },
	{ "pool stop", "[NAME]", "let go of pools (done at shutdown)", 0, 1,
	  run_pool_stop },
	{ "list", "[POOL]", "volumes and snapshots", 0, 1, run_list },
	{ "create", "POOL/VOLUME SIZE", "make an empty volume", 2, 2, run_create },
	{ "grow", "POOL/VOLUME SIZE", "to that size, or by +SIZE", 2, 2, run_grow },
	{ "delete", "POOL/VOLUME[.SNAPSHOT] [--force]",
	  "a volume goes with its snapshots", 1, 1, run_delete },
	{ "snapshot", "POOL/VOLUME SNAPSHOT", "keep what a volume holds now", 2, 2,
	  run_snapshot },
	{ "revert", "POOL/VOLUME.SNAPSHOT", "make the volume what it was", 1, 1,
	  run_revert },
	{ "clone", "POOL/VOLUME[.SNAPSHOT] POOL/NEW", "a volume of its own, alike", 2, 2,
	  run_clone },
	{ "import", "FILE POOL/VOLUME [SIZE]", "a volume from a raw, qcow2, vmdk or vhd "
	  "image", 2, 3, run_import },
	{ "images", "", "image and ISO files on mounted storage and sticks", 0, 0,
	  run_images },
	{ "info", "FILE", "what an image file is", 1, 1, run_info },
	{ "media", "", "mount USB sticks and CDs (read-only), and list them", 0, 0,
	  run_media },
	{ "eject", "NAME", "let go of a stick before it is pulled", 1, 1, run_eject },
};

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

int complain(const struct store_error *err)
{
	fflush(stdout);
	fprintf(stderr, "storage: %s\n", err->text);
	return STORAGE_FAILED;
}

static int show_progress(void *ctx, unsigned int percent, const char *text)
{
	static unsigned int last = 101;
	const struct args *a = ctx;

	/* Its reader may have gone: that is no reason to stop. */
	if (a->progress && percent != last) {
		printf("%u %s\n", percent, text);
		fflush(stdout);
		last = percent;
	}
	return stopped;
}

struct store_progress progress_of(struct args *a)
{
	return (struct store_progress){ .fn = show_progress, .ctx = a };
}

static int usage(FILE *to)
{
	fprintf(to, "usage: storage COMMAND ...\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		fprintf(to, "  %s %s\n\t%s\n", commands[i].name, commands[i].usage,
			commands[i].summary);
	fprintf(to, "--tabs: for programs; --progress: percentages on stdout; sizes: 512M, "
		"20G, 1.5T\n");
	return to == stdout ? STORAGE_OK : STORAGE_USAGE;
}

/* How many words of argv the command's name takes; 0: it is another one. */
static int matches(const struct command *c, int argc, char **argv)
{
	const char *space = strchr(c->name, ' ');

	if (!space)
		return argc > 0 && !strcmp(argv[0], c->name);
	return argc > 1 && strlen(argv[0]) == (size_t)(space - c->name) &&
	       !strncmp(argv[0], c->name, (size_t)(space - c->name)) &&
	       !strcmp(argv[1], space + 1) ? 2 : 0;
}

static bool take_option(struct args *a, const char *word)
{
	const struct {
		const char *name;
		bool *flag;
	} options[] = {
		{ "--tabs", &a->tabs },	  { "--progress", &a->progress },
		{ "--erase", &a->erase }, { "--force", &a->force },
		{ "--dir", &a->dir },	  { "--lvm", &a->lvm },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (!strcmp(word, options[i].name))
			return *options[i].flag = true;
	return false;
}

static int run_command(const struct command *c, int argc, char **argv)
{
	const struct store_where where = { getenv("BASALT_ROOT"),
					   getenv("BASALT_POOLS_CONF"),
					   getenv("BASALT_VMS") };
	struct args a = { .s = NULL };
	struct store_error err;
	bool good = true;
	int status;

	for (int i = 0; i < argc; i++) {
		if (argv[i][0] == '-' && argv[i][1])
			good = good && take_option(&a, argv[i]);
		else if (a.noperands < 4)
			a.operand[a.noperands++] = argv[i];
		else
			good = false;
	}
	if (!good || a.noperands < c->min || a.noperands > c->max || (a.dir && a.lvm)) {
		fprintf(stderr, "storage: usage: storage %s %s\n", c->name, c->usage);
		return STORAGE_USAGE;
	}
	if (store_open(&a.s, &where, &err))
		return complain(&err);
	status = c->run(&a);
	store_close(a.s);
	return status;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = stop };
	int words, status = STORAGE_USAGE;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help") ||
			 !strcmp(argv[1], "help")))
		return usage(stdout);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		words = matches(&commands[i], argc - 1, argv + 1);
		if (words) {
			status = run_command(&commands[i], argc - 1 - words,
					     argv + 1 + words);
			return fflush(stdout) && !status ? STORAGE_FAILED : status;
		}
	}
	return usage(stderr);
}
