/*
 * A vCPU's VMCS: made, put on and taken off a CPU, read and loaded as a whole
 * (Intel SDM vol. 3 ch. 25, 26). Which events end the guest is decided here.
 *
 * A VMCS is active on the one CPU that its vCPU is on and cleared when the vCPU
 * leaves it, so that any CPU may borrow it in between.
 */
#include <hv/log.h>
#include <hv/page.h>
#include <hv/sched.h>

#include <x86/asm.h>
#include <x86/irq.h>
#include <x86/platform.h>
#include <x86/traps.h>

#include "vmx.h"

#define CR4_MCE		(1ull << 6)
#define CR0_OWNED	(CR0_NE | CR0_NW | CR0_CD)
#define CR0_NE		(1ull << 5)
#define CR3_PAE_ROOT	0xffffffe0ull

#define MSR_PAT		0x277u
#define MSR_EFER	0xc0000080u

static const uint32_t switched_msrs[VMX_MSRS] = {
	0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000102,
};

/* Segments as the VMCS counts them. */
static const uint8_t vmcs_seg[SEG_NR] = {
	[SEG_ES] = 0, [SEG_CS] = 1, [SEG_SS] = 2, [SEG_DS] = 3, [SEG_FS] = 4,
	[SEG_GS] = 5, [SEG_LDTR] = 6, [SEG_TR] = 7, [SEG_GDTR] = 8,
	[SEG_IDTR] = 9,
};

/* --- which VMCS is current ------------------------------------------------ */

static void vmclear(const struct vmx_vcpu *x)
{
	uint64_t pa = mfn_to_addr(virt_to_mfn(x->vmcs));

	asm volatile("vmclear %0" : : "m"(pa) : "cc", "memory");
}

static void vmptrld(const struct vmx_vcpu *x)
{
	uint64_t pa = mfn_to_addr(virt_to_mfn(x->vmcs));
	bool failed;

	asm volatile("vmptrld %1; setbe %0"
		     : "=qm"(failed)
		     : "m"(pa)
		     : "cc", "memory");
	BUG_ON(failed);
}

/* Makes @v's VMCS current for a moment; give the answer to give_back(). */
static struct vcpu *borrow(struct vcpu *v)
{
	struct vcpu *was = vmx_cpus[this_cpu()->id].loaded;

	if (was != v)
		vmptrld(v->arch->vmx);
	return was;
}

static void give_back(struct vcpu *v, struct vcpu *was)
{
	if (was == v)
		return;
	vmclear(v->arch->vmx);
	v->arch->vmx->launched = false;
	if (was)
		vmptrld(was->arch->vmx);
}

/* --- birth and death --------------------------------------------------------- */

/*
 * Every entry counts down from here: a guest comes back although no interrupt
 * ends it (docs/DECISIONS.md, 9).
 */
static uint32_t longest_stay(void)
{
	uint64_t tsc = SCHED_SLICE_NS * tsc_khz / 1000000;

	return (uint32_t)MIN(tsc >> vmx_config.timer_shift, UINT32_MAX);
}

static void write_controls(struct vcpu *v, struct vmx_vcpu *x)
{
	const uint8_t *ports = hvm_port_bitmap(v->domain);

	vmwrite(VMCS_PIN, vmx_config.control[VMX_PIN]);
	vmwrite(VMCS_PROC, x->proc);
	vmwrite(VMCS_PROC2, vmx_config.control[VMX_PROC2]);
	vmwrite(VMCS_EXIT, vmx_config.control[VMX_EXIT]);
	vmwrite(VMCS_ENTRY, vmx_config.control[VMX_ENTRY]);
	/*
	 * #DB and #AC are taken and given back, as their delivery can recur
	 * without end and without letting an interrupt in.
	 */
	vmwrite(VMCS_EXCEPTIONS, 1u << VEC_DB | 1u << VEC_AC | 1u << VEC_MC);
	vmwrite(VMCS_IO_BITMAP_A, mfn_to_addr(virt_to_mfn(ports)));
	vmwrite(VMCS_IO_BITMAP_B, mfn_to_addr(virt_to_mfn(ports + PAGE_SIZE)));
	vmwrite(VMCS_MSR_BITMAP, vmx_msr_bitmap);
	vmwrite(VMCS_VIRTUAL_APIC, mfn_to_addr(virt_to_mfn(x->vapic)));
	vmwrite(VMCS_EPTP, x->eptp);
	/* Translations are told apart by this and EPTP together. */
	vmwrite(VMCS_VPID, v->id + 1);
	vmwrite(VMCS_LINK, ~0ull);
	if (vmx_config.control[VMX_PIN] & PIN_TIMER)
		vmwrite(VMCS_GUEST_TIMER, longest_stay());
	vmwrite(VMCS_CR0_MASK, CR0_OWNED);
}

