/*
 * Physical vectors of devices (x86/dev_irq.h): who owns which on which CPU, and
 * the way from one to the vCPU that is meant.
 */
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#include <x86/dev_irq.h>
#include <x86/hvm.h>
#include <x86/irq.h>
#include <x86/pci.h>
#include <x86/platform.h>

#define WINDOW_NS	10000000ul
#define TELL_NS		10000000000ul
#define LIMIT_DEFAULT	250000u		/* a second, one source */
#define STRAYS_MAX	32u
#define APIC_ID_LIMIT	0xffu		/* a message has eight bits for it */

static spinlock_t lock = SPINLOCK_INIT;	/* covers arch_cpu.dev_irq[] */
static uint64_t limit;			/* in a window */

/* --- vectors -------------------------------------------------------------------- */

static struct dev_irq **slot(unsigned int cpu, uint8_t vector)
{
	return &cpus[cpu]->arch->dev_irq[vector - VEC_DEVICE_FIRST];
}

/* A vector just given back is the last to be taken again. */
static uint8_t take_locked(struct dev_irq *i, unsigned int cpu)
{
	static uint8_t next = VEC_DEVICE_FIRST;

	if (cpus[cpu]->arch->apic_id >= APIC_ID_LIMIT)
		return 0;
	for (unsigned int n = 0; n < VEC_DEVICE_NR; n++) {
		uint8_t v = next;

		next = next == VEC_DEVICE_LAST ? VEC_DEVICE_FIRST : (uint8_t)(next + 1);
		if (*slot(cpu, v))
			continue;
		__atomic_store_n(slot(cpu, v), i, __ATOMIC_RELEASE);
		return v;
	}
	return 0;
}

static void release_locked(unsigned int cpu, uint8_t *vector)
{
	if (*vector)
		__atomic_store_n(slot(cpu, *vector), NULL, __ATOMIC_RELEASE);
	*vector = 0;
}

/* A vector on @cpu or, if that has none left, on another one. */
static int place_locked(struct dev_irq *i, unsigned int cpu)
{
	for (unsigned int n = 0; n < nr_cpus; n++, cpu = (cpu + 1) % nr_cpus) {
		uint8_t v = take_locked(i, cpu);

		if (!v)
			continue;
		release_locked(i->old_cpu, &i->old_vector);
		i->old_cpu = i->cpu;
		i->old_vector = i->vector;
		i->cpu = cpu;
		i->vector = v;
		return 1;
	}
	return i->vector ? 0 : -ENOSPC;
}

int dev_irq_bind(struct dev_irq *i, const struct vcpu *dest, uint8_t vector,
		 bool level, bool movable)
{
	unsigned int cpu = __atomic_load_n(&dest->cpu, __ATOMIC_RELAXED);
	int moved = 0;

	LOCKED(&lock);
	if (!i->vector || (movable && i->cpu != cpu))
		moved = place_locked(i, cpu);
	if (moved < 0)
		log_warn("no interrupt vector is left for a device");
	i->level = level;
	__atomic_store_n(&i->target, dest->id << 8 | vector, __ATOMIC_RELEASE);
	return moved;
}

void dev_irq_unbind(struct dev_irq *i)
{
	timer_stop(&i->timer);
	LOCKED(&lock);
	__atomic_store_n(&i->target, 0, __ATOMIC_RELAXED);
	release_locked(i->cpu, &i->vector);
	release_locked(i->old_cpu, &i->old_vector);
	i->held = i->again = false;
}

uint32_t dev_irq_dest(const struct dev_irq *i)
{
	return cpus[i->cpu]->arch->apic_id;
}

/* --- on their way ----------------------------------------------------------------- */

/* Its vCPU runs elsewhere by now, and not just for a moment: follow. */
static void follow(struct dev_irq *i, const struct vcpu *v)
{
	if (__atomic_load_n(&v->cpu, __ATOMIC_RELAXED) == i->cpu) {
		i->strays = 0;
	} else if (++i->strays == STRAYS_MAX && i->ops->update) {
		i->strays = 0;
		i->ops->update(i);
	}
}

static void deliver(struct dev_irq *i)
{
	uint32_t target = __atomic_load_n(&i->target, __ATOMIC_ACQUIRE);
	struct vcpu *v = hardware_domain->vcpu[target >> 8];

	if (!target)
		return;
	vlapic_set_irq(v, (uint8_t)target, i->level);
	follow(i, v);
}

static void window_over(void *data)
{
	struct dev_irq *i = data;

	i->held = false;
	if (i->ops->update)
		i->ops->update(i);
	if (__atomic_exchange_n(&i->again, false, __ATOMIC_RELAXED))
		deliver(i);
}

static void tell(struct dev_irq *i, uint64_t now)
{
	char name[PCI_NAME_MAX];

	if (i->told && now - i->told < TELL_NS)
		return;
	i->told = now;
	if (i->ops->pci)
		pci_name(i->source, name);
	else
		snprintf(name, sizeof(name), "GSI %u", i->source);
	log_warn("%s: over %lu interrupts a second; held back", name,
		 limit * (1000000000ul / WINDOW_NS));
}

static bool storming(struct dev_irq *i)
{
	uint64_t now = now_ns();

	if (i->held)
		return true;
	if (now - i->window >= WINDOW_NS) {
		i->window = now;
		i->count = 0;
	}
	if (++i->count <= limit)
		return false;
	i->held = true;
	if (i->ops->update)
		i->ops->update(i);
	tell(i, now);
	timer_set(&i->timer, i->window + WINDOW_NS);
	return true;
}

static bool device_interrupt(unsigned int vector)
{
	struct dev_irq *i = __atomic_load_n(slot(this_cpu()->id, (uint8_t)vector),
					    __ATOMIC_ACQUIRE);

	if (!i)
		return false;
	if (i->ops->fired)
		i->ops->fired(i);
	if (storming(i))
		i->again = true;
	else
		deliver(i);
	return true;
}

/* --- set-up ------------------------------------------------------------------------- */

void dev_irq_init(struct dev_irq *i, const struct dev_irq_ops *ops, uint32_t source)
{
	memset(i, 0, sizeof(*i));
	i->ops = ops;
	i->source = source;
	timer_init(&i->timer, window_over, i);
}

void dev_irq_setup(void)
{
	limit = MAX(cmdline_size("irq_limit", LIMIT_DEFAULT) /
		    (1000000000ul / WINDOW_NS), 1ul);
	for_each_cpu(cpu) {
		struct arch_cpu *a = cpus[cpu]->arch;

		a->dev_irq = heap_alloc(VEC_DEVICE_NR * sizeof(*a->dev_irq));
		if (!a->dev_irq)
			panic("no memory for CPU %u's interrupt vectors; add memory", cpu);
	}
	irq_set_device_handler(device_interrupt);
}
