/*
 * Copies between the hypervisor and the memory of the calling vCPU's guest
 * (hv/guest.h). One page at a time: the architecture finds the frame behind an
 * address, the frame is held only while it is copied. Nothing is cached, so
 * the guest may change its page tables at any time and hurt only itself.
 */
#include <hv/arch.h>
#include <hv/guest.h>
#include <hv/lib.h>
#include <hv/page.h>

#define FIELDS_MAX 64u	/* bytes of the longest structure read by its fields */

/* What to do with one piece of a guest page. */
enum copy_kind { COPY_FROM_GUEST, COPY_TO_GUEST, COPY_CLEAR };

static always_inline int copy_piece(gva_t va, void *buf, size_t len, enum copy_kind kind)
{
	struct page *pg = arch_guest_page(va, kind != COPY_FROM_GUEST);
	char *frame, *p;

	if (!pg)
		return -EFAULT;
	frame = map_frame(page_to_mfn(pg));
	p = frame + (va.v & (PAGE_SIZE - 1));
	if (kind == COPY_FROM_GUEST)
		memcpy(buf, p, len);
	else if (kind == COPY_TO_GUEST)
		memcpy(p, buf, len);
	else
		memset(p, 0, len);
	unmap_frame(frame);
	page_put(pg);
	return 0;
}

static always_inline int copy(gva_t va, void *buf, size_t len, enum copy_kind kind)
{
	char *b = buf;

	while (len) {
		size_t n = MIN(len, PAGE_SIZE - (va.v & (PAGE_SIZE - 1)));
		int err = copy_piece(va, b, n, kind);

		if (err)
			return err;
		va = gva_add(va, n);
		if (kind != COPY_CLEAR)
			b += n;
		len -= n;
	}
	return 0;
}

int guest_read(void *dst, gva_t src, size_t len)
{
	return copy(src, dst, len, COPY_FROM_GUEST);
}

int guest_write(gva_t dst, const void *src, size_t len)
{
	return copy(dst, (void *)src, len, COPY_TO_GUEST);
}

int guest_clear(gva_t dst, size_t len)
{
	return copy(dst, NULL, len, COPY_CLEAR);
}

/* Bytes a field of kind @c takes, and what it is aligned to. */
static unsigned int field_size(char c, bool compat, unsigned int *align)
{
	unsigned int size = c == 'H' ? 2 : c == 'I' ? 4 : c == 'L' && compat ? 4 : 8;

	*align = compat ? MIN(size, 4u) : size;
	return c == '+' ? 0 : size;
}

int guest_read_fields(void *dst, gva_t src, const char *fields, bool compat)
{
	unsigned int from = 0, to = 0, at = 0, align;
	uint8_t raw[FIELDS_MAX];
	int err;

	for (const char *f = fields; *f; f++) {
		unsigned int size = field_size(*f, compat, &align);

		at = ROUNDUP(at, align) + size;
	}
	ASSERT(at <= sizeof(raw));
	err = guest_read(compat ? raw : dst, src, at);
	for (const char *f = fields; compat && !err && *f; f++) {
		unsigned int size = field_size(*f, true, &align), wide;

		from = ROUNDUP(from, align);
		wide = field_size(*f, false, &align);
		to = ROUNDUP(to, align);
		memset((uint8_t *)dst + to, 0, wide);
		memcpy((uint8_t *)dst + to, raw + from, size);
		from += size;
		to += wide;
	}
	return err;
}

int guest_read_long(gva_t array, uint64_t i, bool compat, uint64_t *out)
{
	uint32_t word;
	int err;

	if (!compat)
		return guest_read(out, gva_add(array, i * 8), 8);
	err = guest_read(&word, gva_add(array, i * 4), 4);
	*out = word;
	return err;
}

int guest_write_long(gva_t array, uint64_t i, bool compat, uint64_t value)
{
	uint32_t word = (uint32_t)value;

	if (!compat)
		return guest_write(gva_add(array, i * 8), &value, 8);
	return guest_write(gva_add(array, i * 4), &word, 4);
}
