/*
 * What is installed: an ISO of ours, on the medium that was booted, on any
 * other volume, or as a file. It is never written to.
 */
#ifndef INSTALLER_SOURCE_H
#define INSTALLER_SOURCE_H

#include <stdint.h>

#include "fault.h"
#include "found.h"

struct source {
	char path[4096];	/* device or file */
	char disk[64];		/* name of the disk it is on, or "" */
	uint64_t size;		/* octets of the image */
	char version[24];
	int fd;			/* -1: not open */
};

#define SOURCE_DIR "/run/basalt/installer/source"

/* Reads an ISO's head: its size if it is one of ours, else -ENOENT. */
int64_t source_size(int fd);

/*
 * Finds the source that @wanted names ("medium" or a path), opens it and mounts
 * it on SOURCE_DIR. @found: what is installed, whose slots are no media.
 */
__attribute__((warn_unused_result))
int source_open(struct source *s, const char *wanted, const struct found *found,
		int found_n, struct fault *f);

/* Compares every file of an ISO mounted on @dir with its checksum. */
__attribute__((warn_unused_result))
int source_verify(const char *dir, struct fault *f);

void source_close(struct source *s);

#endif
