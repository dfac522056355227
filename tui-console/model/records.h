/*
 * What `storage ... --tabs` prints, taken apart: one record per line, fields with
 * tabs between. Pure text.
 */
#ifndef MODEL_RECORDS_H
#define MODEL_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#define RECORD_FIELDS 10

struct record {
	const char *field[RECORD_FIELDS]; /* never NULL: "" for what is not there */
};

struct records {
	char *text; /* owned; the fields point into it */
	struct record *list;
	size_t n;
};

/* Takes a copy of text. What was in *r is freed. 0 or -ENOMEM (then *r is empty). */
int records_parse(struct records *r, const char *text);
void records_free(struct records *r);

/* A field as a number; 0 when it is none. */
uint64_t record_number(const struct record *r, unsigned int field);
double record_fraction(const struct record *r, unsigned int part, unsigned int whole);

#endif
