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
#include <x86/npt.h>

#define PTE_P		(1ull << 0)
#define PTE_W		(1ull << 1)
#define PTE_PS		(1ull << 7)
#define PTE_ADDR	0x000ffffffffff000ull

/* One paging mode: index bits of a level and bytes of an entry. */
struct walk_mode {
	uint8_t levels, bits, entry_size;
	uint8_t superpage_level;	/* highest that PS may be at */
	uint8_t write_level;		/* highest whose entries have PTE_W */
};

struct walk {
	const struct walk_mode *mode;
	uint64_t root;
	unsigned int superpage_level;
	uint64_t need;	/* bits that entries must have */
};

static const struct walk_mode mode_32 = {2, 10, 4, 2, 2};
static const struct walk_mode mode_pae = {3, 9, 8, 2, 2};
static const struct walk_mode mode_long = {4, 9, 8, 3, 4};

static bool is_memory(struct p2m_entry e)
{
	return !(P2M_BIT(e.type) & (P2M_BIT(P2M_HOLE) | P2M_BIT(P2M_MMIO)));
}

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

/* @va is within what the levels of mode @m, which is w's, index. */
static always_inline bool walk_as_locked(struct npt_view *p2m, const struct walk *w,
					 const struct walk_mode *m, uint64_t va,
					 uint64_t *gpa)
{
	unsigned int shift = PAGE_SHIFT + m->levels * m->bits;
	uint64_t table = w->root;

	for (unsigned int l = m->levels; l; l--) {
		struct p2m_entry at = npt_look_locked(p2m, addr_to_gfn(table));
		uint64_t need = l > m->write_level ? PTE_P : w->need;
		unsigned int i;
		uint64_t e;

		if (!is_memory(at))
			return false;
		shift -= m->bits;
		i = (va >> shift) & ((1u << m->bits) - 1);
		e = read_entry(at.mfn, (table & ~PAGE_MASK) + i * m->entry_size,
			       m->entry_size);
		if (~e & need)
			return false;
		if ((e & PTE_PS) && l > 1 && l <= w->superpage_level) {
			*gpa = superpage(m, e, va, shift);
			return true;
		}
		table = e & PTE_ADDR;
	}
	*gpa = table | (va & ~PAGE_MASK);
	return true;
}

/* Long mode is what nearly all walks are in: with its numbers known they are shorter. */
static bool walk_locked(struct npt_view *p2m, const struct walk *w, uint64_t va,
			uint64_t *gpa)
{
	if (w->mode == &mode_long)
		return walk_as_locked(p2m, w, &mode_long, va, gpa);
	return walk_as_locked(p2m, w, w->mode, va, gpa);
}

static bool canonical(uint64_t va)
{
	return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}

/* Which walk the current mode asks for. With paging on. */
static struct walk walk_for(const struct hvm_paging *p, bool write)
{
	struct walk w = {.need = PTE_P};

	if (write && (p->cr0 & CR0_WP))
		w.need |= PTE_W;
	if (p->efer & EFER_LMA) {
		w.mode = &mode_long;
		w.root = p->cr3 & PTE_ADDR;
	} else if (p->cr4 & CR4_PAE) {
		w.mode = &mode_pae;
		w.root = p->cr3 & 0xffffffe0;
	} else {
		w.mode = &mode_32;
		w.root = p->cr3 & 0xfffff000;
	}
	if (w.mode != &mode_32 || (p->cr4 & CR4_PSE))
		w.superpage_level = w.mode->superpage_level;
	return w;
}

static bool translate_locked(struct vcpu *v, struct npt_view *p2m, uint64_t va,
			     bool write, uint64_t *gpa)
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
	w = walk_for(&p, write);
	return walk_locked(p2m, &w, va, gpa);
}

struct page *arch_guest_page(gva_t va, bool write)
{
	struct vcpu *v = current;
	struct npt_view p2m = NPT_VIEW(v->domain);
	struct page *pg = NULL;
	struct p2m_entry e;
	uint64_t gpa;

	LOCKED(&p2m.d->p2m_lock);
	if (translate_locked(v, &p2m, va.v, write, &gpa)) {
		e = npt_look_locked(&p2m, addr_to_gfn(gpa));
		if (is_memory(e) && (!write || p2m_is_writable(e.type)))
			pg = mfn_to_page(e.mfn);
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
