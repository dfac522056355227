#include <stdlib.h>
#include <string.h>

#include "libconf/command.h"

int command_failed(const struct job *j)
{
	fprintf(stderr, "%s: %s\n", j->program->name, j->err.text);
	return EXIT_FAILURE;
}

static void usage(const struct program *p, FILE *f)
{
	fprintf(f, "usage: %s [--root DIR] [COMMAND ...]      (%s)\n", p->name,
		p->commands->name);
	for (size_t i = 0; i < p->count; i++)
		fprintf(f, "  %-*s %-*s %s\n", p->name_width, p->commands[i].name,
			p->arguments_width, p->commands[i].arguments, p->commands[i].help);
	fprintf(f, "  %-*s %-*s %s\n", p->name_width, "help", p->arguments_width, "",
		"this text");
	p->more_help(f);
}

int command_main(const struct program *program, int argc, char **argv)
{
	struct job j = { .program = program, .root = "", .argc = argc - 1,
			 .argv = argv + 1 };
	const struct command *c = program->commands, *end = c + program->count;
	const char *name = c->name;

	if (j.argc >= 2 && !strcmp(j.argv[0], "--root")) {
		j.root = j.argv[1];
		j.argc -= 2;
		j.argv += 2;
	}
	if (j.argc) {
		name = j.argv[0];
		j.argc--;
		j.argv++;
	}
	if (!strcmp(name, "help") && !j.argc) {
		usage(program, stdout);
		return 0;
	}
	for (; c < end; c++)
		if (!strcmp(name, c->name) && j.argc >= c->min && j.argc <= c->max)
			return c->run(&j);
	usage(program, stderr);
	return EXIT_USAGE;
}
