/* Options on the hypervisor's command line: words separated by blanks. */
#include <hv/boot.h>
#include <hv/lib.h>

/* Value of the last word that is @name or starts with "@name=". */
static const char *find(const char *name, size_t *len)
{
	const char *p = boot_info.cmdline, *found = NULL;
	size_t n = strlen(name);

	while (*p) {
		const char *word = p;

		while (*p && *p != ' ' && *p != '\t')
			p++;
		if ((size_t)(p - word) >= n && !memcmp(word, name, n)) {
			if (word + n == p) {
				found = p;
				*len = 0;
			} else if (word[n] == '=') {
				found = word + n + 1;
				*len = (size_t)(p - found);
			}
		}
		while (*p == ' ' || *p == '\t')
			p++;
	}
	return found;
}

const char *cmdline_get(const char *name, char *buf, size_t n)
{
	size_t len = 0;
	const char *v = find(name, &len);

	if (!v || !n)
		return NULL;
	len = MIN(len, n - 1);
	memcpy(buf, v, len);
	buf[len] = '\0';
	return buf;
}

bool cmdline_bool(const char *name, bool dflt)
{
	static const char *const no[] = {"0", "no", "off", "false"};
	char v[8];

	if (!cmdline_get(name, v, sizeof(v)))
		return dflt;
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (!strcmp(v, no[i]))
			return false;
	return true;
}

/* Shift of a size suffix, or -1. */
static int suffix_shift(char c)
{
	switch (c | 0x20) {
	case 'k':
		return 10;
	case 'm':
		return 20;
	case 'g':
		return 30;
	case 't':
		return 40;
	default:
		return -1;
	}
}

static int digit(char c, unsigned int base)
{
	int d = c >= '0' && c <= '9'		     ? c - '0'
		: (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : 99;

	return d < (int)base ? d : -1;
}

uint64_t cmdline_size(const char *name, uint64_t dflt)
{
	char v[32];
	const char *p = v;
	uint64_t n = 0;
	unsigned int base = 10;
	int shift = 0;

	if (!cmdline_get(name, v, sizeof(v)) || !*p)
		return dflt;
	if (p[0] == '0' && (p[1] | 0x20) == 'x') {
		base = 16;
		p += 2;
	}
	for (; digit(*p, base) >= 0; p++) {
		if (n > (UINT64_MAX - 15) / base)
			return dflt;
		n = n * base + (unsigned int)digit(*p, base);
	}
	if (*p) {
		shift = suffix_shift(*p++);
		if (shift < 0 || *p || n > UINT64_MAX >> shift)
			return dflt;
	}
	return n << shift;
}
