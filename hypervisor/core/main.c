/*
 * The boot order, on one screen. Each step uses only what stands above it.
 */
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/main.h>
#include <hv/page.h>
#include <hv/sched.h>

/* One idle vCPU per CPU stands for "nothing to run"; it is never entered. */
static void make_idle_domain(void)
{
	idle_domain = heap_alloc(sizeof(*idle_domain));
	if (!idle_domain)
		panic("no memory for the idle domain; add memory");
	idle_domain->id = DOMID_IDLE;
	idle_domain->refs = 1;
	idle_domain->weight = 1;
}

void cpu_make_idle(struct cpu *c)
{
	struct vcpu *v = heap_alloc(sizeof(*v));

	if (!v)
		panic("no memory for CPU %u; add memory", c->id);
	v->id = v->cpu = c->id;
	v->domain = idle_domain;
	v->running = true;
	c->idle = c->vcpu = v;
	sched_init_cpu(c);
}

void hv_main(uint32_t magic, uint32_t mbi)
{
	struct domain *dom0;

	arch_boot_early(magic, mbi);	/* boot info, console, traps, paging */
	log_info("Basalt hypervisor, loaded by %s\n", boot_info.loader);
	arch_boot_memory();		/* allocator; dom0's RAM set aside */
	arch_boot_machine();		/* ACPI, interrupt controllers, time */
	make_idle_domain();
	cpu_make_idle(this_cpu());
	arch_boot_cpus();		/* virtualization on, the other CPUs */
	dom0 = arch_build_dom0();
	log_info("%u CPUs, %lu of %lu MiB free\n", nr_cpus,
		 page_nr_free() >> (20 - PAGE_SHIFT),
		 page_nr_total() >> (20 - PAGE_SHIFT));
	arch_boot_done();		/* boot modules and low memory given back */
	dom0->controller_pauses = 0;
	vcpu_set_up(dom0->vcpu[0]);
	domain_unpause(dom0);
	cpu_main();
}
