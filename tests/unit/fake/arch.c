/* The fake architecture's side of hv/arch.h (see fake.h). */
#include "fake.h"

#include <hv/boot.h>
#include <hv/keys.h>
#include <hv/log.h>
#include <hv/p2m.h>

#include <xen/domctl.h>
#include <xen/sysctl.h>

struct fake fake;
struct boot_info boot_info = {.cmdline = "loglvl=error"};
struct cpu *cpus[MAX_CPUS];
unsigned int nr_cpus = FAKE_CPUS;
uint64_t wallclock_base_ns;

static char *memory;
static struct cpu cpu_structs[FAKE_CPUS];

/* --- CPUs and time -------------------------------------------------------- */

struct cpu *this_cpu(void)
{
	return &cpu_structs[0];
}

void cpu_kick(unsigned int cpu)
{
	fake.kicks[cpu]++;
}

uint64_t now_ns(void)
{
	return fake.now;
}

void arch_timer_program(uint64_t deadline_ns)
{
	(void)deadline_ns;
}

bool arch_irq_pending(void)
{
	return fake.preempt_every &&
	       ++fake.preempt_checks % fake.preempt_every == 0;
}

/* One thread: who waits for somebody else waits for ever. */
void arch_relax(void)
{
	static unsigned int spins;

	if (++spins > 1000000) {
		fprintf(stderr, "deadlock: a lock or a CPU is waited for\n");
		abort();
	}
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	abort();
}

/* --- memory --------------------------------------------------------------- */

static bool stale_anywhere(mfn_t mfn)
{
	struct domain *d;
	bool stale = false;

	for (domid_t id = 0; (d = domain_find_from(id)); id = (domid_t)(id + 1)) {
		id = d->id;
		if (d->arch && d->arch->any_stale && d->arch->stale[mfn.v])
			stale = true;
		/* Not domain_put(): this may run under any lock. */
		__atomic_fetch_sub(&d->refs, 1, __ATOMIC_RELAXED);
	}
	return stale;
}

void *map_frame(mfn_t mfn)
{
	struct page *pg = mfn_to_page(mfn);

	assert_non_null(pg);
	/* refs 0: this is the allocator about to take it back. */
	if (!pg->refs && stale_anywhere(mfn))
		fail_msg("frame %#lx is freed before the flush", mfn.v);
	return memory + mfn.v * PAGE_SIZE;
}

void unmap_frame(const void *p)
{
	assert_true((const char *)p >= memory &&
		    (const char *)p < memory + FAKE_FRAMES * PAGE_SIZE);
}

mfn_t virt_to_mfn(const void *p)
{
	return MFN((uint64_t)((const char *)p - memory) / PAGE_SIZE);
}

size_t strlcpy(char *dst, const char *src, size_t n)
{
	size_t len = strlen(src);

	if (n) {
		size_t copy = len < n - 1 ? len : n - 1;

		memcpy(dst, src, copy);
		dst[copy] = '\0';
	}
	return len;
}

/* --- p2m ------------------------------------------------------------------ */

gfn_t arch_p2m_limit(const struct domain *d)
{
	(void)d;
	return GFN(FAKE_GFN_LIMIT + 1);
}

struct p2m_entry arch_p2m_get(struct domain *d, gfn_t gfn)
{
	assert_true(spin_is_locked(&d->p2m_lock));
	assert_true(gfn.v <= FAKE_GFN_LIMIT);
	return d->arch->table[gfn.v];
}

static void mark_stale(struct domain *d, struct p2m_entry old)
{
	if (old.type == P2M_HOLE || old.mfn.v >= FAKE_FRAMES)
		return;
	d->arch->stale[old.mfn.v]++;
	d->arch->any_stale = true;
}

int arch_p2m_set(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned int order,
		 enum p2m_type type)
{
	assert_true(spin_is_locked(&d->p2m_lock));
	if (fake.fail_p2m_set && !--fake.fail_p2m_set)
		return -ENOMEM;
	for (uint64_t i = 0; i < 1ull << order; i++) {
		struct p2m_entry *e = &d->arch->table[gfn.v + i];

		assert_true(e->type == P2M_HOLE || e->order == order);
		mark_stale(d, *e);
		e->mfn = type == P2M_HOLE ? INVALID_MFN : mfn_add(mfn, i);
		e->type = type;
		e->order = type == P2M_HOLE ? 0 : order;
	}
	return 0;
}

int arch_p2m_split(struct domain *d, gfn_t gfn)
{
	unsigned int order = d->arch->table[gfn.v].order;
	uint64_t base = gfn.v & ~((1ull << order) - 1);

	assert_true(spin_is_locked(&d->p2m_lock) && order >= 9);
	if (fake.fail_p2m_set && !--fake.fail_p2m_set)
		return -ENOMEM;
	for (uint64_t i = 0; i < 1ull << order; i++)
		d->arch->table[base + i].order = order - 9;
	return 0;
}

void arch_p2m_flush(struct domain *d)
{
	assert_true(spin_is_locked(&d->p2m_lock));
	d->arch->flushes++;
	if (d->arch->any_stale)
		memset(d->arch->stale, 0, FAKE_FRAMES * sizeof(unsigned int));
	d->arch->any_stale = false;
}

bool arch_p2m_next(struct domain *d, gfn_t *gfn, struct p2m_entry *out)
{
	assert_true(spin_is_locked(&d->p2m_lock));
	for (; gfn->v <= FAKE_GFN_LIMIT; gfn->v++) {
		*out = d->arch->table[gfn->v];
		if (out->type != P2M_HOLE)
			return true;
	}
	return false;
}

