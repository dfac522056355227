/* See bootenv.h. */
#include "bootenv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char signature[] = "# GRUB Environment Block\n";

/* Text with '\\' before backslashes, as GRUB writes it, into @to. */
static int unescape(const char *from, size_t len, char *to, size_t n)
{
	size_t o = 0;

	for (size_t i = 0; i < len; i++) {
		if (from[i] == '\\' && i + 1 < len)
			i++;
		if (o + 1 >= n)
			return -EINVAL;
		to[o++] = from[i];
	}
	to[o] = '\0';
	return 0;
}

static int take(struct bootenv *e, const char *name, size_t len, const char *value,
		size_t value_len)
{
	char trial[8] = "", other[8] = "", active[8] = "";
	struct { const char *name; char *to; size_t n; } rows[] = {
		{"id", e->id, sizeof(e->id)},
		{"name_a", e->name_a, sizeof(e->name_a)},
		{"name_b", e->name_b, sizeof(e->name_b)},
		{"hv", e->hv, sizeof(e->hv)},
		{"dom0", e->dom0, sizeof(e->dom0)},
		{"port", e->port, sizeof(e->port)},
		{"trial", trial, sizeof(trial)},
		{"other", other, sizeof(other)},
		{"active", active, sizeof(active)},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strlen(rows[i].name) == len && !memcmp(rows[i].name, name, len) &&
		    unescape(value, value_len, rows[i].to, rows[i].n))
			return -EINVAL;
	if (*active)
		e->active = active[0];
	if (*trial)
		e->trial = atoi(trial);
	if (*other)
		e->other_good = !strcmp(other, "good");
	return 0;
}

int bootenv_parse(struct bootenv *e, const char *block, struct fault *f)
{
	const char *end = block + BOOTENV_SECTOR;
	const char *p = block + sizeof(signature) - 1;

	memset(e, 0, sizeof(*e));
	e->trial = -1;
	if (memcmp(block, signature, sizeof(signature) - 1))
		goto bad;
	while (p < end && *p != '#') {
		const char *line = memchr(p, '\n', (size_t)(end - p));
		const char *eq = line ? memchr(p, '=', (size_t)(line - p)) : NULL;

		if (!eq || take(e, p, (size_t)(eq - p), eq + 1,
				(size_t)(line - eq - 1)))
			goto bad;
		p = line + 1;
	}
	if (e->active != 'a' && e->active != 'b')
		goto bad;
	return 0;
bad:
	return fault_set(f, -EINVAL, "the boot loader's environment block is not "
			 "readable: install again, or restore it from the second disk");
}

static size_t put(char *to, size_t at, const char *name, const char *value)
{
	int n = snprintf(to + at, (size_t)(BOOTENV_SECTOR + 1) - at, "%s=%s\n", name,
			 value);

	return at + (size_t)n;
}

int bootenv_format(const struct bootenv *e, char *block, struct fault *f)
{
	char text[BOOTENV_SECTOR + 1];
	char active[2] = {e->active, '\0'}, trial[12] = "";
	const char *rows[][2] = {{"active", active}, {"trial", trial},
		{"other", e->other_good ? "good" : "bad"}, {"id", e->id},
		{"name_a", e->name_a}, {"name_b", e->name_b}, {"hv", e->hv},
		{"dom0", e->dom0}, {"port", e->port}};
	size_t at = sizeof(signature) - 1;

	if (e->trial >= 0)
		snprintf(trial, sizeof(trial), "%d", e->trial);
	memcpy(text, signature, at);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strpbrk(rows[i][1], "\\\n"))
			return fault_set(f, -EINVAL, "%s: holds a backslash or a "
					 "line's end: leave it out", rows[i][0]);
		at = put(text, at, rows[i][0], rows[i][1]);
		/* One '#' at least must follow: it ends the list. */
		if (at >= BOOTENV_SECTOR)
			return fault_set(f, -ENOSPC, "the boot arguments are too "
					 "long: shorten them");
	}
	memset(block, '#', BOOTENV_SECTOR);
	memcpy(block, text, at);
	return 0;
}

void bootenv_header(char *s)
{
	unsigned int sum = 0;

	memset(s, 0, BOOTENV_SECTOR);
	strcpy(s, "env");
	strcpy(s + 100, "0000644");
	strcpy(s + 108, "0000000");
	strcpy(s + 116, "0000000");
	strcpy(s + 124, "00000001000");	/* octal: 512 */
	strcpy(s + 136, "00000000000");
	memset(s + 148, ' ', 8);
	s[156] = '0';
	memcpy(s + 257, "ustar\00000", 8);
	for (int i = 0; i < BOOTENV_SECTOR; i++)
		sum += (unsigned char)s[i];
	snprintf(s + 148, 8, "%06o", sum & 0777777);
	s[155] = ' ';
}

int bootenv_load(struct bootenv *e, const char *disk, uint64_t at, struct fault *f)
{
	char block[BOOTENV_SECTOR];
	int fd = open(disk, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, block, sizeof(block),
					(off_t)(at + BOOTENV_SECTOR));
	int err = errno;

	if (fd >= 0)
		close(fd);
	if (n != (ssize_t)sizeof(block))
		return fault_set(f, n < 0 ? -err : -EIO, "%s: the boot loader's "
				 "environment block: %s: is the disk failing?", disk,
				 n < 0 ? strerror(err) : "short read");
	return bootenv_parse(e, block, f);
}

int bootenv_save(const struct bootenv *e, const char *disk, uint64_t at,
		 struct fault *f)
{
	char block[BOOTENV_SECTOR];
	int err = bootenv_format(e, block, f);
	ssize_t n;
	int fd;

	if (err)
		return err;
	fd = open(disk, O_WRONLY | O_SYNC | O_CLOEXEC);
	n = fd < 0 ? -1 : pwrite(fd, block, sizeof(block),
				 (off_t)(at + BOOTENV_SECTOR));
	if (n != (ssize_t)sizeof(block) || fsync(fd)) {
		err = n >= 0 && n < (ssize_t)sizeof(block) ? EIO : errno;
		if (fd >= 0)
			close(fd);
		return fault_set(f, -err, "%s: writing the boot loader's "
				 "environment block: %s: is the disk failing?",
				 disk, strerror(err));
	}
	close(fd);
	return 0;
}

void bootenv_begin(struct bootenv *e, char keep)
{
	e->active = keep;
	e->trial = -1;
	e->other_good = false;
}

void bootenv_switch(struct bootenv *e, const char *name)
{
	e->active = bootenv_other(e->active);
	e->trial = BOOTENV_TRIES;
	e->other_good = true;
	snprintf(e->active == 'a' ? e->name_a : e->name_b, sizeof(e->name_a), "%s",
		 name);
}

int bootenv_restore(struct bootenv *e)
{
	if (!e->other_good)
		return -ENOENT;
	e->active = bootenv_other(e->active);
	e->trial = BOOTENV_TRIES;
	return 0;
}

bool bootenv_good(struct bootenv *e, char slot)
{
	if (e->active != slot || e->trial < 0)
		return false;
	e->trial = -1;
	return true;
}
