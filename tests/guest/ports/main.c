/*
 * I/O ports: a domU owns none. Every port is read and written in all sizes,
 * by single and by string instructions; unclaimed ones read as all ones, and
 * the few that kernels probe at boot answer as agreed (guest ABI, B4).
 */
#include "guest.h"

static unsigned char page[4096] PAGE_ALIGNED;

static void test_known(void)
{
	if (!on_reference())
		EXPECT(inb(0x42), 0); /* else the PIT calibration spins for long */
	outb(0x21, 0x5a);
	EXPECT(inb(0x21), 0xff);
	outb(0xa1, 0xa5);
	EXPECT(inb(0xa1), 0xff);
	EXPECT(inb(0x84), 0xff);
	CHECK((inl(0x10) & 0xffff) != 0x49d2); /* no unplug protocol */
}

static void test_no_pci(void)
{
	unsigned int dev;

	for (dev = 0; dev < 32; dev++) {
		outl(0xcf8, 0x80000000u | dev << 11);
		EXPECT(inl(0xcfc), 0xffffffffu);
		outl(0xcfc, 0);
	}
}

static bool harmful(unsigned int port)
{
	return port == 0xe9; /* text would mix with the log */
}

/* In steps of 4 with all sizes; one in 16 also misaligned, to cut the time. */
static void test_every_port(void)
{
	unsigned int port, odd = 0;

	for (port = 0; port < 0x10000; port += port < 0x1000 ? 4 : 16) {
		uint16_t w;

		if (inl((uint16_t)port) != ~0u)
			odd++;
		if (harmful(port & ~3u) || harmful(port | 1))
			continue;
		outl((uint16_t)port, ~0u);
		asm volatile("inw %1, %0" : "=a"(w) : "Nd"((uint16_t)(port + 1)));
		outb((uint16_t)(port + 3), 0xff);
	}
	printf("%u ports do not read as all ones\n", odd);
	CHECK(odd < 32);
}

static void test_string(void)
{
	void *to = page;
	const void *from = page;
	unsigned long n = 16;

	memset(page, 0, 64);
	asm volatile("rep insb" : "+D"(to), "+c"(n) : "d"(0x84) : "memory");
	EXPECT(page[15], 0xff);
	EXPECT(page[16], 0);
	n = 16;
	asm volatile("rep outsb" : "+S"(from), "+c"(n) : "d"(0x84) : "memory");
	EXPECT(n, 0);
}

/* String I/O whose memory is not there: the guest's own page fault. */
static void test_string_fault(void)
{
	void *gone = window_map(1, 0, MAP_NP);
	void *ro = window_map(2, gfn_of(page), MAP_RO);
	unsigned long n = 4;

	EXPECT(TRY("rep insb", LIST("+c"(n)), LIST("D"(gone), "d"(0x84))), X86_PF);
	EXPECT(this_cpu()->fault_cr2, (unsigned long)gone);
	EXPECT(TRY("rep insb", LIST("+c"(n)), LIST("D"(ro), "d"(0x84))), X86_PF);
	n = 4;
	EXPECT(TRY("rep outsb", LIST("+c"(n)), LIST("S"(gone), "d"(0x84))), X86_PF);
}

void test_main(void)
{
	RUN(test_known);
	RUN(test_no_pci);
	RUN(test_every_port);
	RUN(test_string);
	RUN(test_string_fault);
}
