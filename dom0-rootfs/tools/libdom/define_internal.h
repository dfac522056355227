/* What the files define*.c share. */
#ifndef LIBDOM_DEFINE_INTERNAL_H
#define LIBDOM_DEFINE_INTERNAL_H

#include "libdom/define.h"
#include "libdom/internal.h"

/* One more than the parser takes, so that it refuses what is larger. */
#define DEFINE_TEXT_MAX (1u << 20)

/* dir, or the usual one. */
const char *define_dir(const char *dir);

/* Paths of all *.cfg files, sorted; free() each and the list. Count or -errno; no
 * directory: 0. */
int define_files(const char *dir, char ***paths);
void define_files_free(char **paths, int n);

/* Reads a file into *def, marks included. -EINVAL: the first mistake is in err. */
int define_read(const char *dir, const char *path, struct definition *def,
		struct dom_error *err);

/* The file that says name=NAME: its path. -ENOENT without a message. */
int define_find(const char *dir, const char *name, char path[DEFINE_PATH_MAX]);

/* auto/ or template/: is there a link for that file? */
bool define_marked(const char *dir, const char *mark, const char *path);
/* Makes or removes it; idempotent. */
int define_mark(const char *dir, const char *mark, const char *path, bool on,
		struct dom_error *err);
/* After a rename or removal in it. */
int define_sync_dir(const char *dir);

/* -EBUSY while a domain of that name runs; dom may be NULL. */
int define_check_stopped(struct dom *dom, const char *name, struct dom_error *err);

#endif
