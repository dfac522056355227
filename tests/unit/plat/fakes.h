/* What the hypervisor's base needs of a machine, on the host. */
#ifndef FAKES_H
#define FAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <hv/cpu.h>
#include <hv/lib.h>

/* panic() comes back here with its text, when a test expects it. */
extern jmp_buf panic_env;
extern int panic_expected;
extern char panic_text[256];

#define expect_panic(what, statement)                                        \
	do {                                                                 \
		panic_expected = 1;                                          \
		if (!setjmp(panic_env)) {                                    \
			statement;                                           \
			panic_expected = 0;                                  \
			fail_msg("no panic: %s", #statement);                \
		}                                                            \
		assert_non_null(strstr(panic_text, what));                   \
	} while (0)

/* The last line that was logged, and how many. */
extern char log_text[256];
extern unsigned int log_lines;

extern struct cpu fake_cpus[2];
extern unsigned int fake_cpu;		/* the one that runs */
extern uint64_t fake_now, fake_deadline;

/* Machine memory: @size bytes from machine address 0, zeroed. */
void fake_memory(size_t size);
extern char *fake_ram;

#endif
