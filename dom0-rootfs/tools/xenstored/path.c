/*
 * Names of nodes: see path.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "path.h"

#define PATH_CHARS                   \
	"abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789"                 \
	"-/_@"

static bool path_valid(const char *path)
{
	size_t len = strlen(path);

	if (path[0] != '/' || len > XENSTORE_ABS_PATH_MAX)
		return false;
	if (len > 1 && path[len - 1] == '/')
		return false;
	return strspn(path, PATH_CHARS) == len && !strstr(path, "//");
}

int path_complete(char out[PATH_SIZE], const char *name, unsigned int domid)
{
	int len;

	if (name[0] == '/') {
		len = snprintf(out, PATH_SIZE, "%s", name);
	} else {
		if (path_special(name) || strlen(name) > XENSTORE_REL_PATH_MAX)
			return -EINVAL;
		len = snprintf(out, PATH_SIZE, PATH_HOME "/%s", domid, name);
	}
	return len < PATH_SIZE && path_valid(out) ? 0 : -EINVAL;
}

bool path_special(const char *name)
{
	return name[0] == '@';
}

bool path_covers(const char *top, const char *path)
{
	size_t len = strlen(top);

	if (!strcmp(top, "/"))
		return path[0] == '/';
	return !strncmp(top, path, len) && (path[len] == '/' || !path[len]);
}

unsigned int path_depth(const char *top, const char *path)
{
	unsigned int depth = 0;
	const char *at = path + (strcmp(top, "/") ? strlen(top) : 0);
	const char *name;
	size_t len;

	while (path_next(&at, &name, &len))
		depth++;
	return depth;
}

void path_parent(char out[PATH_SIZE], const char *path)
{
	char *slash;

	snprintf(out, PATH_SIZE, "%s", path);
	slash = strrchr(out, '/');
	slash[slash == out ? 1 : 0] = 0;
}

bool path_next(const char **at, const char **name, size_t *len)
{
	while (**at == '/')
		(*at)++;
	*name = *at;
	*len = strcspn(*at, "/");
	*at += *len;
	return *len > 0;
}
