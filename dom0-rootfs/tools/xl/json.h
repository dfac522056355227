/*
 * A JSON writer with the layout scripts grep for: four blanks a level, one member a
 * line, ": " behind a name. Commas and line ends are its business, not the caller's.
 */
#ifndef XL_JSON_H
#define XL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	unsigned int depth;
	bool started; /* something stands on this level already */
};

/* name is NULL inside an array and at the top. */
void json_open(struct json *j, const char *name, char bracket); /* '{' or '[' */
void json_close(struct json *j, char bracket);			 /* '}' or ']' */
void json_text(struct json *j, const char *name, const char *text);
void json_number(struct json *j, const char *name, uint64_t number);
/* "True" or "False": how the toolstack's JSON has its yes and no. */
void json_bool(struct json *j, const char *name, bool value);

#endif
