/*
 * The hypervisor's console in a domU's hands: refused, or limited; never a way
 * to read memory, to fill the log, or to forge a whole line of it.
 */
#include "guest.h"

static char buf[8192];

void test_main(void)
{
	long rc = hv_console_io(CONSOLEIO_write, 5, "abc\n");
	unsigned int i;

	printf("console_io write by a domU: %ld\n", rc);
	if (rc < 0)
		EXPECT_OR(rc, -XEN_EPERM, -XEN_ENOSYS);
	CHECK(hv_console_io(CONSOLEIO_read, 16, buf) < 0);
	CHECK(hv_console_io(CONSOLEIO_write, 16, (void *)0x123456789000) <= 0);
	CHECK(hv_console_io(2, 16, buf) < 0);
	CHECK(hv_console_io(0xffffffff, 16, buf) < 0);
	CHECK(hv_console_io(CONSOLEIO_write, 0xffffffff, buf) < 0);
	CHECK(hv_console_io(CONSOLEIO_write, 0x80000000, buf) < 0);
	CHECK(hv_console_io(CONSOLEIO_read, 0xffffffff, buf) < 0);
	/* Control characters and a line without end. */
	for (i = 0; i < 256; i++)
		buf[i] = (char)i;
	hv_console_io(CONSOLEIO_write, 256, buf);
	memset(buf, 'x', sizeof(buf));
	hv_console_io(CONSOLEIO_write, sizeof(buf), buf);
}
