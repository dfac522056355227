/* See autostart.h. */
#include "autostart.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "load.h"

static void start(struct dom *dom, const char *file, struct log *log)
{
	const struct dom_create_opts opts = { .paused = false };
	struct vm_config cfg;
	struct dom_error err;
	uint32_t domid;
	char path[512];
	int result;

	snprintf(path, sizeof(path), AUTOSTART_DIR "/%s", file);
	/* a definition that was removed or renamed by hand has left its link behind */
	if (access(path, F_OK) && errno == ENOENT) {
		log_line(log, LOG_WARNING, "autostart: %s leads nowhere: remove it", path);
		return;
	}
	if (load_config(path, &cfg, log))
		return;
	/* not dom_find() first: it also finds what we left half-made */
	result = dom_create(dom, &cfg, &opts, &domid, &err);
	if (!result)
		log_line(log, LOG_INFO, "autostart: %s started as domain %u", cfg.name,
			 domid);
	else if (result == -EEXIST && !dom_find(dom, cfg.name, &domid, NULL))
		log_line(log, LOG_INFO, "autostart: %s runs already", cfg.name);
	else
		log_line(log, LOG_ERR, "autostart: %s: %s", path, err.text);
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
