/*
 * Tokens into a table of keys, and config_parse() which runs the three stages.
 *
 *	text    = { [ setting ] newline }
 *	setting = WORD ( "=" | "+=" ) value
 *	value   = STRING | NUMBER | "[" [ value { "," value } [ "," ] ] "]"
 *
 * Newlines inside a list are blanks. The first syntax error ends the reading, since
 * what follows it would only be guessed at; later stages report all they find.
 */
#include "config_internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void config_say(struct config_parser *p, enum config_level level,
		const struct config_value *at, const char *fmt, ...)
{
	char text[1024];
	const char *file = at ? at->file : p->in->file;
	int n;
	va_list ap;

	if (level == CONFIG_ERROR)
		p->errors++;
	if (!p->in->report)
		return;
	if (at && at->line)
		n = snprintf(text, sizeof(text), "%s:%u: ", file, at->line);
	else
		n = snprintf(text, sizeof(text), "%s: ", file);
	if (n < 0 || (size_t)n >= sizeof(text))
		n = 0;
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	p->in->report(p->in->ctx, level, text);
}

char *config_strdup(struct config_parser *p, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		p->nomem = true;
	return copy;
}

void *config_grow(struct config_parser *p, void *array, size_t n, size_t size)
{
	void *bigger = realloc(array, (n + 1) * size);

	if (bigger)
		memset((char *)bigger + n * size, 0, size);
	else
		p->nomem = true;
	return bigger;
}

int config_number(const char *text, uint64_t *number)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*number = strtoull(text, &end, 0);
	return errno || *end ? -EINVAL : 0;
}

char *config_spec_next(char **cursor, char **value)
{
	char *piece = *cursor, *comma, *equals;

	*value = NULL;
	if (!piece)
		return NULL;
	while (*piece == ' ')
		piece++;
	comma = strchr(piece, ',');
	if (comma)
		*comma = '\0';
	*cursor = comma ? comma + 1 : NULL;
	equals = strchr(piece, '=');
	if (equals) {
		*equals = '\0';
		*value = equals + 1;
		while (equals > piece && equals[-1] == ' ')
			*--equals = '\0';
		while (**value == ' ')
			(*value)++;
	}
	return piece;
}

static void value_free(struct config_value *v)
{
	for (size_t i = 0; i < v->nitems; i++)
		value_free(&v->items[i]);
	free(v->items);
	free(v->text);
	*v = (struct config_value){ 0 };
}

const struct config_value *config_find(const struct config_parser *p, const char *name)
{
	for (size_t i = 0; i < p->nkeys; i++) {
		if (!strcmp(p->keys[i].name, name))
			return &p->keys[i].value;
	}
	return NULL;
}

/* The reading of one text: the file or one argument of the command line. */
struct reader {
	struct config_parser *p;
	struct lexer lx;
	struct token t; /* the token looked at */
	const char *file;
	bool override; /* from the command line: no line numbers, replaces silently */
	bool failed;
};

static void advance(struct reader *r)
{
	free(r->t.text);
	if (config_lex(&r->lx, &r->t)) {
		r->p->nomem = r->failed = true;
		r->t = (struct token){ .type = TOKEN_END };
	}
}

/* Reports a syntax error once per text. */
static void fail(struct reader *r, unsigned int line, const char *what, const char *word)
{
	struct config_value at = { .file = r->file, .line = r->override ? 0 : line };

	if (r->failed)
		return;
	r->failed = true;
	if (r->t.type == TOKEN_BAD)
		config_say(r->p, CONFIG_ERROR, &at, "%s", r->t.problem);
	else
		config_say(r->p, CONFIG_ERROR, &at, what, word);
}

static void read_word_value(struct reader *r, const char *key, struct config_value *v,
			    bool in_list)
{
	struct config_value at = { .file = r->file, .line = v->line };
	uint64_t number;

	if (!config_number(r->t.text, &number)) {
		v->type = VALUE_NUMBER;
	} else if (isdigit((unsigned char)*r->t.text) || *r->t.text == '-') {
		r->failed = true;
		config_say(r->p, CONFIG_ERROR, &at,
			   "%s: \"%s\" is not a number: write digits only, "
			   "or 0x and hexadecimal digits", key, r->t.text);
	} else if (in_list) {
		r->failed = true;
		config_say(r->p, CONFIG_ERROR, &at,
			   "%s: %s stands in the list without quotes: add them, or close "
			   "the list before it with ]", key, r->t.text);
	} else {
		r->failed = true;
		config_say(r->p, CONFIG_ERROR, &at,
			   "%s: the value stands without quotes: write %s = \"%s\"",
			   key, key, r->t.text);
	}
	v->text = r->t.text;
	r->t.text = NULL;
	advance(r);
}

