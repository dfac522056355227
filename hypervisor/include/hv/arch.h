/*
 * All that core and mm may know of the architecture. Implemented by x86/ and,
 * for unit tests on the host, by tests/unit/fake/.
 */
#ifndef HV_ARCH_H
#define HV_ARCH_H

#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/p2m.h>

struct xen_domctl;
struct xen_sysctl;
struct xen_sysctl_physinfo;

/* --- domains and vCPUs -------------------------------------------------- */

/* Architecture's part of a domain / vCPU; *_destroy accept half-made ones. */
int arch_domain_create(struct domain *d, const struct domain_config *c) must_check;
void arch_domain_destroy(struct domain *d);
int arch_vcpu_create(struct vcpu *v) must_check;
void arch_vcpu_destroy(struct vcpu *v);

/* Gives registers back to memory / loads them, at a switch on this CPU. */
void arch_vcpu_save(struct vcpu *v);
void arch_vcpu_load(struct vcpu *v);

/* An interrupt, upcall, NMI or INIT that would end HLT is deliverable. */
bool arch_vcpu_event_pending(struct vcpu *v);
/* Upcall through the vCPU's own vector (HVMOP_set_evtchn_upcall_vector). */
void arch_vcpu_upcall_vector(struct vcpu *v, uint8_t vector);
/* VCPUOP_initialise: start state from guest memory. -EINVAL, -EEXIST. */
int arch_vcpu_initialise(struct vcpu *v, gva_t arg) must_check;
bool arch_vcpu_initialised(const struct vcpu *v);
int arch_vcpu_send_nmi(struct vcpu *v) must_check;

/* Rewrites vcpu_info.time and the registered copy of @v. */
void arch_update_vcpu_time(struct vcpu *v);
/* Rewrites the wall clock in shared_info. */
void arch_update_wallclock(struct domain *d);

/* --- hypercalls ----------------------------------------------------------- */

/*
 * Frame behind guest address @va of the current vCPU, referenced; NULL when
 * it is not mapped, not RAM-like, or (for @write) not writable.
 */
struct page *arch_guest_page(gva_t va, bool write) must_check;
/* HVM parameter @idx of @d changed to @value (callback vector and the like). */
void arch_hvm_param_changed(struct domain *d, unsigned int idx);
/*
 * Architecture's domctls (hvmcontext, policy, tsc, vcpu context...). -ENOSYS
 * when there is none. *copyback when *op holds an answer.
 */
int arch_domctl(struct domain *d, struct xen_domctl *op, bool *copyback) must_check;
/* Architecture's sysctls: CPU feature sets and policies. -ENOSYS: none of them. */
int arch_sysctl(struct xen_sysctl *op) must_check;
void arch_physinfo(struct xen_sysctl_physinfo *pi);
/* XENVER_capabilities. */
const char *arch_capabilities(void);

/* --- p2m: raw table operations, called with d->p2m_lock held ------------- */

struct p2m_entry arch_p2m_get(struct domain *d, gfn_t gfn);
/* Writes an entry of 2^order; the slot is a hole, or of the same order. */
int arch_p2m_set(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned int order,
		 enum p2m_type type) must_check;
/* Makes the superpage around @gfn 2^(order-9) pieces. */
int arch_p2m_split(struct domain *d, gfn_t gfn) must_check;
/* Flushes stale translations on every CPU that runs a vCPU of @d; waits. */
void arch_p2m_flush(struct domain *d);
/*
 * Next non-hole entry at or above *gfn (moves *gfn there), or false. A long way
 * without any is broken off: true and a hole, to be asked again from *gfn on.
 */
bool arch_p2m_next(struct domain *d, gfn_t *gfn, struct p2m_entry *out);
/* Gives one table of an empty p2m back; false: there are no more. */
bool arch_p2m_free(struct domain *d);
/* One above the widest gfn this domain can have; a power of two. */
gfn_t arch_p2m_limit(const struct domain *d);

/* --- the machine ----------------------------------------------------------- */

void arch_relax(void);		/* in spin loops */
/* An interrupt is waiting for this CPU (hypercall_preempt_check). */
bool arch_irq_pending(void);
void arch_timer_program(uint64_t deadline_ns);
void arch_machine_poweroff(void) noreturn;
void arch_machine_reboot(void) noreturn;
/* What was stored is in RAM, whatever a reset does to the caches. */
void arch_write_back(void);
/* The same for @n bytes at @p, which are then in no cache. */
void arch_flush_lines(const void *p, size_t n);
/* Prints a named backtrace of this CPU. */
void arch_backtrace(void);
/* Stops the other CPUs for good: panic, power-off, reboot. */
void arch_stop_others(void);
/* Debug key: where @v stands (its registers as they were last saved). */
void arch_show_vcpu(const struct vcpu *v);
/* Exits of guests by reason @i on all CPUs; NULL: there are no more reasons. */
const char *arch_exit_counter(unsigned int i, uint64_t *count);
/* Stops this CPU for good. */
void arch_halt(void) noreturn;
void arch_delay_ms(unsigned int ms);
/* One character to the consoles that were chosen at boot; under the log lock. */
void arch_console_putc(char c);
/* Takes every console back for a last report. */
void arch_console_seize(void);

#endif
