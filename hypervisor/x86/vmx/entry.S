/*
 * One trip into the guest, as a function that returns to C (Intel SDM vol. 3
 * 25.4.2, 27.5).
 *
 * bool vmx_enter(struct cpu_regs *regs, bool launched);
 *
 * The VMCS switches RSP, RIP, RFLAGS, control registers and segments. Interrupts
 * are off here and stay off: a physical interrupt ends the guest whatever IF
 * says (pin control), and waits for irq_window(). True: the CPU refused.
 *
 * Inside, the top of the stack is regs; the exit comes back to that stack.
 */
#include "vmcs.h"

/* struct cpu_regs is in the order of the instruction encoding (x86/hvm.h). */
#define REGS_RCX	(1 * 8)
#define REGS_RDX	(2 * 8)
#define REGS_RBX	(3 * 8)
#define REGS_RBP	(5 * 8)
#define REGS_RSI	(6 * 8)
#define REGS_RDI	(7 * 8)
#define REGS_R8		(8 * 8)
#define REGS_R9		(9 * 8)
#define REGS_R10	(10 * 8)
#define REGS_R11	(11 * 8)
#define REGS_R12	(12 * 8)
#define REGS_R13	(13 * 8)
#define REGS_R14	(14 * 8)
#define REGS_R15	(15 * 8)

	.text
	.globl vmx_enter, vmx_exit
	.type vmx_enter, @function
vmx_enter:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	mov	$VMCS_HOST_RSP, %eax
	vmwrite	%rsp, %rax

	test	%sil, %sil
	mov	(%rdi), %rax
	mov	REGS_RCX(%rdi), %rcx
	mov	REGS_RDX(%rdi), %rdx
	mov	REGS_RBX(%rdi), %rbx
	mov	REGS_RBP(%rdi), %rbp
	mov	REGS_RSI(%rdi), %rsi
	mov	REGS_R8(%rdi), %r8
	mov	REGS_R9(%rdi), %r9
	mov	REGS_R10(%rdi), %r10
	mov	REGS_R11(%rdi), %r11
	mov	REGS_R12(%rdi), %r12
	mov	REGS_R13(%rdi), %r13
	mov	REGS_R14(%rdi), %r14
	mov	REGS_R15(%rdi), %r15
	mov	REGS_RDI(%rdi), %rdi
	jz	1f
	vmresume
	jmp	2f
1:	vmlaunch
2:	mov	$1, %eax
	jmp	3f

vmx_exit:
	push	%rax
	mov	8(%rsp), %rax
	mov	%rcx, REGS_RCX(%rax)
	mov	%rdx, REGS_RDX(%rax)
	mov	%rbx, REGS_RBX(%rax)
	mov	%rbp, REGS_RBP(%rax)
	mov	%rsi, REGS_RSI(%rax)
	mov	%rdi, REGS_RDI(%rax)
	mov	%r8, REGS_R8(%rax)
	mov	%r9, REGS_R9(%rax)
	mov	%r10, REGS_R10(%rax)
	mov	%r11, REGS_R11(%rax)
	mov	%r12, REGS_R12(%rax)
	mov	%r13, REGS_R13(%rax)
	mov	%r14, REGS_R14(%rax)
	mov	%r15, REGS_R15(%rax)
	pop	(%rax)
	xor	%eax, %eax

3:	pop	%rdi
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret
	.size vmx_enter, . - vmx_enter

	.section .note.GNU-stack, "", @progbits
