/*
 * What the files of the configuration parser share. Nobody else includes this.
 */
#ifndef LIBDOM_CONFIG_INTERNAL_H
#define LIBDOM_CONFIG_INTERNAL_H

#include "config.h"

#define CONFIG_TEXT_MAX (1u << 20) /* bytes in a file; real ones have hundreds */
#define CONFIG_NESTING_MAX 8	   /* lists in lists */

enum token_type {
	TOKEN_WORD,   /* a run without blanks, quotes and punctuation */
	TOKEN_STRING, /* quotes taken off, escapes decoded */
	TOKEN_ASSIGN, /* = */
	TOKEN_APPEND, /* += */
	TOKEN_OPEN,   /* [ */
	TOKEN_CLOSE,  /* ] */
	TOKEN_COMMA,
	TOKEN_NEWLINE, /* also ; */
	TOKEN_END,
	TOKEN_BAD,    /* text says what is wrong */
};

struct token {
	enum token_type type;
	char *text; /* WORD, STRING: allocated; BAD: NULL */
	const char *problem; /* BAD only */
	unsigned int line;
};

struct lexer {
	const char *at, *end;
	unsigned int line;
};

/* Fills *t with the next token. 0 or -ENOMEM. The caller frees t->text. */
int config_lex(struct lexer *lx, struct token *t);

enum value_type { VALUE_STRING, VALUE_NUMBER, VALUE_LIST };

struct config_value {
	enum value_type type;
	char *text; /* STRING and NUMBER: never NULL, no control characters */
	struct config_value *items; /* LIST */
	size_t nitems;
	const char *file; /* for messages; lives as long as the input */
	unsigned int line; /* 0: no line to speak of (the command line) */
};

struct config_key {
	char *name;
	struct config_value value;
};

struct config_parser {
	const struct config_input *in;
	struct vm_config *cfg;
	struct config_key *keys; /* each name once; the last assignment counts */
	size_t nkeys;
	unsigned int errors;
	bool nomem;
};

/* Text into p->keys; config_parse.c. */
void config_read_text(struct config_parser *p);
const struct config_value *config_find(const struct config_parser *p, const char *name);

/* Keys into p->cfg by the table; config_keys.c. */
void config_apply_keys(struct config_parser *p);

/* Defaults and contradictions, once all keys are in; config_check.c. */
void config_check(struct config_parser *p);

/* Says one thing; an error is counted. at may be NULL: the file as a whole. */
__attribute__((format(printf, 4, 5)))
void config_say(struct config_parser *p, enum config_level level,
		const struct config_value *at, const char *fmt, ...);

/* strdup and growing an array by one zeroed item; NULL sets p->nomem. */
char *config_strdup(struct config_parser *p, const char *text);
void *config_grow(struct config_parser *p, void *array, size_t n, size_t size);

/* Whole text as a number (decimal, 0x, 0 octal): 0 or -EINVAL. */
int config_number(const char *text, uint64_t *number);

/*
 * One piece of a "key=value,flag,positional" string: *cursor moves past its comma.
 * Leading blanks go, the rest stays. *value is NULL for a piece without '='. The
 * string is cut up in place. Returns the piece (the key), or NULL at the end.
 */
char *config_spec_next(char **cursor, char **value);

/* Handlers of one key each; the value's type is already what the table asks. */
void config_set_disks(struct config_parser *p, const struct config_value *v);
void config_set_vifs(struct config_parser *p, const struct config_value *v);
void config_set_cpus(struct config_parser *p, const struct config_value *v);
void config_set_cpus_soft(struct config_parser *p, const struct config_value *v);

/* Name to enum vm_action, or -EINVAL. */
int config_action_number(const char *name);

#endif
