/*
 * Configuration text into tokens. Not a parser: it does not know what may follow
 * what. Blank space and # comments vanish; a newline and a semicolon are the same
 * token. A quoted string may not hold a newline or another control character, and
 * knows \\ \" \' \n-like escapes (which are control characters and so refused),
 * \xHH and \ooo, as xl.cfg files of the field use them.
 */
#include "config_internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static void skip_blanks(struct lexer *lx)
{
	while (lx->at < lx->end) {
		if (*lx->at == ' ' || *lx->at == '\t' || *lx->at == '\r') {
			lx->at++;
		} else if (*lx->at == '#') {
			while (lx->at < lx->end && *lx->at != '\n')
				lx->at++;
		} else {
			return;
		}
	}
}

static int bad(struct token *t, const char *problem)
{
	free(t->text);
	t->text = NULL;
	t->type = TOKEN_BAD;
	t->problem = problem;
	return 0;
}

/* Digits of the given base at lx->at, at most max of them; -1 when there is none. */
static int escape_digits(struct lexer *lx, int base, int max)
{
	int value = 0, n = 0;

	for (; n < max && lx->at < lx->end; n++, lx->at++) {
		unsigned char c = (unsigned char)*lx->at;
		int digit = isdigit(c) ? c - '0'
			    : isxdigit(c) ? tolower(c) - 'a' + 10 : 16;

		if (digit >= base)
			break;
		value = value * base + digit;
	}
	return n ? value : -1;
}

/* The byte behind a backslash, or -1. */
static int escape(struct lexer *lx)
{
	unsigned char c;

	if (lx->at == lx->end)
		return -1;
	c = (unsigned char)*lx->at;
	if (c >= '0' && c <= '7')
		return escape_digits(lx, 8, 3);
	lx->at++;
	if (c == 'x')
		return escape_digits(lx, 16, 2);
	return c == '\\' || c == '"' || c == '\'' ? c : -1;
}

static int lex_string(struct lexer *lx, struct token *t)
{
	char quote = *lx->at++;
	size_t n = 0;

	t->type = TOKEN_STRING;
	t->text = malloc((size_t)(lx->end - lx->at) + 1);
	if (!t->text)
		return -ENOMEM;
	while (lx->at < lx->end && *lx->at != quote) {
		int c = (unsigned char)*lx->at++;

		if (c == '\n')
			return bad(t, "the string is not closed on its line: add the quote");
		if (c == '\\')
			c = escape(lx);
		if (c < 0 || c > 255)
			return bad(t, "unknown escape in the string: "
				      "write \\\\ for a backslash");
		if (c != '\t' && is_control((unsigned char)c))
			return bad(t, "the string has a control character: remove it");
		t->text[n++] = (char)(c == '\t' ? ' ' : c);
	}
	if (lx->at == lx->end)
		return bad(t, "the string is not closed on its line: add the quote");
	lx->at++;
	t->text[n] = '\0';
	return 0;
}

static bool ends_word(char c)
{
	return is_control((unsigned char)c) || strchr(" =[],;#'\"", c);
}

static int lex_word(struct lexer *lx, struct token *t)
{
	const char *from = lx->at;

	while (lx->at < lx->end && !ends_word(*lx->at) &&
	       !(lx->end - lx->at >= 2 && lx->at[0] == '+' && lx->at[1] == '='))
		lx->at++;
	if (lx->at == from)
		return bad(t, "a control character stands here: remove it");
	t->type = TOKEN_WORD;
	t->text = strndup(from, (size_t)(lx->at - from));
	return t->text ? 0 : -ENOMEM;
}

int config_lex(struct lexer *lx, struct token *t)
{
	static const char punct[] = "=[],;\n";
	static const enum token_type types[] = {
		TOKEN_ASSIGN, TOKEN_OPEN, TOKEN_CLOSE,
		TOKEN_COMMA, TOKEN_NEWLINE, TOKEN_NEWLINE,
	};
	const char *found;

	skip_blanks(lx);
	*t = (struct token){ .type = TOKEN_END, .line = lx->line };
	if (lx->at == lx->end)
		return 0;
	if (*lx->at == '"' || *lx->at == '\'')
		return lex_string(lx, t);
	if (lx->end - lx->at >= 2 && lx->at[0] == '+' && lx->at[1] == '=') {
		lx->at += 2;
		t->type = TOKEN_APPEND;
		return 0;
	}
	found = *lx->at ? strchr(punct, *lx->at) : NULL;
	if (!found)
		return lex_word(lx, t);
	t->type = types[found - punct];
	if (*lx->at++ == '\n')
		lx->line++;
	return 0;
}
