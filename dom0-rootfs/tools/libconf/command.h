/*
 * A program of several commands, one row of a table each, on files below a root:
 *	PROGRAM [--root DIR] [COMMAND [ARGUMENT...]]
 * Without a command the table's first row runs; `help` comes by itself.
 */
#ifndef LIBCONF_COMMAND_H
#define LIBCONF_COMMAND_H

#include <stdio.h>

#include "libconf/conf.h"

enum { EXIT_USAGE = 2 };

struct job {
	const struct program *program;
	const char *root; /* put before each path; "": the system that runs */
	int argc;	  /* the command's own arguments */
	char **argv;
	struct conf_error err;
};

struct command {
	const char *name, *arguments, *help;
	int min, max; /* arguments */
	int (*run)(struct job *j);
};

struct program {
	const char *name;
	const struct command *commands;
	size_t count;
	int name_width, arguments_width; /* columns of the help */
	void (*more_help)(FILE *f);	 /* what follows the table */
};

/* Carries out what the command line says; the exit status. */
int command_main(const struct program *program, int argc, char **argv);

/* Says j->err on stderr; EXIT_FAILURE. */
int command_failed(const struct job *j);

#endif
