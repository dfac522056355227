/*
 * A crash report is found by the next start, told once, and believed only whole.
 * What is told goes into the log like everything else, so that is where it is sought.
 */
#include "fake.h"

#include <hv/crash.h>
#include <hv/log.h>

static union {
	char bytes[CRASH_AREA_SIZE];
	uint64_t align;
} area;

static int setup(void **state)
{
	(void)state;
	log_clear();
	return 0;
}

static bool log_has(const char *what)
{
	static char text[65536 + 1];
	size_t n = log_tail(text, sizeof(text) - 1);

	text[n] = '\0';
	return strstr(text, what) != NULL;
}

/* The next start, with an empty log. */
static void restart(void)
{
	log_clear();
	crash_init(area.bytes, sizeof(area));
}

static void test_told_once(void **state)
{
	(void)state;
	memset(&area, 0xa5, sizeof(area));
	restart();
	assert_false(log_has("last words"));
	log_error("the end of things");
	crash_keep();
	restart();
	assert_true(log_has("last words"));
	assert_true(log_has("the end of things"));
	restart();
	assert_false(log_has("last words"));
}

/* The end of a long log is kept, its beginning is not. */
static void test_end_of_log(void **state)
{
	(void)state;
	restart();
	log_error("first line");
	for (unsigned int i = 0; i < CRASH_AREA_SIZE / 16; i++)
		log_error("line %u", i);
	log_error("last line");
	crash_keep();
	restart();
	assert_false(log_has("first line"));
	assert_true(log_has("last line"));
}

/* Any one bit that did not survive spoils it, wherever it is. */
static void test_damage(void **state)
{
	(void)state;
	restart();
	log_error("the end of things");
	crash_keep();
	for (unsigned int bit = 0; bit < 256; bit++) {
		char copy[CRASH_AREA_SIZE];

		memcpy(copy, area.bytes, sizeof(copy));
		area.bytes[bit / 8] ^= (char)(1 << bit % 8);
		restart();
		assert_false(log_has("last words"));
		memcpy(area.bytes, copy, sizeof(copy));
	}
	restart();
	assert_true(log_has("last words"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_told_once, setup),
		cmocka_unit_test_setup(test_end_of_log, setup),
		cmocka_unit_test_setup(test_damage, setup),
	};

	return cmocka_run_group_tests(tests, fake_machine, NULL);
}
