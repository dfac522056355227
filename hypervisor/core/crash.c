/*
 * A crash report that outlives the restart: the end of the log goes to a piece of
 * RAM that the next start of the hypervisor keeps for itself before anything else
 * and looks at. Whether its contents are still there is up to the firmware and the
 * loader, so it is believed only with its magic and check sum.
 *
 * No locks: the boot CPU at its start, and the last CPU that runs.
 */
#include <hv/arch.h>
#include <hv/crash.h>
#include <hv/lib.h>
#include <hv/log.h>

#define CRASH_MAGIC 0x722d746c61736162ull	/* "basalt-r" */

struct record {
	uint64_t magic;
	uint32_t length, sum;
	char text[];
};

static struct record *record;
static size_t room;

/* FNV-1a. */
static uint32_t check_sum(const char *text, size_t n)
{
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < n; i++)
		sum = (sum ^ (unsigned char)text[i]) * 16777619u;
	return sum;
}

/* What was cut at its beginning begins with a piece of a line. */
static void show(void)
{
	size_t n = record->length, cut = 0;

	while (n == room && cut < n && record->text[cut++] != '\n')
		continue;
	console_write(record->text + cut, n - cut);
}

void crash_init(void *area, size_t size)
{
	record = area;
	room = size - sizeof(*record);
	if (record->magic == CRASH_MAGIC && record->length <= room &&
	    record->sum == check_sum(record->text, record->length)) {
		log_warn("the hypervisor ended before this start; its last words:");
		show();
		log_warn("end of the last words");
	}
	record->magic = 0;
}

void crash_keep(void)
{
	if (!record)
		return;
	record->length = (uint32_t)log_tail(record->text, room);
	record->sum = check_sum(record->text, record->length);
	record->magic = CRASH_MAGIC;
	arch_write_back();
}
