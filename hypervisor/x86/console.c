/* The consoles as one: what core/log.c writes goes to those chosen at boot. */
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/console.h>
#include <x86/platform.h>

bool console_wanted(const char *name)
{
	char list[64];
	size_t n = strlen(name);

	if (!cmdline_get("console", list, sizeof(list)))
		strlcpy(list, "com1,vga", sizeof(list));
	for (const char *p = list; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (!strncmp(p, name, n) && (!p[n] || p[n] == ','))
			return true;
	}
	return false;
}

void arch_console_putc(char c)
{
	serial_putc(c);
	screen_putc(c);
}

void arch_console_seize(void)
{
	screen_reclaim();
}

void machine_refuse(const char *what, const char *why, const char *todo)
{
	arch_stop_others();
	log_seize();
	log_error("****************************************");
	log_error("Basalt cannot run on this machine.");
	log_error("%s: %s: %s", what, why, todo);
	arch_halt();
}
