/*
 * console_io (xen/xen.h): the hypervisor's console in guests' hands. The
 * control domain writes as it likes and reads what is typed. Others may write
 * in debug builds: printable characters, whole lines that say who wrote them,
 * and not too many of them.
 */
#include <hv/access.h>
#include <hv/domain.h>
#include <hv/guest.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/timer.h>

#define CHUNK		128u
#define LINE_PREFIX	8	/* "(d32751)" and then the space */

/* Lines a domain may have written at once, and how fast it earns new ones. */
#define LINES_BURST	1024u
#define LINE_EARN_NS	1000000ull

/* --- other domains' lines ------------------------------------------------- */

static bool line_allowed(struct domain *d)
{
	uint64_t now = now_ns();
	uint64_t earned = (now - d->console_refill) / LINE_EARN_NS;

	if (earned) {
		d->console_lines = (unsigned int)MIN(d->console_lines + earned,
						     (uint64_t)LINES_BURST);
		d->console_refill = now;
	}
	if (!d->console_lines)
		return false;
	d->console_lines--;
	return true;
}

static void line_end_locked(struct domain *d)
{
	char out[LINE_PREFIX + sizeof(d->console_line) + 4];
	int n = snprintf(out, sizeof(out), "(d%u) %.*s\n", d->id,
			 (int)d->console_len, d->console_line);

	if (d->console_len && line_allowed(d))
		console_write(out, (size_t)n);
	d->console_len = 0;
}

static void write_lines(struct domain *d, const char *s, size_t n)
{
	LOCKED(&d->lock);
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\n' || d->console_len == sizeof(d->console_line))
			line_end_locked(d);
		if (s[i] == '\t' || (s[i] >= ' ' && s[i] <= '~'))
			d->console_line[d->console_len++] = s[i];
	}
}

/* --- the operations ------------------------------------------------------- */

static long do_write(struct hypercall *hc, uint32_t count, gva_t from)
{
	struct domain *d = current->domain;
	long err = access_check(d, ACCESS_CONSOLE_WRITE, NULL);
	char chunk[CHUNK];

	while (!err && count) {
		size_t n = MIN(count, CHUNK);

		err = guest_read(chunk, from, n);
		if (err)
			break;
		if (d->control)
			console_pass(chunk, n);
		else
			write_lines(d, chunk, n);
		from = gva_add(from, n);
		count -= (uint32_t)n;
		if (count && hypercall_preempt_check()) {
			hc->arg[1] = count;
			hc->arg[2] = from.v;
			return hypercall_restart(hc);
		}
	}
	return err;
}

static long do_read(uint32_t count, gva_t to)
{
	long done = 0, err = access_check(current->domain, ACCESS_CONSOLE_READ, NULL);
	int c;

	while (!err && count-- && (c = console_getc()) >= 0) {
		char byte = (char)c;

		err = guest_write(gva_add(to, (uint64_t)done++), &byte, 1);
	}
	return err ? err : done;
}

long console_io_op(struct hypercall *hc)
{
	uint32_t cmd = (uint32_t)hc->arg[0], count = (uint32_t)hc->arg[1];

	if (count > INT32_MAX)
		return -EINVAL;
	switch (cmd) {
	case CONSOLEIO_write:
		return do_write(hc, count, GVA(hc->arg[2]));
	case CONSOLEIO_read:
		return do_read(count, GVA(hc->arg[2]));
	default:
		return -ENOSYS;
	}
}
