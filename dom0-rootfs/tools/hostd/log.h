/* hostd's log: a file, the system log, and stderr while it runs in the foreground. */
#ifndef HOSTD_LOG_H
#define HOSTD_LOG_H

#include <stdbool.h>

#define LOG_DIR "/var/log/basalt"
#define LOG_FILE LOG_DIR "/hostd.log"

struct log {
	int fd; /* -1: no file */
	bool to_stderr;
};

/* Never fails: without a file the system log still gets all. */
void log_open(struct log *log, bool to_stderr);
void log_close(struct log *log);

/* One line. what is a priority of syslog(3): LOG_INFO, LOG_WARNING, LOG_ERR. */
void log_line(struct log *log, int what, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
