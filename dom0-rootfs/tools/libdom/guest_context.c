/*
 * The hardware context a new guest starts with, as hvmcontext records. Pure.
 *
 * vCPU 0 gets the PVH entry state of xen/arch-x86/hvm/start_info.h; the others
 * stay down and wait for INIT-SIPI-SIPI. MTRRs: enabled, default write-back, no
 * ranges, because Linux would otherwise map grants uncached.
 */
#include <string.h>

#include "libdom/guest.h"

#include <xen/hvm/save.h>

#define PAT_POWER_ON	 UINT64_C(0x0007040600070406)
#define MTRR_CAP	 0x508 /* 8 variable ranges, fixed ranges, WC */
#define MTRR_DEF_TYPE_WB 0x806 /* enabled; type 6 */

#define CR0_PE	      (1u << 0)
#define CR0_ET	      (1u << 4)
#define SEG_CODE32    0xc9b
#define SEG_DATA32    0xc93
#define SEG_TSS32     0x08b
#define DR6_POWER_ON  0xffff0ff0
#define DR7_POWER_ON  0x400
#define RFLAGS_ALWAYS 0x2

static uint8_t *put_record(uint8_t *p, uint16_t type, uint16_t instance,
			   const void *data, uint32_t len)
{
	struct hvm_save_descriptor d = {type, instance, len};

	memcpy(p, &d, sizeof(d));
	if (len)
		memcpy(p + sizeof(d), data, len);
	return p + sizeof(d) + len;
}

size_t guest_context_size(unsigned int vcpus)
{
	size_t d = sizeof(struct hvm_save_descriptor);

	return d + sizeof(struct hvm_save_header) +
	       vcpus * (d + sizeof(struct hvm_hw_mtrr)) + d +
	       sizeof(struct hvm_hw_cpu) + d;
}

static void entry_state(struct hvm_hw_cpu *c, uint64_t entry, uint64_t start_info)
{
	memset(c, 0, sizeof(*c));
	c->rip = entry;
	c->rbx = start_info;
	c->rflags = RFLAGS_ALWAYS;
	c->cr0 = CR0_PE | CR0_ET;
	c->dr6 = DR6_POWER_ON;
	c->dr7 = DR7_POWER_ON;
	c->cs_limit = c->ds_limit = c->es_limit = 0xffffffff;
	c->fs_limit = c->gs_limit = c->ss_limit = 0xffffffff;
	c->cs_arbytes = SEG_CODE32;
	c->ds_arbytes = c->es_arbytes = c->ss_arbytes = SEG_DATA32;
	c->fs_arbytes = c->gs_arbytes = SEG_DATA32;
	c->tr_limit = 0x67;
	c->tr_arbytes = SEG_TSS32;
}

void guest_context(unsigned int vcpus, uint64_t entry, uint64_t start_info,
		   uint32_t cpuid1, void *buf)
{
	struct hvm_save_header header = {
		.magic = HVM_FILE_MAGIC,
		.version = HVM_FILE_VERSION,
		.changeset = UINT64_MAX,
		.cpuid = cpuid1,
	};
	struct hvm_hw_mtrr mtrr = {
		.msr_pat_cr = PAT_POWER_ON,
		.msr_mtrr_cap = MTRR_CAP,
		.msr_mtrr_def_type = MTRR_DEF_TYPE_WB,
	};
	struct hvm_hw_cpu cpu;
	uint8_t *p = buf;
	unsigned int i;

	p = put_record(p, HVM_SAVE_CODE(HEADER), 0, &header, sizeof(header));
	for (i = 0; i < vcpus; i++)
		p = put_record(p, HVM_SAVE_CODE(MTRR), (uint16_t)i, &mtrr,
			       sizeof(mtrr));
	entry_state(&cpu, entry, start_info);
	p = put_record(p, HVM_SAVE_CODE(CPU), 0, &cpu, sizeof(cpu));
	put_record(p, HVM_SAVE_CODE(END), 0, NULL, 0);
}
