/*
 * Between a guest's registers and core's hypercalls (guest-abi 0: numbers and
 * arguments by the mode the guest is in), and the page of call stubs.
 */
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/page.h>

#include <x86/hvm_ops.h>

static void args_get(const struct cpu_regs *r, struct hypercall *hc)
{
	if (!hc->compat) {
		hc->nr = (unsigned int)r->rax;
		hc->arg[0] = r->rdi;
		hc->arg[1] = r->rsi;
		hc->arg[2] = r->rdx;
		hc->arg[3] = r->r10;
		hc->arg[4] = r->r8;
		hc->arg[5] = r->r9;
		return;
	}
	hc->nr = (uint32_t)r->rax;
	hc->arg[0] = (uint32_t)r->rbx;
	hc->arg[1] = (uint32_t)r->rcx;
	hc->arg[2] = (uint32_t)r->rdx;
	hc->arg[3] = (uint32_t)r->rsi;
	hc->arg[4] = (uint32_t)r->rdi;
	hc->arg[5] = (uint32_t)r->rbp;
}

/* For a restart: the instruction is executed again with what is left to do. */
static void args_put(struct cpu_regs *r, const struct hypercall *hc)
{
	if (!hc->compat) {
		r->rdi = hc->arg[0];
		r->rsi = hc->arg[1];
		r->rdx = hc->arg[2];
		r->r10 = hc->arg[3];
		r->r8 = hc->arg[4];
		r->r9 = hc->arg[5];
		return;
	}
	r->rbx = (uint32_t)hc->arg[0];
	r->rcx = (uint32_t)hc->arg[1];
	r->rdx = (uint32_t)hc->arg[2];
	r->rsi = (uint32_t)hc->arg[3];
	r->rdi = (uint32_t)hc->arg[4];
	r->rbp = (uint32_t)hc->arg[5];
}

void hvm_hypercall(struct vcpu *v, struct hvm_exit *e)
{
	struct cpu_regs *r = &v->arch->regs;
	struct hvm_mode mode = hvm_ops->get_mode(v);
	struct hypercall hc;
	long ret = -EPERM;

	hc.compat = mode.width != 8;
	hc.restart = false;
	if (!mode.cpl) {
		args_get(r, &hc);
		ret = hypercall_dispatch(&hc);
	}
	if (hc.restart) {
		args_put(r, &hc);
		return;
	}
	r->rax = hc.compat ? (uint32_t)ret : (uint64_t)ret;
	hvm_advance(v, e->len);
}

/* Slot n, 32 bytes: mov $n, %eax; vmmcall or vmcall; ret. iret's is ud2. */
static void write_stubs(uint8_t *page)
{
	memset(page, 0xcc, PAGE_SIZE);
	for (unsigned int n = 0; n < PAGE_SIZE / 32; n++) {
		uint8_t *p = page + n * 32;

		if (n == __HYPERVISOR_iret) {
			p[0] = 0x0f;
			p[1] = 0x0b;
			continue;
		}
		p[0] = 0xb8;
		memcpy(p + 1, &(uint32_t){n}, 4);
		memcpy(p + 5, hvm_ops->hypercall_insn, 3);
		p[8] = 0xc3;
	}
}

/* shared_info and vcpu_info follow the mode the guest is in now. */
static void latch_layout(struct vcpu *v)
{
	v->domain->arch->compat_latched = hvm_ops->get_mode(v).width != 8;
	arch_update_wallclock(v->domain);
}

bool hvm_write_hypercall_page(struct vcpu *v, uint64_t val)
{
	struct page *pg;
	uint8_t *p;

	if (val & ~PAGE_MASK)	/* index of the page: there is one */
		return false;
	pg = p2m_get_page(v->domain, addr_to_gfn(val), true);
	if (!pg)
		return false;
	p = map_frame(page_to_mfn(pg));
	write_stubs(p);
	unmap_frame(p);
	page_put(pg);
	v->domain->arch->hypercall_page_gfn = val >> PAGE_SHIFT;
	latch_layout(v);
	return true;
}

/* Setting the callback is the other moment that latches the layout. */
void arch_hvm_param_changed(struct domain *d, unsigned int idx)
{
	uint64_t val = d->hvm_params[idx];

	if (idx != HVM_PARAM_CALLBACK_IRQ)
		return;
	d->callback_vector =
		val >> 56 == HVM_PARAM_CALLBACK_TYPE_VECTOR ? (uint8_t)val : 0;
	if (d == current->domain)
		latch_layout(current);
}
