/* Between the files of x86/boot, and what boot.S and x86/smp.c share. */
#ifndef X86_BOOT_H
#define X86_BOOT_H

#include <hv/boot.h>

extern uint64_t boot_entry_tsc;
extern char boot_stack[];		/* STACK_SIZE, of the boot CPU */
/* For the next CPU that starts: stack pointer it gets before ap_main(). */
extern uint64_t ap_stack_top;
extern const char trampoline_start[], trampoline_end[];

/* EAX at the entry: whose tables EBX points at. */
#define MULTIBOOT_MAGIC	 0x2badb002u
#define MULTIBOOT2_MAGIC 0x36d76289u

/*
 * Readers of a loader's tables. They hand on what they find by the functions
 * below, and panic with what the loader did wrong.
 */
void multiboot_read(uint32_t info_pa);
void multiboot2_read(uint32_t info_pa);

/* The next range of the firmware's memory map, in any order. */
void boot_add_range(uint64_t addr, uint64_t size, uint32_t type);
void boot_add_module(uint32_t start, uint32_t end, const char *arguments);
/* Copies whole texts only: panics about @whose when it does not fit. */
void boot_copy_text(char *to, size_t n, const char *from, const char *whose);

/* What the loader gave, to the log. */
void boot_show(void);
/* A range that boot_alloc() and boot_free_ram() keep away from. */
void boot_reserve(uint64_t start, uint64_t end);
void boot_unreserve(uint64_t start, uint64_t end);

#endif
