/*
 * What is left when a process is killed while it makes a VM: a paused domain,
 * with or without a name and devices. While a VM is being made its uuid is noted
 * in /run/basalt/making/<name>.uuid; whoever next makes a VM of that name, and so
 * holds its lock, knows by the note that the maker is dead.
 *
 * The note alone does not condemn: the maker may have been killed after it had
 * started the VM. Only a domain that has never run is destroyed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libdom/internal.h"

static void note_path(const char *name, char path[128])
{
	snprintf(path, 128, RUN_DIR "/making/%s.uuid", name);
}

int making_begin(const char *name, const uint8_t uuid[16], struct dom_error *err)
{
	char path[128];
	int fd, ret = run_dir_make("making");

	note_path(name, path);
	fd = ret ? ret : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0) {
		if (write(fd, uuid, 16) == 16) {
			close(fd);
			return 0;
		}
		ret = -ENOSPC;
		close(fd);
		unlink(path);
	} else if (ret == 0) {
		ret = -errno;
	}
	return dom_fail_errno(err, ret, "%s: cannot be written", path);
}

void making_end(const char *name)
{
	char path[128];

	note_path(name, path);
	unlink(path);
}

/* A note cut short was written before there was a domain. */
static bool read_note(const char *name, uint8_t uuid[16])
{
	char path[128];
	bool whole;
	int fd;

	note_path(name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	whole = read(fd, uuid, 16) == 16;
	close(fd);
	return whole;
}

static bool is_half_made(const struct dom_info *d, const char *name,
			 const uint8_t uuid[16])
{
	return d->domid && memcmp(d->uuid, uuid, 16) == 0 &&
	       (!d->name[0] || strcmp(d->name, name) == 0) &&
	       (d->dying || (d->paused && d->cpu_ns == 0));
}

int making_clean_up(struct dom *dom, const char *name, struct dom_error *err)
{
	struct dom_info *list;
	uint8_t uuid[16];
	size_t count, i;
	int ret;

	if (!read_note(name, uuid))
		return 0;
	ret = dom_list(dom, &list, &count, err);
	if (ret)
		return ret;
	for (i = 0; ret == 0 && i < count; i++)
		if (is_half_made(&list[i], name, uuid))
			ret = destroy_locked(dom, list[i].domid, err);
	free(list);
	if (ret == 0)
		making_end(name);
	return ret;
}
