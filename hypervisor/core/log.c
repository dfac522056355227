/*
 * The log: each line goes into a ring and to the consoles. Also the hardware
 * domain's raw console output, and the bytes typed for it. Locks: log_lock
 * covers ring and consoles, input_lock the input ring; both are leaves.
 */
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/event.h>
#include <hv/keys.h>
#include <hv/lib.h>
#include <hv/log.h>

#define RING_SIZE  65536u	/* power of two */
#define LINE_MAX   256
#define INPUT_SIZE 1024u	/* power of two */

#define SWITCH_KEY   0x01	/* Ctrl-A */
#define SWITCH_COUNT 3

/* guest_log(): a burst, then one line per period and domain. */
#define GUEST_BURST	16
#define GUEST_PERIOD_NS 250000000ull

static spinlock_t log_lock = SPINLOCK_INIT;
static char ring[RING_SIZE];
static uint64_t ring_start, ring_end;	/* absolute positions */
static enum log_level threshold = LOG_INFO;
/* The hardware domain has said something: a person's screen may be there. */
static bool consoles_shared;

static spinlock_t input_lock = SPINLOCK_INIT;
static char input[INPUT_SIZE];
static unsigned int input_head, input_tail;
static unsigned int switch_seen;
static bool input_is_ours;

void log_init(void)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = {
		{"error", LOG_ERROR}, {"warning", LOG_WARN}, {"info", LOG_INFO},
		{"debug", LOG_DEBUG}, {"all", LOG_DEBUG},
	};
	char v[16];

	if (!cmdline_get("loglvl", v, sizeof(v)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (!strcmp(v, levels[i].name)) {
			threshold = levels[i].level;
			return;
		}
	}
	log_warn("loglvl=%s: unknown level: use error, warning, info or debug", v);
}

static void ring_write_locked(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ring[ring_end++ % RING_SIZE] = s[i];
	if (ring_end - ring_start > RING_SIZE)
		ring_start = ring_end - RING_SIZE;
}

static void show_locked(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		arch_console_putc(s[i]);
}

/* What a guest provokes must not tear the screen that is shown there. */
static bool is_shown(const struct domain *d)
{
	return !d || d == hardware_domain || !consoles_shared || threshold == LOG_DEBUG;
}

/* d: the domain that it is about; NULL: the hypervisor's own. */
static void write_line(enum log_level level, const struct domain *d, const char *fmt,
		       va_list ap)
{
	static const char *const words[] = {"ERROR: ", "warning: ", "", ""};
	uint64_t us = now_ns() / 1000;
	char line[LINE_MAX], who[16] = "";
	size_t n;

	if (d)
		snprintf(who, sizeof(who), "d%u: ", d->id);
	n = (size_t)snprintf(line, sizeof(line), "(hv) [%5lu.%06lu] %s%s",
			     us / 1000000, us % 1000000, words[level], who);
	n += (size_t)vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	n = MIN(n, sizeof(line) - 2);
	if (line[n - 1] != '\n')	/* a caller's own newline is as good */
		line[n++] = '\n';
	LOCKED(&log_lock);
	ring_write_locked(line, n);
	if (is_shown(d))
		show_locked(line, n);
}

void hv_log(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level > threshold)
		return;
	va_start(ap, fmt);
	write_line(level, NULL, fmt, ap);
	va_end(ap);
}

/* One token of @d's, or false when it has none. */
static bool guest_token(struct domain *d)
{
	uint64_t now = now_ns(), earned;
	bool ok;

	LOCKED(&log_lock);
	earned = (now - d->log_refill) / GUEST_PERIOD_NS;
	if (earned) {
		d->log_tokens = MIN(d->log_tokens + earned, GUEST_BURST);
		d->log_refill = now;
	}
	ok = d->log_tokens > 0;
	d->log_tokens -= ok;
	return ok;
}

void guest_log(struct domain *d, const char *fmt, ...)
{
	va_list ap;

	if (LOG_INFO > threshold || !guest_token(d))
		return;
	va_start(ap, fmt);
	write_line(LOG_INFO, d, fmt, ap);
	va_end(ap);
}

size_t log_read(uint64_t *pos, char *buf, size_t n)
{
	size_t i = 0;

	LOCKED(&log_lock);
	if (*pos < ring_start)
		*pos = ring_start;
	while (i < n && *pos < ring_end)
		buf[i++] = ring[(*pos)++ % RING_SIZE];
	return i;
}

size_t log_tail(char *buf, size_t n)
{
	uint64_t pos = ring_end - MIN(n, ring_end - ring_start);

	return log_read(&pos, buf, n);
}

void log_clear(void)
{
	LOCKED(&log_lock);
	ring_start = ring_end;
}

void log_seize(void)
{
	spin_init(&log_lock);
	arch_console_seize();
}

void console_write(const char *s, size_t n)
{
	LOCKED(&log_lock);
	ring_write_locked(s, n);
	show_locked(s, n);
}

void console_pass(const char *s, size_t n)
{
	LOCKED(&log_lock);
	consoles_shared = true;
	show_locked(s, n);
}

int console_getc(void)
{
	int c = -1;

	LOCKED(&input_lock);
	if (input_tail != input_head)
		c = (unsigned char)input[input_tail++ % INPUT_SIZE];
	return c;
}

static void switch_input(void)
{
	input_is_ours = !input_is_ours;
	log_info("serial input goes to %s (Ctrl-A three times switches)",
		 input_is_ours ? "the hypervisor: 'h' lists its keys"
			       : "the control domain");
}

static void deliver(char c)
{
	if (input_is_ours) {
		keys_press(c);
		return;
	}
	spin_lock(&input_lock);
	if (input_head - input_tail < INPUT_SIZE)
		input[input_head++ % INPUT_SIZE] = c;
	spin_unlock(&input_lock);
	if (hardware_domain)
		virq_send_global(VIRQ_CONSOLE);
}

void console_rx(char c)
{
	if (c == SWITCH_KEY) {
		if (++switch_seen == SWITCH_COUNT) {
			switch_seen = 0;
			switch_input();
		}
		return;
	}
	/* It was not the sequence: what was held back belongs to the reader. */
	for (; switch_seen; switch_seen--)
		deliver(SWITCH_KEY);
	deliver(c);
}
