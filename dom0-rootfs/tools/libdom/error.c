/*
 * Filling in struct dom_error.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "libdom/internal.h"

static void put(struct dom_error *err, const char *fmt, va_list ap)
{
	if (err)
		vsnprintf(err->text, sizeof(err->text), fmt, ap);
}

int dom_fail(struct dom_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(err, fmt, ap);
	va_end(ap);
	return code;
}

int dom_fail_errno(struct dom_error *err, int code, const char *fmt, ...)
{
	size_t used;
	va_list ap;

	va_start(ap, fmt);
	put(err, fmt, ap);
	va_end(ap);
	if (err) {
		used = strlen(err->text);
		snprintf(err->text + used, sizeof(err->text) - used, ": %s",
			 strerror(-code));
	}
	return code;
}

int dom_fail_file(struct dom_error *err, int code, const char *path,
		  const char *what)
{
	return dom_fail(err, code, "%s: %s cannot be opened: %s: %s", path, what,
			strerror(-code),
			code == -ENOENT || code == -ENOTDIR
				? "correct the path in the configuration"
				: "make the file readable for root");
}
