/*
 * Changing a configuration's text where the struct changed, and nowhere else: a
 * person's comments, order and keys that mean nothing here stay.
 *
 * Both structs are written out; each key whose assignment differs between the two is
 * replaced in the text, put at its end, or taken out. The result is parsed again: it
 * must be what was asked for.
 */
#include "config_internal.h"
#include "config_edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One assignment in a text, from its key to the end of its value. */
struct span {
	char key[40];
	const char *from, *to;
};

struct spans {
	struct span *list;
	size_t n;
	int err;
};

static void add_span(struct spans *s, const struct span *span)
{
	struct span *grown = realloc(s->list, (s->n + 1) * sizeof(*grown));

	if (!grown) {
		s->err = -ENOMEM;
		return;
	}
	s->list = grown;
	s->list[s->n++] = *span;
}

/* The text was parsed before: every line that does not begin with a word is blank. */
static void find_spans(const char *text, size_t len, struct spans *s)
{
	struct lexer lx = { .at = text, .end = text + len, .line = 1 };
	struct span open = { .from = NULL };
	int depth = 0;
	struct token t;

	for (;;) {
		s->err = config_lex(&lx, &t);
		if (s->err)
			return;
		if (t.type == TOKEN_END || (t.type == TOKEN_NEWLINE && depth <= 0)) {
			if (open.from)
				add_span(s, &open);
			open.from = NULL;
			if (t.type == TOKEN_END || s->err)
				return;
			continue;
		}
		if (t.type == TOKEN_WORD && !open.from) {
			open.from = lx.at - strlen(t.text);
			snprintf(open.key, sizeof(open.key), "%s", t.text);
		}
		depth += (t.type == TOKEN_OPEN) - (t.type == TOKEN_CLOSE);
		if (t.type != TOKEN_NEWLINE)
			open.to = lx.at;
		free(t.text);
	}
}

static const struct span *last_of(const struct spans *s, const char *key)
{
	for (size_t i = s->n; i-- > 0;) {
		if (!strcmp(s->list[i].key, key))
			return &s->list[i];
	}
	return NULL;
}

static bool same(const struct span *a, const struct span *b)
{
	if (!a || !b)
		return a == b;
	return a->to - a->from == b->to - b->from &&
	       !memcmp(a->from, b->from, (size_t)(a->to - a->from));
}

/* Keys that say part of what another one says: gone once that one is written. */
static const struct {
	const char *changed, *gone;
} replaced[] = {
	{ "cmdline", "root" },
	{ "cmdline", "extra" },
	{ "kernel", "bootloader" },
	{ "kernel", "bootloader_args" },
	{ "kernel", "firmware" },
};

struct edit {
	struct spans text, old, new;
};

/* Keys whose default is what another one says: a text that has only one of the two
 * gets both once they differ. */
static const struct {
	const char *changed, *implied;
} pairs[] = {
	{ "memory", "maxmem" },
	{ "maxmem", "memory" },
	{ "vcpus", "maxvcpus" },
	{ "maxvcpus", "vcpus" },
};

static bool differs(const struct edit *e, const char *key)
{
	return !same(last_of(&e->old, key), last_of(&e->new, key));
}

/* What two keys are set to in the new form. */
static bool same_value(const struct edit *e, const char *a, const char *b)
{
	const struct span *x = last_of(&e->new, a), *y = last_of(&e->new, b);
	size_t n = strlen(a), m = strlen(b);

	return x && y && (size_t)(x->to - x->from) - n == (size_t)(y->to - y->from) - m &&
	       !memcmp(x->from + n, y->from + m, (size_t)(x->to - x->from) - n);
}

static bool changed(const struct edit *e, const char *key)
{
	if (differs(e, key))
		return true;
	for (size_t i = 0; i < sizeof(replaced) / sizeof(replaced[0]); i++) {
		if (!strcmp(replaced[i].gone, key) && differs(e, replaced[i].changed))
			return true;
	}
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (!strcmp(pairs[i].implied, key) && differs(e, pairs[i].changed) &&
		    !same_value(e, pairs[i].changed, key))
			return true;
	}
	return false;
}

static void put_span(FILE *out, const struct span *s)
{
	fwrite(s->from, 1, (size_t)(s->to - s->from), out);
}

/* text with the spans of changed keys exchanged. A key that goes takes its line end
 * with it. */
static void put_edited(const struct edit *e, const char *text, size_t len, FILE *out)
{
	const char *at = text, *end = text + len;

	for (size_t i = 0; i < e->text.n; i++) {
		const struct span *s = &e->text.list[i], *by;

		if (!changed(e, s->key))
			continue;
		fwrite(at, 1, (size_t)(s->from - at), out);
		at = s->to;
		by = last_of(&e->new, s->key);
		if (by && s == last_of(&e->text, s->key))
			put_span(out, by);
		else if (at < end && (*at == '\n' || *at == ';'))
			at++;
	}
	fwrite(at, 1, (size_t)(end - at), out);
	if (len && end[-1] != '\n')
		fputc('\n', out);
	for (size_t i = 0; i < e->new.n; i++) {
		const struct span *s = &e->new.list[i];

		if (changed(e, s->key) && !last_of(&e->text, s->key)) {
			put_span(out, s);
			fputc('\n', out);
		}
	}
}

/* The written form. A VM that boots from its disk names no kernel. */
static int written(const struct vm_config *cfg, char **text, size_t *len)
{
	struct vm_config shown = *cfg;
	FILE *f;
	int err;

	*text = NULL;
	*len = 0;
	if (cfg->from_disk)
		shown.kernel = NULL;
	f = open_memstream(text, len);
	if (!f)
		return -ENOMEM;
	err = config_write(&shown, f);
	if (fclose(f) && !err)
		err = -ENOMEM;
	return err;
}

static int check_result(const char *text, size_t len, const char *want)
{
	struct config_input in = { .file = "edited", .text = text, .len = len };
	struct vm_config cfg;
	char *got;
	size_t n;
	int err = config_parse(&in, &cfg);

	if (err)
		return err;
	err = written(&cfg, &got, &n);
	config_free(&cfg);
	if (!err && strcmp(got, want))
		err = -EILSEQ;
	free(got);
	return err;
}

int config_edit(const char *text, size_t len, const struct vm_config *from,
		const struct vm_config *to, char **out, size_t *out_len)
{
	struct edit e = { 0 };
	char *old = NULL, *new = NULL;
	size_t old_len = 0, new_len = 0;
	int err = from ? written(from, &old, &old_len) : 0;
	FILE *f;

	*out = NULL;
	if (!err)
		err = written(to, &new, &new_len);
	if (!err) {
		find_spans(text, len, &e.text);
		find_spans(old ? old : "", old_len, &e.old);
		find_spans(new, new_len, &e.new);
		err = e.text.err ? e.text.err : e.old.err ? e.old.err : e.new.err;
	}
	f = err ? NULL : open_memstream(out, out_len);
	if (f) {
		put_edited(&e, text, len, f);
		err = fclose(f) ? -ENOMEM : check_result(*out, *out_len, new);
	} else if (!err) {
		err = -ENOMEM;
	}
	if (err) {
		free(*out);
		*out = NULL;
	}
	free(e.text.list);
	free(e.old.list);
	free(e.new.list);
	free(old);
	free(new);
	return err;
}
