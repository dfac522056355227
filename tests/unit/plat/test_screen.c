/*
 * x86/screen.c on a frame buffer: what is written is drawn, scrolls, and stays
 * inside; a frame buffer that does not suit is left alone.
 */
#include <stdlib.h>

#include "fakes.h"

#include <hv/boot.h>
#include <x86/console.h>
#include <x86/platform.h>

#define WIDTH	700u
#define HEIGHT	401u
#define PITCH	(WIDTH * 4 + 16)
#define GREY	0x00aaaaaau

struct boot_info boot_info;
uint64_t host_cr3;
uint8_t screen_font[256][16];

static uint32_t *pixels;
static uint64_t mapped_at;
static size_t mapped;

bool console_wanted(const char *name)
{
	return !strcmp(name, "vga");
}

/* Exactly so large: the address sanitizer watches its ends. */
void *map_mmio(uint64_t pa, size_t len)
{
	mapped_at = pa;
	mapped = len;
	free(pixels);
	pixels = calloc(1, len);
	return pixels;
}

static int set_up(void **state)
{
	(void)state;
	memset(screen_font['#'], 0xff, 16);
	screen_font['|'][15] = 0x01;
	boot_info.screen = (struct boot_screen){
		.addr = 0xc0000000, .pitch = PITCH, .width = WIDTH, .height = HEIGHT,
		.bits = 32, .red = {16, 8}, .green = {8, 8}, .blue = {0, 8}};
	mapped_at = 0;
	host_cr3 = 1;
	return 0;
}

static void write_text(const char *s)
{
	while (*s)
		screen_putc(*s++);
}

static uint32_t pixel(unsigned int x, unsigned int y)
{
	return pixels[y * (PITCH / 4) + x];
}

static void draws(void **state)
{
	(void)state;
	screen_init();
	assert_int_equal(mapped_at, 0xc0000000);
	assert_int_equal(mapped, PITCH * 400);
	write_text("a#|\n#\r");
	assert_int_equal(pixel(7, 0), 0);
	for (unsigned int i = 0; i < 128; i++)
		assert_int_equal(pixel(8 + i % 8, i / 8), GREY);
	assert_int_equal(pixel(16 + 7, 15), GREY);
	assert_int_equal(pixel(16 + 6, 15), 0);
	assert_int_equal(pixel(0, 16), GREY);
}

static void scrolls(void **state)
{
	(void)state;
	screen_init();
	for (int i = 0; i < 60; i++)
		write_text(i % 2 ? "\n" : "#\n");
	write_text("#");
	assert_int_equal(pixel(0, 24 * 16), GREY);
	assert_int_equal(pixel(0, 23 * 16), 0);
	assert_int_equal(pixel(0, 22 * 16), GREY);
	for (int i = 0; i < 5000; i++)
		write_text("#");
	assert_int_equal(pixel(639, 23 * 16), GREY);
}

/* From the control domain's hands back, for a last message. */
static void comes_back(void **state)
{
	(void)state;
	screen_init();
	write_text("\r\n");
	for (int i = 0; i < 25; i++)
		write_text("\n");
	write_text("#\r");
	screen_release();
	memset(pixels, 0x55, mapped);
	write_text("#");
	assert_int_equal(pixel(8, 24 * 16), 0x55555555);
	screen_reclaim();
	assert_int_equal(pixel(0, 24 * 16), GREY);
	assert_int_equal(pixel(8, 24 * 16), 0);
	assert_int_equal(pixel(640, 0), 0x55555555);
}

static void unsuitable(void **state)
{
	static const struct boot_screen small[] = {
		{.addr = 1, .pitch = 639 * 4, .width = 639, .height = 480, .bits = 32},
		{.addr = 1, .pitch = 640 * 4, .width = 640, .height = 399, .bits = 32},
		{.addr = 1, .pitch = 640 * 3, .width = 640, .height = 480, .bits = 24},
		{.addr = 1, .pitch = 640 * 4 + 2, .width = 640, .height = 480, .bits = 32},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(small); i++) {
		boot_info.screen = small[i];
		screen_init();
		write_text("#\n");
		assert_int_equal(mapped_at, 0);
	}
	/* Only 4 GiB are mapped before paging_init(); then it appears. */
	set_up(state);
	boot_info.screen.addr = (4ul << 30) - PITCH;
	host_cr3 = 0;
	screen_init();
	write_text("#");
	assert_int_equal(mapped_at, 0);
	host_cr3 = 1;
	screen_remap();
	write_text("\n#");
	assert_int_equal(mapped_at, (4ul << 30) - PITCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(draws, set_up),
		cmocka_unit_test_setup(scrolls, set_up),
		cmocka_unit_test_setup(comes_back, set_up),
		cmocka_unit_test_setup(unsuitable, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
