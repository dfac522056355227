/*
 * The screen as 80x25 characters: a BIOS's text memory at 0xb8000, or drawn
 * into the frame buffer that UEFI has set up. Writes, scrolls, never reads it
 * back; a cell is drawn when it changes.
 */
#include <hv/boot.h>
#include <hv/lib.h>

#include <x86/asm.h>
#include <x86/console.h>
#include <x86/platform.h>

#define TEXT_PA	  0xb8000ul
#define COLUMNS	  80u
#define ROWS	  25u
#define CELLS	  (COLUMNS * ROWS)
#define ATTRIBUTE 0x0700u	/* light grey on black */
#define GREY	  0xaau		/* the same, of 255 */
#define CRTC_INDEX 0x3d4
#define CRTC_DATA  0x3d5
#define CRTC_CURSOR_HIGH 0x0e
#define CRTC_CURSOR_LOW  0x0f
#define GLYPH_W	  8u
#define GLYPH_H	  16u
#define LOW_LIMIT (4ul << 30)	/* boot.S maps so much */

/* Glyphs of 8x16 dots (font.S), a row a byte. */
extern const uint8_t screen_font[256][GLYPH_H];

static char shadow[CELLS], shown[CELLS];	/* wanted; on the screen now */
static volatile uint16_t *text;			/* one of the two, or none */
static volatile char *pixels;
static uint32_t grey;
static unsigned int cursor;
static bool wrapped;	/* the last character filled its line */
static bool off;	/* not chosen, or the control domain's */

static void draw_pixels(unsigned int cell, uint8_t c)
{
	const struct boot_screen *s = &boot_info.screen;
	size_t x = cell % COLUMNS * GLYPH_W, y = cell / COLUMNS * GLYPH_H;

	for (unsigned int row = 0; row < GLYPH_H; row++) {
		volatile uint32_t *p = (volatile void *)(pixels + (y + row) * s->pitch);

		for (unsigned int i = 0; i < GLYPH_W; i++)
			p[x + i] = screen_font[c][row] & 0x80 >> i ? grey : 0;
	}
}

static void draw(unsigned int cell)
{
	uint8_t c = (uint8_t)shadow[cell];

	if (text)
		text[cell] = (uint16_t)(ATTRIBUTE | c);
	else if (pixels)
		draw_pixels(cell, c);
	shown[cell] = shadow[cell];
}

static void draw_changes(void)
{
	for (unsigned int i = 0; i < CELLS; i++)
		if (shadow[i] != shown[i])
			draw(i);
}

static void draw_all(void)
{
	for (unsigned int i = 0; i < CELLS; i++)
		draw(i);
}

static uint32_t grey_of(struct boot_colour c)
{
	return c.size && c.size <= 8 && c.pos < 32 ? GREY >> (8 - c.size) << c.pos : 0;
}

/* Pixels of 32 bits, which is what firmware sets up, and room for the text. */
static void remap_pixels(const struct boot_screen *s)
{
	size_t size = (size_t)s->pitch * ROWS * GLYPH_H;

	pixels = NULL;
	if (s->bits != 32 || s->pitch % 4 || s->width < COLUMNS * GLYPH_W ||
	    s->height < ROWS * GLYPH_H ||
	    (!host_cr3 && (s->addr >= LOW_LIMIT || size > LOW_LIMIT - s->addr)))
		return;
	pixels = map_mmio(s->addr, size);
	grey = grey_of(s->red) | grey_of(s->green) | grey_of(s->blue);
}

void screen_remap(void)
{
	if (boot_info.screen.width)
		remap_pixels(&boot_info.screen);
	else
		text = map_mmio(TEXT_PA, CELLS * sizeof(*text));
}

void screen_init(void)
{
	memset(shadow, ' ', sizeof(shadow));
	screen_remap();
	off = !console_wanted("vga");
	if (!off)
		draw_all();
}

static void scroll(void)
{
	memmove(shadow, shadow + COLUMNS, CELLS - COLUMNS);
	memset(shadow + CELLS - COLUMNS, ' ', COLUMNS);
	cursor -= COLUMNS;
	draw_changes();
}

static void move_cursor(void)
{
	if (!text)
		return;
	outb(CRTC_INDEX, CRTC_CURSOR_HIGH);
	outb(CRTC_DATA, (uint8_t)(cursor >> 8));
	outb(CRTC_INDEX, CRTC_CURSOR_LOW);
	outb(CRTC_DATA, (uint8_t)cursor);
}

void screen_putc(char c)
{
	if (off || !(text || pixels))
		return;
	if (c == '\r') {
		cursor -= cursor % COLUMNS;
	} else if (c == '\n') {
		cursor += wrapped ? 0 : COLUMNS - cursor % COLUMNS;
	} else {
		shadow[cursor] = c;
		draw(cursor++);
	}
	wrapped = c >= ' ' && cursor % COLUMNS == 0;
	if (cursor >= CELLS)
		scroll();
	if (c == '\n')
		move_cursor();
}

void screen_release(void)
{
	off = true;
}

void screen_reclaim(void)
{
	if (!text && !pixels)
		screen_init();
	off = false;
	draw_all();
}
