/*
 * PVH entry of a 32-bit test kernel: it stays as it was entered, flat, without
 * paging and with interrupts off, like a boot loader. Any fault ends it.
 */
	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 4, 18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long _start

	.section .text.start, "ax"
	.globl _start
_start:
	rdtsc
	cld
	mov	%eax, entry_tsc
	mov	%edx, entry_tsc + 4
	mov	%ebx, start_info_paddr
	mov	$stack_top, %esp
	xor	%ebp, %ebp
	call	guest_start
1:	cli
	hlt
	jmp	1b

	.globl hypercall_vmmcall, hypercall_vmcall
hypercall_vmmcall:
	vmmcall
	ret
hypercall_vmcall:
	vmcall
	ret

	.data
	.balign 8
	.globl entry_tsc, start_info_paddr
entry_tsc:
	.quad	0
start_info_paddr:
	.long	0

	.section .bss
	.balign 16
	.skip	16384
stack_top:

	.section .note.GNU-stack, "", @progbits
