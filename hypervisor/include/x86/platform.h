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

/* --- serial line and screen (x86/serial.c, screen.c) --- */
extern uint16_t serial_port;	/* I/O base owned by the hypervisor; 0: none */
extern uint8_t serial_irq;	/* ISA IRQ of it */
void serial_init(void);		/* from com1= / console= */
void serial_use_firmware(void);	/* after acpi_init(): SPCR, without com1= */
void serial_enable_rx(void);	/* after ioapic_init() */
void serial_putc(char c);
void screen_init(void);
void screen_putc(char c);
void screen_remap(void);	/* by paging_init(): at its new address */
/* The control domain drives the screen from now on; only panic() returns. */
void screen_release(void);
void screen_reclaim(void);

/* --- host paging (x86/paging.c) --- */
#ifndef DIRECTMAP_BASE	/* tests on the host have another */
#define DIRECTMAP_BASE	0xffff800000000000ul
#endif
#define IMAGE_BASE	0xffffffff80000000ul
/*
 * All RAM at DIRECTMAP_BASE, the image by section rights, the frame table
 * (page_alloc_init). Next in the boot order: boot_move_modules(),
 * boot_free_ram(page_alloc_add).
 */
void paging_init(void);
/* CR3 of every CPU in the hypervisor. */
extern uint64_t host_cr3;
/* Uncached mapping of device registers, for good. */
void *map_mmio(uint64_t pa, size_t len);
/* Cached mapping of firmware tables (may be outside RAM), for good. */
void *map_firmware(uint64_t pa, size_t len);
/* Of direct map and image addresses; not of stacks or devices. */
static inline uint64_t virt_to_phys(const void *p)
{
	uintptr_t va = (uintptr_t)p;

	return va - (va >= IMAGE_BASE ? IMAGE_BASE : DIRECTMAP_BASE);
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
	void *tables;		/* GDT and TSS (cpu.c) */
	void *hsave;		/* SVM host save area page */
	void *host_vmcb;	/* VMLOAD/VMSAVE state of the host */
	uint64_t heartbeat;	/* rounds of cpu_main() */
	domid_t last_domain;	/* whose vCPU ran here last; idle does not count */
	struct dev_irq **dev_irq;	/* who owns its vectors (dev_irq.c) */
	bool hvm_ready;	/* can run guests; atomic */
	bool in_guest;		/* between the last flush check and #VMEXIT */
	uint64_t exits[256];	/* by normalised exit reason */
};
#define STACK_SHIFT	15
#define STACK_SIZE	(1ul << STACK_SHIFT)
extern unsigned int host_phys_bits;
extern bool host_is_amd;
void cpu_init_bsp(void);	/* GDT, IDT, TSS, features that we demand */
/*
 * Brings the other CPUs up, one after the other: each gets its idle vCPU
 * (cpu_make_idle) and ends in cpu_main(). One that does not answer is reported
 * and left out. After hvm_init().
 */
void smp_start_others(void);
/*
 * This machine cannot be used: "@what: @why: @todo" on serial and screen, and
 * stop for good (no reboot loop).
 */
void machine_refuse(const char *what, const char *why, const char *todo) noreturn;
/* What every CPU does for ever (x86/hvm/run.c). */
void cpu_main(void) noreturn;
/* For a faulting access: true and the value, or false (#GP). */
bool rdmsr_safe(uint32_t msr, uint64_t *v) must_check;
bool wrmsr_safe(uint32_t msr, uint64_t v) must_check;
/* Name of the function around @addr, or NULL; *offset into it. */
const char *symbol_name(uintptr_t addr, uint64_t *offset);

#endif
