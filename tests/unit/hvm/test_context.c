/*
 * The context stream: what is saved loads again, the short stream with which a
 * toolstack starts a PVH vCPU works, and no stream of bytes loads a state that
 * the CPU would refuse.
 */
#include "fakes.h"

#include <xen/domctl.h>
#include <xen/hvm/save.h>

#include "cpuid.h"

#define BUF_GFN	  64u
#define BUF_PAGES 64u
#define BUF_SIZE  (BUF_PAGES * 4096)

static struct domain *d;
static uint8_t *buf;	/* the caller's memory, without paging */
static struct cpuid_policy policy;

static struct cpuid_regs host(uint32_t leaf, uint32_t subleaf)
{
	if (leaf == 0xd && subleaf == 0)
		return (struct cpuid_regs){.a = 7, .b = 832, .c = 832};
	if (leaf == 0x80000000)
		return (struct cpuid_regs){.a = 0x80000008};
	return (struct cpuid_regs){0x10, ~0u, ~0u, ~0u};
}

static void start(void)
{
	mfn_t first;

	d = fake_domain(false);
	fake.cpuid = host;
	xstate_init();
	cpuid_policy_make(d, &policy);
	d->arch->cpuid = &policy;
	for (unsigned int i = 0; i < VCPUS; i++) {
		vlapic_init(d->vcpu[i]);
		xstate_reset(d->vcpu[i]);
	}
	fake_vcpu(0);
	first = fake_frame();
	for (unsigned int i = 1; i < BUF_PAGES; i++)
		fake_frame();	/* in one piece, before any table */
	for (unsigned int i = 0; i < BUF_PAGES; i++)
		assert_int_equal(arch_p2m_set(d, GFN(BUF_GFN + i),
					      mfn_add(first, i), 0, P2M_RAM_RW),
				 0);
	buf = fake_at(first);
}

static int load(uint32_t size)
{
	struct xen_domctl_hvmcontext c = {.size = size};

	c.buffer.p = (void *)(uintptr_t)(BUF_GFN << 12);
	/* The caller is the same vCPU here: it has paging off. */
	fake.state[0].cr0 = CR0_PE;
	return hvm_context_set(d, &c);
}

static int save(uint32_t *size)
{
	struct xen_domctl_hvmcontext c = {.size = *size};
	int err;

	c.buffer.p = (void *)(uintptr_t)(BUF_GFN << 12);
	err = hvm_context_get(d, &c);
	*size = c.size;
	return err;
}

static uint32_t put(uint32_t at, uint16_t code, uint16_t inst, const void *rec,
		    uint32_t len)
{
	struct hvm_save_descriptor desc = {code, inst, len};

	memcpy(buf + at, &desc, sizeof(desc));
	if (len)
		memcpy(buf + at + sizeof(desc), rec, len);
	return at + (uint32_t)sizeof(desc) + len;
}

static uint32_t put_header(void)
{
	struct hvm_save_header h = {.magic = HVM_FILE_MAGIC,
				    .version = HVM_FILE_VERSION};

	return put(0, HVM_SAVE_CODE(HEADER), 0, &h, sizeof(h));
}

/* As libxl starts the first vCPU of a PVH guest. */
static struct hvm_hw_cpu pvh_cpu(void)
{
	struct hvm_hw_cpu c = {
		.rip = 0x1000850, .rbx = 0x7000, .cr0 = CR0_PE | CR0_ET,
		.cs_limit = ~0u, .ds_limit = ~0u, .es_limit = ~0u,
		.ss_limit = ~0u, .tr_limit = 0x67, .cs_arbytes = 0xc9b,
		.ds_arbytes = 0xc93, .es_arbytes = 0xc93, .ss_arbytes = 0xc93,
		.tr_arbytes = 0x8b,
	};

	return c;
}

static int load_cpu(const struct hvm_hw_cpu *c, unsigned int inst)
{
	uint32_t at = put_header();

	at = put(at, HVM_SAVE_CODE(CPU), (uint16_t)inst, c, sizeof(*c));
	at = put(at, HVM_SAVE_CODE(END), 0, NULL, 0);
	return load(at);
}

static void test_pvh(void **state)
{
	struct hvm_hw_cpu c = pvh_cpu();
	const struct hvm_state *s = &fake.state[1];

	(void)state;
	start();
	assert_int_equal(load_cpu(&c, 1), 0);
	assert_true(d->vcpu[1]->arch->initialised);
	assert_false(d->vcpu[1]->down);
	assert_true(d->vcpu[0]->down);	/* it has no record */
	assert_int_equal(d->vcpu[1]->arch->regs.rip, 0x1000850);
	assert_int_equal(d->vcpu[1]->arch->regs.rflags, 2);
	assert_int_equal(s->seg[SEG_CS].attr, 0xc9b);
	assert_int_equal(s->seg[SEG_CS].limit, ~0u);
}

static void test_refused(void **state)
{
	struct hvm_hw_cpu c = pvh_cpu();

	(void)state;
	start();
	assert_int_equal(load(0), -ENODATA);
	assert_int_equal(load(1u << 30), -EINVAL);
	assert_int_equal(load_cpu(&c, VCPUS), -EINVAL);
#define BAD(change)                                                          \
	do {                                                                 \
		c = pvh_cpu();                                               \
		change;                                                      \
		assert_int_equal(load_cpu(&c, 1), -EINVAL);                  \
		assert_false(d->vcpu[1]->arch->initialised);                 \
	} while (0)
	BAD(c.cr0 = CR0_PG | CR0_ET);
	BAD(c.cr0 |= CR0_NW);
	BAD(c.cr0 |= 1ull << 32);
	BAD(c.cr4 = CR4_LA57);
	BAD(c.msr_efer = EFER_LMA);
	BAD(c.msr_efer = EFER_SVME);
	BAD((c.msr_efer = EFER_LMA | EFER_LME, c.cr0 |= CR0_PG));
	BAD(c.cr3 = 1ull << 52);
	BAD(c.rflags = 1ull << 40);
	BAD(c.dr7 = 1ull << 33);
	BAD(c.fs_base = 1ull << 60);
	BAD(c.msr_lstar = 1ull << 50);
	BAD((c.pending_valid = 1, c.pending_type = 7));
	BAD((c.pending_valid = 1, c.pending_type = 3, c.pending_vector = 200));
}