/* What is the same on all CPUs; the rest is written by vmx_vcpu_load(). */
static void write_host(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} packed idt;

	asm volatile("sidt %0" : "=m"(idt));
	vmwrite(VMCS_HOST_IDTR_BASE, idt.base);
	vmwrite(VMCS_HOST_CR0, read_cr0());
	vmwrite(VMCS_HOST_CR3, host_cr3);
	vmwrite(VMCS_HOST_CR4, read_cr4());
	vmwrite(VMCS_HOST_PAT, rdmsr(MSR_PAT));
	vmwrite(VMCS_HOST_EFER, rdmsr(MSR_EFER));
	vmwrite(VMCS_HOST_SEL(SEG_CS), SEL_CODE);
	vmwrite(VMCS_HOST_SEL(SEG_ES), SEL_DATA);
	vmwrite(VMCS_HOST_SEL(SEG_SS), SEL_DATA);
	vmwrite(VMCS_HOST_SEL(SEG_DS), SEL_DATA);
	vmwrite(VMCS_HOST_SEL(6), SEL_TSS);
	vmwrite(VMCS_HOST_RIP, (uintptr_t)vmx_exit);
}

int vmx_vcpu_create(struct vcpu *v)
{
	struct vmx_vcpu *x = heap_alloc(sizeof(*x));
	struct vcpu *was;

	if (!x)
		return -ENOMEM;
	v->arch->vmx = x;
	x->vmcs = heap_alloc_page();
	x->vapic = heap_alloc_page();
	if (!x->vmcs || !x->vapic) {
		vmx_vcpu_destroy(v);
		return -ENOMEM;
	}
	*(uint32_t *)x->vmcs = vmx_config.revision;
	x->proc = vmx_config.control[VMX_PROC];
	x->eptp = mfn_to_addr(v->domain->arch->npt_root) | EPTP_WB_4_LEVELS;
	vmclear(x);
	was = borrow(v);
	write_controls(v, x);
	write_host();
	give_back(v, was);
	return 0;
}

void vmx_vcpu_destroy(struct vcpu *v)
{
	struct vmx_vcpu *x = v->arch->vmx;

	if (!x)
		return;
	if (x->vmcs)
		heap_free_page(x->vmcs);
	if (x->vapic)
		heap_free_page(x->vapic);
	heap_free(x);
	v->arch->vmx = NULL;
}

/* --- on and off a CPU ----------------------------------------------------------- */

static void read_cpu(struct vmx_vcpu *x)
{
	for (unsigned int i = 0; i < VMX_MSRS; i++)
		x->msr[i] = rdmsr(switched_msrs[i]);
	x->cr2 = read_cr2();
	asm volatile("mov %%db6, %0" : "=r"(x->dr6));
}

static void write_cpu(const struct vmx_vcpu *x)
{
	for (unsigned int i = 0; i < VMX_MSRS; i++)
		wrmsr(switched_msrs[i], x->msr[i]);
	asm volatile("mov %0, %%cr2" : : "r"(x->cr2));
	asm volatile("mov %0, %%db6" : : "r"(x->dr6));
}

void vmx_vcpu_save(struct vcpu *v)
{
	read_cpu(v->arch->vmx);
	vmclear(v->arch->vmx);
	v->arch->vmx->launched = false;
	vmx_cpus[this_cpu()->id].loaded = NULL;
}

/*
 * Translations that this CPU keeps from an earlier stay may be stale: a flush
 * that was asked for in between was done where the vCPU was then.
 */
void vmx_vcpu_load(struct vcpu *v)
{
	const struct cpu *c = this_cpu();
	struct vmx_vcpu *x = v->arch->vmx;
	struct {
		uint16_t limit;
		uint64_t base;
	} packed gdt;

	vmptrld(x);
	vmx_cpus[c->id].loaded = v;
	asm volatile("sgdt %0" : "=m"(gdt));
	vmwrite(VMCS_HOST_GDTR_BASE, gdt.base);
	vmwrite(VMCS_HOST_TR_BASE, (uintptr_t)c->arch->tss);
	vmwrite(VMCS_CR4_MASK, ~hvm_cr4_allowed(v));
	write_cpu(x);
	if (v->arch->asid_cpu != c->id) {
		v->arch->asid_cpu = c->id;
		x->flush = true;
	}
}

