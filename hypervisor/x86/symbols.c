/* Names of code addresses, from the table that the second link adds. */
#include <hv/log.h>

#include <x86/platform.h>
#include <x86/traps.h>

#define BACKTRACE_MAX 24

/* hypervisor/symbols.awk */
extern const uint32_t symbol_count, symbol_offset[], symbol_name_at[];
extern const char symbol_names[];
extern char hv_text_end[];

const char *symbol_name(uintptr_t addr, uint64_t *offset)
{
	uint64_t at = addr - (uintptr_t)hv_start;
	unsigned int lo = 0, hi = symbol_count;

	if (addr < (uintptr_t)hv_start || addr >= (uintptr_t)hv_text_end)
		return NULL;
	while (hi - lo > 1) {
		unsigned int mid = (lo + hi) / 2;

		if (symbol_offset[mid] <= at)
			lo = mid;
		else
			hi = mid;
	}
	if (!symbol_count || symbol_offset[lo] > at)
		return NULL;
	*offset = at - symbol_offset[lo];
	return symbol_names + symbol_name_at[lo];
}

static void show_line(uintptr_t addr)
{
	uint64_t offset = 0;
	const char *name = symbol_name(addr, &offset);

	if (name)
		log_error("  [%016lx] %s+%#lx", addr, name, offset);
	else
		log_error("  [%016lx] ?", addr);
}

/* A frame pointer that can be followed: on this CPU's mapped stacks. */
static bool frame_ok(uintptr_t rbp)
{
	uintptr_t base = (uintptr_t)__builtin_frame_address(0) & ~(STACK_SIZE - 1);

	return !(rbp & 7) && rbp >= base && rbp + 16 <= base + STACK_SIZE &&
	       (rbp - base) / PAGE_SIZE != STACK_GUARD &&
	       (rbp + 15 - base) / PAGE_SIZE != STACK_GUARD;
}

void backtrace_from(uintptr_t rip, uintptr_t rbp)
{
	log_error("backtrace:");
	show_line(rip);
	for (unsigned int i = 0; i < BACKTRACE_MAX && frame_ok(rbp); i++) {
		const uintptr_t *frame = (const uintptr_t *)rbp;

		if (!frame[1])
			break;
		show_line(frame[1]);
		if (frame[0] <= rbp)	/* callers lie higher */
			break;
		rbp = frame[0];
	}
}
