/* An error a person can act on, as one line "what: why: what to do". */
#ifndef INSTALLER_FAULT_H
#define INSTALLER_FAULT_H

struct fault {
	char text[512];
};

/* Fills in @f and returns @code, a negative errno. */
__attribute__((format(printf, 3, 4)))
int fault_set(struct fault *f, int code, const char *fmt, ...);

#endif
