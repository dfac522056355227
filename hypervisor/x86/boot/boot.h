/* Between the files of x86/boot, and what boot.S and x86/smp.c share. */
#ifndef X86_BOOT_H
#define X86_BOOT_H

#include <hv/boot.h>

extern uint64_t boot_entry_tsc;
extern char boot_stack[];		/* STACK_SIZE, of the boot CPU */
/* For the next CPU that starts: stack pointer it gets before ap_main(). */
extern uint64_t ap_stack_top;
extern const char trampoline_start[], trampoline_end[];

/* What the loader gave, to the log. */
void boot_show(void);
/* A range that boot_alloc() and boot_free_ram() keep away from. */
void boot_reserve(uint64_t start, uint64_t end);
void boot_unreserve(uint64_t start, uint64_t end);

#endif
