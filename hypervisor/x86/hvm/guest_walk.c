/*
 * The walk of a guest's own page tables (AMD APM vol. 2 ch. 5): no paging,
 * 32-bit with PSE, PAE, and 4-level long mode. Only presence and writability
 * count: the hypervisor acts for the guest's kernel, and accessed and dirty
 * bits are left alone.
 *
 * The tables are the guest's memory: each is found through the p2m. The lock
 * is held over the whole walk, so no reference is needed but the last.
 */
#include <hv/guest.h>
#include <hv/lib.h>
#include <hv/page.h>

#include <x86/hvm_ops.h>

#define PTE_P		(1ull << 0)
#define PTE_W		(1ull << 1)
#define PTE_PS		(1ull << 7)
#define PTE_ADDR	0x000ffffffffff000ull

/* One paging mode: from the root, index bits a level and entry bytes. */
struct walk_mode {
	uint8_t levels, top_bits, bits, entry_size;
	uint8_t superpage_levels;	/* highest level PS may be at */
};

struct walk {
	const struct walk_mode *mode;
	uint64_t root;
	bool superpages;
	bool write;	/* and read-only entries refuse it */
};

static const struct walk_mode mode_32 = {2, 10, 10, 4, 2};
static const struct walk_mode mode_pae = {3, 2, 9, 8, 2};
static const struct walk_mode mode_long = {4, 9, 9, 8, 3};

static uint64_t read_entry(mfn_t mfn, unsigned int offset, unsigned int size)
{
	const char *t = map_frame(mfn);
	uint64_t e;

	if (size == 8)
		e = __atomic_load_n((const uint64_t *)(t + offset), __ATOMIC_RELAXED);
	else
		e = __atomic_load_n((const uint32_t *)(t + offset), __ATOMIC_RELAXED);
	unmap_frame(t);
	return e;
}

static bool table_frame_locked(struct domain *d, uint64_t gpa, mfn_t *mfn)
{
	struct p2m_entry pe = arch_p2m_get(d, addr_to_gfn(gpa));

	*mfn = pe.mfn;
	return pe.type != P2M_HOLE && pe.type != P2M_MMIO;
}

/* Where a superpage entry of @level with 2^shift bytes leads for @va. */
static uint64_t superpage(const struct walk_mode *m, uint64_t e, uint64_t va,
			  unsigned int shift)
{
	uint64_t within = va & ((1ull << shift) - 1);
	uint64_t base = e & PTE_ADDR;

	if (m == &mode_32)	/* PSE-36: bits 39:32 in 20:13 */
		base |= (e >> 13 & 0xff) << 32;
	return (base & ~((1ull << shift) - 1)) | within;
}

static bool walk_locked(struct domain *d, const struct walk *w, uint64_t va,
			uint64_t *gpa)
{
	const struct walk_mode *m = w->mode;
	uint64_t table = w->root;

	for (unsigned int l = m->levels; l; l--) {
		unsigned int shift = PAGE_SHIFT + (l - 1) * m->bits;
		unsigned int bits = l == m->levels ? m->top_bits : m->bits;
		unsigned int i = (va >> shift) & ((1u << bits) - 1);
		unsigned int at = (table & ~PAGE_MASK) + i * m->entry_size;
		/* PAE's four root entries have no writable bit. */
		bool has_w = !(m == &mode_pae && l == 3);
		mfn_t mfn;
		uint64_t e;

		if (!table_frame_locked(d, table, &mfn))
			return false;
		e = read_entry(mfn, at, m->entry_size);
		if (!(e & PTE_P) || (w->write && has_w && !(e & PTE_W)))
			return false;
		if (l > 1 && l <= m->superpage_levels && w->superpages && (e & PTE_PS)) {
			*gpa = superpage(m, e, va, shift);
			return true;
		}
		table = e & PTE_ADDR;
	}
	*gpa = table | (va & ~PAGE_MASK);
	return true;
}

static bool canonical(uint64_t va)
{
	return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}

/* Which walk the current mode asks for. With paging on. */
static struct walk walk_for(const struct hvm_paging *p)
{
	struct walk w = {.superpages = true};

	if (p->efer & EFER_LMA) {
		w.mode = &mode_long;
		w.root = p->cr3 & PTE_ADDR;
	} else if (p->cr4 & CR4_PAE) {
		w.mode = &mode_pae;
		w.root = p->cr3 & 0xffffffe0;
	} else {
		w.mode = &mode_32;
		w.root = p->cr3 & 0xfffff000;
		w.superpages = p->cr4 & CR4_PSE;
	}
	return w;
}

static bool translate_locked(struct vcpu *v, uint64_t va, bool write, uint64_t *gpa)
{
	struct hvm_paging p;
	struct walk w;

	hvm_ops->get_paging(v, &p);
	if (!(p.efer & EFER_LMA))
		va = (uint32_t)va;
	else if (!canonical(va))
		return false;
	if (!(p.cr0 & CR0_PG)) {
		*gpa = va;
		return true;
	}
	w = walk_for(&p);
	w.write = write && (p.cr0 & CR0_WP);
	return walk_locked(v->domain, &w, va, gpa);
}

struct page *arch_guest_page(gva_t va, bool write)
{
	struct vcpu *v = current;
	struct domain *d = v->domain;
	struct page *pg = NULL;
	struct p2m_entry pe;
	uint64_t gpa;

	LOCKED(&d->p2m_lock);
	if (translate_locked(v, va.v, write, &gpa)) {
		pe = arch_p2m_get(d, addr_to_gfn(gpa));
		if (pe.type != P2M_HOLE && pe.type != P2M_MMIO &&
		    (!write || p2m_is_writable(pe.type)))
			pg = mfn_to_page(pe.mfn);
		if (pg && !page_get(pg, NULL))
			pg = NULL;
	}
	return pg;
}

unsigned int hvm_fetch(struct vcpu *v, uint8_t *buf, unsigned int n)
{
	struct hvm_mode mode = hvm_ops->get_mode(v);
	uint64_t at = v->arch->regs.rip;
	unsigned int here;

	if (mode.width != 8)
		at = (uint32_t)(at + hvm_ops->get_segment(v, SEG_CS).base);
	here = (unsigned int)MIN((uint64_t)n, PAGE_SIZE - (at & ~PAGE_MASK));
	if (guest_read(buf, GVA(at), here))
		return 0;
	if (here < n && !guest_read(buf + here, GVA(at + here), n - here))
		return n;
	return here;
}
