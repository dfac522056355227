/*
 * printf for test kernels: %s %c %d %i %u %x %p %%, with l, ll, z, zero and
 * blank padding to a width, and '#'. No floats, no precision but for %.*s.
 */
#include "guest.h"

struct out {
	char *buf;
	size_t size, len;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

struct spec {
	unsigned int width, base, longs;
	bool zero, left, alt, is_signed;
};

static void put_number(struct out *o, const struct spec *s, unsigned long val)
{
	char digits[24];
	unsigned int n = 0, pad;
	bool minus = s->is_signed && (long)val < 0;

	if (minus)
		val = -val;
	do {
		digits[n++] = "0123456789abcdef"[val % s->base];
		val /= s->base;
	} while (val);
	if (s->alt && s->base == 16) {
		digits[n++] = 'x';
		digits[n++] = '0';
	}
	if (minus && !s->zero)
		digits[n++] = '-';
	if (minus && s->zero)
		put(o, '-');
	for (pad = n; pad < s->width; pad++)
		put(o, s->zero ? '0' : ' ');
	while (n)
		put(o, digits[--n]);
}

static void put_string(struct out *o, const struct spec *s, const char *str, int max)
{
	unsigned int n = 0;

	while ((max < 0 || n < (unsigned int)max) && str[n])
		put(o, str[n++]);
	for (; n < s->width; n++)
		put(o, ' ');
}

static const char *parse(struct spec *s, const char *f)
{
	*s = (struct spec){.base = 10};
	for (;; f++) {
		if (*f == '0')
			s->zero = true;
		else if (*f == '#')
			s->alt = true;
		else if (*f == '-')
			s->left = true;
		else
			break;
	}
	for (; *f >= '0' && *f <= '9'; f++)
		s->width = s->width * 10 + (unsigned int)(*f - '0');
	return f;
}

static unsigned long number(struct spec *s, char conv, va_list *ap)
{
	s->is_signed = conv == 'd' || conv == 'i';
	if (conv == 'x' || conv == 'p')
		s->base = 16;
	if (conv == 'p') {
		s->alt = true;
		return (unsigned long)va_arg(*ap, void *);
	}
	if (s->longs > 1)
		return (unsigned long)va_arg(*ap, unsigned long long);
	if (s->longs)
		return va_arg(*ap, unsigned long);
	return s->is_signed ? (unsigned long)va_arg(*ap, int) : va_arg(*ap, unsigned int);
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap_in)
{
	struct out o = {buf, size, 0};
	va_list ap;

	va_copy(ap, ap_in);
	for (; *fmt; fmt++) {
		struct spec s;
		int max = -1;

		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		fmt = parse(&s, fmt + 1);
		if (fmt[0] == '.' && fmt[1] == '*') {
			max = va_arg(ap, int);
			fmt += 2;
		}
		for (; *fmt == 'l' || *fmt == 'z'; fmt++)
			s.longs++;
		if (*fmt == '%')
			put(&o, '%');
		else if (*fmt == 'c')
			put(&o, (char)va_arg(ap, int));
		else if (*fmt == 's')
			put_string(&o, &s, va_arg(ap, const char *), max);
		else
			put_number(&o, &s, number(&s, *fmt, &ap));
	}
	va_end(ap);
	if (size)
		buf[o.len < size ? o.len : size - 1] = '\0';
	return (int)o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

void printf(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	console_write(line, n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1);
}
