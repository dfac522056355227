/*
 * Grant tables, version 1 (xen/grant_table.h). The granter's entries live in
 * guest memory and are changed with cmpxchg only; what the hypervisor relies
 * on is its own shadow ("active" entries and the mapper's maptrack).
 */
#ifndef HV_GRANT_H
#define HV_GRANT_H

#include <hv/domain.h>

int grants_create(struct domain *d, unsigned int max_frames,
		  unsigned int max_maptrack_frames) must_check;
/* Undoes every mapping the dying @d holds. Preemptible: -ERESTART. */
int grants_unmap_all(struct domain *d) must_check;
void grants_destroy(struct domain *d);

/*
 * The frame that backs shared frame @idx of @d's table, growing it on demand:
 * -EINVAL beyond the limit, -ENOMEM. For add_to_physmap and acquire_resource.
 */
int grants_frame(struct domain *d, unsigned int idx, mfn_t *out) must_check;
/* Remembers where frame @idx is mapped, so that mapping it again moves it. */
gfn_t grants_frame_gfn(struct domain *d, unsigned int idx);
void grants_set_frame_gfn(struct domain *d, unsigned int idx, gfn_t gfn);

/* @gfn, which held some frame of the table, is a hole again. */
void grants_forget_gfn(struct domain *d, gfn_t gfn);
unsigned int grants_max_frames(const struct domain *d);

/* Grants of @d that others hold pinned + mappings @d holds (tests, keys). */
unsigned int grants_active(const struct domain *d);

#endif
