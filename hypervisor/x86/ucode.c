/*
 * Microcode files, understood: which update in them is for this CPU. Pure; all
 * that is read has been checked to lie in the file.
 *
 * Intel: SDM vol. 3, 9.11.1 (header), 9.11.2 (extended signatures), 9.11.5
 * (checksum). AMD: a container is a table that gives CPUs a short number, and
 * patches that name it; the patch's header is the one of the BIOS and Kernel
 * Developer's Guides. One container for each family may follow another.
 */
#include <hv/lib.h>

#include <x86/ucode.h>

/* --- cpio: 13 numbers of 8 hexadecimal digits, name, contents, padded to 4 --------- */

#define CPIO_MAGIC	"070701"
#define CPIO_HEADER	110u
#define CPIO_SIZE	54u
#define CPIO_NAMESIZE	94u
#define CPIO_END	"TRAILER!!!"

static bool hex(const char *p, uint32_t *v)
{
	*v = 0;
	for (unsigned int i = 0; i < 8; i++) {
		char c = p[i], letter = (char)(c | 0x20);
		bool digit = c >= '0' && c <= '9';

		if (!digit && (letter < 'a' || letter > 'f'))
			return false;
		*v = *v << 4 | (uint32_t)(digit ? c - '0' : letter - 'a' + 10);
	}
	return true;
}

bool cpio_find(const void *p, size_t n, const char *name, struct ucode *found)
{
	const char *at = p, *end = at + n;
	size_t wanted = strlen(name) + 1, file;
	uint32_t size, namesize;

	while (end - at >= (ptrdiff_t)CPIO_HEADER && !memcmp(at, CPIO_MAGIC, 6) &&
	       hex(at + CPIO_SIZE, &size) && hex(at + CPIO_NAMESIZE, &namesize)) {
		file = ROUNDUP(CPIO_HEADER + (size_t)namesize, 4ul);
		if (file + size > (size_t)(end - at))
			return false;
		if (namesize == wanted && !memcmp(at + CPIO_HEADER, name, wanted)) {
			*found = (struct ucode){.data = at + file, .size = size};
			return true;
		}
		if (namesize == sizeof(CPIO_END) &&
		    !memcmp(at + CPIO_HEADER, CPIO_END, namesize))
			return false;
		file = ROUNDUP(file + size, 4ul);
		if (file > (size_t)(end - at))
			return false;
		at += file;
	}
	return false;
}

/* --- Intel ----------------------------------------------------------------------- */

struct intel_header {
	uint32_t version, revision, date, signature, checksum, loader, platforms;
	uint32_t data_size, total_size, reserved[3];
} packed;
_Static_assert(sizeof(struct intel_header) == 48, "SDM vol. 3 table 9-7");
#define INTEL_DATA_OLD	2000u	/* where a size of 0 stands */
#define INTEL_UNIT	1024u

struct intel_extended {
	uint32_t count, checksum, reserved[3];
} packed;

struct intel_signature {
	uint32_t signature, platforms, checksum;
} packed;

static uint32_t sum(const void *p, size_t bytes)
{
	uint32_t v, total = 0;

	for (size_t i = 0; i < bytes; i += sizeof(v)) {
		memcpy(&v, (const char *)p + i, sizeof(v));
		total += v;
	}
	return total;
}

static bool is_for(const struct ucode_cpu *cpu, uint32_t signature, uint32_t platforms)
{
	return cpu->signature == signature && (cpu->platform & platforms);
}

/* Of the table behind the data, @n bytes; NULL or what is wrong. */
static const char *intel_extended(const void *p, size_t n, const struct ucode_cpu *cpu,
				  bool *matches)
{
	const struct intel_extended *x = p;
	const struct intel_signature *s = (const void *)(x + 1);
	size_t bytes;

	if (n < sizeof(*x))
		return "its extended signatures are cut short";
	bytes = sizeof(*x) + (size_t)x->count * sizeof(*s);
	if (bytes > n || sum(p, bytes))
		return "its extended signatures are wrong";
	for (uint32_t i = 0; i < x->count; i++)
		*matches |= is_for(cpu, s[i].signature, s[i].platforms);
	return NULL;
}

