/* See config_args.h. */
#include "config_args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1u << 20)

char *config_file(const char *path, size_t *len)
{
	char *text = malloc(FILE_MAX + 2);
	FILE *f = text ? fopen(path, "re") : NULL;

	*len = 0;
	if (f)
		*len = fread(text, 1, FILE_MAX + 1, f);
	if (!f || ferror(f)) {
		xl_error("%s cannot be read: %s: give the path of a configuration file",
			 path, strerror(errno));
		free(text);
		text = NULL;
	}
	if (f)
		fclose(f);
	return text;
}

void config_print(void *ctx, enum config_level level, const char *text)
{
	static const char *const names[] = { "error", "warning", "note" };
	const bool *quiet = ctx;

	if (level == CONFIG_ERROR || !*quiet)
		fprintf(stderr, "%s: %s\n", names[level], text);
}

int config_args(const struct xl_args *args, unsigned int first, struct vm_config *cfg)
{
	const char *path = args->value['f'];
	bool quiet = args->count['q'];
	struct config_input in = { .file = "command line", .report = config_print, .ctx = &quiet };
	char *text = NULL;
	int err;

	if (!path && first < args->noperands && !strchr(args->operand[first], '='))
		path = args->operand[first++];
	if (!path && first >= args->noperands) {
		xl_error("no configuration: name a FILE");
		return XL_USAGE;
	}
	if (path) {
		text = config_file(path, &in.len);
		if (!text)
			return XL_FAILED;
		in.file = path;
		if (!quiet)
			fprintf(stderr, "Parsing config from %s\n", path);
	}
	in.text = text ? text : "";
	in.extra = (const char *const *)args->operand + first;
	in.nextra = args->noperands - first;
	err = config_parse(&in, cfg);
	free(text);
	if (err == -ENOMEM)
		xl_error("not enough memory to read the configuration");
	return err ? XL_FAILED : XL_OK;
}
