/*
 * One stub per vector, all into trap_dispatch(). The hypervisor has no user
 * mode: the interrupted code is always ours, with our segments.
 */
#include <asm_offsets.h>

	.text
	.globl	trap_stubs
	.align	16
trap_stubs:
	vector = 0
	.rept	256
	.align	16
	/* Vectors for which the CPU pushes an error code (APM 8.2). */
	.if	!(vector == 8 || (vector >= 10 && vector <= 14) || \
		vector == 17 || vector == 21 || vector == 29 || vector == 30)
	push	$0
	.endif
	push	$vector
	jmp	trap_entry
	vector = vector + 1
	.endr

	/* struct trap_regs, from its end to its start */
trap_entry:
	push	%rax
	push	%rcx
	push	%rdx
	push	%rbx
	push	%rbp
	push	%rsi
	push	%rdi
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
	/* void trap_dispatch(struct trap_regs *r) */
	call	trap_dispatch
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rbp
	pop	%rbx
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq

/*
 * bool rdmsr_safe(uint32_t msr, uint64_t *v);
 * bool wrmsr_safe(uint32_t msr, uint64_t v);
 * A #GP at 1: continues at 2: (extable).
 */
	.globl	rdmsr_safe
	.type	rdmsr_safe, @function
rdmsr_safe:
	mov	%edi, %ecx
1:	rdmsr
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, (%rsi)
	mov	$1, %eax
	ret
2:	xor	%eax, %eax
	ret
	.pushsection .extable, "a"
	.quad	1b, 2b
	.popsection

	.globl	wrmsr_safe
	.type	wrmsr_safe, @function
wrmsr_safe:
	mov	%edi, %ecx
	mov	%esi, %eax
	mov	%rsi, %rdx
	shr	$32, %rdx
1:	wrmsr
	mov	$1, %eax
	ret
2:	xor	%eax, %eax
	ret
	.pushsection .extable, "a"
	.quad	1b, 2b
	.popsection

	.section .note.GNU-stack, "", @progbits
