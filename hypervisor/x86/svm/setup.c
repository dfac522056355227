/*
 * AMD SVM on each CPU: is it there, and what the hardware needs before the
 * first VMRUN (APM vol. 2 15.4, 15.30). The MSR permission map is one for all
 * guests: open are only MSRs that VMLOAD/VMSAVE switch, and TSC_AUX.
 */
#include <hv/lib.h>
#include <hv/page.h>

#include <x86/asm.h>
#include <x86/platform.h>

#include "svm.h"

#define MSR_EFER	0xc0000080u
#define MSR_VM_CR	0xc0010114u
#define MSR_VM_HSAVE_PA	0xc0010117u
#define VM_CR_SVMDIS	(1u << 4)

#define CPUID_SVM	0x8000000au
#define CPUID_E1C_SVM	(1u << 2)
#define SVM_NESTED	(1u << 0)
#define SVM_NEXT_RIP	(1u << 3)
#define SVM_DECODE	(1u << 7)

struct svm_cpu svm_cpus[MAX_CPUS];
uint32_t svm_asids;
bool svm_has_next_rip;
bool svm_has_decode_assist;
uint64_t svm_msrpm_pa;

static const uint32_t open_msrs[] = {
	0x174, 0x175, 0x176,				/* SYSENTER */
	0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,	/* SYSCALL */
	0xc0000100, 0xc0000101, 0xc0000102,		/* FS, GS bases */
	0xc0000103,					/* TSC_AUX */
};

/* Two bits an MSR, in three ranges of 8192 (APM vol. 2 15.11). */
static void msrpm_open(uint8_t *map, uint32_t msr)
{
	uint32_t bit = (msr & 0x1fff) * 2;

	if (msr >= 0xc0010000)
		map += 0x1000;
	else if (msr >= 0xc0000000)
		map += 0x800;
	map[bit / 8] &= (uint8_t)~(3u << (bit % 8));
}

static void msrpm_create(void)
{
	mfn_t mfn = page_alloc(1, 0);
	uint8_t *map;

	if (!mfn_valid_value(mfn))
		panic("no memory for the MSR permission map; add memory");
	map = map_frame(mfn);
	memset(map, 0xff, 2 * PAGE_SIZE);
	for (unsigned int i = 0; i < ARRAY_SIZE(open_msrs); i++)
		msrpm_open(map, open_msrs[i]);
	unmap_frame(map);
	svm_msrpm_pa = mfn_to_addr(mfn);
}

bool svm_present(void)
{
	return cpuid(0x80000000, 0).a >= CPUID_SVM &&
	       (cpuid(0x80000001, 0).c & CPUID_E1C_SVM);
}

static void demand_svm(void)
{
	if (rdmsr(MSR_VM_CR) & VM_CR_SVMDIS)
		machine_refuse("this CPU cannot run virtual machines",
			       "AMD-V (SVM) is switched off by the firmware",
			       "enable \"SVM Mode\" in the firmware's set-up");
	if (!(cpuid(CPUID_SVM, 0).d & SVM_NESTED))
		machine_refuse("this CPU cannot run virtual machines",
			       "it has no nested paging",
			       "use a newer AMD processor");
}

static void read_features(void)
{
	struct cpuid_regs r = cpuid(CPUID_SVM, 0);

	svm_has_next_rip = r.d & SVM_NEXT_RIP;
	svm_has_decode_assist = r.d & SVM_DECODE;
	svm_asids = r.b;
	if (svm_asids < 2)
		machine_refuse("this CPU cannot run virtual machines",
			       "it offers no address space ids",
			       "use a newer AMD processor");
}

void svm_cpu_init(void)
{
	struct cpu *c = this_cpu();
	struct svm_cpu *sc = &svm_cpus[c->id];
	uint64_t host_pa;

	demand_svm();
	if (!svm_msrpm_pa) {	/* the boot CPU comes first and alone */
		read_features();
		msrpm_create();
	}
	c->arch->hsave = heap_alloc_page();
	c->arch->host_vmcb = heap_alloc_page();
	if (!c->arch->hsave || !c->arch->host_vmcb)
		panic("no memory for CPU %u's host state; add memory", c->id);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, mfn_to_addr(virt_to_mfn(c->arch->hsave)));
	host_pa = mfn_to_addr(virt_to_mfn(c->arch->host_vmcb));
	asm volatile("vmsave %0" : : "a"(host_pa) : "memory");
	sc->host_pa = host_pa;
	sc->generation = 1;
	sc->next_asid = 1;
}
