/* See autostart.h. */
#include "autostart.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define TEXT_MAX (1u << 20)

static void report(void *ctx, enum config_level level, const char *text)
{
	if (level != CONFIG_NOTE)
		log_line(ctx, level == CONFIG_ERROR ? LOG_ERR : LOG_WARNING,
			 "autostart: %s", text);
}

static int load(const char *path, struct vm_config *cfg, struct log *log)
{
	struct config_input in = { .file = path, .report = report, .ctx = log };
	char *text = malloc(TEXT_MAX + 1);
	FILE *f = fopen(path, "re");
	int err;

	if (!text || !f) {
		log_line(log, LOG_ERR, "autostart: %s cannot be read: %s", path,
			 strerror(errno));
		free(text);
		if (f)
			fclose(f);
		return -EIO;
	}
	in.text = text;
	in.len = fread(text, 1, TEXT_MAX + 1, f);
	fclose(f);
	err = config_parse(&in, cfg);
	free(text);
	return err;
}

static void start(struct dom *dom, const char *file, struct log *log)
{
	const struct dom_create_opts opts = { .paused = false };
	struct vm_config cfg;
	struct dom_error err;
	uint32_t domid;
	char path[512];

	snprintf(path, sizeof(path), AUTOSTART_DIR "/%s", file);
	if (load(path, &cfg, log))
		return;
	if (!dom_find(dom, cfg.name, &domid, NULL))
		log_line(log, LOG_INFO, "autostart: %s runs already", cfg.name);
	else if (dom_create(dom, &cfg, &opts, &domid, &err))
		log_line(log, LOG_ERR, "autostart: %s: %s", path, err.text);
	else
		log_line(log, LOG_INFO, "autostart: %s started as domain %u", cfg.name,
			 domid);
	config_free(&cfg);
}

static int wanted(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

void autostart(struct dom *dom, struct log *log)
{
	struct dirent **list;
	int n, fd;

	if (!access(AUTOSTART_DONE, F_OK))
		return;
	n = scandir(AUTOSTART_DIR, &list, wanted, alphasort);
	for (int i = 0; i < n; i++) {
		start(dom, list[i]->d_name, log);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	mkdir("/run/basalt", 0755);
	fd = open(AUTOSTART_DONE, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0)
		close(fd);
}
