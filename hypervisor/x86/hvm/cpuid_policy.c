/*
 * From the host's CPUID to what guests are told (guest-abi B2). Features are
 * shown by name: a bit that is in no mask below is hidden, so a new CPU brings
 * nothing that nobody has thought about. Hidden on purpose are SVM and VMX,
 * MONITOR, performance counters, MCE, OSVW, TOPOEXT, LA57, CET, AMX, TSX,
 * memory encryption, and speculation controls whose MSRs do not exist here.
 */
#include <hv/domain.h>
#include <hv/lib.h>

#include <x86/hvm_ops.h>
#include <x86/platform.h>

#include "cpuid.h"

#define B(n) (1u << (n))

/* Leaf 1 */
#define FEAT_1C								\
	(B(0) /* SSE3 */ | B(1) /* PCLMUL */ | B(9) /* SSSE3 */ |	\
	 B(12) /* FMA */ | B(13) /* CX16 */ | B(17) /* PCID */ |	\
	 B(19) | B(20) /* SSE4 */ | B(22) /* MOVBE */ |			\
	 B(23) /* POPCNT */ | B(25) /* AES */ | B(26) /* XSAVE */ |	\
	 B(28) /* AVX */ | B(29) /* F16C */ | B(30) /* RDRAND */)
#define FEAT_1C_X2APIC		B(21)
#define FEAT_1C_XSAVE		B(26)
#define FEAT_1C_HYPERVISOR	B(31)
/* FPU VME DE PSE TSC MSR PAE CX8 APIC, MTRR PGE CMOV PAT PSE36, MMX FXSR */
#define FEAT_COMMON_D							\
	(0x0000037f | B(12) | B(13) | B(15) | B(16) | B(17) | B(23) | B(24))
#define FEAT_1D								\
	(FEAT_COMMON_D | B(11) /* SEP */ | B(19) /* CLFLUSH */ |	\
	 B(25) | B(26) /* SSE, SSE2 */)
#define FEAT_1D_APIC		B(9)
#define FEAT_1D_HTT		B(28)

/* Leaf 7 */
#define FEAT_7B								\
	(B(0) /* FSGSBASE */ | B(3) /* BMI1 */ | B(5) /* AVX2 */ |	\
	 B(6) | B(7) /* SMEP */ | B(8) /* BMI2 */ | B(9) /* ERMS */ |	\
	 B(10) /* INVPCID */ | B(13) | B(18) /* RDSEED */ |		\
	 B(19) /* ADX */ | B(20) /* SMAP */ | B(23) | B(24) /* CLWB */ |\
	 B(29) /* SHA */ | FEAT_7B_AVX512)
#define FEAT_7B_AVX512	(B(16) | B(17) | B(21) | B(28) | B(30) | B(31))
#define FEAT_7C								\
	(B(1) /* VBMI */ | B(2) /* UMIP */ | B(3) /* PKU */ |		\
	 B(6) | B(8) /* GFNI */ | B(9) /* VAES */ | B(10) | B(11) |	\
	 B(12) | B(14) | B(22) /* RDPID */ | B(27) | B(28) /* MOVDIR */)
#define FEAT_7D		(B(4) /* FSRM */ | B(8) | B(14) /* SERIALIZE */)
#define FEAT_71A	(B(4) | B(5) | B(10) | B(11) | B(12) /* FSRC */)

/* Leaf 0x80000001 */
#define FEAT_E1C							\
	(B(0) /* LAHF */ | B(4) /* CR8 */ | B(5) /* ABM */ |		\
	 B(6) /* SSE4A */ | B(7) | B(8) /* PREFETCH */ | B(11) /* XOP */ | \
	 B(16) /* FMA4 */ | B(21) /* TBM */)
#define FEAT_E1C_CMP_LEGACY	B(1)
#define FEAT_E1D							\
	(FEAT_COMMON_D | B(11) /* SYSCALL */ | B(20) /* NX */ |		\
	 B(22) /* MMXEXT */ | B(25) /* FFXSR */ | B(26) /* 1 GiB */ |	\
	 B(27) /* RDTSCP */ | B(29) /* LM */ | B(30) | B(31) /* 3DNOW */)

/* Leaf 0x80000007 EDX, 0x80000008 EBX, 0x80000021 EAX */
#define FEAT_E7D_INVARIANT_TSC	B(8)
#define FEAT_E8B	(B(0) /* CLZERO */ | B(2) | B(9) /* WBNOINVD */)
#define FEAT_E21A	(B(0) | B(2) /* LFENCE */ | B(6))

/* x87, SSE, AVX, AVX-512, PKRU; XSAVEOPT, XSAVEC, XGETBV1 */
#define FEAT_XCR0	0x2e7ull
#define FEAT_XSAVE	7u

#define LEAF6_ARAT	B(2)
/* MCE, MCA: for the hardware domain, whose kernel looks for banks and finds none. */
#define FEAT_D_MACHINE_CHECK	(B(7) | B(14))

