/*
 * One trip into the guest, as a function that returns to C (APM vol. 2 15.5).
 *
 * void svm_enter(struct cpu_regs *regs, uint64_t vmcb_pa, uint64_t host_pa);
 *
 * VMRUN switches RAX, RSP, RIP, RFLAGS, control registers and the segments it
 * needs; VMLOAD and VMSAVE move the rest (FS, GS, TR, LDTR and their MSRs). TR
 * must be the host's again before the first NMI or machine check can come, as
 * both use its interrupt stacks: GIF is 0 around all of it. The host's IF is 1
 * inside that bracket, so that a physical interrupt ends the guest (APM 15.21)
 * and is taken later, in C, by irq_window().
 *
 * Inside, the stack holds: 0 regs, 8 vmcb_pa, 16 host_pa.
 */

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
	.globl svm_enter
	.type svm_enter, @function
svm_enter:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdx
	push	%rsi
	push	%rdi

	mov	%rsi, %rax
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

	clgi
	sti
	vmload	%rax
	vmrun	%rax
	vmsave	%rax
	cli
	mov	16(%rsp), %rax
	vmload	%rax
	stgi

	mov	(%rsp), %rax
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

	add	$24, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret
	.size svm_enter, . - svm_enter

	.section .note.GNU-stack, "", @progbits
