/* See volumes.h. */
#include "volumes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "run.h"

/* A line's first field is the name, its last the target. */
bool volumes_find(const char *list, const char *path, const char *full,
		  char name[VOLUMES_NAME_SIZE], char **target)
{
	for (const char *line = list; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n"), first = strcspn(line, "\t\n");
		const char *last = line + len;

		while (last > line && last[-1] != '\t')
			last--;
		if (!strncmp(last, "phy:", 4))
			last += 4;
		else if (!strncmp(last, "file:", 5))
			last += 5;
		len -= (size_t)(last - line);
		if (first < VOLUMES_NAME_SIZE &&
		    ((path && strlen(path) == len && !strncmp(last, path, len)) ||
		     (full && strlen(full) == first && !strncmp(line, full, first)))) {
			snprintf(name, VOLUMES_NAME_SIZE, "%.*s", (int)first, line);
			*target = strndup(last, len);
			return *target;
		}
		if (!line[strcspn(line, "\n")])
			break;
	}
	return false;
}

int volumes_list(char **list)
{
	char *const argv[] = { "storage", "list", "--tabs", NULL };

	if (!run_capture(argv, list) && *list)
		return XL_OK;
	xl_error("the storage does not tell what volumes there are");
	free(*list);
	return XL_FAILED;
}
