/* The machine's odds and ends: time, serial, host paging, SMP, shutdown. */
#ifndef X86_PLATFORM_H
#define X86_PLATFORM_H

#include <hv/cpu.h>

/* --- time (x86/time.c) --- */
extern uint64_t tsc_khz;
extern bool tsc_reliable;	/* invariant, and equal on all CPUs */
void time_init(void);		/* PM timer or PIT/HPET calibration, RTC */
uint64_t tsc_to_ns(uint64_t tsc);
/* pvclock scaling: ns = ((tsc << shift) * mul) >> 32, shift may be < 0. */
void time_scale(uint32_t *mul, int8_t *shift);
void delay_us(unsigned int us);

/* --- serial and VGA (x86/serial.c, vga.c) --- */
extern uint16_t serial_port;	/* I/O base owned by the hypervisor; 0: none */
extern uint8_t serial_irq;	/* ISA IRQ of it */
void serial_init(void);		/* from com1= / console= */
void serial_enable_rx(void);	/* after ioapic_init() */
void serial_putc(char c);
void vga_init(void);
void vga_putc(char c);

/* --- host paging (x86/paging.c) --- */
#define DIRECTMAP_BASE	0xffff800000000000ul
/* All RAM at DIRECTMAP_BASE; called with the boot memory map. */
void paging_init(void);
/* Uncached mapping of device registers, for good. */
void *map_mmio(uint64_t pa, size_t len);
/* Cached mapping of firmware tables (may be outside RAM), for good. */
void *map_firmware(uint64_t pa, size_t len);
static inline uint64_t virt_to_phys(const void *p)
{
	return mfn_to_addr((mfn_t){0}) + (uintptr_t)p - DIRECTMAP_BASE;
}
static inline void *phys_to_virt(uint64_t pa)
{
	return (void *)(DIRECTMAP_BASE + pa);
}
extern char hv_start[], hv_end[];	/* the image, link addresses */
uint64_t hv_image_start(void);		/* machine addresses */
uint64_t hv_image_end(void);

/* --- CPUs (x86/smp.c, cpu.c) --- */
struct arch_cpu {
	uint32_t apic_id;
	void *stack;		/* STACK_SIZE, aligned to it; top holds cpu */
	struct tss *tss;
	void *hsave;		/* SVM host save area page */
	void *host_vmcb;	/* VMLOAD/VMSAVE state of the host */
	bool in_guest;		/* between the last flush check and #VMEXIT */
	uint64_t exits[256];	/* by normalised exit reason */
};
#define STACK_SHIFT	15
#define STACK_SIZE	(1ul << STACK_SHIFT)
extern unsigned int host_phys_bits;
extern bool host_is_amd;
void cpu_init_bsp(void);	/* GDT, IDT, TSS, features that we demand */
void smp_start_others(void);	/* each ends in cpu_main() */
/* What every CPU does for ever (x86/hvm/run.c). */
void cpu_main(void) noreturn;
/* Named address for backtraces: "name+0xoff". */
const char *symbol_name(uintptr_t addr, uint64_t *offset);

#endif
