/*
 * From the boot loader (Multiboot 1 or 2: 32-bit protected mode, no paging) or from
 * the trampoline of another CPU to C in long mode at the link address.
 *
 * The tables made here map the first 4 GiB three times: one to one, at
 * DIRECTMAP_BASE, and (the first GiB) at the image's link address. They serve
 * until paging_init(), and again for the moment in which another CPU starts.
 */
#include <asm_offsets.h>

#define IMAGE_BASE	0xffffffff80000000
#define PA(sym)		(sym - IMAGE_BASE)

#define MB_MAGIC	0x1badb002
#define MB_FLAGS	0x00000003	/* modules on pages, memory map wanted */
#define MB2_MAGIC	0xe85250d6
#define MB2_I386	0
#define MB2_TAG_SCREEN	5
#define MB2_TAG_ALIGN	6	/* modules on pages */
#define MB2_OPTIONAL	1

#define CR0_PE_ET	0x00000011
#define CR0_LONG	0x80010033	/* PG WP NE ET MP PE */
#define CR4_PAE		0x00000020
#define MSR_EFER	0xc0000080
#define EFER_LME	0x00000100
#define EFER_NXE_BIT	11
#define LM_BIT		29
#define NX_BIT		20
#define PTE_TABLE	0x003
#define PTE_LARGE	0x083		/* present, writable, large */

#define SEL_CODE64	0x08
#define SEL_DATA	0x10
#define SEL_CODE32	0x18

/* --- the first bytes of the image: entry, Multiboot header ----------------- */

	.section .boot, "ax"
	.code32
	.globl	boot_entry
boot_entry:
	jmp	start32
	.align	4
	.long	MB_MAGIC, MB_FLAGS, -(MB_MAGIC + MB_FLAGS)
	.align	8
mb2_header:
	.long	MB2_MAGIC, MB2_I386, mb2_end - mb2_header
	.long	-(MB2_MAGIC + MB2_I386 + (mb2_end - mb2_header))
	.short	MB2_TAG_SCREEN, MB2_OPTIONAL
	.long	20, 0, 0, 32		/* any size, 32 bits a pixel */
	.align	8
	.short	MB2_TAG_ALIGN, 0
	.long	8
	.short	0, 0
	.long	8
mb2_end:

start32:
	cli
	cld
	mov	$PA(boot_stack + STACK_SIZE - 16), %esp
	mov	%eax, %esi		/* magic */
	mov	%ebx, %edi		/* the loader's information */
	rdtsc
	mov	%eax, PA(boot_entry_tsc)
	mov	%edx, PA(boot_entry_tsc) + 4

	mov	$0x80000000, %eax
	cpuid
	cmp	$0x80000001, %eax
	jb	no_long_mode
	mov	$0x80000001, %eax
	cpuid
	bt	$LM_BIT, %edx
	jnc	no_long_mode

	/* 2048 large pages in four directories */
	mov	$PA(boot_pd), %ebx
	mov	$PTE_LARGE, %eax
1:	mov	%eax, (%ebx)
	add	$8, %ebx
	add	$0x200000, %eax
	jnc	1b
	mov	$PA(boot_pdpt), %ebx
	mov	$PA(boot_pd) + PTE_TABLE, %eax
	mov	$4, %ecx
2:	mov	%eax, (%ebx)
	add	$8, %ebx
	add	$0x1000, %eax
	loop	2b
	movl	$PA(boot_pd) + PTE_TABLE, PA(boot_pdpt_image) + 510 * 8
	movl	$PA(boot_pdpt) + PTE_TABLE, PA(boot_pml4)
	movl	$PA(boot_pdpt) + PTE_TABLE, PA(boot_pml4) + 256 * 8
	movl	$PA(boot_pdpt_image) + PTE_TABLE, PA(boot_pml4) + 511 * 8

	call	enter_long_mode
	ljmp	$SEL_CODE64, $PA(start64)

/* A CPU of 32 bits: the one message that C cannot print. */
no_long_mode:
	mov	$PA(no_long_mode_text), %esi
	mov	$0xb8000, %edi
	mov	$0x0f, %ah
