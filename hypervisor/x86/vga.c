/* The 80x25 text screen at 0xb8000: writes, scrolls, never reads it back. */
#include <hv/lib.h>

#include <x86/asm.h>
#include <x86/console.h>
#include <x86/platform.h>

#define VGA_PA	  0xb8000ul
#define COLUMNS	  80u
#define ROWS	  25u
#define CELLS	  (COLUMNS * ROWS)
#define ATTRIBUTE 0x0700u	/* light grey on black */
#define CRTC_INDEX 0x3d4
#define CRTC_DATA  0x3d5
#define CRTC_CURSOR_HIGH 0x0e
#define CRTC_CURSOR_LOW  0x0f

static uint16_t shadow[CELLS];
static volatile uint16_t *screen;
static unsigned int cursor;
static bool wrapped;	/* the last character filled its line */
static bool off;	/* not chosen, or the control domain's */

static void redraw(void)
{
	for (unsigned int i = 0; i < CELLS; i++)
		screen[i] = shadow[i];
}

void vga_remap(void)
{
	screen = map_mmio(VGA_PA, CELLS * sizeof(*shadow));
}

static void take_screen(void)
{
	vga_remap();
	for (unsigned int i = 0; i < CELLS; i++)
		shadow[i] = ATTRIBUTE | ' ';
}

void vga_init(void)
{
	take_screen();
	off = !console_wanted("vga");
	if (!off)
		redraw();
}

static void scroll(void)
{
	memmove(shadow, shadow + COLUMNS, (CELLS - COLUMNS) * sizeof(*shadow));
	for (unsigned int i = CELLS - COLUMNS; i < CELLS; i++)
		shadow[i] = ATTRIBUTE | ' ';
	cursor -= COLUMNS;
	redraw();
}

static void move_cursor(void)
{
	outb(CRTC_INDEX, CRTC_CURSOR_HIGH);
	outb(CRTC_DATA, (uint8_t)(cursor >> 8));
	outb(CRTC_INDEX, CRTC_CURSOR_LOW);
	outb(CRTC_DATA, (uint8_t)cursor);
}

void vga_putc(char c)
{
	if (off || !screen)
		return;
	if (c == '\r') {
		cursor -= cursor % COLUMNS;
	} else if (c == '\n') {
		cursor += wrapped ? 0 : COLUMNS - cursor % COLUMNS;
	} else {
		shadow[cursor] = ATTRIBUTE | (uint8_t)c;
		screen[cursor] = shadow[cursor];
		cursor++;
	}
	wrapped = c >= ' ' && cursor % COLUMNS == 0;
	if (cursor >= CELLS)
		scroll();
	if (c == '\n')
		move_cursor();
}

void vga_release(void)
{
	off = true;
}

void vga_reclaim(void)
{
	if (!screen)
		take_screen();
	off = false;
	redraw();
}