/* --- registers --------------------------------------------------------------------- */

/* Access rights are spread over 16 bits there; P = 0 is "unusable". */
struct segment vmx_get_segment(struct vcpu *v, enum seg seg)
{
	unsigned int i = vmcs_seg[seg];
	struct segment s = {
		.limit = (uint32_t)vmread(VMCS_GUEST_LIMIT(i)),
		.base = vmread(VMCS_GUEST_BASE(i)),
	};
	uint32_t ar;

	if (seg == SEG_GDTR || seg == SEG_IDTR)
		return s;
	ar = (uint32_t)vmread(VMCS_GUEST_AR(i));
	s.sel = (uint16_t)vmread(VMCS_GUEST_SEL(i));
	if (!(ar & AR_UNUSABLE))
		s.attr = (uint16_t)((ar & 0xff) | (ar >> 4 & 0xf00));
	return s;
}

/* Code and data must be marked accessed (SDM vol. 3 27.3.1.2). */
static void set_segment(enum seg seg, const struct segment *s)
{
	unsigned int i = vmcs_seg[seg];
	uint32_t ar = (s->attr & 0xffu) | (s->attr & 0xf00u) << 4;

	vmwrite(VMCS_GUEST_LIMIT(i), s->limit);
	vmwrite(VMCS_GUEST_BASE(i), s->base);
	if (seg == SEG_GDTR || seg == SEG_IDTR)
		return;
	if (!(s->attr & SEG_ATTR_P))
		ar = AR_UNUSABLE;
	else if (seg <= SEG_GS)
		ar |= 1;
	vmwrite(VMCS_GUEST_AR(i), ar);
	vmwrite(VMCS_GUEST_SEL(i), s->sel);
}

static uint64_t seen_through(uint64_t mask, uint32_t real, uint32_t shadow)
{
	return (vmread(real) & ~mask) | (vmread(shadow) & mask);
}

void vmx_get_paging(struct vcpu *v, struct hvm_paging *p)
{
	p->cr0 = seen_through(CR0_OWNED, VMCS_GUEST_CR0, VMCS_CR0_SHADOW);
	p->cr3 = vmread(VMCS_GUEST_CR3);
	p->cr4 = seen_through(~hvm_cr4_allowed(v), VMCS_GUEST_CR4,
			      VMCS_CR4_SHADOW);
	p->efer = vmread(VMCS_GUEST_EFER);
}

/* The CPU takes PAE's four root entries from the VMCS, not from memory. */
static void load_pae_roots(struct vcpu *v, const struct hvm_paging *p)
{
	uint64_t at = p->cr3 & CR3_PAE_ROOT, roots[4] = {0};
	struct page *pg;
	char *frame;

	if (!(p->cr0 & CR0_PG) || !(p->cr4 & CR4_PAE) || (p->efer & EFER_LMA))
		return;
	pg = p2m_get_page(v->domain, addr_to_gfn(at), false);
	if (pg) {
		frame = map_frame(page_to_mfn(pg));
		memcpy(roots, frame + (at & ~PAGE_MASK), sizeof(roots));
		unmap_frame(frame);
		page_put(pg);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(roots); i++)
		vmwrite(VMCS_GUEST_PDPTE(i), roots[i]);
}

void vmx_set_paging(struct vcpu *v, const struct hvm_paging *p)
{
	uint32_t entry = vmx_config.control[VMX_ENTRY];

	vmwrite(VMCS_GUEST_CR0, (p->cr0 & ~(CR0_NW | CR0_CD)) |
					vmx_config.cr0_fixed);
	vmwrite(VMCS_CR0_SHADOW, p->cr0);
	vmwrite(VMCS_GUEST_CR3, p->cr3);
	vmwrite(VMCS_GUEST_CR4, p->cr4 | vmx_config.cr4_fixed | CR4_MCE);
	vmwrite(VMCS_CR4_SHADOW, p->cr4);
	vmwrite(VMCS_GUEST_EFER, p->efer);
	vmwrite(VMCS_ENTRY, p->efer & EFER_LMA ? entry | ENTRY_GUEST_64 : entry);
	load_pae_roots(v, p);
}