/* One update at @h, @left bytes to the file's end: its size into *total. */
static const char *intel_update(const struct intel_header *h, size_t left,
				const struct ucode_cpu *cpu, struct ucode *best,
				size_t *total)
{
	size_t data = h->data_size ? h->data_size : INTEL_DATA_OLD;
	size_t whole = h->data_size ? h->total_size : INTEL_DATA_OLD + sizeof(*h);
	bool matches = is_for(cpu, h->signature, h->platforms);
	const char *wrong = NULL;

	if (h->version != 1 || h->loader != 1)
		return "it is no update that is known";
	if (whole % INTEL_UNIT || data % 4 || data + sizeof(*h) > whole || whole > left)
		return "its sizes are wrong";
	if (sum(h, sizeof(*h) + data))
		return "its checksum is wrong";
	if (whole > data + sizeof(*h))
		wrong = intel_extended((const char *)(h + 1) + data,
				       whole - data - sizeof(*h), cpu, &matches);
	*total = whole;
	if (!wrong && matches && (int32_t)h->revision > (int32_t)best->revision)
		*best = (struct ucode){h, whole, h->revision};
	return wrong;
}

const char *ucode_pick_intel(const struct ucode *file, const struct ucode_cpu *cpu,
			     struct ucode *best)
{
	const char *wrong = NULL;
	size_t total;

	*best = (struct ucode){.revision = cpu->revision};
	for (size_t at = 0; at < file->size && !wrong; at += total) {
		total = 0;
		if (file->size - at < sizeof(struct intel_header))
			return "it is cut short";
		wrong = intel_update((const void *)((const char *)file->data + at),
				     file->size - at, cpu, best, &total);
	}
	return wrong;
}

/* --- AMD ------------------------------------------------------------------------- */

#define AMD_MAGIC	0x00414d44u
enum { AMD_TABLE, AMD_PATCH };

struct amd_container {
	uint32_t magic, type, size;
} packed;

struct amd_cpu {
	uint32_t signature, errata_mask, errata_compare;
	uint16_t number, reserved;
} packed;

struct amd_section {
	uint32_t type, size;
} packed;

struct amd_patch {
	uint32_t date, revision;
	uint16_t data_id;
	uint8_t data_len, init;
	uint32_t checksum, northbridge, southbridge;
	uint16_t number;
	uint8_t northbridge_revision, southbridge_revision, bios_revision, reserved[3];
	uint32_t match[8];
} packed;
_Static_assert(sizeof(struct amd_patch) == 64, "BKDG, microcode patch header");

/* The number that the table has for @signature, 0: none. */
static uint16_t amd_number(const struct amd_cpu *table, size_t n, uint32_t signature)
{
	for (size_t i = 0; i < n && table[i].signature; i++)
		if (table[i].signature == signature)
			return table[i].number;
	return 0;
}

/* Patches for one chipset only are left alone. */
static void amd_patch(const struct amd_patch *p, size_t size, uint16_t number,
		      struct ucode *best)
{
	if (number && p->number == number && !p->northbridge && !p->southbridge &&
	    p->revision > best->revision)
		*best = (struct ucode){p, size, p->revision};
}

/* A container at @p; the bytes that it takes, or 0: it is damaged. */
static size_t amd_container(const char *p, size_t left, const struct ucode_cpu *cpu,
			    struct ucode *best)
{
	const struct amd_container *c = (const void *)p;
	size_t at = sizeof(*c);
	uint16_t number;

	if (left < at || c->magic != AMD_MAGIC || c->type != AMD_TABLE ||
	    c->size > left - at)
		return 0;
	number = amd_number((const void *)(c + 1), c->size / sizeof(struct amd_cpu),
			    cpu->signature);
	at += c->size;
	while (left - at >= sizeof(struct amd_section)) {
		const struct amd_section *s = (const void *)(p + at);

		if (s->type != AMD_PATCH)
			return at;	/* the next container, its magic is looked at */
		at += sizeof(*s);
		if (s->size < sizeof(struct amd_patch) || s->size > left - at)
			return 0;
		amd_patch((const void *)(s + 1), s->size, number, best);
		at += s->size;
	}
	return at;
}

const char *ucode_pick_amd(const struct ucode *file, const struct ucode_cpu *cpu,
			   struct ucode *best)
{
	size_t used = 0;

	*best = (struct ucode){.revision = cpu->revision};
	for (size_t at = 0; at < file->size; at += used) {
		used = amd_container((const char *)file->data + at, file->size - at, cpu,
				     best);
		if (!used)
			return "its containers are damaged";
	}
	return NULL;
}