static unsigned int bits_for(uint32_t max)
{
	return max ? 32u - (unsigned int)__builtin_clz(max) : 0;
}

/* Cores of one package: ids as the vLAPIC has them, no threads. */
static void make_topology(const struct domain *d, struct cpuid_policy *p)
{
	uint32_t n = d->max_vcpus;

	p->max_apic_id = hvm_apic_id(n - 1);
	p->basic[1].b &= 0x0000ffff;
	if (n > 1) {
		p->basic[1].d |= FEAT_1D_HTT;
		p->basic[1].b |= MIN(n, 255u) << 16;
		p->ext[1].c |= FEAT_E1C_CMP_LEGACY;
	}
	p->ext[8].c = (n - 1) | bits_for(p->max_apic_id) << 12;
}

static void make_basic(struct cpuid_policy *p)
{
	struct cpuid_regs r = cpuid(0, 0);
	uint32_t max = MIN(r.a, CPUID_BASIC_NR - 1);

	p->basic[0] = r;
	p->basic[0].a = CPUID_BASIC_NR - 1;	/* leaf 0xb is always there */
	r = cpuid(1, 0);
	p->basic[1] = (struct cpuid_regs){
		.a = r.a,
		.b = r.b,
		.c = (r.c & FEAT_1C) | FEAT_1C_X2APIC | FEAT_1C_HYPERVISOR,
		.d = (r.d & FEAT_1D) | FEAT_1D_APIC,
	};
	p->basic[6].a = LEAF6_ARAT;	/* the virtual timer never stops */
	if (max < 7)
		return;
	r = cpuid(7, 0);
	p->feat[0] = (struct cpuid_regs){
		.a = CPUID_FEAT_NR - 1,
		.b = r.b & FEAT_7B,
		.c = r.c & FEAT_7C,
		.d = r.d & FEAT_7D,
	};
	if (r.a >= 1)
		p->feat[1].a = cpuid(7, 1).a & FEAT_71A;
}

static void make_xsave(struct cpuid_policy *p)
{
	struct cpuid_regs *feat = p->feat;

	p->xcr0 = xstate_mask & FEAT_XCR0;
	if (!xstate_mask) {
		p->basic[1].c &= ~(FEAT_1C_XSAVE | B(28));
		return;
	}
	p->xsave_insns = cpuid(0xd, 1).a & FEAT_XSAVE;
	if (!(p->xcr0 & 0x20))
		feat->b &= ~FEAT_7B_AVX512;
	if (!(p->xcr0 & 0x200))
		feat->c &= ~B(3);
}

static void make_ext(struct cpuid_policy *p)
{
	static const uint8_t as_they_are[] = {2, 3, 4, 5, 6, 0x19, 0x1a};
	uint32_t max = cpuid(CPUID_EXT, 0).a;
	struct cpuid_regs r;

	p->ext[0] = cpuid(CPUID_EXT, 0);
	p->ext[0].a = MIN(max, CPUID_EXT + CPUID_EXT_NR - 1);
	r = cpuid(CPUID_EXT + 1, 0);
	p->ext[1] = (struct cpuid_regs){
		.a = r.a,
		.b = r.b,
		.c = r.c & FEAT_E1C,
		.d = r.d & FEAT_E1D,
	};
	for (unsigned int i = 0; i < ARRAY_SIZE(as_they_are); i++)
		if (CPUID_EXT + as_they_are[i] <= max)
			p->ext[as_they_are[i]] = cpuid(CPUID_EXT + as_they_are[i], 0);
	if (tsc_reliable)
		p->ext[7].d = FEAT_E7D_INVARIANT_TSC;
	p->ext[8].a = MIN(host_phys_bits, 48u) | 48u << 8;
	if (max >= CPUID_EXT + 8)
		p->ext[8].b = cpuid(CPUID_EXT + 8, 0).b & FEAT_E8B;
	if (max >= CPUID_EXT + 0x21)
		p->ext[0x21].a = cpuid(CPUID_EXT + 0x21, 0).a & FEAT_E21A;
}

void cpuid_policy_make(const struct domain *d, struct cpuid_policy *p)
{
	memset(p, 0, sizeof(*p));
	make_basic(p);
	make_xsave(p);
	make_ext(p);
	if (d->hardware) {
		p->basic[1].d |= FEAT_D_MACHINE_CHECK;
		p->ext[1].d |= FEAT_D_MACHINE_CHECK;
	}
	make_topology(d, p);
	cpuid_policy_derive(p);
}

/* --- what follows from features ----------------------------------------------- */

/* A control register bit that is the guest's when a feature is. */
static const struct {
	uint8_t cr4_bit;
	uint8_t from;	/* 1: leaf 1 EDX, 2: leaf 1 ECX, 3: 7 EBX, 4: 7 ECX */
	uint8_t bit;
} cr4_rows[] = {
	{0, 1, 1},   {1, 1, 1},	 {2, 1, 4},   {3, 1, 2},   {4, 1, 3},
	{5, 1, 6},   {6, 1, 7},   {7, 1, 13}, {9, 1, 24},  {10, 1, 25}, {11, 4, 2},
	{16, 3, 0},  {17, 2, 17}, {18, 2, 26}, {20, 3, 7}, {21, 3, 20},
	{22, 4, 3},
};
#define CR4_PCE (1ull << 8)	/* RDPMC exits anyway */

