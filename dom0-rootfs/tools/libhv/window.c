/*
 * Writing much into the memory of a domain that has not started yet.
 *
 * Mapping foreign frames costs two hypercalls and a page fault each. A grant
 * copy moves sixteen frames with one hypercall, needs no mapping, and works on
 * any frame the guest has granted; so the toolstack, which can write the new
 * guest's grant table, grants itself the frames for a moment. Where that is not
 * possible, frames are mapped.
 *
 * Entries FIRST_REF.. of the first grant table frame are used and cleared again:
 * nobody else looks at them before the guest runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libhv/priv.h" /* before xen/: it asks for the tools' part */
#include <xen/gntdev.h>
#include <xen/grant_table.h>

#define FIRST_REF GNTTAB_NR_RESERVED_ENTRIES
#define MAX_REFS  (HV_PAGE_SIZE / sizeof(struct grant_entry_v1) - FIRST_REF)
#define MAP_PAGES 256u

struct hv_window {
	struct hv *hv;
	uint16_t domid;
	int gntdev;		      /* -1: frames are mapped */
	struct grant_entry_v1 *table; /* if gntdev */
	struct gntdev_grant_copy_segment seg[MAX_REFS];
};

static void close_grants(struct hv_window *w)
{
	if (w->gntdev >= 0)
		close(w->gntdev);
	if (w->table)
		hv_unmap(w->table, 1);
	w->gntdev = -1;
	w->table = NULL;
}

int hv_window_open(struct hv *hv, uint16_t domid, struct hv_window **out)
{
	struct hv_window *w = calloc(1, sizeof(*w));
	void *table;

	if (!w)
		return -ENOMEM;
	w->hv = hv;
	w->domid = domid;
	w->gntdev = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);
	if (w->gntdev >= 0 && hv_map_grant_table(hv, domid, &table) == 0)
		w->table = table;
	else
		close_grants(w);
	*out = w;
	return 0;
}

void hv_window_close(struct hv_window *w)
{
	if (!w)
		return;
	close_grants(w);
	free(w);
}

/* The piece of [gpa, gpa + len) that lies in one page. */
static size_t piece(uint64_t gpa, size_t len)
{
	size_t room = HV_PAGE_SIZE - (gpa & (HV_PAGE_SIZE - 1));

	return len < room ? len : room;
}

static void grant(struct hv_window *w, unsigned int i, uint64_t gpa)
{
	struct grant_entry_v1 *e = &w->table[FIRST_REF + i];

	e->domid = 0; /* the toolstack runs in dom0 */
	e->frame = (uint32_t)(gpa >> HV_PAGE_SHIFT);
	/* the type makes the entry valid: last, as for any other grant */
	__atomic_store_n(&e->flags, GTF_permit_access, __ATOMIC_RELEASE);
}

/* One ioctl's worth. Returns bytes written, or a negative errno. */
static ssize_t copy_batch(struct hv_window *w, uint64_t gpa, const uint8_t *src,
			  size_t len)
{
	struct ioctl_gntdev_grant_copy copy = {.segments = w->seg};
	size_t done = 0;
	unsigned int i, n = 0;
	int ret;

	for (; done < len && n < MAX_REFS; n++) {
		size_t bytes = piece(gpa + done, len - done);

		grant(w, n, gpa + done);
		w->seg[n] = (struct gntdev_grant_copy_segment){
			.source.virt = (void *)(src + done),
			.dest.foreign = {
				.ref = FIRST_REF + n,
				.offset = (gpa + done) & (HV_PAGE_SIZE - 1),
				.domid = w->domid,
			},
			.len = (uint16_t)bytes,
			.flags = GNTCOPY_dest_gref,
		};
		done += bytes;
	}
	copy.count = n;
	ret = ioctl(w->gntdev, IOCTL_GNTDEV_GRANT_COPY, &copy) < 0 ? -errno : 0;
	for (i = 0; i < n; i++) {
		if (w->seg[i].status != GNTST_okay && ret == 0)
			ret = -EIO;
		memset(&w->table[FIRST_REF + i], 0, sizeof(*w->table));
	}
	return ret ? ret : (ssize_t)done;
}

/* The slow way, for one mapping's worth. */
static ssize_t map_batch(struct hv_window *w, uint64_t gpa, const uint8_t *src,
			 size_t len)
{
	size_t skip = gpa & (HV_PAGE_SIZE - 1);
	size_t n = MAP_PAGES * HV_PAGE_SIZE - skip;
	unsigned int pages;
	void *p;
	int ret;

	if (n > len)
		n = len;
	pages = (unsigned int)((skip + n + HV_PAGE_SIZE - 1) / HV_PAGE_SIZE);
	ret = hv_map(w->hv, w->domid, gpa >> HV_PAGE_SHIFT, pages, &p);
	if (ret)
		return ret;
	memcpy((uint8_t *)p + skip, src, n);
	hv_unmap(p, pages);
	return (ssize_t)n;
}

int hv_window_write(struct hv_window *w, uint64_t gpa, const void *src, size_t len)
{
	const uint8_t *p = src;
	ssize_t n;

	while (len) {
		/* grants name frames by 32 bits; 16 TiB is far enough up */
		n = w->table ? copy_batch(w, gpa, p, len) : map_batch(w, gpa, p, len);
		if (n < 0 && w->table) {
			close_grants(w); /* not offered after all */
			continue;
		}
		if (n < 0)
			return (int)n;
		p += n;
		gpa += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}
