/*
 * The idle loop of every kernel: look for work with interrupts off, then STI
 * and HLT, which nothing may come between. Story: QEMU's VMRUN forgets the
 * interrupt shadow of STI, so an interrupt taken just there was handled before
 * the HLT, and the vCPU slept on with its work undone. The hypervisor must not
 * enter the HLT then. Thousands of wake-ups at odd moments, by event and by IPI.
 */
#include "guest.h"

#define V_UPCALL 0x50
#define V_IPI	 0x60
#define ROUNDS	 2000

static volatile bool work, stop;
static volatile unsigned int done;

static void on_ipi(struct trap_frame *f)
{
	(void)f;
	apic_eoi();
}

static void on_upcall(struct trap_frame *f)
{
	struct vcpu_info *v = &shared_info.vcpu_info[this_cpu()->id];

	(void)f;
	v->evtchn_upcall_pending = 0;
	barrier();
	v->evtchn_pending_sel = 0;
}

static void idle_loop(void *arg)
{
	(void)arg;
	apic_write(0xf0, 0x1ff);
	while (!stop) {
		while (!work && !stop)
			irq_wait();
		work = false;
		done++;
	}
}

static void wake_by_ipi(evtchn_port_t port)
{
	(void)port;
	apic_icr(apic_is_x2() ? 2 : 2 << 24, 0x4000 | V_IPI);
}

static void wake_by_event(evtchn_port_t port)
{
	event_clear(port);
	hv_event_send(port);
}

/*
 * On an emulator with one thread, PAUSE gives the other CPU its turn. Without it that
 * would have to wait for some timer: milliseconds, thousands of times.
 */
static bool has_woken(unsigned int before)
{
	cpu_pause();
	return done != before;
}

/* Waits of all lengths between two wake-ups, from none to some microseconds. */
static void wake_often(const char *how, void (*wake)(evtchn_port_t port),
		       evtchn_port_t port)
{
	unsigned int i, j;

	for (i = 0; i < ROUNDS; i++) {
		unsigned int before = done;

		for (j = 0; j < i * 7 % 501; j++)
			cpu_pause();
		work = true;
		barrier();
		wake(port);
		if (WAIT_FOR(has_woken(before), 5000))
			continue;
		test_failure("%s: a wake-up was lost in round %u", how, i);
		return;
	}
}

void test_main(void)
{
	evtchn_port_t port = (evtchn_port_t)hv_event_bind_ipi(1);

	if (on_reference()) {
		test_skip("the reference loses wake-ups on QEMU");
		return;
	}
	irq_set(V_IPI, on_ipi);
	EXPECT(event_upcall_init(V_UPCALL), 0);
	irq_set(V_UPCALL, on_upcall);
	apic_write(0xf0, 0x1ff);
	CHECK(cpu_start(1, idle_loop, NULL));
	wake_often("IPI", wake_by_ipi, port);
	wake_often("event", wake_by_event, port);
	stop = true;
	wake_by_ipi(port);
	CHECK(WAIT_FOR(cpu_done(1), 5000));
}
