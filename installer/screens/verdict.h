/*
 * verdict: the hardware check in plain words. Pure: facts in, lines out.
 */
#ifndef SCREENS_VERDICT_H
#define SCREENS_VERDICT_H

#include "facts.h"

enum level {
	LEVEL_GOOD,
	LEVEL_NOTE,	/* works, with something to know */
	LEVEL_WARN,	/* "continue anyway" */
	LEVEL_STOP,	/* an installation makes no sense */
};

struct verdict {
	enum level level;
	const char *what;	/* "Processor" */
	char words[200];
};

#define VERDICTS 8

/* Fills in @v; returns the worst level. */
enum level verdicts(const struct facts *f, struct verdict v[VERDICTS]);
/* "ok", "note", "WARNING", "PROBLEM" */
const char *verdict_word(enum level level);

#endif
