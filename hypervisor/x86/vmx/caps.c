/* Capability MSRs to control fields; see caps.h. */
#include "caps.h"
#include "vmcs.h"

#define LOCKED		(1u << 0)
#define OUTSIDE_SMX	(1u << 2)

#define CR0_PE_PG	(1ull << 0 | 1ull << 31)

/* IA32_VMX_EPT_VPID_CAP */
#define EPT_4_LEVELS	(1ull << 6)
#define EPT_WB		(1ull << 14)
#define EPT_2M		(1ull << 16)
#define EPT_1G		(1ull << 17)
#define EPT_INVEPT	(1ull << 20 | 1ull << 25)

enum wish { MUST, MAY, NEVER };

static const struct {
	enum vmx_word word;
	enum wish wish;
	uint32_t bit;
	const char *name;
} rows[] = {
	{VMX_PIN, MUST, PIN_INTERRUPT, "external-interrupt exiting"},
	{VMX_PIN, MUST, PIN_NMI, "NMI exiting"},
	{VMX_PIN, MUST, PIN_VIRTUAL_NMI, "virtual NMIs"},
	{VMX_PIN, MAY, PIN_TIMER, "the VMX-preemption timer"},
	{VMX_PROC, MUST, PROC_SECONDARY, "extended page tables (EPT)"},
	{VMX_PROC, MUST, PROC_TSC_OFFSET, "TSC offsets"},
	{VMX_PROC, MUST, PROC_HLT, "HLT exiting"},
	{VMX_PROC, MUST, PROC_MWAIT, "MWAIT exiting"},
	{VMX_PROC, MUST, PROC_MONITOR, "MONITOR exiting"},
	{VMX_PROC, MUST, PROC_RDPMC, "RDPMC exiting"},
	{VMX_PROC, MUST, PROC_TPR_SHADOW, "the TPR shadow"},
	{VMX_PROC, MUST, PROC_IO_BITMAPS, "I/O bitmaps"},
	{VMX_PROC, MUST, PROC_MSR_BITMAPS, "MSR bitmaps"},
	{VMX_PROC, NEVER, PROC_CR3_LOAD | PROC_CR3_STORE, "free use of CR3"},
	{VMX_PROC2, MUST, PROC2_EPT, "extended page tables (EPT)"},
	{VMX_PROC2, MUST, PROC2_UNRESTRICTED, "unrestricted guests"},
	{VMX_PROC2, MUST, PROC2_VPID, "virtual processor ids (VPID)"},
	{VMX_PROC2, MUST, PROC2_WBINVD, "WBINVD exiting"},
	{VMX_PROC2, MAY, PROC2_RDTSCP, "RDTSCP"},
	{VMX_PROC2, MAY, PROC2_INVPCID, "INVPCID"},
	{VMX_EXIT, MUST, EXIT_HOST_64, "64-bit mode"},
	{VMX_EXIT, MUST, EXIT_SAVE_DEBUG, "switching DR7"},
	{VMX_EXIT, MUST, EXIT_LOAD_PAT, "switching PAT"},
	{VMX_EXIT, MUST, EXIT_SAVE_EFER | EXIT_LOAD_EFER, "switching EFER"},
	{VMX_ENTRY, MUST, ENTRY_LOAD_DEBUG, "switching DR7"},
	{VMX_ENTRY, MUST, ENTRY_LOAD_PAT, "switching PAT"},
	{VMX_ENTRY, MUST, ENTRY_LOAD_EFER, "switching EFER"},
};

static const struct {
	uint64_t bits;
	const char *name;
} ept_rows[] = {
	{EPT_4_LEVELS, "EPT of four levels"},
	{EPT_WB, "write-back EPT"},
	{EPT_2M | EPT_1G, "EPT with large pages"},
	{EPT_INVEPT, "INVEPT"},
};

const char *vmx_configure(const struct vmx_caps *caps, struct vmx_config *out)
{
	*out = (struct vmx_config){
		.revision = (uint32_t)caps->basic & 0x7fffffff,
		/* An unrestricted guest may be without paging and protection. */
		.cr0_fixed = caps->cr0_fixed0 & ~CR0_PE_PG,
		.cr4_fixed = caps->cr4_fixed0,
		.timer_shift = caps->misc & 0x1f,
	};
	for (unsigned int w = 0; w < VMX_WORDS; w++)
		out->control[w] = (uint32_t)caps->word[w];
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t cap = caps->word[rows[i].word];
		uint32_t zero = (uint32_t)cap, one = (uint32_t)(cap >> 32);
		uint32_t bit = rows[i].bit;

		if (rows[i].wish == NEVER ? zero & bit :
		    rows[i].wish == MUST && (one & bit) != bit)
			return rows[i].name;
		if (rows[i].wish != NEVER)
			out->control[rows[i].word] |= bit & one;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(ept_rows); i++)
		if ((caps->ept_vpid & ept_rows[i].bits) != ept_rows[i].bits)
			return ept_rows[i].name;
	return NULL;
}

enum vmx_switch vmx_switch_of(uint64_t feature_control)
{
	if (!(feature_control & LOCKED))
		return VMX_UNLOCKED;
	return feature_control & OUTSIDE_SMX ? VMX_ON : VMX_OFF;
}

uint64_t vmx_switch_on(uint64_t feature_control)
{
	return feature_control | LOCKED | OUTSIDE_SMX;
}