void vmx_get_state(struct vcpu *v, struct hvm_state *s)
{
	struct vmx_vcpu *x = v->arch->vmx;
	struct vcpu *was = borrow(v);
	struct hvm_paging p;

	if (was == v)
		read_cpu(x);
	for (unsigned int i = 0; i < SEG_NR; i++)
		s->seg[i] = vmx_get_segment(v, (enum seg)i);
	vmx_get_paging(v, &p);
	s->cr0 = p.cr0;
	s->cr3 = p.cr3;
	s->cr4 = p.cr4;
	s->efer = p.efer;
	s->dr7 = vmread(VMCS_GUEST_DR7);
	s->sysenter_cs = vmread(VMCS_GUEST_SYSENTER_CS);
	s->sysenter_esp = vmread(VMCS_GUEST_SYSENTER_ESP);
	s->sysenter_eip = vmread(VMCS_GUEST_SYSENTER_EIP);
	give_back(v, was);
	s->cr2 = x->cr2;
	s->dr6 = x->dr6;
	s->star = x->msr[0];
	s->lstar = x->msr[1];
	s->cstar = x->msr[2];
	s->sfmask = x->msr[3];
	s->kernel_gs_base = x->msr[4];
}

static void write_misc(struct vcpu *v)
{
	vmwrite(VMCS_GUEST_PAT, v->arch->pat);
	vmwrite(VMCS_TSC_OFFSET, (uint64_t)v->arch->tsc_offset);
}

void vmx_set_state(struct vcpu *v, const struct hvm_state *s)
{
	const struct hvm_paging p = {s->cr0, s->cr3, s->cr4, s->efer};
	struct vmx_vcpu *x = v->arch->vmx;
	struct vcpu *was = borrow(v);

	for (unsigned int i = 0; i < SEG_NR; i++)
		set_segment((enum seg)i, &s->seg[i]);
	vmx_set_paging(v, &p);
	vmwrite(VMCS_GUEST_DR7, s->dr7);
	vmwrite(VMCS_GUEST_PENDING_DB, 0);
	vmwrite(VMCS_GUEST_SHADOW, 0);
	x->shadow = 0;
	vmwrite(VMCS_GUEST_SYSENTER_CS, s->sysenter_cs);
	vmwrite(VMCS_GUEST_SYSENTER_ESP, s->sysenter_esp);
	vmwrite(VMCS_GUEST_SYSENTER_EIP, s->sysenter_eip);
	write_misc(v);
	give_back(v, was);
	x->cr2 = s->cr2;
	x->dr6 = s->dr6;
	x->msr[0] = s->star;
	x->msr[1] = s->lstar;
	x->msr[2] = s->cstar;
	x->msr[3] = s->sfmask;
	x->msr[4] = s->kernel_gs_base;
	if (was == v)
		write_cpu(x);
	x->flush = true;
}

void vmx_sync_misc(struct vcpu *v)
{
	struct vcpu *was = borrow(v);

	write_misc(v);
	give_back(v, was);
}

/* Of current, after it was refused. */
void vmx_dump(struct vcpu *v)
{
	static const char *const names[SEG_NR] = {"es", "cs", "ss", "ds", "fs",
						  "gs", "gdtr", "ldtr", "idtr",
						  "tr"};

	guest_log(v->domain, "cr0 %lx (%lx) cr3 %lx cr4 %lx (%lx) efer %lx\n",
		  vmread(VMCS_GUEST_CR0), vmread(VMCS_CR0_SHADOW),
		  vmread(VMCS_GUEST_CR3), vmread(VMCS_GUEST_CR4),
		  vmread(VMCS_CR4_SHADOW), vmread(VMCS_GUEST_EFER));
	guest_log(v->domain, "rip %lx rsp %lx rflags %lx dr7 %lx shadow %lx\n",
		  vmread(VMCS_GUEST_RIP), vmread(VMCS_GUEST_RSP),
		  vmread(VMCS_GUEST_RFLAGS), vmread(VMCS_GUEST_DR7),
		  vmread(VMCS_GUEST_SHADOW));
	guest_log(v->domain, "entry %lx event %lx proc %lx error %lu\n",
		  vmread(VMCS_ENTRY), vmread(VMCS_ENTRY_EVENT),
		  vmread(VMCS_PROC), vmread(VMCS_INSN_ERROR));
	for (unsigned int i = 0; i < SEG_NR; i++) {
		struct segment s = vmx_get_segment(v, (enum seg)i);

		irq_window();
		guest_log(v->domain, "%s %04x attr %03x limit %08x base %lx\n",
			  names[i], s.sel, s.attr, s.limit, s.base);
	}
}
