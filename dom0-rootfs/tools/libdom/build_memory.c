/*
 * A new domain's memory: giving it, and putting kernel, ramdisk, ACPI tables and
 * start info into it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libdom/build.h"

#define ORDER_1G  18
#define ORDER_2M  9
#define PIECE	  (1u << 20) /* what is prepared in dom0 at a time */

struct extent {
	uint64_t gfn, end;
};

/* The largest order that gfn's alignment and the room up to end allow. */
static unsigned int fitting_order(uint64_t gfn, uint64_t end, unsigned int max)
{
	static const unsigned int orders[] = {ORDER_1G, ORDER_2M};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		uint64_t size = UINT64_C(1) << orders[i];

		if (orders[i] <= max && (gfn & (size - 1)) == 0 && end - gfn >= size)
			return orders[i];
	}
	return 0;
}

/*
 * How many extents of that order to ask for at gfn: up to where a larger one
 * would fit again, and few enough that a person sees progress.
 */
static unsigned int run_length(uint64_t gfn, uint64_t end, unsigned int order)
{
	static const unsigned int step[] = {[0] = 4096, [ORDER_2M] = 64, [ORDER_1G] = 1};
	uint64_t n = (end - gfn) >> order, to_boundary;

	if (order == 0) {
		to_boundary = (1u << ORDER_2M) - (gfn & ((1u << ORDER_2M) - 1));
		if (end - gfn > to_boundary)
			n = to_boundary;
	}
	return n > step[order] ? step[order] : (unsigned int)n;
}

static int populate_range(struct build *b, struct extent e, uint64_t *done,
			  uint64_t all, struct dom_error *err)
{
	unsigned int max = ORDER_1G, order, n;
	int ret;

	while (e.gfn < e.end) {
		order = fitting_order(e.gfn, e.end, max);
		n = run_length(e.gfn, e.end, order);
		ret = hv_populate(b->dom->hv, b->domid, e.gfn, n, order);
		if (ret < 0)
			return dom_fail_errno(err, ret, "%s: the hypervisor refuses "
					      "to give memory", b->cfg->name);
		if (ret == 0 && order == 0)
			return dom_fail(err, -ENOMEM,
					"%s: not enough memory: %llu of %llu MiB could "
					"be had: stop another VM or give this one less",
					b->cfg->name,
					(unsigned long long)(*done >> 8),
					(unsigned long long)(all >> 8));
		e.gfn += (uint64_t)ret << order;
		*done += (uint64_t)ret << order;
		/* No more of that size: smaller ones from now on. */
		if ((unsigned int)ret < n && order)
			max = order - 1;
		build_progress(b, "giving memory", *done, all);
	}
	return 0;
}

int memory_populate(struct build *b, struct dom_error *err)
{
	const struct guest_layout *l = &b->layout;
	struct extent low = {0, l->low_end >> HV_PAGE_SHIFT};
	struct extent high = {GUEST_HIGH_START >> HV_PAGE_SHIFT,
			      l->high_end >> HV_PAGE_SHIFT};
	struct extent acpi = {l->acpi >> HV_PAGE_SHIFT,
			      (l->acpi + l->acpi_size) >> HV_PAGE_SHIFT};
	struct extent store = {GUEST_STORE_GFN, GUEST_STORE_GFN + 1};
	struct extent console = {GUEST_CONSOLE_GFN, GUEST_CONSOLE_GFN + 1};
	struct extent all[] = {low, high, acpi, store, console};
	uint64_t total = 0, done = 0;
	unsigned int i;
	int ret;

	for (i = 0; i < 5; i++)
		total += all[i].end - all[i].gfn;
	/* All or nothing is known now, not after minutes. Older hypervisors know
	 * no claims: then populate_range() finds out. */
	ret = hv_claim(b->dom->hv, b->domid, total);
	if (ret == -ENOMEM)
		return dom_fail(err, ret,
				"%s: not enough memory: %llu MiB wanted: stop another "
				"VM or give this one less", b->cfg->name,
				(unsigned long long)(total >> 8));
	for (i = 0, ret = 0; i < 5 && ret == 0; i++)
		ret = populate_range(b, all[i], &done, total, err);
	hv_claim(b->dom->hv, b->domid, 0);
	if (ret == 0 && hv_window_open(b->dom->hv, b->domid, &b->window) != 0)
		ret = dom_fail_errno(err, -ENOMEM, "%s", b->cfg->name);
	return ret;
}

