/*
 * Times the hypervisor's paths from inside a domU with the TSC. Under QEMU's
 * -icount shift=0 one tick is one instruction, so the minimum repeats to the
 * last one. The order of the rows is part of the method: a later row finds the
 * caches and tables as the earlier ones left them.
 *
 * Each row is run in 8 batches after 16 rounds of warming up; the best batch
 * counts. Lines are "BENCH <name> <instructions per operation>", told at the
 * end so that printing disturbs nothing.
 */
#include "guest.h"

#define ROUNDS	 2000
#define BATCHES	 8
#define WARM_UP	 16
#define V_UPCALL 0x50

static unsigned char page_a[4096] PAGE_ALIGNED;
static unsigned char page_b[4096] PAGE_ALIGNED;

static struct {
	const char *name;
	uint64_t best;
} rows[32];
static unsigned int nr_rows;

static evtchn_port_t from, to, timer_port;
static struct gnttab_copy copy;

static void measure(const char *name, unsigned int rounds, void (*op)(unsigned int i))
{
	uint64_t best = ~0ull, begin, took;
	unsigned int b, i;

	for (i = 0; i < WARM_UP; i++)
		op(i);
	for (b = 0; b < BATCHES; b++) {
		begin = rdtsc();
		for (i = 0; i < rounds / BATCHES; i++)
			op(i);
		took = rdtsc() - begin;
		if (took < best)
			best = took;
	}
	rows[nr_rows].name = name;
	rows[nr_rows++].best = best / (rounds / BATCHES);
}

static void op_rdtsc(unsigned int i)
{
	(void)i;
	rdtsc();
}

static void op_cpuid(unsigned int i)
{
	uint32_t r[4];

	(void)i;
	cpuid(hv_base, 0, r);
}

static void op_port(unsigned int i)
{
	(void)i;
	inb(0x84);
}

static void op_lapic(unsigned int i)
{
	(void)i;
	(void)*(volatile uint32_t *)0xfee00030ul;
}

static void op_x2apic(unsigned int i)
{
	(void)i;
	rdmsr(0x803);
}

static void op_hypercall(unsigned int i)
{
	(void)i;
	hv_xen_version(XENVER_version, NULL);
}

static void op_yield(unsigned int i)
{
	(void)i;
	hv_sched_yield();
}

/* Interrupts are off: the bit stays pending. */
static void op_send(unsigned int i)
{
	(void)i;
	hv_event_send(from);
}

static void op_send_upcall(unsigned int i)
{
	(void)i;
	event_clear(to);
	hv_event_send(from);
}

static void op_copy(unsigned int i)
{
	(void)i;
	hv_grant_op(GNTTABOP_copy, &copy, 1);
}

static void op_physmap(unsigned int i)
{
	map_special(XENMAPSPACE_shared_info, 0,
		    i & 1 ? gfn_of(page_b) : gfn_of(&shared_info));
}

static void op_timer(unsigned int i)
{
	struct vcpu_set_singleshot_timer t = {.timeout_abs_ns = 1};

	(void)i;
	event_clear(timer_port);
	hv_vcpu_op(VCPUOP_set_singleshot_timer, 0, &t);
	irq_wait();
}

static void plain_exits(void)
{
	measure("rdtsc", ROUNDS, op_rdtsc);
	measure("cpuid", ROUNDS, op_cpuid);
	measure("port_read", ROUNDS, op_port);
	if (apic_is_x2()) { /* the same way on every hypervisor: MMIO */
		apic_set_mode(0);
		apic_set_mode(0x800);
	}
	measure("lapic_read", ROUNDS, op_lapic);
	measure("hypercall", ROUNDS, op_hypercall);
	measure("yield", ROUNDS, op_yield);
}

static void events(void)
{
	to = (evtchn_port_t)hv_event_alloc(DOMID_SELF, DOMID_SELF);
	from = (evtchn_port_t)hv_event_bind(DOMID_SELF, to);
	measure("event_send_pending", ROUNDS, op_send);
	event_clear(from);
	event_clear(to);
	EXPECT(event_upcall_init(V_UPCALL), 0);
	irq_enable();
	event_upcalls[0] = 0;
	measure("event_send_upcall", ROUNDS, op_send_upcall);
	irq_disable();
	CHECK(event_upcalls[0] >= ROUNDS);
}

static void grants(void)
{
	copy.source.u.gmfn = gfn_of(page_a);
	copy.source.domid = DOMID_SELF;
	copy.dest.u.gmfn = gfn_of(page_b);
	copy.dest.domid = DOMID_SELF;
	copy.len = 4096;
	measure("grant_copy_4k", ROUNDS / 4, op_copy);
	copy.len = 8;
	measure("grant_copy_8", ROUNDS, op_copy);
	EXPECT(copy.status, GNTST_okay);
}

/* Moving shared_info over a page frees that page: fill it again afterwards. */
static void memory(void)
{
	measure("add_to_physmap", ROUNDS, op_physmap);
	map_special(XENMAPSPACE_shared_info, 0, gfn_of(&shared_info));
	hv_populate(gfn_of(page_b), 1, 0);
}

static void timers(void)
{
	timer_port = (evtchn_port_t)hv_event_bind_virq(VIRQ_TIMER, 0);
	measure("timer_halt", ROUNDS / 4, op_timer);
}

void test_main(void)
{
	unsigned int i;

	RUN(plain_exits);
	RUN(events);
	RUN(grants);
	RUN(memory);
	RUN(timers);
	apic_set_mode(0xc00);
	measure("x2apic_read", ROUNDS, op_x2apic);
	for (i = 0; i < nr_rows; i++)
		printf("BENCH %s %lu\n", rows[i].name, (unsigned long)rows[i].best);
}
