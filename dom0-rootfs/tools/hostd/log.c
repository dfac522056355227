/*
 * See log.h. The file is kept below LOG_SIZE_MAX by keeping one older one; each line
 * is one write, so that a kill leaves whole lines.
 */
#include "log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LOG_SIZE_MAX (1 << 20)

static void open_file(struct log *log)
{
	log->fd = open(LOG_FILE, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

void log_open(struct log *log, bool to_stderr)
{
	log->to_stderr = to_stderr;
	openlog("hostd", LOG_PID, LOG_DAEMON);
	mkdir("/var/log", 0755);
	mkdir(LOG_DIR, 0750);
	open_file(log);
}

void log_close(struct log *log)
{
	if (log->fd >= 0)
		close(log->fd);
	closelog();
}

static void rotate(struct log *log)
{
	struct stat st;

	if (log->fd < 0 || fstat(log->fd, &st) || st.st_size < LOG_SIZE_MAX)
		return;
	close(log->fd);
	rename(LOG_FILE, LOG_FILE ".1");
	open_file(log);
}

void log_line(struct log *log, int what, const char *fmt, ...)
{
	char line[700];
	time_t now = time(NULL);
	struct tm tm;
	size_t stamp = 0;
	int n;
	va_list ap;

	if (localtime_r(&now, &tm))
		stamp = strftime(line, 32, "%Y-%m-%d %H:%M:%S ", &tm);
	va_start(ap, fmt);
	n = vsnprintf(line + stamp, sizeof(line) - stamp - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	syslog(what, "%s", line + stamp);
	strcat(line, "\n");
	rotate(log);
	if (log->fd >= 0 && write(log->fd, line, strlen(line)) < 0)
		log->fd = -1;
	if (log->to_stderr)
		fputs(line, stderr);
}
