/*
 * One-shot timers on the CPU that set them, and the host's clock.
 * Expiry functions run on that CPU in an interrupt window, no lock held.
 */
#ifndef HV_TIMER_H
#define HV_TIMER_H

#include <hv/list.h>

struct timer {
	struct list link;	/* in the CPU's list, by expiry */
	uint64_t expires;	/* ns of now_ns() */
	void (*fn)(void *data);
	void *data;
	unsigned int cpu;	/* whose list, while armed */
	bool armed;
};

/* cpu->timer_programmed: the hardware fired, timer_run() has work. */
#define TIMER_DUE 0

void timer_init(struct timer *t, void (*fn)(void *data), void *data);
/* (Re)arms on the calling CPU. A time in the past fires at the next window. */
void timer_set(struct timer *t, uint64_t expires);
/*
 * From any CPU. When it returns the function is not armed; it may still be
 * running on its CPU unless the caller is that CPU.
 */
void timer_stop(struct timer *t);
/* stop, and wait until a running expiry function is over. Before freeing. */
void timer_kill(struct timer *t);
/*
 * Runs what is due, in the CPU's loop after each interrupt window. The timer
 * interrupt itself only sets timer_programmed to TIMER_DUE.
 */
void timer_run(void);
/* Earliest expiry of this CPU, UINT64_MAX when there is none. */
uint64_t timer_next(void);

/* Nanoseconds since the hypervisor started; monotonic on all CPUs. */
uint64_t now_ns(void);
/* UTC at now_ns() == 0. */
extern uint64_t wallclock_base_ns;

#endif
