#include "fakes.h"

#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/event.h>
#include <hv/guest.h>
#include <hv/log.h>

#include <x86/iommu.h>
#include <x86/platform.h>

struct fake fake;
struct boot_info boot_info;
unsigned int host_phys_bits = 40;
bool tsc_reliable;
uint64_t tsc_khz = 1000000;
const struct hvm_ops *hvm_ops;

static uint8_t ram[FRAMES][4096] aligned(4096);
static struct page pages[FRAMES];
static struct domain the_domain;
static struct vcpu *vcpu_list[VCPUS];
static struct arch_cpu arch_cpus[2];
static struct cpu the_cpus[2] = {{.arch = &arch_cpus[0]},
				 {.id = 1, .arch = &arch_cpus[1]}};
struct cpu *cpus[MAX_CPUS] = {&the_cpus[0], &the_cpus[1]};
unsigned int nr_cpus = 2;

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	abort();
}

void guest_log(struct domain *d, const char *fmt, ...)
{
	(void)d;
	(void)fmt;
}

/* --- memory -------------------------------------------------------------------- */

void *heap_alloc(size_t n)
{
	return calloc(1, n);
}

void heap_free(void *p)
{
	free(p);
}

mfn_t fake_frame(void)
{
	assert_true(fake.frames_used < FRAMES);
	return MFN(fake.frames_used++);
}

void *fake_at(mfn_t mfn)
{
	assert_true(mfn.v < FRAMES);
	return ram[mfn.v];
}

mfn_t page_alloc(unsigned int order, uint64_t below)
{
	(void)below;
	assert_int_equal(order, 0);
	return fake.frames_used < FRAMES ? fake_frame() : INVALID_MFN;
}

void page_free(mfn_t mfn, unsigned int order)
{
	memset(fake_at(mfn), 0xdb, PAGE_SIZE);
}

void *map_frame(mfn_t mfn)
{
	return fake_at(mfn);
}

void unmap_frame(const void *p)
{
	(void)p;
}

struct page *mfn_to_page(mfn_t mfn)
{
	return mfn.v < FRAMES ? &pages[mfn.v] : NULL;
}

mfn_t page_to_mfn(const struct page *pg)
{
	return MFN(pg - pages);
}

bool page_get(struct page *pg, const struct domain *d)
{
	(void)d;
	pg->refs++;
	return true;
}

void page_last_put(struct page *pg)
{
	(void)pg;
}

/* --- scheduling, time, events ---------------------------------------------------- */

struct cpu *this_cpu(void)
{
	return &the_cpus[0];
}

void cpu_kick(unsigned int cpu)
{
	(void)cpu;
}

void arch_relax(void)
{
}

void vcpu_kick(struct vcpu *v)
{
	v->blocked = false;
	fake.kicks[v->id]++;
}

void vcpu_set_up(struct vcpu *v)
{
	v->down = false;
}

uint64_t now_ns(void)
{
	return fake.now;
}

void timer_init(struct timer *t, void (*fn)(void *data), void *data)
{
	*t = (struct timer){.fn = fn, .data = data};
}

void timer_set(struct timer *t, uint64_t expires)
{
	t->expires = expires;
	t->armed = true;
}

void timer_stop(struct timer *t)
{
	t->armed = false;
}

void timer_kill(struct timer *t)
{
	t->armed = false;
}

void time_scale(uint32_t *mul, int8_t *shift)
{
	*mul = 0x80000000;
	*shift = 1;
}

/* --- the CPU ----------------------------------------------------------------------- */

struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
	return fake.cpuid ? fake.cpuid(leaf, subleaf) :
			    (struct cpuid_regs){0, 0, 0, 0};
}

uint64_t rdmsr(uint32_t msr)
{
	return fake.host_msr;
}

uint64_t rdtsc(void)
{
	return fake.tsc;
}

uint64_t xgetbv(uint32_t i)
{
	(void)i;
	return 1;
}

void xsetbv(uint32_t i, uint64_t v)
{
	(void)i;
}

uint64_t read_cr4(void)
{
	return 0;
}

void write_cr4(uint64_t v)
{
}

/* --- neighbours ----------------------------------------------------------------------- */

void hwdom_eoi(struct vcpu *v, uint8_t vector)
{
	(void)vector;
	fake.hwdom_eois++;
}

void arch_update_vcpu_time(struct vcpu *v)
{
}

bool hvm_write_hypercall_page(struct vcpu *v, uint64_t val)
{
	fake.page_written = true;
	return !(val & ~PAGE_MASK);
}

/* Weak: programs that link the real ones use them. */
#define weak __attribute__((weak))

weak unsigned int xstate_size = 576;
weak uint64_t xstate_mask;

weak int arch_vcpu_send_nmi(struct vcpu *v)
{
	v->arch->nmi_pending = true;
	return 0;
}

weak void hvm_advance(struct vcpu *v, unsigned int len)
{
	v->arch->regs.rip += len;
}

weak void hvm_inject_gp(struct vcpu *v)
{
	v->arch->event = (struct hvm_event){VEC_GP, EVENT_EXCEPTION, true, 0};
	v->arch->event_valid = true;
}

