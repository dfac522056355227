/*
 * Permissions of a node: entry 0 names its owner and what all others may do,
 * the further entries name single domains. Text form: n r w b and a domain id.
 */
#ifndef XENSTORED_PERMS_H
#define XENSTORED_PERMS_H

#include <stdbool.h>
#include <stdint.h>

#include "mem.h"

#define PERM_READ  1u
#define PERM_WRITE 2u
#define PERM_OWNER 4u
#define PERM_ALL   (PERM_READ | PERM_WRITE | PERM_OWNER)

#define DOMID_LIMIT 65536u
#define NO_TARGET   UINT32_MAX

struct perm {
	uint16_t domid;
	uint8_t access; /* PERM_READ, PERM_WRITE */
};

/* On whose behalf: a domain, and the domain it serves (NO_TARGET: none). */
struct subject {
	uint32_t domid;
	uint32_t target;
};

bool subject_privileged(const struct subject *s);

/* What s may do with a node of these permissions: bits of PERM_ALL. */
unsigned int perms_access(const struct perm *perm, unsigned int count,
			  const struct subject *s);

/*
 * Parse NUL-terminated entries. *out is to be freed; -EINVAL if there is none
 * or one is malformed.
 */
int perms_parse(const char *text, size_t len, struct perm **out, unsigned int *count);
void perms_format(struct buf *out, const struct perm *perm, unsigned int count);

/* A decimal domain id, 0 to 65535, and nothing else; -EINVAL. */
int domid_parse(const char *text, uint32_t *out);

#endif
