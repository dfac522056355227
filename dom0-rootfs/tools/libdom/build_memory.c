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

/*
 * Calls fill() for pieces of [gpa, gpa + len) one after the other and writes
 * them into the guest. pos: bytes of the range before this piece.
 */
typedef int fill_fn(struct build *b, const void *arg, uint64_t pos, uint8_t *to,
		    size_t n);

static int for_each_piece(struct build *b, uint64_t gpa, uint64_t len,
			  fill_fn *fill, const void *arg)
{
	uint8_t *piece = NULL;
	uint64_t pos = 0;
	size_t n;
	int ret = 0;

	if (posix_memalign((void **)&piece, HV_PAGE_SIZE, PIECE) != 0)
		return -ENOMEM;
	while (pos < len && ret == 0) {
		n = len - pos < PIECE ? (size_t)(len - pos) : PIECE;
		ret = fill(b, arg, pos, piece, n);
		if (ret == 0)
			ret = hv_window_write(b->window, gpa + pos, piece, n);
		pos += n;
	}
	free(piece);
	return ret;
}

/* arg: struct kernel_segment. Past filesz it is zero. */
static int fill_segment(struct build *b, const void *arg, uint64_t pos, uint8_t *to,
			size_t n)
{
	const struct kernel_segment *s = arg;
	size_t copy = 0;

	if (pos < s->filesz)
		copy = s->filesz - pos < n ? (size_t)(s->filesz - pos) : n;
	memcpy(to, b->kernel.data + s->offset + pos, copy);
	memset(to + copy, 0, n - copy);
	build_progress(b, "loading kernel",
		       s->paddr + pos + n - b->kernel.image.low,
		       b->kernel.image.high - b->kernel.image.low);
	return 0;
}

int memory_load_kernel(struct build *b, struct dom_error *err)
{
	const struct kernel_image *k = &b->kernel.image;
	unsigned int i;
	int ret;

	for (i = 0; i < k->nseg; i++) {
		ret = for_each_piece(b, k->seg[i].paddr, k->seg[i].memsz,
				     fill_segment, &k->seg[i]);
		if (ret)
			return dom_fail_errno(err, ret, "%s: kernel cannot be put into "
					      "the guest's memory", b->cfg->kernel);
	}
	return 0;
}

static int fill_from_file(struct build *b, const void *arg, uint64_t pos,
			  uint8_t *to, size_t n)
{
	size_t done = 0;

	(void)arg;
	while (done < n) {
		ssize_t got = pread(b->ramdisk, to + done, n - done,
				    (off_t)(pos + done));

		if (got < 0)
			return -errno;
		if (got == 0)
			return -EIO; /* it became shorter */
		done += (size_t)got;
	}
	build_progress(b, "loading ramdisk", pos + n, b->layout.ramdisk_size);
	return 0;
}

int memory_load_ramdisk(struct build *b, struct dom_error *err)
{
	int ret = for_each_piece(b, b->layout.ramdisk, b->layout.ramdisk_size,
				 fill_from_file, NULL);

	if (ret)
		return dom_fail_errno(err, ret, "%s: ramdisk cannot be put into the "
				      "guest's memory", b->cfg->ramdisk);
	return 0;
}

static int fill_copy(struct build *b, const void *arg, uint64_t pos, uint8_t *to,
		     size_t n)
{
	(void)b;
	memcpy(to, (const uint8_t *)arg + pos, n);
	return 0;
}

int memory_load_tables(struct build *b, struct dom_error *err)
{
	const struct guest_layout *l = &b->layout;
	uint64_t tables[GUEST_TABLES_MAX / 8] = {0};
	int ret;

	b->rsdp = acpi_build(l->vcpus, l->acpi, tables);
	ret = for_each_piece(b, l->acpi, l->acpi_size, fill_copy, tables);
	if (ret == 0) {
		guest_start_info(l, b->cfg->cmdline, b->rsdp, tables);
		ret = for_each_piece(b, l->start_info, l->start_size, fill_copy,
				     tables);
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
