/*
 * Programs that the engine runs: by argument vector, never through a shell,
 * with their output in the log. The log is standard error.
 */
#ifndef INSTALLER_RUN_H
#define INSTALLER_RUN_H

#include "fault.h"

/* One line into the log, with the seconds since the start before it. */
__attribute__((format(printf, 1, 2)))
void log_line(const char *fmt, ...);

struct run {
	const char *input;	/* what it reads; NULL: nothing */
	const char *dir;	/* where it runs; NULL: here */
	char *output;		/* takes its standard output too; may be NULL */
	unsigned int output_n;
};

/*
 * Runs @argv (from PATH) to its end; it dies with us. 0 when it ended with
 * status 0. Else -EIO, and @f quotes the last line it said. @r may be NULL.
 */
__attribute__((warn_unused_result))
int run(const char *const argv[], const struct run *r, struct fault *f);

/* The same, but returns its exit status (0 to 255) or a negative errno. */
__attribute__((warn_unused_result))
int run_status(const char *const argv[], const struct run *r, struct fault *f);

#endif