static void skip_newlines(struct reader *r)
{
	while (r->t.type == TOKEN_NEWLINE)
		advance(r);
}

static void read_value(struct reader *r, const char *key, struct config_value *v,
		       unsigned int depth);

static void read_list(struct reader *r, const char *key, struct config_value *list,
		      unsigned int depth)
{
	list->type = VALUE_LIST;
	advance(r);
	skip_newlines(r);
	while (!r->failed && r->t.type != TOKEN_CLOSE) {
		struct config_value *items = config_grow(r->p, list->items, list->nitems,
							 sizeof(*items));

		if (!items) {
			r->failed = true;
			return;
		}
		list->items = items;
		read_value(r, key, &items[list->nitems++], depth + 1);
		skip_newlines(r);
		if (r->t.type == TOKEN_COMMA) {
			advance(r);
			skip_newlines(r);
		} else if (r->t.type != TOKEN_CLOSE) {
			fail(r, list->line, "%s: the list that opens here is not closed: "
			     "put a comma between its parts and ] at its end", key);
		}
	}
	if (!r->failed)
		advance(r);
}

static void read_value(struct reader *r, const char *key, struct config_value *v,
		       unsigned int depth)
{
	v->file = r->file;
	v->line = r->override ? 0 : r->t.line;
	if (r->t.type == TOKEN_STRING) {
		v->type = VALUE_STRING;
		v->text = r->t.text;
		r->t.text = NULL;
		advance(r);
	} else if (r->t.type == TOKEN_WORD) {
		read_word_value(r, key, v, depth > 0);
	} else if (r->t.type == TOKEN_OPEN && depth < CONFIG_NESTING_MAX) {
		read_list(r, key, v, depth);
	} else if (r->t.type == TOKEN_OPEN) {
		fail(r, r->t.line, "%s: lists are nested too deep", key);
	} else {
		fail(r, r->t.line, "%s: no value: write a number, a \"string\" "
		     "or a [ list ] after =", key);
	}
}

/* += : lists are joined, texts too; *add is emptied. */
static bool append_value(struct config_parser *p, struct config_value *old,
			 struct config_value *add)
{
	if ((old->type == VALUE_LIST) != (add->type == VALUE_LIST))
		return false;
	if (old->type == VALUE_LIST) {
		for (size_t i = 0; i < add->nitems; i++) {
			struct config_value *items = config_grow(
				p, old->items, old->nitems, sizeof(*items));

			if (!items)
				break;
			old->items = items;
			items[old->nitems++] = add->items[i];
			add->items[i] = (struct config_value){ 0 };
		}
	} else {
		size_t n = strlen(old->text), m = strlen(add->text);
		char *joined = realloc(old->text, n + m + 1);

		if (joined) {
			memcpy(joined + n, add->text, m + 1);
			old->text = joined;
			old->type = VALUE_STRING;
		} else {
			p->nomem = true;
		}
	}
	value_free(add);
	return true;
}

/* Stores name = v; *v and name are owned by the table afterwards or freed. */
static void store(struct reader *r, char *name, struct config_value *v, bool append)
{
	struct config_parser *p = r->p;
	struct config_value *old = (struct config_value *)config_find(p, name);
	struct config_key *keys;

	if (old && append) {
		if (!append_value(p, old, v))
			config_say(p, CONFIG_ERROR, v, "%s: += joins two lists or two "
				   "strings, not one of each", name);
		value_free(v);
		free(name);
		return;
	}
	if (old) {
		if (!r->override)
			config_say(p, CONFIG_WARNING, v, "%s: already given on line %u: "
				   "the last one counts", name, old->line);
		value_free(old);
		*old = *v;
		free(name);
		return;
	}
	keys = config_grow(p, p->keys, p->nkeys, sizeof(*keys));
	if (!keys) {
		value_free(v);
		free(name);
		return;
	}
	p->keys = keys;
	keys[p->nkeys].name = name;
	keys[p->nkeys++].value = *v;
}

