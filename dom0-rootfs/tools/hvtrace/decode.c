/* The trace rings as text: see decode.h. */
#include "hvtrace/decode.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { EXIT, HYPERCALL, EVENT, SWITCH, WAKE, EVENTS };

static const char *const names[EVENTS] = {"exit", "hypercall", "event", "switch", "wake"};

static const char *const hypercalls[] = {
	[7] = "platform_op", [12] = "memory_op", [13] = "multicall", [15] = "set_timer_op",
	[17] = "xen_version", [18] = "console_io", [20] = "grant_table_op",
	[21] = "vm_assist", [24] = "vcpu_op", [29] = "sched_op",
	[32] = "event_channel_op", [33] = "physdev_op", [34] = "hvm_op", [35] = "sysctl",
	[36] = "domctl", [41] = "dm_op", [48] = "mca",
};

bool hvtrace_next(struct hvtrace_ring *r, struct hvtrace_record *out, uint64_t *lost)
{
	const struct hvtrace_record *records = (const void *)(r->head + 4);
	uint64_t room = r->bytes / sizeof(*records) - 1, produced;

	produced = __atomic_load_n(&r->head[0], __ATOMIC_ACQUIRE);
	if (produced == r->read)
		return false;
	/* A record is whole if its place was not written again meanwhile. */
	for (;;) {
		if (produced - r->read >= room) {
			*lost += produced - r->read - room + 1;
			r->read = produced - room + 1;
		}
		memcpy(out, &records[r->read % room], sizeof(*out));
		produced = __atomic_load_n(&r->head[0], __ATOMIC_ACQUIRE);
		if (produced - r->read < room)
			break;
	}
	r->read++;
	return true;
}

static void format_exit(const struct hvtrace_record *rec, const char *const *exits, char *buf,
			size_t n)
{
	uint64_t i = 0;

	while (exits[i] && i < rec->a)
		i++;
	if (exits[i])
		snprintf(buf, n, "%s at %#" PRIx64, exits[i], rec->b);
	else
		snprintf(buf, n, "reason %" PRIu64 " at %#" PRIx64, rec->a, rec->b);
}

static void format_hypercall(const struct hvtrace_record *rec, char *buf, size_t n)
{
	const char *name = rec->a < sizeof(hypercalls) / sizeof(hypercalls[0]) ?
				   hypercalls[rec->a] : NULL;

	if (name)
		snprintf(buf, n, "%s %#" PRIx64, name, rec->b);
	else
		snprintf(buf, n, "%" PRIu64 " %#" PRIx64, rec->a, rec->b);
}

void hvtrace_format(const struct hvtrace_record *rec, unsigned int cpu,
		    const char *const *exits, char *buf, size_t n)
{
	unsigned int high = (unsigned int)(rec->a >> 32), low = (unsigned int)rec->a;
	int len = snprintf(buf, n, "%5" PRIu64 ".%09" PRIu64 " CPU %u d%uv%u %s ",
			   rec->ns / 1000000000, rec->ns % 1000000000, cpu, rec->domain,
			   rec->vcpu, rec->event < EVENTS ? names[rec->event] : "?");

	if (len < 0 || (size_t)len >= n)
		return;
	buf += len;
	n -= (size_t)len;
	switch (rec->event) {
	case EXIT:
		format_exit(rec, exits, buf, n);
		break;
	case HYPERCALL:
		format_hypercall(rec, buf, n);
		break;
	case EVENT:
		snprintf(buf, n, "d%u port %u", high, low);
		break;
	case SWITCH:
		snprintf(buf, n, "from d%uv%u", high, low);
		break;
	case WAKE:
		snprintf(buf, n, "d%uv%u on CPU %" PRIu64, high, low, rec->b);
		break;
	default:
		snprintf(buf, n, "%u %#" PRIx64 " %#" PRIx64, rec->event, rec->a, rec->b);
	}
}

uint32_t hvtrace_mask(const char *list)
{
	uint32_t mask = 0;

	while (*list) {
		size_t len = strcspn(list, ",");
		unsigned int i = 0;

		while (i < EVENTS && (strlen(names[i]) != len || strncmp(names[i], list, len)))
			i++;
		if (i == EVENTS)
			return 0;
		mask |= 1u << i;
		list += len + (list[len] == ',');
	}
	return mask;
}