weak unsigned int hvm_fetch(struct vcpu *v, uint8_t *buf, unsigned int n)
{
	n = MIN(n, fake.code_len);
	memcpy(buf, fake.code, n);
	return n;
}

weak bool hvm_msr_zero(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = 0;
	return true;
}

weak bool hvm_msr_host(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	return hvm_msr_zero(v, msr, val);
}

weak bool hvm_msr_ignore(struct vcpu *v, uint32_t msr, uint64_t val)
{
	return true;
}

weak uint64_t hvm_efer_allowed(const struct vcpu *v)
{
	return EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
}

/* --- the vendor -------------------------------------------------------------------------- */

static void get_state(struct vcpu *v, struct hvm_state *s)
{
	*s = fake.state[v->id];
}

static void set_state(struct vcpu *v, const struct hvm_state *s)
{
	fake.state[v->id] = *s;
}

static void get_paging(struct vcpu *v, struct hvm_paging *p)
{
	const struct hvm_state *s = &fake.state[v->id];

	*p = (struct hvm_paging){s->cr0, s->cr3, s->cr4, s->efer};
}

static struct hvm_mode get_mode(struct vcpu *v)
{
	return fake.mode;
}

static struct segment get_segment(struct vcpu *v, enum seg seg)
{
	return fake.state[v->id].seg[seg];
}

static void set_paging(struct vcpu *v, const struct hvm_paging *p)
{
	struct hvm_state *s = &fake.state[v->id];

	s->cr0 = p->cr0;
	s->cr3 = p->cr3;
	s->cr4 = p->cr4;
	s->efer = p->efer;
}

/* AMD's accessed and dirty: any bits beside the common ones. */
static uint64_t p2m_leaf(mfn_t mfn, enum p2m_type type, unsigned int order)
{
	return 0x60;
}

static void flush_tlb(struct vcpu *v)
{
	fake.flushes++;
}

static void irq_window(struct vcpu *v, enum irq_window window)
{
	v->arch->irq_window = window;
	fake.window = window;
}

static void nmi_window(struct vcpu *v, bool on)
{
	fake.nmi_window = on;
}

static void sync_misc(struct vcpu *v)
{
}

extern const struct hvm_msr_row svm_msrs[];
extern const unsigned int svm_msr_nr;

static const struct hvm_ops fake_ops = {
	.name = "fake",
	.msrs = svm_msrs,
	.msr_nr = &svm_msr_nr,
	.get_state = get_state,
	.set_state = set_state,
	.get_paging = get_paging,
	.get_mode = get_mode,
	.get_segment = get_segment,
	.set_paging = set_paging,
	.p2m_leaf = p2m_leaf,
	.flush_tlb = flush_tlb,
	.irq_window = irq_window,
	.nmi_window = nmi_window,
	.sync_misc = sync_misc,
};

/* --- the domain ---------------------------------------------------------------------------- */

static struct vcpu *new_vcpu(unsigned int i)
{
	static struct vcpu_info info[VCPUS];
	static struct vcpu v[VCPUS];
	static struct arch_vcpu a[VCPUS];
	static uint8_t xsave[VCPUS][4096] aligned(64);

	memset(&info[i], 0, sizeof(info[i]));
	memset(xsave[i], 0, sizeof(xsave[i]));
	a[i] = (struct arch_vcpu){.xsave = xsave[i], .pat = PAT_DEFAULT,
				  .xcr0 = 1};
	v[i] = (struct vcpu){.id = i, .domain = &the_domain, .arch = &a[i],
			     .info = &info[i], .down = i != 0};
	a[i].mtrr.def_type = MTRR_DEF_TYPE;
	return &v[i];
}

struct domain *fake_domain(bool hardware)
{
	static struct arch_domain ad;

	memset(&fake, 0, sizeof(fake));
	memset(ram, 0, sizeof(ram));
	memset(pages, 0, sizeof(pages));
	hvm_ops = &fake_ops;
	fake.mode.width = 8;
	fake.frames_used = 1;
	ad = (struct arch_domain){.npt_root = fake_frame(),
				  .x2apic_start = !hardware};
	the_domain = (struct domain){.id = 1, .hardware = hardware,
				     .arch = &ad, .max_vcpus = VCPUS,
				     .vcpu = vcpu_list};
	for (unsigned int i = 0; i < VCPUS; i++)
		vcpu_list[i] = new_vcpu(i);
	the_cpus[0].vcpu = vcpu_list[0];
	return &the_domain;
}

struct vcpu *fake_vcpu(unsigned int i)
{
	the_cpus[0].vcpu = vcpu_list[i];
	return vcpu_list[i];
}

/* --- DMA remapping -------------------------------------------------------------- */

bool iommu_active(void)
{
	return false;
}

int iommu_p2m_set(gfn_t gfn, mfn_t mfn, unsigned int order, enum p2m_type type)
{
	fake.mirror_sets++;
	fake.mirror_order = order;
	return type == P2M_HOLE ? 0 : fake.mirror_err;
}

int iommu_p2m_split(gfn_t gfn, unsigned int order)
{
	fake.mirror_order = order;
	return fake.mirror_err;
}

void iommu_p2m_flush(void)
{
	fake.mirror_flushes++;
}