static bool is_key(const char *word)
{
	if (!isalpha((unsigned char)*word) && *word != '_')
		return false;
	for (; *word; word++) {
		if (!isalnum((unsigned char)*word) && *word != '_' && *word != '-')
			return false;
	}
	return true;
}

static void read_setting(struct reader *r)
{
	struct config_value v = { 0 };
	unsigned int line = r->t.line;
	char *name = r->t.text;
	bool append;

	if (r->t.type != TOKEN_WORD || !is_key(name)) {
		fail(r, line, "a line must be KEY = VALUE%s", "");
		return;
	}
	r->t.text = NULL;
	advance(r);
	append = r->t.type == TOKEN_APPEND;
	if (append || r->t.type == TOKEN_ASSIGN) {
		advance(r);
		read_value(r, name, &v, 0);
	} else {
		fail(r, line, "%s: no = follows: a line must be KEY = VALUE", name);
	}
	if (!r->failed && r->t.type != TOKEN_NEWLINE && r->t.type != TOKEN_END)
		fail(r, r->t.line, "%s: more text follows the value: put each key "
		     "on its own line", name);
	if (r->failed) {
		value_free(&v);
		free(name);
		return;
	}
	store(r, name, &v, append);
}

static void read_all(struct config_parser *p, const char *file, const char *text,
		     size_t len, bool override)
{
	struct reader r = {
		.p = p,
		.lx = { .at = text, .end = text + len, .line = 1 },
		.file = file,
		.override = override,
	};

	advance(&r);
	while (!r.failed && r.t.type != TOKEN_END) {
		if (r.t.type == TOKEN_NEWLINE)
			advance(&r);
		else
			read_setting(&r);
	}
	free(r.t.text);
}

static bool has_control(const char *text)
{
	for (; *text; text++) {
		if (iscntrl((unsigned char)*text))
			return true;
	}
	return false;
}

/*
 * One argument. The shell has often eaten the quotes of KEY="text", so that a rest
 * which is no number, quoted string or list is a string as it stands.
 */
static void read_extra(struct config_parser *p, const char *arg)
{
	static const char file[] = "command line";
	struct reader r = { .p = p, .file = file, .override = true };
	struct config_value v = { .type = VALUE_STRING, .file = file };
	const char *equals = strchr(arg, '=');
	char *name;
	uint64_t number;

	if (!equals || strchr("\"'[ ", equals[1]) || equals == arg ||
	    equals[-1] == ' ' || equals[-1] == '+' || strchr(equals, ';') || has_control(equals) ||
	    !config_number(equals + 1, &number)) {
		read_all(p, file, arg, strlen(arg), true);
		return;
	}
	name = strndup(arg, (size_t)(equals - arg));
	v.text = config_strdup(p, equals + 1);
	if (!name || !v.text) {
		p->nomem = true;
		free(name);
		value_free(&v);
	} else if (!is_key(name)) {
		config_say(p, CONFIG_ERROR, &v, "\"%s\" is no KEY=VALUE", arg);
		free(name);
		value_free(&v);
	} else {
		store(&r, name, &v, false);
	}
}

void config_read_text(struct config_parser *p)
{
	const struct config_input *in = p->in;

	if (in->len > CONFIG_TEXT_MAX) {
		config_say(p, CONFIG_ERROR, NULL, "larger than %u KiB: this is no "
			   "configuration", CONFIG_TEXT_MAX >> 10);
		return;
	}
	read_all(p, in->file, in->text, in->len, false);
	for (size_t i = 0; i < in->nextra; i++)
		read_extra(p, in->extra[i]);
}

static void keys_free(struct config_parser *p)
{
	for (size_t i = 0; i < p->nkeys; i++) {
		free(p->keys[i].name);
		value_free(&p->keys[i].value);
	}
	free(p->keys);
}

int config_parse(const struct config_input *in, struct vm_config *cfg)
{
	struct config_parser p = { .in = in, .cfg = cfg };
	int err = 0;

	*cfg = (struct vm_config){ .max_grant_frames = -1, .max_maptrack_frames = -1 };
	config_read_text(&p);
	if (!p.errors && !p.nomem) {
		config_apply_keys(&p);
		config_check(&p);
	}
	keys_free(&p);
	if (p.nomem)
		err = -ENOMEM;
	else if (p.errors)
		err = -EINVAL;
	if (err)
		config_free(cfg);
	return err;
}
