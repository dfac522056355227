/*
 * The extended state of a vCPU (x87, SSE, AVX, ...), switched as a whole when
 * another vCPU takes the CPU. The hypervisor uses none of it, so between two
 * exits of one vCPU it stays in the registers.
 *
 * XSETBV is not relied on to exit (not every CPU that we meet intercepts it):
 * XCR0 is read back, and the state is saved with every bit the machine has, so
 * that nothing of one guest stays behind for the next. APM vol. 2 11.5.
 */
#include <hv/lib.h>
#include <hv/page.h>

#include <x86/asm.h>
#include <x86/hvm_ops.h>

#define CPUID_1C_XSAVE	(1u << 26)
#define FXSAVE_SIZE	512u
#define HEADER		512u	/* XSAVE header: XSTATE_BV, XCOMP_BV, zeroes */
#define HEADER_SIZE	64u
#define FCW_RESET	0x37fu
#define MXCSR_AT	24u
#define MXCSR_RESET	0x1f80u
#define MXCSR_VALID	0xffffu
#define MXCSR_MM	(1u << 17)	/* misaligned exception mask */

#define X_FP		(1ull << 0)
#define X_SSE		(1ull << 1)
#define X_AVX		(1ull << 2)
#define X_MPX		(3ull << 3)
#define X_AVX512	(7ull << 5)
#define X_AMX		(3ull << 17)

unsigned int xstate_size = FXSAVE_SIZE;
uint64_t xstate_mask;

void xstate_init(void)
{
	struct cpuid_regs r;

	if (!(cpuid(1, 0).c & CPUID_1C_XSAVE))
		return;
	r = cpuid(0xd, 0);
	xstate_mask = r.a | (uint64_t)r.d << 32;
	xstate_size = r.c;	/* of all states this machine has */
}

void xstate_cpu_init(void)
{
	if (xstate_mask)
		write_cr4(read_cr4() | CR4_OSXSAVE);
}

void xstate_reset(struct vcpu *v)
{
	uint8_t *area = v->arch->xsave;
	const uint16_t fcw = FCW_RESET;
	const uint32_t mxcsr = MXCSR_RESET;

	memset(area, 0, xstate_size);
	memcpy(area, &fcw, sizeof(fcw));
	memcpy(area + MXCSR_AT, &mxcsr, sizeof(mxcsr));
	v->arch->xcr0 = X_FP;
}

void xstate_save(struct vcpu *v)
{
	uint8_t *area = v->arch->xsave;

	if (!xstate_mask) {
		asm volatile("fxsave64 (%0)" : : "r"(area) : "memory");
		return;
	}
	v->arch->xcr0 = xgetbv(0);
	xsetbv(0, xstate_mask);
	asm volatile("xsave64 (%0)"
		     :
		     : "r"(area), "a"(~0u), "d"(~0u)
		     : "memory");
}

void xstate_load(struct vcpu *v)
{
	const uint8_t *area = v->arch->xsave;

	if (!xstate_mask) {
		asm volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
		return;
	}
	xsetbv(0, xstate_mask);
	asm volatile("xrstor64 (%0)"
		     :
		     : "r"(area), "a"(~0u), "d"(~0u)
		     : "memory");
	xsetbv(0, v->arch->xcr0);
}

static bool all_or_none(uint64_t xcr0, uint64_t bits)
{
	return (xcr0 & bits) == bits || !(xcr0 & bits);
}

/* What XSETBV accepts without #GP. */
bool xstate_xcr0_valid(uint64_t xcr0)
{
	if (!xstate_mask)
		return xcr0 == X_FP;
	if (!(xcr0 & X_FP) || (xcr0 & ~xstate_mask))
		return false;
	if ((xcr0 & X_AVX) && !(xcr0 & X_SSE))
		return false;
	if ((xcr0 & X_AVX512) && !(xcr0 & X_AVX))
		return false;
	return all_or_none(xcr0, X_AVX512) && all_or_none(xcr0, X_MPX) &&
	       all_or_none(xcr0, X_AMX);
}

/* XRSTOR faults on a bad header or MXCSR: both are checked. */
int xstate_set(struct vcpu *v, uint64_t xcr0, const void *area, size_t size)
{
	const uint8_t *from = area;
	uint64_t header[HEADER_SIZE / 8];
	uint32_t mxcsr;

	if (size < FXSAVE_SIZE || !xstate_xcr0_valid(xcr0))
		return -EINVAL;
	memcpy(&mxcsr, from + MXCSR_AT, sizeof(mxcsr));
	if (mxcsr & ~(MXCSR_VALID | MXCSR_MM))
		return -EINVAL;
	memset(header, 0, sizeof(header));
	if (size >= HEADER + HEADER_SIZE)
		memcpy(header, from + HEADER, sizeof(header));
	else
		header[0] = X_FP | X_SSE;
	if (header[0] & ~xstate_mask & ~(X_FP | X_SSE))
		return -EINVAL;
	for (unsigned int i = 1; i < ARRAY_SIZE(header); i++)
		if (header[i])
			return -EINVAL;
	for (size_t i = xstate_size; i < size; i++)
		if (from[i])
			return -EINVAL;
	xstate_reset(v);
	v->arch->xcr0 = xcr0;
	memcpy(v->arch->xsave, from, MIN(size, (size_t)xstate_size));
	mxcsr &= MXCSR_VALID;
	memcpy((uint8_t *)v->arch->xsave + MXCSR_AT, &mxcsr, sizeof(mxcsr));
	if (xstate_mask)
		memcpy((uint8_t *)v->arch->xsave + HEADER, header, sizeof(header));
	return 0;
}

/* Of CPUs that let it exit: the guest's value goes into the CPU at once. */
void hvm_xsetbv(struct vcpu *v, struct hvm_exit *e)
{
	const struct cpu_regs *r = &v->arch->regs;
	uint64_t val = (uint32_t)r->rax | r->rdx << 32;

	if ((uint32_t)r->rcx || !xstate_xcr0_valid(val) ||
	    (val & ~hvm_xcr0_allowed(v))) {
		hvm_inject_gp(v);
		return;
	}
	xsetbv(0, val);
	hvm_advance(v, e->len);
}
