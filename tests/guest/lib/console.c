/*
 * Where text goes: the PV console ring when the domain was given one, the
 * hypervisor's console by hypercall when it takes it, else port 0xE9. Two
 * vCPUs may print at once; a lock keeps lines whole.
 */
#include "guest.h"
#include <xen/io/console.h>

static struct xencons_interface *ring;
static evtchn_port_t ring_port;
static bool to_port;
static volatile int lock;

static void write_port(const char *text, size_t len)
{
	while (len--)
		outb(0xe9, (uint8_t)*text++);
}

static void write_ring(const char *text, size_t len)
{
	while (len) {
		uint32_t prod = ring->out_prod;

		barrier();
		if (prod - *(volatile uint32_t *)&ring->out_cons >= sizeof(ring->out)) {
			hv_event_send(ring_port);
			hv_sched_yield();
			continue;
		}
		ring->out[prod % sizeof(ring->out)] = *text++;
		barrier();
		ring->out_prod = prod + 1;
		len--;
	}
	hv_event_send(ring_port);
}

void console_write(const char *text, size_t len)
{
	while (__sync_lock_test_and_set(&lock, 1))
		cpu_pause();
	if (to_port)
		write_port(text, len);
	else if (ring)
		write_ring(text, len);
	else if (hv_console_io(CONSOLEIO_write, (unsigned int)len, text) < 0)
		write_port(text, len);
	__sync_lock_release(&lock);
}

void console_to_port(void)
{
	to_port = true;
}

void console_init(void)
{
	uint64_t pfn = 0, port = 0;

	if (!hv_base)
		console_to_port();
	if (is_dom0 || !hv_base)
		return;
	if (hv_get_param(DOMID_SELF, HVM_PARAM_CONSOLE_PFN, &pfn) ||
	    hv_get_param(DOMID_SELF, HVM_PARAM_CONSOLE_EVTCHN, &port))
		return;
	if (!pfn || !port)
		return;
	ring_port = (evtchn_port_t)port;
	ring = (void *)(unsigned long)(pfn * PAGE_SIZE);
}
