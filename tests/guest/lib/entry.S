/*
 * Entries of a test kernel: the PVH entry (32-bit, paging off), the entry of
 * other vCPUs (real mode, copied below 1 MiB), the trap stubs, the two bare
 * hypercall instructions and the way into privilege level 3 and back.
 *
 * The low 4 GiB are mapped one to one by 2 MiB pages; paging.c adds more.
 */
#define CR0_ON	0x80010021	/* PG WP NE PE */
#define CR4_ON	0x20		/* PAE */
#define EFER	0xc0000080

	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 4, 18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long _start

	.section .text.start, "ax"
	.code32
	.globl _start
_start:
	/* The very first instruction: the bench reads this time stamp. */
	rdtsc
	cld
	mov	%eax, entry_tsc
	mov	%edx, entry_tsc + 4
	mov	%ebx, start_info_paddr
	mov	$cpu_stacks + 16384, %esp
	call	long_mode
	ljmp	$0x08, $start64

/* Paging and long mode on, GDT loaded; the caller jumps to 64-bit code. */
long_mode:
	mov	$page_l4, %eax
	mov	%eax, %cr3
	mov	%cr4, %eax
	or	$CR4_ON, %eax
	mov	%eax, %cr4
	mov	$EFER, %ecx
	rdmsr
	or	$0x100, %eax
	wrmsr
	mov	%cr0, %eax
	or	$CR0_ON, %eax
	mov	%eax, %cr0
	lgdt	boot_gdtr
	ret

	.code64
start64:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$cpu_stacks + 16384, %rsp
	xor	%ebp, %ebp
	call	guest_start
1:	hlt
	jmp	1b

/* Other vCPUs: real mode at a page below 1 MiB; smp.c copies it there. */
	.balign 16
	.globl trampoline, trampoline_end
	.code16
trampoline:
	cli
	mov	%cs, %ax
	mov	%ax, %ds
	lgdtl	tramp_gdtr - trampoline
	mov	%cr0, %eax
	or	$1, %eax
	mov	%eax, %cr0
	ljmpl	$0x18, $ap32
	.balign 4
tramp_gdtr:
	.word	boot_gdt_end - boot_gdt - 1
	.long	boot_gdt
trampoline_end:

	.code32
ap32:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	ap_stack, %esp
	call	long_mode
	ljmp	$0x08, $ap64
	.code64
ap64:
	mov	ap_stack(%rip), %rsp
	xor	%ebp, %ebp
	call	ap_main
1:	cli
	hlt
	jmp	1b

/* Trap stubs, 16 bytes each: push a zero where the CPU pushes no code. */
	.balign 16
	.globl trap_stubs
trap_stubs:
	.set	vec, 0
	.rept	256
	.balign	16
	.if (0x60227d00 >> (vec & 31)) & 1 == 0 || vec > 31	/* 8 10-14 17 21 29 30 */
	push	$0
	.endif
	push	$vec
	jmp	trap_common
	.set	vec, vec + 1
	.endr

trap_common:
	push	%rax
	push	%rbx
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%rbp
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	cld
	mov	%rsp, %rdi
	call	trap
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rbp
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rbx
	pop	%rax
	add	$16, %rsp
	iretq

/* void hypercall_vmmcall(void), hypercall_vmcall(void): registers are set. */
	.globl hypercall_vmmcall, hypercall_vmcall
hypercall_vmmcall:
	vmmcall
	ret
hypercall_vmcall:
	vmcall
	ret

/* long user_enter(long (*fn)(long), long arg, void *ustack, uint64_t *ksp) */
	.globl user_enter, user_exit
user_enter:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, (%rcx)
	push	$0x1b
	push	%rdx
	push	$2
	push	$0x23
	lea	user_call(%rip), %rax
	push	%rax
	iretq

/* At level 3: rdi = function, rsi = its argument; int 0x80 brings it back. */
user_call:
	mov	%rdi, %rax
	mov	%rsi, %rdi
	call	*%rax
	int	$0x80
	ud2

/* void user_exit(uint64_t ksp, long result): returns from user_enter(). */
user_exit:
	mov	%rdi, %rsp
	mov	%rsi, %rax
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

	.data
	.balign 16
boot_gdt:
	.quad	0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff
boot_gdt_end:
boot_gdtr:
	.word	boot_gdt_end - boot_gdt - 1
	.long	boot_gdt
	.globl start_info_paddr, entry_tsc, ap_stack
	.balign 8
entry_tsc:
	.quad	0
ap_stack:
	.quad	0
start_info_paddr:
	.long	0

	.balign 4096
	.globl page_l4
page_l4:
	.quad	page_l3 + 7
	.fill	511, 8, 0
page_l3:
	.quad	page_l2 + 7, page_l2 + 0x1007, page_l2 + 0x2007, page_l2 + 0x3007
	.fill	508, 8, 0
page_l2:
	.set	i, 0
	.rept	2048
	.quad	(i << 21) + 0x87
	.set	i, i + 1
	.endr

	.section .bss
	.balign 4096
	.globl cpu_stacks
cpu_stacks:
	.skip	4 * 16384

	.section .note.GNU-stack, "", @progbits
