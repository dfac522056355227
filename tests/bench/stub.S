/*
 * Stands where the hypervisor stands and tells the time stamp at its own first
 * instruction on COM1, then resets the machine: what firmware and loader took
 * before any hypervisor began. Multiboot 1, 32 bit, no stack.
 */
	.section .text
	.globl _start
	.balign 4
	.long	0x1badb002, 3, -(0x1badb002 + 3)
_start:
	rdtsc
	mov	%eax, %esi
	mov	%edx, %edi
	mov	$0x3f8, %edx
	mov	$text, %ebx
1:	mov	(%ebx), %al
	inc	%ebx
	test	%al, %al
	jz	2f
	out	%al, %dx
	jmp	1b
2:	mov	$16, %ecx		/* digits, high first: EDI, then ESI */
3:	cmp	$8, %ecx
	jne	4f
	mov	%esi, %edi
4:	rol	$4, %edi
	mov	%edi, %eax
	and	$15, %eax
	mov	digits(%eax), %al
	out	%al, %dx
	loop	3b
	mov	$'\n', %al
	out	%al, %dx
	lidt	none
	ud2

	.data
text:	.asciz "BENCH stub_tsc 0x"
digits:	.ascii "0123456789abcdef"
none:	.word	0
	.long	0
	.section .note.GNU-stack, "", @progbits