/* Nothing but zeros: n bytes, aligned and a multiple of 8, or fewer at an end. */
static bool is_zero(const uint8_t *p, size_t n)
{
	uint64_t word;

	for (; n >= sizeof(word); p += sizeof(word), n -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		if (word)
			return false;
	}
	while (n--)
		if (*p++)
			return false;
	return true;
}

/* Length of the longest run of pages from p that all are zero, or all are not. */
static size_t run_of_pages(const uint8_t *p, size_t n, bool *zero)
{
	size_t len = 0, page;

	do {
		page = n - len < HV_PAGE_SIZE ? n - len : HV_PAGE_SIZE;
		if (len == 0)
			*zero = is_zero(p, page);
		len += page;
	} while (len < n && is_zero(p + len, n - len < HV_PAGE_SIZE ?
						     n - len : HV_PAGE_SIZE) == *zero);
	return len;
}

/*
 * A new guest's memory is zero (the hypervisor promises it), and half of Linux'
 * image is zeros: those pages, and what lies past filesz, are left as they are.
 */
static int load_segment(struct build *b, const struct kernel_segment *s)
{
	const uint8_t *from = b->kernel.data + s->offset;
	uint64_t pos = 0;
	int ret = 0;

	while (pos < s->filesz && ret == 0) {
		size_t n = s->filesz - pos < PIECE ? (size_t)(s->filesz - pos) : PIECE;
		bool zero;

		n = run_of_pages(from + pos, n, &zero);
		if (!zero)
			ret = hv_window_write(b->window, s->paddr + pos, from + pos, n);
		pos += n;
		build_progress(b, "loading kernel", s->paddr + pos - b->kernel.image.low,
			       b->kernel.image.high - b->kernel.image.low);
	}
	return ret;
}

int memory_load_kernel(struct build *b, struct dom_error *err)
{
	const struct kernel_image *k = &b->kernel.image;
	unsigned int i;
	int ret;

	for (i = 0; i < k->nseg; i++) {
		ret = load_segment(b, &k->seg[i]);
		if (ret)
			return dom_fail_errno(err, ret, "%s: kernel cannot be put into "
					      "the guest's memory", b->cfg->kernel);
	}
	return 0;
}

/* All of n bytes of the ramdisk from pos. */
static int read_ramdisk(struct build *b, uint64_t pos, uint8_t *to, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = pread(b->ramdisk, to + done, n - done,
				    (off_t)(pos + done));

		if (got < 0)
			return -errno;
		if (got == 0)
			return -EIO; /* it became shorter */
		done += (size_t)got;
	}
	return 0;
}

int memory_load_ramdisk(struct build *b, struct dom_error *err)
{
	uint64_t size = b->layout.ramdisk_size, pos;
	uint8_t *piece = malloc(PIECE);
	int ret = piece ? 0 : -ENOMEM;
	size_t n;

	for (pos = 0; pos < size && ret == 0; pos += n) {
		n = size - pos < PIECE ? (size_t)(size - pos) : PIECE;
		ret = read_ramdisk(b, pos, piece, n);
		if (ret == 0)
			ret = hv_window_write(b->window, b->layout.ramdisk + pos,
					      piece, n);
		build_progress(b, "loading ramdisk", pos + n, size);
	}
	free(piece);
	if (ret)
		return dom_fail_errno(err, ret, "%s: ramdisk cannot be put into the "
				      "guest's memory", b->cfg->ramdisk);
	return 0;
}

int memory_load_tables(struct build *b, struct dom_error *err)
{
	const struct guest_layout *l = &b->layout;
	uint64_t tables[GUEST_TABLES_MAX / 8] = {0};
	int ret;

	b->rsdp = acpi_build(l->vcpus, l->acpi, tables);
	ret = hv_window_write(b->window, l->acpi, tables, l->acpi_size);
	if (ret == 0) {
		guest_start_info(l, b->cfg->cmdline, b->rsdp, tables);
		ret = hv_window_write(b->window, l->start_info, tables, l->start_size);
	}
	memory_seal(b);
	if (ret == 0)
		ret = hv_set_memory_map(b->dom->hv, b->domid, l->e820, l->e820_nr);
	if (ret)
		return dom_fail_errno(err, ret, "%s: the guest's tables cannot be "
				      "written", b->cfg->name);
	return 0;
}

void memory_seal(struct build *b)
{
	hv_window_close(b->window);
	b->window = NULL;
}
