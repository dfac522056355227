/*
 * save: keeping the answers as a file, on a volume that the person chooses.
 */
#ifndef SCREENS_SAVE_H
#define SCREENS_SAVE_H

#include "choices.h"

/* Asks where, writes answers.txt there, and says what came of it. */
void save_answers(const struct choices *c, const struct facts *f);

struct volume {
	char device[64];	/* "/dev/sdb1" */
	char label[64];
	char type[16];
};

/* One line of blkid; false when it is no volume that can be written. Pure. */
bool volume_line(struct volume *v, const char *line);

#endif
