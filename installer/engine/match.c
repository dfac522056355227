/* Words that choose a disk; see match.h. */
#include "match.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int match_size(const char *text, uint64_t *size)
{
	static const char suffixes[] = "KMGT";
	char *end;
	unsigned long long n;
	const char *s;
	unsigned int shift = 0;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno)
		return -EINVAL;
	if (*end) {
		s = strchr(suffixes, *end);
		if (!s || end[1])
			return -EINVAL;
		shift = 10 * (unsigned int)(s - suffixes + 1);
	}
	if (n > (UINT64_MAX >> shift))
		return -EINVAL;
	*size = (uint64_t)n << shift;
	return 0;
}

static int word_size(const char *word, const char *name, uint64_t *size)
{
	size_t n = strlen(name);

	return strncmp(word, name, n) ? -ENOENT : match_size(word + n, size);
}

static int word_text(const char *word, const char *name, char *to, size_t n)
{
	size_t len = strlen(name);

	if (strncmp(word, name, len))
		return -ENOENT;
	if (!word[len] || strlen(word + len) >= n || *to)
		return -EINVAL;
	strcpy(to, word + len);
	return 0;
}

static int take_word(struct match *m, const char *w)
{
	struct { const char *name; char *to; size_t n; } texts[] = {
		{"serial=", m->serial, sizeof(m->serial)},
		{"model=", m->model, sizeof(m->model)},
		{"wwn=", m->wwn, sizeof(m->wwn)},
		{"bus=", m->bus, sizeof(m->bus)},
	};
	int err;

	if (!strcmp(w, "any"))
		return 0;
	err = word_size(w, "size>=", &m->min);
	if (err == -ENOENT)
		err = word_size(w, "size<=", &m->max);
	for (size_t i = 0; i < 4 && err == -ENOENT; i++)
		err = word_text(w, texts[i].name, texts[i].to, texts[i].n);
	return err;
}

static int known_bus(const char *bus)
{
	static const char *const known[] = {"", "nvme", "sata", "sas", "virtio",
					    "usb", "mmc"};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(bus, known[i]))
			return 1;
	return 0;
}

int match_parse(struct match *m, const char *text, char *why, size_t n)
{
	char copy[512], *save = NULL, *w;

	memset(m, 0, sizeof(*m));
	m->max = UINT64_MAX;
	if (*text == '/') {
		if (strncmp(text, "/dev/", 5) || strlen(text) >= sizeof(m->path)) {
			snprintf(why, n, "\"%.60s\" is not a disk: give a path "
				 "below /dev", text);
			return -EINVAL;
		}
		strcpy(m->path, text);
		return 0;
	}
	if (strlen(text) >= sizeof(copy)) {
		snprintf(why, n, "the match is too long: give fewer words");
		return -EINVAL;
	}
	strcpy(copy, text);
	for (w = strtok_r(copy, " \t", &save); w; w = strtok_r(NULL, " \t", &save))
		if (take_word(m, w)) {
			snprintf(why, n, "\"%.60s\" is not understood: give "
				 "serial=, model=, wwn=, bus=, size>=, size<=, any "
				 "or /dev/NAME", w);
			return -EINVAL;
		}
	if (!known_bus(m->bus)) {
		snprintf(why, n, "bus=%s: is not known: give nvme, sata, sas, "
			 "virtio, usb or mmc", m->bus);
		return -EINVAL;
	}
	return 0;
}

/* '_' in a pattern is for a blank, which a word cannot hold. */
static bool like(const char *pattern, const char *text)
{
	char p[64];

	if (!*pattern)
		return true;
	snprintf(p, sizeof(p), "%s", pattern);
	for (char *c = p; *c; c++)
		if (*c == '_')
			*c = '?';
	return !fnmatch(p, text, 0);
}

bool match_disk(const struct match *m, const char *real, const struct disk *d)
{
	if (*m->path)
		return real && !strcmp(real, d->path);
	return like(m->serial, d->serial) && like(m->model, d->model) &&
	       like(m->wwn, d->wwn) && (!*m->bus || !strcmp(m->bus, d->bus)) &&
	       d->size >= m->min && d->size <= m->max;
}
