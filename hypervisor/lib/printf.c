/* vsnprintf() for the conversions that hv/lib.h lists; others print as "%?". */
#include <hv/lib.h>

struct out {
	char *buf;
	size_t size, len;	/* len counts what did not fit, too */
};

struct spec {
	bool left, zero, alt;
	int width, precision;	/* precision -1: none given */
	unsigned int longs;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void pad(struct out *o, int n, char c)
{
	while (n-- > 0)
		put(o, c);
}

static void put_string(struct out *o, const struct spec *s, const char *str)
{
	int n = 0;

	if (!str)
		str = "(null)";
	while ((s->precision < 0 || n < s->precision) && str[n])
		n++;
	if (!s->left)
		pad(o, s->width - n, ' ');
	for (int i = 0; i < n; i++)
		put(o, str[i]);
	if (s->left)
		pad(o, s->width - n, ' ');
}

static void put_number(struct out *o, const struct spec *s, uint64_t v,
		       bool negative, char conv)
{
	const char *digits = conv == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned int base = conv == 'x' || conv == 'X' ? 16 : 10;
	const char *prefix = negative ? "-" : s->alt && base == 16 && v ? "0x" : "";
	char tmp[24];
	int n = 0, zeros, plen = prefix[0] ? prefix[1] ? 2 : 1 : 0;

	do {
		tmp[n++] = digits[v % base];
		v /= base;
	} while (v);
	zeros = s->precision - n;
	if (s->zero && !s->left && s->precision < 0)
		zeros = s->width - plen - n;
	zeros = MAX(zeros, 0);
	if (!s->left)
		pad(o, s->width - plen - zeros - n, ' ');
	for (int i = 0; i < plen; i++)
		put(o, prefix[i]);
	pad(o, zeros, '0');
	for (int i = n; i > 0; i--)
		put(o, tmp[i - 1]);
	if (s->left)
		pad(o, s->width - plen - zeros - n, ' ');
}

static int parse_number(const char **f)
{
	int n = 0;

	while (**f >= '0' && **f <= '9' && n < 10000)
		n = n * 10 + *(*f)++ - '0';
	return n;
}

static const char *parse_flags(const char *f, struct spec *s)
{
	for (;; f++) {
		if (*f == '-')
			s->left = true;
		else if (*f == '0')
			s->zero = true;
		else if (*f == '#')
			s->alt = true;
		else
			return f;
	}
}

static void convert(struct out *o, struct spec *s, char conv, va_list *ap)
{
	uint64_t v;
	char c[2] = {0, 0};

	switch (conv) {
	case 'd':
	case 'i':
		v = s->longs ? (uint64_t)va_arg(*ap, long) : (uint64_t)va_arg(*ap, int);
		put_number(o, s, (int64_t)v < 0 ? -v : v, (int64_t)v < 0, 'd');
		break;
	case 'u':
	case 'x':
	case 'X':
		v = s->longs ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned int);
		put_number(o, s, v, false, conv);
		break;
	case 'p':
		s->precision = 16;
		put_number(o, s, (uintptr_t)va_arg(*ap, void *), false, 'x');
		break;
	case 's':
		put_string(o, s, va_arg(*ap, const char *));
		break;
	case 'c':
		c[0] = (char)va_arg(*ap, int);
		put_string(o, s, c);
		break;
	case '%':
		put(o, '%');
		break;
	default:
		put(o, '%');
		put(o, '?');
	}
}

int vsnprintf(char *buf, size_t n, const char *fmt, va_list ap)
{
	struct out o = {.buf = buf, .size = n};
	va_list args;

	va_copy(args, ap);
	for (; *fmt; fmt++) {
		struct spec s = {.precision = -1};

		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		fmt = parse_flags(fmt + 1, &s);
		if (*fmt == '*') {
			s.width = va_arg(args, int);
			fmt++;
		} else {
			s.width = parse_number(&fmt);
		}
		if (*fmt == '.') {
			fmt++;
			if (*fmt == '*') {
				s.precision = va_arg(args, int);
				fmt++;
			} else {
				s.precision = parse_number(&fmt);
			}
		}
		for (; *fmt == 'l' || *fmt == 'z' || *fmt == 'h'; fmt++)
			s.longs += *fmt != 'h';
		if (!*fmt)
			break;
		convert(&o, &s, *fmt, &args);
	}
	va_end(args);
	if (n)
		buf[MIN(o.len, n - 1)] = '\0';
	return (int)o.len;
}

int snprintf(char *buf, size_t n, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buf, n, fmt, ap);
	va_end(ap);
	return len;
}
