/*
 * The one place that answers "may subject S do operation O to target T".
 * Default deny: an operation that is not in the table is refused.
 */
#ifndef HV_ACCESS_H
#define HV_ACCESS_H

#include <hv/types.h>

struct domain;

enum access_op {
	ACCESS_SELF,		/* a domain on itself: always */
	ACCESS_CONTROL,		/* toolstack operations on the host */
	ACCESS_DOMAIN_CONTROL,	/* toolstack operations on a domain */
	ACCESS_TARGET,		/* on itself, or as its control domain */
	ACCESS_FOREIGN_MAP,	/* map another domain's frames */
	ACCESS_HARDWARE,	/* physdev, platform, PCI */
	ACCESS_CONSOLE_WRITE,	/* hypervisor console output */
	ACCESS_CONSOLE_READ,
};

/* 0, or -EPERM. @t may be NULL for operations on the host. */
int access_check(const struct domain *s, enum access_op op,
		 const struct domain *t) must_check;

#endif
