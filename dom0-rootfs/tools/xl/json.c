/* JSON output; see json.h. */
#include "json.h"

static void write_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void new_line(struct json *j)
{
	fprintf(j->out, "\n%*s", (int)(4 * j->depth), "");
}

static void begin(struct json *j, const char *name)
{
	if (j->started)
		fputc(',', j->out);
	if (j->depth)
		new_line(j);
	j->started = true;
	if (name) {
		write_text(j->out, name);
		fputs(": ", j->out);
	}
}

void json_open(struct json *j, const char *name, char bracket)
{
	begin(j, name);
	fputc(bracket, j->out);
	j->depth++;
	j->started = false;
}

void json_close(struct json *j, char bracket)
{
	j->depth--;
	if (!j->started) /* empty ones have an empty line in them */
		fputc('\n', j->out);
	new_line(j);
	fputc(bracket, j->out);
	j->started = true;
	if (!j->depth)
		fputc('\n', j->out);
}

void json_text(struct json *j, const char *name, const char *text)
{
	begin(j, name);
	write_text(j->out, text);
}

void json_number(struct json *j, const char *name, uint64_t number)
{
	begin(j, name);
	fprintf(j->out, "%llu", (unsigned long long)number);
}

void json_bool(struct json *j, const char *name, bool value)
{
	json_text(j, name, value ? "True" : "False");
}
