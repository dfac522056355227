/* The font of the screen's text, made by build.mk: see x86/screen.c. */
	.section .rodata
	.globl	screen_font
screen_font:
	.incbin	"font.bin"

	.section .note.GNU-stack, "", @progbits