3:	lodsb
	test	%al, %al
	jz	4f
	stosw
	mov	$0x3f8, %dx
	out	%al, (%dx)
	jmp	3b
4:	hlt
	jmp	4b

/* Clobbers eax, ebx, ecx, edx. Returns in compatibility mode, paging on. */
enter_long_mode:
	mov	$CR4_PAE, %eax
	mov	%eax, %cr4
	mov	$PA(boot_pml4), %eax
	mov	%eax, %cr3
	mov	$0x80000001, %eax
	cpuid
	mov	%edx, %ebx
	mov	$MSR_EFER, %ecx
	rdmsr
	or	$EFER_LME, %eax
	bt	$NX_BIT, %ebx
	jnc	5f
	bts	$EFER_NXE_BIT, %eax
5:	wrmsr
	mov	$CR0_LONG, %eax
	mov	%eax, %cr0
	lgdt	PA(boot_gdt_ptr)
	ret

/* Another CPU, from the trampoline, in protected mode with boot_gdt. */
	.globl	ap_start32
ap_start32:
	mov	$SEL_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$PA(ap_early_stack_top), %esp
	call	enter_long_mode
	ljmp	$SEL_CODE64, $PA(ap_start64)

	.code64
start64:
	mov	$high64, %rax		/* up from the one-to-one mapping */
	jmp	*%rax

ap_start64:
	mov	$ap_high64, %rax
	jmp	*%rax

	.align	8
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* 64-bit code */
	.quad	0x00cf93000000ffff	/* data */
	.quad	0x00cf9b000000ffff	/* 32-bit code */
boot_gdt_ptr:
	.word	. - boot_gdt - 1
	.long	PA(boot_gdt)
no_long_mode_text:
	.asciz	"Basalt: this CPU has no 64-bit mode: use a 64-bit machine. "

/* --- at the link address ----------------------------------------------------- */

	.text
high64:
	xor	%eax, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%eax, %fs
	mov	%eax, %gs
	/* this_cpu() finds the pointer at the top of the stack. */
	lea	boot_stack + STACK_SIZE - 16(%rip), %rsp
	lea	boot_cpu(%rip), %rax
	mov	%rax, 8(%rsp)
	xor	%ebp, %ebp
	xchg	%edi, %esi
	/* void hv_main(uint32_t magic, uint32_t mbi) */
	call	hv_main
	ud2

ap_high64:
	xor	%eax, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%eax, %fs
	mov	%eax, %gs
	mov	host_cr3(%rip), %rax
	mov	%rax, %cr3
	mov	ap_stack_top(%rip), %rsp
	xor	%ebp, %ebp
	/* void ap_main(void) */
	call	ap_main
	ud2

/* --- real mode: copied to a page below 1 MiB ------------------------------------ */

	.section .rodata
	.code16
	.globl	trampoline_start, trampoline_end
trampoline_start:
	cli
	cld
	mov	%cs, %ax
	mov	%ax, %ds
	lgdtl	(trampoline_gdt_ptr - trampoline_start)
	mov	$CR0_PE_ET, %eax	/* caches on, too */
	mov	%eax, %cr0
	ljmpl	$SEL_CODE32, $PA(ap_start32)
	.align	4
trampoline_gdt_ptr:
	.word	boot_gdt_ptr - boot_gdt - 1
	.long	PA(boot_gdt)
trampoline_end:

/* --- memory ------------------------------------------------------------------------ */

	.section .bss.stack, "aw", @nobits
	.globl	boot_stack
	.align	STACK_SIZE
boot_stack:
	.skip	STACK_SIZE

	.bss
	.align	4096
boot_pml4:
	.skip	4096
boot_pdpt:
	.skip	4096
boot_pdpt_image:
	.skip	4096
boot_pd:
	.skip	4 * 4096
	.globl	boot_entry_tsc, ap_stack_top
	.align	8
boot_entry_tsc:
	.skip	8
ap_stack_top:
	.skip	8
	.skip	64
ap_early_stack_top:

	.section .note.GNU-stack, "", @progbits
