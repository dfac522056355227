/*
 * What the hardware reports about itself: machine checks (APM vol. 2 ch. 9), which end
 * in panic() with the banks that hold an error, and NMIs that nobody here sent. An NMI
 * may come at any instruction, so it is only noted; mce_report_nmis() tells of it later.
 */
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/timer.h>

#include <x86/asm.h>
#include <x86/mce.h>
#include <x86/platform.h>

#define MSR_MCG_CAP	0x179u
#define MSR_MCG_STATUS	0x17au
#define MSR_BANK(n)	(0x400u + 4 * (n))	/* CTL, STATUS, ADDR, MISC */
#define BANKS_MAX	32u
#define STATUS_VALID	(1ull << 63)
#define STATUS_ADDR	(1ull << 58)
#define CPUID_MCA	(1u << 14)

#define NMI_REASON_PORT	0x61	/* bit 7: memory parity or SERR, 6: I/O check */
#define REPORT_EVERY_NS	10000000000ull

static unsigned int nmis;	/* of unknown cause; atomic */
static uint8_t nmi_reason;

static unsigned int bank_count(void)
{
	uint64_t cap;

	if (!(cpuid(1, 0).d & CPUID_MCA) || !rdmsr_safe(MSR_MCG_CAP, &cap))
		return 0;
	return MIN((unsigned int)(cap & 0xff), BANKS_MAX);
}

void mce_cpu_init(void)
{
	for (unsigned int i = 0; i < bank_count(); i++) {
		uint64_t status;

		/* What is left from before the reset may tell why there was one. */
		if (rdmsr_safe(MSR_BANK(i) + 1, &status) && (status & STATUS_VALID))
			log_warn("CPU %u: machine check bank %u held %#lx at start",
				 this_cpu()->id, i, status);
		if (!wrmsr_safe(MSR_BANK(i), ~0ull) || !wrmsr_safe(MSR_BANK(i) + 1, 0))
			continue;
	}
}

void mce_show(void)
{
	for (unsigned int i = 0; i < bank_count(); i++) {
		uint64_t status = 0, addr = 0;

		if (!rdmsr_safe(MSR_BANK(i) + 1, &status) || !(status & STATUS_VALID))
			continue;
		if ((status & STATUS_ADDR) && !rdmsr_safe(MSR_BANK(i) + 2, &addr))
			addr = 0;
		log_error("machine check bank %u: status %016lx address %#lx", i, status,
			  addr);
	}
}

void mce_unknown_nmi(void)
{
	nmi_reason = inb(NMI_REASON_PORT);
	__atomic_add_fetch(&nmis, 1, __ATOMIC_RELAXED);
}

unsigned int mce_nmi_count(void)
{
	return __atomic_load_n(&nmis, __ATOMIC_RELAXED);
}

void mce_report_nmis(void)
{
	static unsigned int reported;
	static uint64_t next;
	unsigned int n = mce_nmi_count();

	if (n == reported || now_ns() < next)
		return;
	log_warn("%u NMIs of unknown cause (port 0x61: %#x)%s", n - reported, nmi_reason,
		 nmi_reason & 0x80 ? ": memory parity or system error; test the memory" :
		 nmi_reason & 0x40 ? ": an I/O card reports an error" : "");
	reported = n;
	next = now_ns() + REPORT_EVERY_NS;
}
