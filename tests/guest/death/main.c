/*
 * Ways to die. Each peer ends itself in one way; the host must tell the right
 * code, give its memory back, and go on, and so must we, the next domain.
 */
#include "guest.h"

static void triple_fault(unsigned int arg)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) none = {0, 0};

	(void)arg;
	asm volatile("lidt %0; ud2" : : "m"(none));
}

/* Page tables that lead nowhere: no instruction can be fetched any more. */
static void lose_paging(unsigned int arg)
{
	static const uint64_t none[2];

	(void)arg;
	asm volatile("lidt %0; mov %1, %%cr3; nop; ud2"
		     :
		     : "m"(none), "r"(0xff0000000ul));
}

/*
 * Values that VMRUN refuses. Processors raise #GP at the move already; QEMU
 * does not, and the next exit finds a guest that cannot be entered again.
 */
static void bad_cr3(unsigned int arg)
{
	uint64_t cr3;
	uint32_t r[4];

	asm volatile("mov %%cr3, %0" : "=r"(cr3));
	TRY("mov %0, %%cr3", , LIST("r"(cr3 | 1ull << 62)));
	cpuid(0, 0, r);
	hv_shutdown(arg);
}

static void bad_cr0(unsigned int arg)
{
	uint64_t cr0;
	uint32_t r[4];

	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	TRY("mov %0, %%cr0", , LIST("r"(cr0 | 1ull << 29)));
	cpuid(0, 0, r);
	hv_shutdown(arg);
}

static void halt(unsigned int arg)
{
	(void)arg;
	for (;;)
		asm volatile("cli; hlt");
}

static void halt_other(void *arg)
{
	(void)arg;
	halt(0);
}

static void halt_two(unsigned int arg)
{
	if (!cpu_start(1, halt_other, NULL))
		test_error("vCPU 1 did not start");
	hv_sched_yield();
	halt(arg);
}

static void shut_down(unsigned int reason)
{
	hv_shutdown(reason);
}

static void spin(unsigned int arg)
{
	(void)arg;
	for (;;)
		asm volatile("cli; pause");
}

static const struct {
	const char *name;
	void (*end)(unsigned int arg);
	unsigned int arg;
	long code, or_code;
} ways[] = {
	{"triple fault", triple_fault, 0, SHUTDOWN_reboot, SHUTDOWN_crash},
	{"HLT with interrupts off", halt, 0, SHUTDOWN_poweroff, SHUTDOWN_poweroff},
	{"the same on two vCPUs", halt_two, 0, SHUTDOWN_poweroff, SHUTDOWN_poweroff},
	{"poweroff", shut_down, SHUTDOWN_poweroff, SHUTDOWN_poweroff, SHUTDOWN_poweroff},
	{"reboot", shut_down, SHUTDOWN_reboot, SHUTDOWN_reboot, SHUTDOWN_reboot},
	{"crash", shut_down, SHUTDOWN_crash, SHUTDOWN_crash, SHUTDOWN_crash},
	{"watchdog", shut_down, SHUTDOWN_watchdog, SHUTDOWN_watchdog, SHUTDOWN_watchdog},
	{"suspend", shut_down, SHUTDOWN_suspend, SHUTDOWN_suspend, SHUTDOWN_suspend},
	{"CR3 with reserved bits", bad_cr3, SHUTDOWN_poweroff, SHUTDOWN_poweroff,
	 SHUTDOWN_crash},
	{"CR0 with NW alone", bad_cr0, SHUTDOWN_poweroff, SHUTDOWN_poweroff,
	 SHUTDOWN_crash},
	{"page tables outside RAM", lose_paging, 0, SHUTDOWN_reboot, SHUTDOWN_crash},
	/* A reason that does not exist, and no end at all: told by nobody, ended by us.
	 */
	{"odd reason", shut_down, 77, -1, -1},
	{"endless loop", spin, 0, 1000, 1000},
};

static void try_way(unsigned int i)
{
	unsigned int patience = ways[i].code == 1000 || ways[i].code == -1 ? 50 : 5000;
	long id = ask(MB_PEER_START, i + 1, 0, 0);
	long state;

	if (id < 0) {
		test_error("no peer for %s: %ld", ways[i].name, id);
		return;
	}
	WAIT_FOR(ask(MB_PEER_STATE, (unsigned long)id, 0, 0) < 256, patience);
	state = ask(MB_PEER_STATE, (unsigned long)id, 0, 0);
	if (ways[i].code >= 0 && state != ways[i].code && state != ways[i].or_code)
		test_failure("%s: state %ld, expected %ld", ways[i].name, state,
			     ways[i].code);
	EXPECT(ask(MB_PEER_DESTROY, (unsigned long)id, 0, 0), 0);
}

void test_main(void)
{
	unsigned long way = cmdline_value("peer", 0);
	unsigned int i;

	if (way) {
		ways[way - 1].end(ways[way - 1].arg);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		try_way(i);
}
