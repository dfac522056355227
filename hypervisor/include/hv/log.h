/*
 * The hypervisor's log: to serial and VGA as configured, and always into the
 * ring that `xl dmesg` reads (XEN_SYSCTL_readconsole). ERROR: our fault or the
 * hardware's. WARN: odd but handled. INFO: boot facts. DEBUG: per event.
 * A guest can cause neither ERROR nor a flood: use guest_log() for what a
 * guest provokes (rate-limited per domain, INFO level).
 */
#ifndef HV_LOG_H
#define HV_LOG_H

#include <hv/types.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct domain;

void hv_log(enum log_level level, const char *fmt, ...) printf_like(2, 3);
void guest_log(struct domain *d, const char *fmt, ...) printf_like(2, 3);

#define log_error(...)	hv_log(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)	hv_log(LOG_WARN, __VA_ARGS__)
#define log_info(...)	hv_log(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	hv_log(LOG_DEBUG, __VA_ARGS__)

/*
 * Reads the log ring from absolute position @*pos; returns the bytes copied
 * and moves *pos. A position that has been overwritten is moved up first.
 */
size_t log_read(uint64_t *pos, char *buf, size_t n);
/* The last @n bytes, or as many as there are. */
size_t log_tail(char *buf, size_t n);
void log_clear(void);

/*
 * For the last report of a machine that stops: the other CPUs are halted and
 * may hold the log lock for ever; takes it over, and all consoles.
 */
void log_seize(void);
/* Level from loglvl= (error, warning, info, debug; "all" is debug). */
void log_init(void);

/* @n bytes as they are, to the console devices and the ring. */
void console_write(const char *s, size_t n);
/*
 * The same without the ring: the control domain's own console. What is typed
 * and shown there is no part of the hypervisor's log, and `xl dmesg` on that
 * very console would never come to an end.
 */
void console_pass(const char *s, size_t n);
/* Next byte typed on the serial line for dom0, or -1. */
int console_getc(void);
/* Called by the serial interrupt for each byte that came in. */
void console_rx(char c);

#endif
