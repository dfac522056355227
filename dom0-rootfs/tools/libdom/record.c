/*
 * The configuration each running VM was made from, kept as xl.cfg text in
 * /run/basalt/domains/<uuid>.cfg: for its restart and for `xl list -l`. Written
 * to a temporary name and renamed, so that a reader sees all or nothing. It
 * lives in memory, as the VM does: no fsync.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libdom/internal.h"

#define RECORD_MAX (1u << 20)

static void record_path(const uint8_t uuid[16], char path[128])
{
	char text[DOM_UUID_TEXT_SIZE];

	dom_uuid_text(uuid, text);
	snprintf(path, 128, RUN_DIR "/domains/%s.cfg", text);
}

static int write_config(const char *path, const struct vm_config *cfg)
{
	FILE *f = fopen(path, "we");
	int ret;

	if (!f)
		return -errno;
	ret = config_write(cfg, f);
	if (fclose(f) != 0 && ret == 0)
		ret = -errno;
	return ret;
}

int record_save(const struct vm_config *cfg, struct dom_error *err)
{
	char path[128], tmp[144];
	int ret = run_dir_make("domains");

	record_path(cfg->uuid, path);
	snprintf(tmp, sizeof(tmp), "%s.%d", path, (int)getpid());
	if (ret == 0)
		ret = write_config(tmp, cfg);
	if (ret == 0 && rename(tmp, path) < 0)
		ret = -errno;
	if (ret == 0)
		return 0;
	unlink(tmp);
	return dom_fail_errno(err, ret, "%s: cannot be written", path);
}

static int read_text(const char *path, char **text, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return -errno;
	*text = NULL;
	if (fstat(fd, &st) == 0 && st.st_size <= RECORD_MAX)
		*text = malloc((size_t)st.st_size + 1);
	if (*text)
		n = read(fd, *text, (size_t)st.st_size);
	close(fd);
	if (n < 0) {
		free(*text);
		return -EIO;
	}
	*len = (size_t)n;
	return 0;
}

int record_load(const uint8_t uuid[16], struct vm_config *cfg,
		struct dom_error *err)
{
	struct config_input in = {0};
	char path[128], *text = NULL;
	int ret;

	record_path(uuid, path);
	ret = read_text(path, &text, &in.len);
	if (ret == -ENOENT)
		return dom_fail(err, ret,
				"no configuration is kept of this VM: it was not made "
				"by this toolstack: use its own file");
	if (ret)
		return dom_fail_errno(err, ret, "%s: cannot be read", path);
	in.file = path;
	in.text = text;
	ret = config_parse(&in, cfg);
	free(text);
	if (ret)
		return dom_fail(err, ret,
				"%s: kept configuration is damaged: make the VM anew "
				"from its own file", path);
	return 0;
}

void record_remove(const uint8_t uuid[16])
{
	char path[128];

	record_path(uuid, path);
	unlink(path);
}
