/* Sizes and names of a system disk's partitions; see layout.h. */
#include "layout.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MIB		((uint64_t)1 << 20)
#define GIB		((uint64_t)1 << 30)
#define SLOT_SPARE	(32 * MIB)	/* for the next version's growth */
#define SLOT_LEAST	(96 * MIB)
#define STATE_LEAST	(96 * MIB)
#define VMS_LEAST	(64 * MIB)
#define ESP_SIZE	(64 * MIB)

static uint64_t up(uint64_t n)
{
	return (n + MIB - 1) & ~(MIB - 1);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

int layout_make(struct layout *l, uint64_t disk, uint64_t image, bool vms,
		struct fault *f)
{
	uint64_t slot = larger(SLOT_LEAST, up(image) + SLOT_SPARE);
	uint64_t state = STATE_LEAST;
	/* The table's copy lies in the last MiB. */
	uint64_t end = (disk & ~(MIB - 1)) - (disk < MIB ? 0 : MIB);
	uint64_t at = MIB;

	memset(l, 0, sizeof(*l));
	l->need = 3 * MIB + ESP_SIZE + 2 * slot + state + (vms ? VMS_LEAST : 0);
	if (end < l->need)
		return fault_set(f, -ENOSPC, "the disk is too small: it has %" PRIu64
				 " MiB, the system needs %" PRIu64 " MiB: choose a "
				 "larger one", disk / MIB, l->need / MIB + 1);
	if (disk >= 4 * GIB) {
		slot = larger(slot, disk >= 16 * GIB ? 512 * MIB : 256 * MIB);
		state = disk >= 16 * GIB ? GIB : 512 * MIB;
	}
	l->part[PART_BOOT].size = MIB;
	l->part[PART_ESP].size = ESP_SIZE;
	l->part[PART_A].size = l->part[PART_B].size = slot;
	l->part[PART_STATE].size = state;
	for (int i = PART_BOOT; i <= PART_STATE; i++) {
		l->part[i].start = at;
		at += l->part[i].size;
	}
	if (vms) {
		l->part[PART_VMS].start = at;
		l->part[PART_VMS].size = end - at;
	} else {
		l->part[PART_STATE].size = end - l->part[PART_STATE].start;
	}
	return 0;
}

/* Version and variant as a random GUID has them; "ba5a" marks it as ours. */
void layout_guid(const struct part_id *p, char guid[GUID_TEXT])
{
	snprintf(guid, GUID_TEXT, "%.8s-%.4s-4ba5-8a5a-17ba5a%x%x%02x%02x", p->id,
		 p->id + 8, p->disk & 15, p->total & 15, (unsigned int)p->part,
		 p->raid ? 1u : 0u);
}

bool layout_parse_guid(const char *guid, struct part_id *p)
{
	char again[GUID_TEXT], lower[GUID_TEXT];
	unsigned int disk, total, part, raid;

	if (strlen(guid) != GUID_TEXT - 1)
		return false;
	for (int i = 0; i < GUID_TEXT; i++)
		lower[i] = (char)tolower((unsigned char)guid[i]);
	if (sscanf(lower + 30, "%1x%1x%2x%2x", &disk, &total, &part, &raid) != 4)
		return false;
	snprintf(p->id, sizeof(p->id), "%.8s%.4s", lower, lower + 9);
	p->disk = disk;
	p->total = total;
	p->part = (enum part)part;
	p->raid = raid != 0;
	if (part < PART_BOOT || part > PARTS || disk >= total || total > 2)
		return false;
	layout_guid(p, again);
	return strspn(p->id, "0123456789abcdef") == ID_LEN &&
	       !strcmp(again, lower);
}

static const struct {
	const char *name, *type;
} kinds[PARTS + 1] = {
	[PART_BOOT] = {"basalt-boot", "21686148-6449-6E6F-744E-656564454649"},
	[PART_ESP] = {"basalt-esp", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"},
	[PART_A] = {"basalt-a", "0FC63DAF-8483-4772-8E79-3D69D8477DE4"},
	[PART_B] = {"basalt-b", "0FC63DAF-8483-4772-8E79-3D69D8477DE4"},
	[PART_STATE] = {"basalt-state", "0FC63DAF-8483-4772-8E79-3D69D8477DE4"},
	[PART_VMS] = {"basalt-vms", "0FC63DAF-8483-4772-8E79-3D69D8477DE4"},
};
#define TYPE_RAID "A19D880F-05FC-4D3B-A006-743F0F84911E"

void layout_script(const struct layout *l, const struct part_id *who,
		   unsigned int sector, char *to, size_t n)
{
	struct part_id p = *who;
	char guid[GUID_TEXT];
	size_t at;

	at = (size_t)snprintf(to, n, "label: gpt\nunit: sectors\n");
	for (int i = PART_BOOT; i <= PARTS && at < n; i++) {
		bool md = who->raid && i >= PART_STATE;

		if (!l->part[i].size)
			continue;
		p.part = (enum part)i;
		layout_guid(&p, guid);
		at += (size_t)snprintf(to + at, n - at,
			"%d : start=%" PRIu64 ", size=%" PRIu64
			", type=%s, uuid=%s, name=%s\n", i,
			l->part[i].start / sector, l->part[i].size / sector,
			md ? TYPE_RAID : kinds[i].type, guid, kinds[i].name);
	}
}
