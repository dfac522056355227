/* The end: say why, where from, and reboot (or stop, with "noreboot"). */
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/crash.h>
#include <hv/lib.h>
#include <hv/log.h>

#define REBOOT_DELAY_MS 5000

static int panicking;

void panic(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	/* A fault inside panic, or on another CPU meanwhile: no second report. */
	if (__atomic_exchange_n(&panicking, 1, __ATOMIC_SEQ_CST))
		arch_halt();
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	arch_stop_others();
	log_seize();
	log_error("****************************************");
	log_error("Basalt stops on CPU %u:", this_cpu()->id);
	log_error("%s", text);
	arch_backtrace();
	crash_keep();
	if (cmdline_bool("noreboot", false)) {
		log_error("stopped (noreboot): reset the machine by hand");
		arch_halt();
	}
	log_error("rebooting in %u seconds", REBOOT_DELAY_MS / 1000);
	arch_delay_ms(REBOOT_DELAY_MS);
	arch_machine_reboot();
}
