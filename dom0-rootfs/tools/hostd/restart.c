/* See restart.h. A note is /run/basalt/restart/NAME.cfg, written whole or not. */
#include "restart.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "load.h"

static void note_path(const char *name, char path[128])
{
	snprintf(path, 128, RESTART_DIR "/%s.cfg", name);
}

int restart_note(const struct vm_config *cfg)
{
	static const char tmp[] = RESTART_DIR "/.new";
	char path[128];
	FILE *f;
	int err;

	mkdir("/run/basalt", 0755);
	mkdir(RESTART_DIR, 0700);
	f = fopen(tmp, "we");
	if (!f)
		return -errno;
	err = config_write(cfg, f);
	if (fclose(f) && !err)
		err = -errno;
	note_path(cfg->name, path);
	if (!err && rename(tmp, path))
		err = -errno;
	return err;
}

void restart_forget(const char *name)
{
	char path[128];

	note_path(name, path);
	unlink(path);
}

/* True when there is nothing left to do for it. */
static bool start(struct dom *dom, const char *file, struct log *log)
{
	const struct dom_create_opts opts = { .paused = false };
	struct vm_config cfg;
	struct dom_error err;
	uint32_t domid;
	char path[512];
	int result;

	snprintf(path, sizeof(path), RESTART_DIR "/%s", file);
	if (load_config(path, &cfg, log))
		return false;
	/* not dom_find() first: it also finds what we left half-made */
	result = dom_create(dom, &cfg, &opts, &domid, &err);
	if (!result)
		log_line(log, LOG_INFO, "%s started again as domain %u", cfg.name, domid);
	else if (result == -EEXIST && !dom_find(dom, cfg.name, &domid, NULL))
		result = 0;
	else
		log_line(log, LOG_ERR, "%s cannot be started again: %s: it will be "
			 "tried again until %s is removed", cfg.name, err.text, path);
	if (!result)
		restart_forget(cfg.name);
	config_free(&cfg);
	return !result;
}

static int is_note(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

unsigned int restart_lost(struct dom *dom, struct log *log)
{
	struct dirent **list;
	unsigned int left = 0;
	int n = scandir(RESTART_DIR, &list, is_note, alphasort);

	for (int i = 0; i < n; i++) {
		left += !start(dom, list[i]->d_name, log);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return left;
}