void cpuid_policy_derive(struct cpuid_policy *p)
{
	const uint32_t words[] = {0, p->basic[1].d, p->basic[1].c, p->feat[0].b,
				  p->feat[0].c};

	p->cr4 = CR4_PCE;
	for (unsigned int i = 0; i < ARRAY_SIZE(cr4_rows); i++)
		if (words[cr4_rows[i].from] >> cr4_rows[i].bit & 1)
			p->cr4 |= 1ull << cr4_rows[i].cr4_bit;
	p->efer = 0;
	if (p->ext[1].d & B(11))
		p->efer |= EFER_SCE;
	if (p->ext[1].d & B(29))
		p->efer |= EFER_LME | EFER_LMA;
	if (p->ext[1].d & B(20))
		p->efer |= EFER_NXE;
	if (p->ext[1].d & B(25))
		p->efer |= EFER_FFXSR;
}

/* --- the toolstack's view ----------------------------------------------------------- */

/*
 * The registers of a leaf that hold features. @kept bits are set by the
 * hypervisor whatever the toolstack says.
 */
static const struct feature_word {
	uint32_t leaf, subleaf;
	uint8_t reg;	/* 0 = eax .. 3 = edx */
	uint32_t kept;
} feature_words[] = {
	{1, 0, 2, FEAT_1C_X2APIC | FEAT_1C_HYPERVISOR},
	{1, 0, 3, FEAT_1D_APIC | FEAT_1D_HTT},
	{7, 0, 1, 0},
	{7, 0, 2, 0},
	{7, 0, 3, 0},
	{7, 1, 0, 0},
	{CPUID_EXT + 1, 0, 2, FEAT_E1C_CMP_LEGACY},
	{CPUID_EXT + 1, 0, 3, 0},
	{CPUID_EXT + 7, 0, 3, 0},
	{CPUID_EXT + 8, 0, 1, 0},
	{CPUID_EXT + 0x21, 0, 0, 0},
};

/* OSXSAVE and OSPKE mirror CR4; a toolstack may send either value. */
static uint32_t live_bits(const struct feature_word *w)
{
	if (w->leaf == 1 && w->reg == 2)
		return B(27);
	return w->leaf == 7 && w->reg == 2 ? B(4) : 0;
}

static struct cpuid_regs *leaf_slot(struct cpuid_policy *p, uint32_t leaf,
				    uint32_t subleaf)
{
	if (leaf == 7)
		return subleaf < CPUID_FEAT_NR ? &p->feat[subleaf] : NULL;
	if (leaf < CPUID_BASIC_NR)
		return &p->basic[leaf];
	if (leaf - CPUID_EXT < CPUID_EXT_NR)
		return &p->ext[leaf - CPUID_EXT];
	return NULL;
}

int cpuid_policy_restrict(struct cpuid_policy *p, const struct xen_cpuid_leaf *l)
{
	uint32_t subleaf = l->subleaf == XEN_CPUID_NO_SUBLEAF ? 0 : l->subleaf;
	const uint32_t given[4] = {l->a, l->b, l->c, l->d};

	for (unsigned int i = 0; i < ARRAY_SIZE(feature_words); i++) {
		const struct feature_word *w = &feature_words[i];
		uint32_t *have, want = given[w->reg];

		if (w->leaf != l->leaf || w->subleaf != subleaf)
			continue;
		have = &leaf_slot(p, w->leaf, w->subleaf)->a + w->reg;
		if (want & ~(*have | w->kept | live_bits(w)))
			return -EINVAL;
		*have = (want & *have) | (*have & w->kept);
	}
	return 0;
}

bool cpuid_policy_leaf(const struct cpuid_policy *p, unsigned int i,
		       struct xen_cpuid_leaf *l)
{
	struct cpuid_policy *q = (struct cpuid_policy *)p;
	const struct cpuid_regs *r;

	*l = (struct xen_cpuid_leaf){.subleaf = XEN_CPUID_NO_SUBLEAF};
	if (i < CPUID_BASIC_NR) {
		l->leaf = i;
		if (i == 7)
			l->subleaf = 0;
	} else if (i == CPUID_BASIC_NR) {
		l->leaf = 7;
		l->subleaf = 1;
	} else if (i <= CPUID_BASIC_NR + CPUID_EXT_NR) {
		l->leaf = CPUID_EXT + i - CPUID_BASIC_NR - 1;
	} else {
		return false;
	}
	r = leaf_slot(q, l->leaf, l->subleaf);
	if (r) {
		l->a = r->a;
		l->b = r->b;
		l->c = r->c;
		l->d = r->d;
	}
	return true;
}
