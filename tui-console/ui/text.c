/*
 * Texts without a terminal: UTF-8, widths, numbers for people. Pure.
 */
#include "ui/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "ui/ui.h"

/* The bytes that follow a first byte, or -1 when it is none. */
static int followers(unsigned char c)
{
	if (c < 0x80)
		return 0;
	if (c >= 0xc2 && c < 0xe0)
		return 1;
	if (c >= 0xe0 && c < 0xf0)
		return 2;
	return c >= 0xf0 && c < 0xf5 ? 3 : -1;
}

size_t text_next(const char *text, uint32_t *out)
{
	const unsigned char *s = (const unsigned char *)text;
	static const uint32_t least[4] = { 0, 0x80, 0x800, 0x10000 };
	int more = followers(s[0]);
	uint32_t c = more <= 0 ? s[0] : s[0] & (0x3fu >> more);

	*out = '?';
	if (more < 0)
		return 1;
	for (int i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return (size_t)i;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c >= least[more] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff))
		*out = c;
	return (size_t)more + 1;
}

size_t text_encode(uint32_t c, char out[5])
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (n == 1) {
		out[0] = (char)c;
	} else {
		for (size_t i = n - 1; i > 0; i--, c >>= 6)
			out[i] = (char)(0x80 | (c & 0x3f));
		out[0] = (char)((0xf00u >> n & 0xff) | c);
	}
	out[n] = '\0';
	return n;
}

int text_cells(uint32_t c)
{
	int w;

	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return 1; /* shown as '?' */
	w = c < 0x80 ? 1 : wcwidth((wchar_t)c);
	return w < 0 ? 1 : w;
}

int ui_width(const char *text)
{
	uint32_t c;
	int cells = 0;

	for (size_t n; *text; text += n) {
		n = text_next(text, &c);
		cells += text_cells(c);
	}
	return cells;
}

size_t text_fit(const char *text, int cells)
{
	size_t at = 0, n;
	uint32_t c;

	while (text[at]) {
		n = text_next(text + at, &c);
		cells -= text_cells(c);
		if (cells < 0)
			break;
		at += n;
	}
	return at;
}

size_t text_line(const char *text, int cells, size_t *next)
{
	size_t end = text_fit(text, cells), newline = strcspn(text, "\n"), cut = end;
	uint32_t c;

	if (newline <= end) {
		*next = text[newline] ? newline + 1 : newline;
		return newline;
	}
	while (cut > 0 && text[cut] != ' ')
		cut--;
	if (!cut) { /* one long word */
		*next = end ? end : text_next(text, &c); /* too wide for the room */
		return end;
	}
	*next = cut + 1;
	return cut;
}

static const char *scaled(double value, const char *const units[], char buf[16])
{
	size_t u = 0;

	while (value >= 999.5 && u < 5) {
		value /= 1024;
		u++;
	}
	if (u == 0 || value >= 99.95)
		snprintf(buf, 16, "%.0f %s", value, units[u]);
	else
		snprintf(buf, 16, "%.1f %s", value, units[u]);
	return buf;
}

const char *ui_bytes(uint64_t bytes, char buf[16])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };

	return scaled((double)bytes, units, buf);
}

const char *ui_rate(double rate, char buf[16])
{
	static const char *const units[] = { "B/s", "K/s", "M/s", "G/s", "T/s", "P/s" };

	if (isnan(rate) || rate < 0.5)
		return strcpy(buf, "-");
	return scaled(rate < 1e17 ? rate : 1e17, units, buf);
}

const char *ui_duration(uint64_t s, char buf[16])
{
	unsigned long long days = s / 86400;
	unsigned int hours = (unsigned int)(s / 3600 % 24), minutes = s / 60 % 60;

	if (days > 999)
		snprintf(buf, 16, "%llud", days < 9999999 ? days : 9999999);
	else if (days)
		snprintf(buf, 16, "%llud %02u:%02u", days, hours, minutes);
	else
		snprintf(buf, 16, "%02u:%02u:%02u", hours, minutes, (unsigned int)(s % 60));
	return buf;
}

bool text_contains(const char *text, const char *part)
{
	size_t n = strlen(part);

	for (; *text || !n; text++) {
		size_t i = 0;

		while (i < n && (text[i] | (text[i] >= 'A' && text[i] <= 'Z' ? 32 : 0)) ==
				(part[i] | (part[i] >= 'A' && part[i] <= 'Z' ? 32 : 0)))
			i++;
		if (i == n)
			return true;
	}
	return false;
}
