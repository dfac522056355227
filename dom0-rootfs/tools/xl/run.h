/* Running another command of the toolstack, without a shell. */
#ifndef XL_RUN_H
#define XL_RUN_H

/*
 * Its exit status; 128 + n for a signal, 127 when it cannot be started. SIGTERM and
 * SIGINT meanwhile go to it, too, and are remembered: run_stopped().
 */
int run_command(char *const argv[]);
/* The same; what it writes on stdout is *out, to be freed (NULL: no memory). */
int run_capture(char *const argv[], char **out);
/* From the first call on the two signals no longer end this process. */
void run_keep_signals(void);
int run_stopped(void);

#endif
