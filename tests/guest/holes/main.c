/*
 * Touching what is not there: gfns without memory, the MMIO hole, addresses
 * beyond the processor's width. Peers do the touching, as a domain crash is an
 * allowed answer; all-ones and dropped writes are the other. Besides: code that
 * changes itself and page tables in ballooned-out memory.
 */
#include "guest.h"

static const uint64_t places[] = {
	0x0,				       /* not used: peer=0 means none */
	0x02000000,			       /* just above our memory */
	0x40000000,  0xc0000000,   0xe0000000, /* MMCONFIG on most machines */
	0xfec00000,			       /* an IO-APIC would be here */
	0xfed00000,			       /* HPET */
	0xfed40000,			       /* TPM */
	0xfee00000,			       /* our own local APIC */
	0xfee01000,  0xfffff000,	       /* firmware */
	0x100000000, 0x8000000000, 0xfd00000000,
	0x000a0000,  0x000f0000, /* plain RAM in a PVH guest */
};

/* Reads and writes one place in all ways; ends by poweroff if it still can. */
static void touch(uint64_t gpa)
{
	volatile unsigned char *p = window_map(10, gpa / PAGE_SIZE, MAP_RW | MAP_UC);
	unsigned char buf[64];

	(void)*p;
	(void)*(volatile uint32_t *)p;
	(void)*(volatile uint64_t *)(p + 8);
	p[16] = 1;
	*(volatile uint32_t *)(p + 32) = 0;
	memcpy(buf, (void *)p, sizeof(buf));
	memset((void *)p, 0, 64);
	__sync_fetch_and_add((volatile uint32_t *)(p + 64), 1);
}

/* Jumps there: fetching from nothing. */
static void jump(uint64_t gpa)
{
	void (*fn)(void) = (void (*)(void))window_map(10, gpa / PAGE_SIZE, MAP_RW);

	fn();
}

static void peer(unsigned long what, unsigned long how)
{
	if (how == 1)
		jump(places[what]);
	else
		touch(places[what]);
}

static void try_peer(unsigned int i, unsigned long how)
{
	long id = ask(MB_PEER_START, i, 0, how);

	if (id < 0) {
		test_error("no peer: %ld", id);
		return;
	}
	if (!WAIT_FOR(ask(MB_PEER_STATE, (unsigned long)id, 0, 0) < 256, 3000) &&
	    how != 1)
		test_failure("%#lx: the peer neither ends nor crashes",
			     (unsigned long)places[i]);
	EXPECT(ask(MB_PEER_DESTROY, (unsigned long)id, 0, 0), 0);
}

static void test_touch(void)
{
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(places); i++)
		try_peer(i, 0);
}

static void test_jump(void)
{
	try_peer(2, 1);
	try_peer(5, 1);
}

static void test_self_modifying(void)
{
	static unsigned char code[64] PAGE_ALIGNED;
	unsigned int (*fn)(void) = (unsigned int (*)(void))code;
	unsigned int i;

	for (i = 0; i < 100; i++) {
		code[0] = 0xb8; /* mov $i, %eax; ret */
		memcpy(&code[1], &i, 4);
		code[5] = 0xc3;
		EXPECT(fn(), i);
	}
}

/* Above all physical address bits: the page walk itself faults or hits nothing. */
static void test_reserved_bits(void)
{
	uint32_t *p = window_map(11, 1ul << 39, MAP_RW);
	uint32_t v;
	int vec = TRY("movl (%1), %0", LIST("=r"(v)), LIST("r"(p)));

	CHECK(vec == X86_PF || vec == NO_FAULT);
}

void test_main(void)
{
	unsigned long what = cmdline_value("peer", 0);

	if (what) {
		peer(what, cmdline_value("arg", 0));
		return;
	}
	RUN(test_touch);
	RUN(test_jump);
	RUN(test_self_modifying);
	RUN(test_reserved_bits);
}
