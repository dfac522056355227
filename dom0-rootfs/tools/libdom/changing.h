/*
 * A change of a running VM from its lock to its record: what the files change_*.c
 * share.
 */
#ifndef LIBDOM_CHANGING_H
#define LIBDOM_CHANGING_H

#include "libdom/internal.h"

struct changing {
	char name[DOM_NAME_SIZE];
	struct dom_info info;
	bool recorded;	      /* cfg is what it runs with; else only cfg.name is set:
				 another toolstack made it */
	struct vm_config cfg; /* to be changed and kept */
	struct vm_lock lock;
};

/*
 * Takes the VM's lock and looks at it. -EINVAL for dom0 and for one that has ended;
 * else it is ended by changing_end().
 */
int changing_begin(struct dom *dom, uint32_t domid, struct changing *c,
		   struct dom_error *err);
/*
 * The same where dom0 can be changed as well: where and how much its vCPUs run. It has no
 * lock and no record.
 */
int changing_begin_cpus(struct dom *dom, uint32_t domid, struct changing *c,
			struct dom_error *err);
/* Writes cfg for the next life, where there is a record. */
int changing_keep(const struct changing *c, struct dom_error *err);
void changing_end(struct changing *c);

#endif
