/*
 * Interrupts of the hardware domain's devices. Each source (an IO-APIC's pin,
 * an MSI, an entry of an MSI-X table) has a physical vector on some CPU, which
 * the hypervisor chooses, and a target: a vector of a vCPU, which the guest
 * chooses. The two are tied together here, so that vCPUs can run anywhere.
 *
 * A source that fires more often than irq_limit= allows is named in the log and
 * heard again when its window of time is over; no interrupt is lost by that.
 *
 * A source's memory stays for good: its handler runs without a lock.
 */
#ifndef X86_DEV_IRQ_H
#define X86_DEV_IRQ_H

#include <hv/timer.h>

struct vcpu;
struct dev_irq;

struct dev_irq_ops {
	bool pci;		/* ->source is a function of PCI, else a GSI */
	/* On its CPU, before it is handed on; no lock held. May be NULL. */
	void (*fired)(struct dev_irq *i);
	/*
	 * Program it anew: masked while ->held, bound to where its vCPU is. No lock
	 * held. NULL: that might lose an interrupt.
	 */
	void (*update)(struct dev_irq *i);
};

struct dev_irq {
	const struct dev_irq_ops *ops;
	uint32_t source;	/* x86/pci.h names functions */
	uint32_t target;	/* vCPU << 8 | vector, 0: nobody; atomic */
	bool level;
	unsigned int cpu, old_cpu;
	uint8_t vector, old_vector;	/* 0: none; old: what may be on its way */

	unsigned int strays;	/* came to another CPU than its vCPU's */
	bool held, again;	/* a storm; it has come since */
	unsigned int count;	/* in the window */
	uint64_t window, told;	/* ns */
	struct timer timer;	/* end of the window, while held */
};

void dev_irq_init(struct dev_irq *i, const struct dev_irq_ops *ops, uint32_t source);
/*
 * Makes it @vector of @dest, on the CPU where @dest is now if @movable or if it
 * was nowhere. 1: ->cpu and ->vector are new, 0: as before, -ENOSPC.
 */
int dev_irq_bind(struct dev_irq *i, const struct vcpu *dest, uint8_t vector,
		 bool level, bool movable) must_check;
/* The source is silent: nobody's, vectors given back. */
void dev_irq_unbind(struct dev_irq *i);
/* APIC id of its CPU; below 255. */
uint32_t dev_irq_dest(const struct dev_irq *i);
/* Once at boot. */
void dev_irq_setup(void);

#endif
