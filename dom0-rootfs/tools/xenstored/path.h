/*
 * Names of nodes: /-separated components of [A-Za-z0-9-_@], no empty one, at
 * most XENSTORE_ABS_PATH_MAX bytes. Names that start with @ are special: they
 * are events, not nodes.
 */
#ifndef XENSTORED_PATH_H
#define XENSTORED_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

#define PATH_SIZE (XENSTORE_ABS_PATH_MAX + 1)

/* Prefix of relative names of a domain, without the / behind it. */
#define PATH_HOME "/local/domain/%u"

/*
 * Complete a client's name to a path: absolute names stay, relative ones are
 * below the domain's home. -EINVAL if that is no valid path of a node.
 */
int path_complete(char out[PATH_SIZE], const char *name, unsigned int domid);

bool path_special(const char *name);

/* path is top itself or lies below it. */
bool path_covers(const char *top, const char *path);

/* How many components path has below top (0: the same), which covers it. */
unsigned int path_depth(const char *top, const char *path);

/* The parent of a path other than "/". */
void path_parent(char out[PATH_SIZE], const char *path);

/* Take the next component: false at the end. Start with *at = path. */
bool path_next(const char **at, const char **name, size_t *len);

#endif
