/*
 * Verdicts: the worst one counts and is told once, at the end.
 */
#include "guest.h"

static volatile enum verdict worst;
static const char *const names[] = {"SUCCESS", "SKIP", "ERROR", "FAILURE"};

static void report(enum verdict v, const char *fmt, va_list ap)
{
	char text[320];

	vsnprintf(text, sizeof(text), fmt, ap);
	printf("%s: %s\n", names[v], text);
	if (v > worst)
		worst = v;
}

void test_failure(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(V_FAILURE, fmt, ap);
	va_end(ap);
}

void test_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(V_ERROR, fmt, ap);
	va_end(ap);
}

void test_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(V_SKIP, fmt, ap);
	va_end(ap);
}

long expect_value(const char *where, const char *what, long got, long want)
{
	if (got != want)
		test_failure("%s: %s gave %ld, expected %ld", where, what, got, want);
	return got;
}

long expect_either(const char *where, const char *what, long got, long a, long b)
{
	if (got != a && got != b)
		test_failure("%s: %s gave %ld, expected %ld or %ld", where, what, got, a,
			     b);
	return got;
}

bool expect_true(const char *where, const char *what, bool ok)
{
	if (!ok)
		test_failure("%s: not true: %s", where, what);
	return ok;
}

void test_end(void)
{
	irq_disable();
	if (mailbox)
		mailbox->verdict = 1 + worst;
	else
		printf("Test result: %s\n", names[worst]);
	hv_shutdown(SHUTDOWN_poweroff);
	for (;;)
		asm volatile("cli; hlt");
}
