/*
 * A log file as lines: its end, and what is added later; it may be rotated, emptied
 * or come into being meanwhile. Escape sequences and control characters are taken out.
 */
#ifndef MODEL_LOGFILE_H
#define MODEL_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOGFILE_LINES 4000     /* kept at most */
#define LOGFILE_BYTES (1 << 19) /* read at most from the end at first */
#define LOGFILE_LINE  1024     /* longer lines are cut into several */

struct logfile {
	char path[256];
	char **lines;
	size_t n;
	bool missing; /* there is no such file (now) */
	/* private from here on */
	uint64_t inode;
	off_t offset;
	char part[LOGFILE_LINE]; /* the beginning of a line whose end is to come */
	size_t part_len;
	int escape; /* state inside an escape sequence */
};

void logfile_init(struct logfile *f, const char *path);
/* Reads what is new; returns true when lines were added or taken away. */
bool logfile_poll(struct logfile *f);
/* For sources that are not files: takes a piece of text. */
void logfile_add(struct logfile *f, const char *text, size_t len);
void logfile_clear(struct logfile *f);
void logfile_free(struct logfile *f);

/* Does the line speak of that VM: its name as a whole word? */
bool logfile_names(const char *line, const char *name);

#endif