bool arch_p2m_free(struct domain *d)
{
	for (uint64_t i = 0; i <= FAKE_GFN_LIMIT; i++)
		assert_int_equal(d->arch->table[i].type, P2M_HOLE);
	return false;
}

struct page *arch_guest_page(gva_t va, bool write)
{
	return p2m_get_page(current->domain, addr_to_gfn(va.v), write);
}

/* --- domains and vCPUs ---------------------------------------------------- */

int arch_domain_create(struct domain *d, const struct domain_config *c)
{
	const struct p2m_entry hole = {{~0ull}, P2M_HOLE, 0};

	(void)c;
	d->arch = calloc(1, sizeof(*d->arch));
	d->arch->table = calloc(FAKE_GFN_LIMIT + 1, sizeof(hole));
	d->arch->stale = calloc(FAKE_FRAMES, sizeof(unsigned int));
	for (uint64_t i = 0; i <= FAKE_GFN_LIMIT; i++)
		d->arch->table[i] = hole;
	return 0;
}

void arch_domain_destroy(struct domain *d)
{
	free(d->arch->table);
	free(d->arch->stale);
	free(d->arch);
	d->arch = NULL;
}

int arch_vcpu_create(struct vcpu *v)
{
	v->arch = calloc(1, sizeof(*v->arch));
	return 0;
}

void arch_vcpu_destroy(struct vcpu *v)
{
	free(v->arch);
	v->arch = NULL;
}

void arch_vcpu_save(struct vcpu *v)
{
	(void)v;
}

void arch_vcpu_load(struct vcpu *v)
{
	(void)v;
}

bool arch_vcpu_event_pending(struct vcpu *v)
{
	return event_upcall_pending(v);
}

void arch_vcpu_upcall_vector(struct vcpu *v, uint8_t vector)
{
	v->arch->vector = vector;
	v->arch->vectors++;
}

int arch_vcpu_initialise(struct vcpu *v, gva_t arg)
{
	(void)arg;
	if (v->arch->initialised)
		return -EEXIST;
	v->arch->initialised = true;
	return 0;
}

bool arch_vcpu_initialised(const struct vcpu *v)
{
	return v->arch->initialised;
}

int arch_vcpu_send_nmi(struct vcpu *v)
{
	v->arch->nmis++;
	return 0;
}

void arch_update_vcpu_time(struct vcpu *v)
{
	v->info->time.version += 2;
}

void arch_update_wallclock(struct domain *d)
{
	d->shared_info->wc_version += 2;
}

/* --- hypercalls ----------------------------------------------------------- */

void arch_hvm_param_changed(struct domain *d, unsigned int idx)
{
	if (idx == HVM_PARAM_CALLBACK_IRQ)
		d->callback_vector = (uint8_t)d->hvm_params[idx];
}

int arch_domctl(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	(void)d;
	(void)op;
	(void)copyback;
	return -ENOSYS;
}

int arch_sysctl(struct xen_sysctl *op)
{
	return -ENOSYS;
}

void arch_physinfo(struct xen_sysctl_physinfo *pi)
{
	pi->cpu_khz = 1000000;
}

const char *arch_capabilities(void)
{
	return "hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 ";
}

long platform_op(struct hypercall *hc)
{
	(void)hc;
	return -ENOSYS;
}

long mca_op(struct hypercall *hc)
{
	return -ENOSYS;
}

long physdev_op(struct hypercall *hc)
{
	(void)hc;
	return -ENOSYS;
}

/* --- the machine ---------------------------------------------------------- */

void arch_machine_poweroff(void)
{
	abort();
}

void arch_machine_reboot(void)
{
	abort();
}

void arch_flush_lines(const void *p, size_t n)
{
	fake.flushed_at = p;
	fake.flushed += n;
}

void arch_write_back(void)
{
}

void arch_backtrace(void)
{
}

void arch_stop_others(void)
{
}

void arch_show_vcpu(const struct vcpu *v)
{
	(void)v;
}

const char *arch_exit_counter(unsigned int i, uint64_t *count)
{
	*count = 100 + i;
	return i ? NULL : "fake";
}

void arch_halt(void)
{
	abort();
}

void arch_delay_ms(unsigned int ms)
{
	(void)ms;
}

void arch_console_putc(char c)
{
	putchar(c);
}

void arch_console_seize(void)
{
}

/* --- making it ------------------------------------------------------------ */

static void make_idle(void)
{
	idle_domain = heap_alloc(sizeof(*idle_domain));
	idle_domain->id = DOMID_IDLE;
	idle_domain->refs = 1;
	idle_domain->weight = 1;
	for (unsigned int i = 0; i < FAKE_CPUS; i++) {
		struct cpu *c = &cpu_structs[i];
		struct vcpu *v = heap_alloc(sizeof(*v));

		v->id = v->cpu = i;
		v->domain = idle_domain;
		v->running = true;
		c->idle = c->vcpu = v;
		sched_init_cpu(c);
	}
}

void fake_arch_init(void)
{
	memory = aligned_alloc(PAGE_SIZE, FAKE_FRAMES * PAGE_SIZE);
	page_alloc_init(calloc(FAKE_FRAMES, sizeof(struct page)), FAKE_FRAMES);
	page_alloc_add(MFN(16), MFN(FAKE_FRAMES));
	for (unsigned int i = 0; i < FAKE_CPUS; i++) {
		cpu_structs[i].id = i;
		cpu_structs[i].online = true;
		list_init(&cpu_structs[i].timers);
		cpus[i] = &cpu_structs[i];
	}
	fake.now = 1000000000;
	make_idle();
}
