/*
 * text: see text.h.
 */
#include "text.h"

#include <string.h>

/* Columns used on the last line. */
static int column(const struct text *t)
{
	const char *line = strrchr(t->buf, '\n');

	return (int)strlen(line ? line + 1 : t->buf);
}

void text_wrap(struct text *t, int indent, int width, const char *words)
{
	int at = column(t), n;

	for (const char *p = words + strspn(words, " "); *p;
	     p += n, p += strspn(p, " ")) {
		n = (int)strcspn(p, " ");
		if (at > indent && at + 1 + n > width) {
			text_add(t, "\n%*s", indent, "");
			at = indent;
		} else if (p != words && at > indent) {
			text_add(t, " ");
			at++;
		}
		text_add(t, "%.*s", n, p);
		at += n;
	}
}
