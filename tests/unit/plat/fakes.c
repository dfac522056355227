#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "fakes.h"

#include <hv/arch.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/timer.h>
#include <x86/platform.h>

jmp_buf panic_env;
int panic_expected;
char panic_text[256];
char log_text[256];
unsigned int log_lines;
struct cpu fake_cpus[2];
struct cpu *cpus[MAX_CPUS] = {&fake_cpus[0], &fake_cpus[1]};
unsigned int nr_cpus = 2;
unsigned int fake_cpu;
uint64_t fake_now, fake_deadline;
char *fake_ram;

static size_t ram_size;

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(panic_text, sizeof(panic_text), fmt, ap);
	va_end(ap);
	if (panic_expected) {
		panic_expected = 0;
		longjmp(panic_env, 1);
	}
	fprintf(stderr, "panic: %s\n", panic_text);
	abort();
}

void machine_refuse(const char *what, const char *why, const char *todo)
{
	panic("%s: %s: %s", what, why, todo);
}

void hv_log(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level == LOG_DEBUG)
		return;
	va_start(ap, fmt);
	vsnprintf(log_text, sizeof(log_text), fmt, ap);
	va_end(ap);
	log_lines++;
}

size_t strlcpy(char *dst, const char *src, size_t n)
{
	return (size_t)snprintf(dst, n, "%s", src);
}

/* Time passes for who waits. */
void arch_relax(void)
{
	fake_now += 1000000;
}

struct cpu *this_cpu(void)
{
	return cpus[fake_cpu];
}

uint64_t now_ns(void)
{
	return fake_now;
}

void arch_timer_program(uint64_t deadline_ns)
{
	fake_deadline = deadline_ns;
}

void fake_memory(size_t size)
{
	if (fake_ram)
		munmap(fake_ram, ram_size);
	ram_size = size;
	fake_ram = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(fake_ram != MAP_FAILED);
}

void *map_frame(mfn_t mfn)
{
	assert_true(mfn.v < ram_size / PAGE_SIZE);
	return fake_ram + mfn_to_addr(mfn);
}

void unmap_frame(const void *p)
{
	(void)p;
}

mfn_t virt_to_mfn(const void *p)
{
	return addr_to_mfn((uintptr_t)p - (uintptr_t)fake_ram);
}

/* Beyond the memory is a bug of the caller's: the tests' tables end there. */
void *map_firmware(uint64_t pa, size_t len)
{
	if (pa + len > ram_size || pa + len < pa)
		panic("map_firmware(%#lx, %zu)", pa, len);
	return fake_ram + pa;
}
