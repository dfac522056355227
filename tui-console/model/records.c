/* See records.h. */
#include "model/records.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void take_line(struct record *r, char *line)
{
	for (unsigned int i = 0; i < RECORD_FIELDS; i++) {
		char *tab = line ? strchr(line, '\t') : NULL;

		r->field[i] = line ? line : "";
		if (tab)
			*tab++ = '\0';
		line = tab;
	}
}

int records_parse(struct records *r, const char *text)
{
	size_t lines = 1;
	char *next;

	records_free(r);
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	r->text = strdup(text);
	r->list = calloc(lines, sizeof(*r->list));
	if (!r->text || !r->list) {
		records_free(r);
		return -ENOMEM;
	}
	for (char *line = r->text; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (*line)
			take_line(&r->list[r->n++], line);
	}
	return 0;
}

void records_free(struct records *r)
{
	free(r->text);
	free(r->list);
	*r = (struct records){ .text = NULL };
}

uint64_t record_number(const struct record *r, unsigned int field)
{
	return strtoull(r->field[field], NULL, 10);
}

double record_fraction(const struct record *r, unsigned int part, unsigned int whole)
{
	uint64_t size = record_number(r, whole);

	return size ? (double)record_number(r, part) / (double)size : NAN;
}
