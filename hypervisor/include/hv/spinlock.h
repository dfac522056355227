/*
 * Ticket spinlocks. The hypervisor runs with interrupts off from exit to entry
 * and takes interrupts only in windows where no lock is held (docs/LOCKING.md),
 * so there is one kind of lock and no irqsave variant.
 */
#ifndef HV_SPINLOCK_H
#define HV_SPINLOCK_H

#include <hv/lib.h>

typedef struct {
	uint32_t next;	/* ticket of the next taker */
	uint32_t owner;	/* ticket now served */
} spinlock_t;

#define SPINLOCK_INIT	{0, 0}

void spin_lock(spinlock_t *l);
bool spin_trylock(spinlock_t *l) must_check;

/* For assertions of `_locked` functions: somebody holds it. */
static inline bool spin_is_locked(const spinlock_t *l)
{
	return __atomic_load_n(&l->next, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&l->owner, __ATOMIC_RELAXED);
}

static inline void spin_unlock(spinlock_t *l)
{
	ASSERT(spin_is_locked(l));
	__atomic_store_n(&l->owner, l->owner + 1, __ATOMIC_RELEASE);
}

/* LOCKED(l): holds it from here to the end of the enclosing block. */
static inline void spin_unlock_at(spinlock_t **l)
{
	spin_unlock(*l);
}
#define LOCKED_NAME(line) locked_at_##line
#define LOCKED_AT(l, line)                                                   \
	spinlock_t *LOCKED_NAME(line) __attribute__((cleanup(spin_unlock_at))) = (l); \
	spin_lock(LOCKED_NAME(line))
#define LOCKED(l) LOCKED_AT(l, __LINE__)

static inline void spin_init(spinlock_t *l)
{
	*l = (spinlock_t)SPINLOCK_INIT;
}

#endif
