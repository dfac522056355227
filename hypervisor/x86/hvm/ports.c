/*
 * Port I/O exits, and the maps that say which ports exit: all of an ordinary
 * domain's; for the hardware domain those that hvm_intercept_ports() names. The
 * three pages hold one bit a port and a spare page of ones, as SVM reads
 * past the last port (APM vol. 2 15.10.1); a VMX bitmap is its first two.
 */
#include <hv/guest.h>
#include <hv/lib.h>
#include <hv/page.h>

#include <x86/hvm_ops.h>

#define MAP_ORDER	2
#define MAP_BYTES	(3 * PAGE_SIZE)
#define RFLAGS_DF	(1ull << 10)

static uint8_t *map_all, *map_hwdom;

static uint8_t *make_map(void)
{
	mfn_t mfn = page_alloc(MAP_ORDER, 0);
	uint8_t *map;

	if (!mfn_valid_value(mfn))
		panic("no memory for the I/O permission maps; add memory");
	map = map_frame(mfn);
	memset(map, 0xff, MAP_BYTES);
	return map;	/* stays mapped for good */
}

void hvm_ports_init(void)
{
	map_all = make_map();
	map_hwdom = make_map();
	memset(map_hwdom, 0, 0x10000 / 8);
}

void hvm_intercept_ports(uint16_t first, uint16_t last)
{
	for (unsigned int p = first; p <= last; p++)
		map_hwdom[p / 8] |= (uint8_t)(1u << (p % 8));
}

const void *hvm_port_bitmap(const struct domain *d)
{
	return d->hardware ? map_hwdom : map_all;
}

/* --- exits --------------------------------------------------------------------- */

static uint64_t size_mask(unsigned int bytes)
{
	return bytes == 8 ? ~0ull : (1ull << (8 * bytes)) - 1;
}

static void reg_add(uint64_t *reg, int64_t n, unsigned int addr_size)
{
	uint64_t mask = size_mask(addr_size);
	uint64_t sum = (*reg + (uint64_t)n) & mask;

	*reg = addr_size == 4 ? sum : (*reg & ~mask) | sum;
}

static gva_t string_address(struct vcpu *v, const struct hvm_exit *e, uint64_t reg)
{
	enum seg seg = e->io.in ? SEG_ES : (enum seg)e->io.seg;
	bool flat = hvm_ops->get_mode(v).width == 8 && seg != SEG_FS && seg != SEG_GS;

	reg &= size_mask(e->io.addr_size);
	return GVA(flat ? reg : reg + hvm_ops->get_segment(v, seg).base);
}

/*
 * The page fault that the guest would have got at @at, or past the page's end.
 * What is there but cannot be written is a protection fault (APM vol. 2 8.4.2).
 */
static void inject_page_fault(struct vcpu *v, gva_t at, unsigned int size, bool write)
{
	struct page *pg = arch_guest_page(at, write);
	struct hvm_state s;
	uint32_t code = write ? 2 : 0;

	if (pg) {
		page_put(pg);
		at = GVA((at.v + size - 1) & PAGE_MASK);
	}
	pg = write ? arch_guest_page(at, false) : NULL;
	if (pg) {
		page_put(pg);
		code |= 1;
	}
	if (hvm_ops->get_mode(v).cpl == 3)
		code |= 4;
	hvm_get_state(v, &s);
	s.cr2 = at.v;
	hvm_ops->set_state(v, &s);
	hvm_inject_exception(v, VEC_PF, true, code);
}

/* INS and OUTS move one element an exit; REP comes back for the next. */
static void port_string(struct vcpu *v, const struct hvm_exit *e)
{
	struct cpu_regs *r = &v->arch->regs;
	uint64_t *index = e->io.in ? &r->rdi : &r->rsi;
	int64_t step = r->rflags & RFLAGS_DF ? -(int64_t)e->io.size : e->io.size;
	gva_t at = string_address(v, e, *index);
	uint32_t val = 0;
	int err = 0;

	if (e->io.rep && !(r->rcx & size_mask(e->io.addr_size))) {
		hvm_advance(v, e->len);
		return;
	}
	if (!e->io.in)
		err = guest_read(&val, at, e->io.size);
	if (!err)
		hvm_port_access(v, e->io.port, e->io.size, !e->io.in, &val);
	if (!err && e->io.in)
		err = guest_write(at, &val, e->io.size);
	if (err) {
		inject_page_fault(v, at, e->io.size, e->io.in);
		return;
	}
	reg_add(index, step, e->io.addr_size);
	if (e->io.rep)
		reg_add(&r->rcx, -1, e->io.addr_size);
	if (!e->io.rep || !(r->rcx & size_mask(e->io.addr_size)))
		hvm_advance(v, e->len);
}

void hvm_port(struct vcpu *v, struct hvm_exit *e)
{
	uint64_t *rax = &v->arch->regs.rax;
	uint32_t val = (uint32_t)(*rax & size_mask(e->io.size));

	if (e->io.string) {
		port_string(v, e);
		return;
	}
	hvm_port_access(v, e->io.port, e->io.size, !e->io.in, &val);
	if (e->io.in && e->io.size == 4)
		*rax = val;
	else if (e->io.in)
		*rax = (*rax & ~size_mask(e->io.size)) |
		       (val & size_mask(e->io.size));
	hvm_advance(v, e->len);
}
