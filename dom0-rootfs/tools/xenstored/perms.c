/*
 * Permissions of a node: see perms.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "perms.h"

/* Index: the access bits. */
static const char access_letter[] = "nrwb";

bool subject_privileged(const struct subject *s)
{
	return s->domid == 0;
}

static bool names(const struct perm *perm, const struct subject *s)
{
	return perm->domid == s->domid || perm->domid == s->target;
}

unsigned int perms_access(const struct perm *perm, unsigned int count,
			  const struct subject *s)
{
	if (subject_privileged(s) || names(&perm[0], s))
		return PERM_ALL;
	for (unsigned int i = 1; i < count; i++)
		if (names(&perm[i], s))
			return perm[i].access;
	return perm[0].access;
}

int domid_parse(const char *text, uint32_t *out)
{
	unsigned long v;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno || *end || v >= DOMID_LIMIT)
		return -EINVAL;
	*out = (uint32_t)v;
	return 0;
}

static int perm_parse(const char *text, struct perm *out)
{
	const char *letter = *text ? strchr(access_letter, *text) : NULL;
	uint32_t domid;

	if (!letter || domid_parse(text + 1, &domid))
		return -EINVAL;
	out->access = (uint8_t)(letter - access_letter);
	out->domid = (uint16_t)domid;
	return 0;
}

int perms_parse(const char *text, size_t len, struct perm **out, unsigned int *count)
{
	const char *end = text + len;
	struct perm *perm;
	unsigned int n = 0;

	if (!len || text[len - 1])
		return -EINVAL;
	/* The shortest entry is three bytes with its NUL. */
	perm = mem_alloc((len / 3 + 1) * sizeof(*perm));
	for (; text < end; text += strlen(text) + 1) {
		if (perm_parse(text, &perm[n])) {
			free(perm);
			return -EINVAL;
		}
		n++;
	}
	*out = perm;
	*count = n;
	return 0;
}

void perms_format(struct buf *out, const struct perm *perm, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		buf_add_text(out, "%c%u", access_letter[perm[i].access & 3],
			     perm[i].domid);
		buf_add(out, "", 1);
	}
}
