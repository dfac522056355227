/*
 * Makes a firmware memory map usable: sorted, no overlaps, RAM in whole frames.
 * Pure: compiles on the host.
 */
#include <hv/boot.h>
#include <hv/lib.h>

/* Higher wins where ranges overlap; an unknown type is somebody's. */
static unsigned int strictness(uint32_t type)
{
	switch (type) {
	case E820_RAM:
		return 1;
	case E820_ACPI:
		return 2;
	case E820_NVS:
		return 3;
	case E820_UNUSABLE:
		return 5;
	default:
		return 4;
	}
}

static uint64_t end_of(const struct e820_entry *e)
{
	return e->addr + e->size;
}

/* Shrinks RAM to whole frames, grows the rest to them; drops what is empty. */
static unsigned int round_all(struct e820_entry *in, unsigned int n)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < n; i++) {
		uint64_t start = in[i].addr, end = end_of(&in[i]);

		if (end < start || end > UINT64_MAX - PAGE_SIZE)
			end = ROUNDDOWN(UINT64_MAX - PAGE_SIZE, PAGE_SIZE);
		if (in[i].type == E820_RAM) {
			start = start > UINT64_MAX - PAGE_SIZE
					? end : ROUNDUP(start, PAGE_SIZE);
			end = ROUNDDOWN(end, PAGE_SIZE);
		} else if (in[i].size) {
			start = ROUNDDOWN(start, PAGE_SIZE);
			end = ROUNDUP(end, PAGE_SIZE);
		}
		if (start < end)
			in[kept++] = (struct e820_entry){start, end - start, in[i].type};
	}
	return kept;
}

/* The lowest boundary of any range above @at, or UINT64_MAX. */
static uint64_t next_boundary(const struct e820_entry *in, unsigned int n, uint64_t at)
{
	uint64_t next = UINT64_MAX;

	for (unsigned int i = 0; i < n; i++) {
		if (in[i].addr > at)
			next = MIN(next, in[i].addr);
		else if (end_of(&in[i]) > at)
			next = MIN(next, end_of(&in[i]));
	}
	return next;
}

/* Type in force at @at; 0: none. */
static uint32_t type_at(const struct e820_entry *in, unsigned int n, uint64_t at)
{
	uint32_t type = 0;

	for (unsigned int i = 0; i < n; i++)
		if (in[i].addr <= at && at < end_of(&in[i]) &&
		    (!type || strictness(in[i].type) > strictness(type)))
			type = in[i].type;
	return type;
}

unsigned int e820_sanitise(struct e820_entry *in, unsigned int n,
			   struct e820_entry *out, unsigned int max)
{
	unsigned int nr = 0;
	uint64_t at = 0, next;

	n = round_all(in, n);
	for (; at != UINT64_MAX; at = next) {
		uint32_t type = type_at(in, n, at);

		next = next_boundary(in, n, at);
		if (!type)
			continue;
		if (nr && out[nr - 1].type == type && end_of(&out[nr - 1]) == at) {
			out[nr - 1].size += next - at;
			continue;
		}
		if (nr == max)
			return 0;
		out[nr++] = (struct e820_entry){at, next - at, type};
	}
	return nr;
}
