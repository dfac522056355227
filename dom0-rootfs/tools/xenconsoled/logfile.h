/*
 * A guest's log file, of bounded size: at LOGFILE_MAX bytes it is renamed to
 * NAME.1, of which there is one, and begun anew.
 */
#ifndef XENCONSOLED_LOGFILE_H
#define XENCONSOLED_LOGFILE_H

#include <stddef.h>

#define LOGFILE_MAX  1048576
#define LOGFILE_PATH 512

struct logfile {
	char path[LOGFILE_PATH];
	int fd; /* -1: closed */
	size_t size;
};

/*
 * dir/guest-<name>.log; what a file name should not have is replaced by _.
 * -errno: it stays closed.
 */
int logfile_open(struct logfile *l, const char *dir, const char *name);

/* On a closed file this does nothing. -errno: these bytes are lost. */
int logfile_write(struct logfile *l, const void *data, size_t len);
void logfile_close(struct logfile *l);

#endif
