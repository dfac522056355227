/* What the command `storage` tells of volumes. */
#ifndef XL_VOLUMES_H
#define XL_VOLUMES_H

#include <stdbool.h>

#define VOLUMES_NAME_SIZE 160 /* POOL/VOLUME */

/* All of them as text, for volumes_find(); to be freed. XL_OK, or XL_FAILED after
 * saying why not. */
int volumes_list(char **list);

/*
 * The one with that path, or of that name (the other is NULL): its name, and its path
 * to be freed. false: there is none, or no memory.
 */
bool volumes_find(const char *list, const char *path, const char *full,
		  char name[VOLUMES_NAME_SIZE], char **target);

#endif
