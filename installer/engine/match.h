/*
 * Which disk is meant: the words of docs/ANSWERS.md, "a match". Pure.
 */
#ifndef INSTALLER_MATCH_H
#define INSTALLER_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "disk.h"

struct match {
	char path[128];			/* "": by the words below */
	char serial[64], model[64], wwn[64], bus[16];	/* "": any */
	uint64_t min, max;		/* octets */
};

/* A size as 10G or 512M, in octets; 0 or -EINVAL. */
__attribute__((warn_unused_result))
int match_size(const char *text, uint64_t *size);

/* 0, or -EINVAL with @why: "what: why: what to do". */
__attribute__((warn_unused_result))
int match_parse(struct match *m, const char *text, char *why, size_t n);

/* @real: what @m->path leads to when links are followed; NULL: not there. */
bool match_disk(const struct match *m, const char *real, const struct disk *d);

#endif
