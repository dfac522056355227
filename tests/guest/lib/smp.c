/*
 * Starts other vCPUs the way kernels do: code below 1 MiB, then INIT and two
 * STARTUP messages through the local APIC. Each runs one function, then halts
 * with interrupts off.
 */
#include "guest.h"

#define TRAMPOLINE 0x8000ul
#define ICR	   0x300
#define ICR_INIT   0x4500u
#define ICR_SIPI   0x4600u

extern char trampoline[], trampoline_end[], cpu_stacks[];
extern uint64_t ap_stack;
void ap_main(void);

static struct {
	void (*fn)(void *arg);
	void *arg;
	volatile bool up, done;
} work[MAX_CPUS];
static unsigned int starting;

void ap_main(void)
{
	unsigned int id = starting;

	cpu_init(id);
	work[id].up = true;
	work[id].fn(work[id].arg);
	work[id].done = true;
}

bool cpu_start(unsigned int id, void (*fn)(void *arg), void *arg)
{
	uint32_t dest = 2 * id; /* the ABI's APIC id of a vCPU */

	if (!apic_is_x2())
		dest <<= 24;
	memcpy((void *)TRAMPOLINE, trampoline, (size_t)(trampoline_end - trampoline));
	starting = id;
	ap_stack = (uint64_t)cpu_stacks + (id + 1) * 16384;
	work[id].fn = fn;
	work[id].arg = arg;
	work[id].up = work[id].done = false;
	apic_icr(dest, ICR_INIT);
	apic_icr(dest, ICR_SIPI | TRAMPOLINE / PAGE_SIZE);
	apic_icr(dest, ICR_SIPI | TRAMPOLINE / PAGE_SIZE);
	return WAIT_FOR(work[id].up, 5000);
}

bool cpu_done(unsigned int id)
{
	return work[id].done;
}
