/*
 * A machine for tests of x86/hvm: memory in an array, two CPUs, one domain with
 * vCPUs, and a vendor whose registers are a struct hvm_state. What the code
 * under test asks of its neighbours is counted in `fake`.
 */
#ifndef HVM_FAKES_H
#define HVM_FAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hv/lib.h>
#include <hv/page.h>
#include <hv/sched.h>

#include <x86/asm.h>
#include <x86/hvm_ops.h>

#define FRAMES	4096u	/* 16 MiB */
#define VCPUS	4u

struct fake {
	uint64_t now, tsc;
	struct hvm_state state[VCPUS];	/* the vendor's registers */
	struct hvm_mode mode;
	unsigned int kicks[VCPUS], flushes, hwdom_eois, port_accesses;
	unsigned int frames_used;
	enum irq_window window;
	bool nmi_window;
	struct cpuid_regs (*cpuid)(uint32_t leaf, uint32_t subleaf);
	uint64_t host_msr;
	bool page_written;
	/* DMA remapping's mirror of the hardware domain's p2m */
	unsigned int mirror_sets, mirror_flushes, mirror_order;
	int mirror_err;
	/* guest memory that tests of readers see, from guest address 0 */
	const uint8_t *code;
	unsigned int code_len;
};
extern struct fake fake;

/* Everything new: a domain with VCPUS vCPUs; @hardware: the dom0. */
struct domain *fake_domain(bool hardware);
struct vcpu *fake_vcpu(unsigned int i);	/* and makes it current */
/* One more frame of machine memory; and where it is. */
mfn_t fake_frame(void);
void *fake_at(mfn_t mfn);

#endif
