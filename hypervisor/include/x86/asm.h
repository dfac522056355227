/* One C function per privileged x86 instruction that we use. */
#ifndef X86_ASM_H
#define X86_ASM_H

#include <hv/types.h>

#define PORT_ACCESS(suffix, type)                                            \
	static inline type in##suffix(uint16_t port)                         \
	{                                                                    \
		type v;                                                      \
		asm volatile("in" #suffix " %1, %0" : "=a"(v) : "Nd"(port)); \
		return v;                                                    \
	}                                                                    \
	static inline void out##suffix(uint16_t port, type v)                \
	{                                                                    \
		asm volatile("out" #suffix " %0, %1" : : "a"(v), "Nd"(port)); \
	}
PORT_ACCESS(b, uint8_t)
PORT_ACCESS(w, uint16_t)
PORT_ACCESS(l, uint32_t)

/* 1, 2 or 4 bytes of a port; of a device's memory also 8. */
static inline uint32_t port_in(uint16_t port, unsigned int size)
{
	if (size == 1)
		return inb(port);
	return size == 2 ? inw(port) : inl(port);
}

static inline void port_out(uint16_t port, unsigned int size, uint32_t val)
{
	if (size == 1)
		outb(port, (uint8_t)val);
	else if (size == 2)
		outw(port, (uint16_t)val);
	else
		outl(port, val);
}

static inline uint64_t mmio_read(const volatile void *p, unsigned int size)
{
	if (size == 1)
		return *(const volatile uint8_t *)p;
	if (size == 2)
		return *(const volatile uint16_t *)p;
	return size == 4 ? *(const volatile uint32_t *)p : *(const volatile uint64_t *)p;
}

static inline void mmio_write(volatile void *p, unsigned int size, uint64_t val)
{
	if (size == 1)
		*(volatile uint8_t *)p = (uint8_t)val;
	else if (size == 2)
		*(volatile uint16_t *)p = (uint16_t)val;
	else if (size == 4)
		*(volatile uint32_t *)p = (uint32_t)val;
	else
		*(volatile uint64_t *)p = val;
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return lo | (uint64_t)hi << 32;
}

static inline void wrmsr(uint32_t msr, uint64_t v)
{
	asm volatile("wrmsr"
		     :
		     : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32))
		     : "memory");
}

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return lo | (uint64_t)hi << 32;
}

struct cpuid_regs {
	uint32_t a, b, c, d;
};

static inline struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs r;

	asm volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
		     : "a"(leaf), "c"(subleaf));
	return r;
}

#define CONTROL_REGISTER(n)                                                  \
	static inline uint64_t read_cr##n(void)                              \
	{                                                                    \
		uint64_t v;                                                  \
		asm volatile("mov %%cr" #n ", %0" : "=r"(v));                \
		return v;                                                    \
	}                                                                    \
	static inline void write_cr##n(uint64_t v)                           \
	{                                                                    \
		asm volatile("mov %0, %%cr" #n : : "r"(v) : "memory");       \
	}
CONTROL_REGISTER(0)
CONTROL_REGISTER(2)
CONTROL_REGISTER(3)
CONTROL_REGISTER(4)

static inline void invlpg(const void *p)
{
	asm volatile("invlpg (%0)" : : "r"(p) : "memory");
}

static inline void irq_enable(void)
{
	asm volatile("sti" : : : "memory");
}

static inline void irq_disable(void)
{
	asm volatile("cli" : : : "memory");
}

static inline uint64_t xgetbv(uint32_t i)
{
	uint32_t lo, hi;

	asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(i));
	return lo | (uint64_t)hi << 32;
}

static inline void xsetbv(uint32_t i, uint64_t v)
{
	asm volatile("xsetbv"
		     :
		     : "c"(i), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

#endif
