/* See load.h. */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#define TEXT_MAX (1u << 20)

static void report(void *ctx, enum config_level level, const char *text)
{
	if (level != CONFIG_NOTE)
		log_line(ctx, level == CONFIG_ERROR ? LOG_ERR : LOG_WARNING, "%s", text);
}

int load_config(const char *path, struct vm_config *cfg, struct log *log)
{
	struct config_input in = { .file = path, .report = report, .ctx = log };
	char *text = malloc(TEXT_MAX + 1);
	FILE *f = fopen(path, "re");
	int err;

	if (text && f)
		in.len = fread(text, 1, TEXT_MAX + 1, f);
	if (!text || !f || ferror(f)) {
		err = -errno;
		log_line(log, LOG_ERR, "%s cannot be read: %s", path, strerror(errno));
	} else {
		in.text = text;
		err = config_parse(&in, cfg);
	}
	if (f)
		fclose(f);
	free(text);
	return err;
}
