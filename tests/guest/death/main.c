/*
 * Ways to die. Each peer ends itself in one way; the host must tell the right
 * code, give its memory back, and go on, and so must we, the next domain.
 */
#include "guest.h"

enum way {
	W_TRIPLE_FAULT = 1,
	W_HALT,
	W_POWEROFF,
	W_REBOOT,
	W_CRASH,
	W_WATCHDOG,
	W_BAD_REASON,
	W_BAD_PAGING,
	W_SPIN,
	W_HALT_TWO,
	W_SUSPEND,
	W_CR3_RESERVED,
	W_CR0_NW,
};

static void triple_fault(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) none = {0, 0};

	asm volatile("lidt %0; ud2" : : "m"(none));
}

/* Page tables that lead nowhere: no instruction can be fetched any more. */
static void lose_paging(void)
{
	asm volatile("lidt %0; mov %1, %%cr3; nop; ud2"
		     :
		     : "m"((struct { uint64_t a, b; }){0, 0}), "r"(0xff0000000ul));
}

/*
 * Values that VMRUN refuses. Processors raise #GP at the move already; QEMU
 * does not, and the next exit finds a guest that cannot be entered again.
 */
static void bad_cr3(void)
{
	uint64_t cr3;
	uint32_t r[4];

	asm volatile("mov %%cr3, %0" : "=r"(cr3));
	TRY("mov %0, %%cr3", , LIST("r"(cr3 | 1ull << 62)));
	cpuid(0, 0, r);
	hv_shutdown(SHUTDOWN_poweroff);
}

static void bad_cr0(void)
{
	uint64_t cr0;
	uint32_t r[4];

	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	TRY("mov %0, %%cr0", , LIST("r"(cr0 | 1ull << 29)));
	cpuid(0, 0, r);
	hv_shutdown(SHUTDOWN_poweroff);
}

static void halt_off(void *arg)
{
	(void)arg;
	for (;;)
		asm volatile("cli; hlt");
}

static void halt_two(void)
{
	if (!cpu_start(1, halt_off, NULL))
		test_error("vCPU 1 did not start");
	hv_sched_yield();
	halt_off(NULL);
}

static void peer(unsigned long way)
{
	switch (way) {
	case W_TRIPLE_FAULT:
		triple_fault();
		break;
	case W_HALT:
		halt_off(NULL);
		break;
	case W_BAD_PAGING:
		lose_paging();
		break;
	case W_SPIN:
		asm volatile("cli; 1: jmp 1b");
		break;
	case W_HALT_TWO:
		halt_two();
		break;
	case W_CR3_RESERVED:
		bad_cr3();
		break;
	case W_CR0_NW:
		bad_cr0();
		break;
	case W_BAD_REASON:
		hv_shutdown(77);
		break;
	default: /* the codes lie one beside the other, as W_POWEROFF..W_WATCHDOG do */
		hv_shutdown(way == W_SUSPEND ? SHUTDOWN_suspend :
			    way == W_POWEROFF ? SHUTDOWN_poweroff :
			    way == W_REBOOT ? SHUTDOWN_reboot :
			    way == W_CRASH ? SHUTDOWN_crash : SHUTDOWN_watchdog);
	}
}

static const struct {
	const char *name;
	unsigned long way;
	long code, or_code;
} ends[] = {
	{"triple fault", W_TRIPLE_FAULT, SHUTDOWN_reboot, SHUTDOWN_crash},
	{"HLT with interrupts off", W_HALT, SHUTDOWN_poweroff, SHUTDOWN_poweroff},
	{"two vCPUs, HLT with interrupts off", W_HALT_TWO, SHUTDOWN_poweroff, SHUTDOWN_poweroff},
	{"poweroff", W_POWEROFF, SHUTDOWN_poweroff, SHUTDOWN_poweroff},
	{"reboot", W_REBOOT, SHUTDOWN_reboot, SHUTDOWN_reboot},
	{"crash", W_CRASH, SHUTDOWN_crash, SHUTDOWN_crash},
	{"watchdog", W_WATCHDOG, SHUTDOWN_watchdog, SHUTDOWN_watchdog},
	{"suspend", W_SUSPEND, SHUTDOWN_suspend, SHUTDOWN_suspend},
	{"CR3 with reserved bits", W_CR3_RESERVED, SHUTDOWN_poweroff, SHUTDOWN_crash},
	{"CR0 with NW alone", W_CR0_NW, SHUTDOWN_poweroff, SHUTDOWN_crash},
	{"page tables outside RAM", W_BAD_PAGING, SHUTDOWN_reboot, SHUTDOWN_crash},
};

static void try_end(unsigned int i)
{
	long id = ask(MB_PEER_START, ends[i].way, 0, 0);
	long state;

	if (id < 0) {
		test_error("no peer for %s: %ld", ends[i].name, id);
		return;
	}
	WAIT_FOR(ask(MB_PEER_STATE, (unsigned long)id, 0, 0) < 256, 5000);
	state = ask(MB_PEER_STATE, (unsigned long)id, 0, 0);
	if (state != ends[i].code && state != ends[i].or_code)
		test_failure("%s: state %ld, expected code %ld", ends[i].name, state, ends[i].code);
	EXPECT(ask(MB_PEER_DESTROY, (unsigned long)id, 0, 0), 0);
}

/* A domain that never leaves its loop is destroyed all the same. */
static void test_spin(void)
{
	long id = ask(MB_PEER_START, W_SPIN, 0, 0);

	CHECK(id > 0);
	WAIT_FOR(false, 50);
	EXPECT(ask(MB_PEER_STATE, (unsigned long)id, 0, 0), 1000);
	EXPECT(ask(MB_PEER_DESTROY, (unsigned long)id, 0, 0), 0);
}

static void test_odd_reason(void)
{
	long id = ask(MB_PEER_START, W_BAD_REASON, 0, 0);

	CHECK(id > 0);
	WAIT_FOR(ask(MB_PEER_STATE, (unsigned long)id, 0, 0) < 256, 1000);
	EXPECT(ask(MB_PEER_DESTROY, (unsigned long)id, 0, 0), 0);
}

void test_main(void)
{
	unsigned long way = cmdline_value("peer", 0);
	unsigned int i;

	if (way) {
		peer(way);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		try_end(i);
	RUN(test_spin);
	RUN(test_odd_reason);
}