static void test_stream_errors(void **state)
{
	struct hvm_hw_cpu c = pvh_cpu();
	uint32_t at;

	(void)state;
	start();
	at = put_header();
	assert_int_equal(load(at), -ENODATA);	/* no end */
	put(at, 77, 0, &c, 16);
	assert_int_equal(load(at + 24), -EINVAL);
	put(at, HVM_SAVE_CODE(CPU), 0, &c, 100);
	assert_int_equal(load(at + 108), -EINVAL);
	put(at, HVM_SAVE_CODE(CPU), 0, &c, sizeof(c));
	assert_int_equal(load(at + 60), -ENODATA);	/* cut */
	buf[8] ^= 1;
	assert_int_equal(load(at + 8), -EINVAL);	/* magic */
}

static void test_round_trip(void **state)
{
	struct hvm_hw_cpu c = pvh_cpu();
	uint32_t size = 0, again;
	struct arch_vcpu *a;
	uint8_t *first;

	(void)state;
	start();
	assert_int_equal(load_cpu(&c, 1), 0);
	a = d->vcpu[1]->arch;
	a->dr[2] = 0x1234;
	a->xcr0 = 7;
	a->mtrr.var[3] = 0x800;
	a->vlapic.isr[2] = 0x55;
	a->event = (struct hvm_event){0x80, EVENT_IRQ, false, 0};
	a->event_valid = true;
	((uint8_t *)a->xsave)[700] = 0x77;
	((uint8_t *)a->xsave)[512] = 4;
	fake.state[0].cr0 = CR0_PE;
	assert_int_equal(save(&size), -ENOSPC);
	size = BUF_SIZE;
	assert_int_equal(save(&size), 0);
	first = malloc(size);
	memcpy(first, buf, size);

	a->xcr0 = 1;
	memset(a->xsave, 0, 832);
	memset(&a->mtrr, 0, sizeof(a->mtrr));
	memset(a->vlapic.isr, 0, sizeof(a->vlapic.isr));
	a->event_valid = false;
	assert_int_equal(load(size), 0);
	assert_int_equal(a->xcr0, 7);
	assert_int_equal(((uint8_t *)a->xsave)[700], 0x77);
	assert_int_equal(a->vlapic.isr[2], 0x55);
	assert_true(a->event_valid);
	assert_int_equal(a->event.vector, 0x80);
	again = BUF_SIZE;
	fake.state[0].cr0 = CR0_PE;
	assert_int_equal(save(&again), 0);
	assert_int_equal(size, again);
	assert_memory_equal(first, buf, size);
	free(first);
}

static void test_partial(void **state)
{
	struct xen_domctl_hvmcontext_partial p = {
		.type = HVM_SAVE_CODE(MTRR), .instance = 1, .bufsz = 4096};
	struct hvm_hw_mtrr *m;

	(void)state;
	start();
	fake.state[0].cr0 = CR0_PE;
	p.buffer.p = (void *)(uintptr_t)(BUF_GFN << 12);
	assert_int_equal(hvm_context_get_partial(d, &p), 0);
	assert_int_equal(p.bufsz, sizeof(*m));
	m = (struct hvm_hw_mtrr *)buf;
	assert_int_equal(m->msr_mtrr_def_type, 0x806);
	p.bufsz = 8;
	assert_int_equal(hvm_context_get_partial(d, &p), -ENOSPC);
	p.instance = 99;
	assert_int_equal(hvm_context_get_partial(d, &p), -ENOENT);
	p.type = 0x10002;
	assert_int_equal(hvm_context_get_partial(d, &p), -EINVAL);
	p = (struct xen_domctl_hvmcontext_partial){.type = 2, .instance = 0};
	assert_int_equal(hvm_context_get_partial(d, &p), -ENODATA);
}

/* Whatever loads can be checked again and saved again. */
static void test_random(void **state)
{
	struct hvm_hw_cpu c = pvh_cpu();
	uint32_t size, loaded = 0;
	uint8_t *good;

	(void)state;
	start();
	assert_int_equal(load_cpu(&c, 0), 0);
	assert_int_equal(load_cpu(&c, 1), 0);
	d->vcpu[0]->arch->initialised = true;
	fake.state[0].cr0 = CR0_PE;
	size = BUF_SIZE;
	assert_int_equal(save(&size), 0);
	good = malloc(size);
	memcpy(good, buf, size);
	srand(5);
	for (unsigned int i = 0; i < 20000; i++) {
		unsigned int n = (unsigned int)rand() % 4 + 1;
		struct hvm_state s;

		memcpy(buf, good, size);
		while (n--)
			buf[(unsigned int)rand() % size] = (uint8_t)rand();
		if (load(size))
			continue;
		loaded++;
		hvm_get_state(d->vcpu[1], &s);
		assert_int_equal(hvm_state_check(d->vcpu[1], &s), 0);
		assert_true(xstate_xcr0_valid(d->vcpu[1]->arch->xcr0));
	}
	assert_true(loaded > 100);
	free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pvh),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_stream_errors),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
