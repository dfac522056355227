/*
 * Buddy allocator of machine frames over one frame table. Free blocks hang in
 * lists by zone and order; zones only make low memory the last to go: the
 * control domain's identity-mapped RAM and DMA want it.
 *
 * Invariants: a page with state PAGE_FREE and order != NOT_HEAD is the first
 * of a free block and is in the list of its zone and order. No block crosses a
 * zone. Lock: alloc_lock covers the lists, nr_free, and state and order of
 * free pages.
 */
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/numa.h>
#include <hv/page.h>
#include <hv/spinlock.h>

#define ORDERS	 (PAGE_MAX_ORDER + 1)
#define NOT_HEAD 0xff
#define JUNK	 0xa5

enum { ZONE_LOW, ZONE_32BIT, ZONE_HIGH, ZONES };

static const uint64_t zone_end[ZONES] = {
	[ZONE_LOW] = 128ul << (20 - PAGE_SHIFT),
	[ZONE_32BIT] = 1ul << (32 - PAGE_SHIFT),
	[ZONE_HIGH] = UINT64_MAX,
};

static spinlock_t alloc_lock = SPINLOCK_INIT;
static struct page *frame_table;
static uint64_t frame_count;
static uint32_t free_list[ZONES][ORDERS];
static uint64_t nr_free, nr_total;
static uint64_t end_of_ram;	/* above the highest frame that was ever given or adopted */

static unsigned int zone_of(uint64_t mfn)
{
	unsigned int z = ZONE_LOW;

	while (mfn >= zone_end[z])
		z++;
	return z;
}

struct page *mfn_to_page(mfn_t mfn)
{
	if (mfn.v >= frame_count || frame_table[mfn.v].state == PAGE_OFFLINE)
		return NULL;
	return &frame_table[mfn.v];
}

mfn_t page_to_mfn(const struct page *pg)
{
	return MFN(pg - frame_table);
}

void page_alloc_init(struct page *table, uint64_t frames)
{
	_Static_assert(sizeof(struct page) == 16, "frame table entry");
	BUG_ON(frames >= PAGE_NIL);
	frame_table = table;
	frame_count = frames;
	nr_free = nr_total = end_of_ram = 0;
	memset(free_list, 0xff, sizeof(free_list));
}

static void list_push_locked(uint64_t mfn, unsigned int order)
{
	uint32_t *head = &free_list[zone_of(mfn)][order];
	struct page *pg = &frame_table[mfn];

	ASSERT(spin_is_locked(&alloc_lock));
	pg->order = (uint8_t)order;
	pg->prev = PAGE_NIL;
	pg->next = *head;
	if (*head != PAGE_NIL)
		frame_table[*head].prev = (uint32_t)mfn;
	*head = (uint32_t)mfn;
}

static void list_take_locked(uint64_t mfn)
{
	struct page *pg = &frame_table[mfn];

	ASSERT(spin_is_locked(&alloc_lock));
	if (pg->prev != PAGE_NIL)
		frame_table[pg->prev].next = pg->next;
	else
		free_list[zone_of(mfn)][pg->order] = pg->next;
	if (pg->next != PAGE_NIL)
		frame_table[pg->next].prev = pg->prev;
	pg->order = NOT_HEAD;
}

/* Is @mfn the first frame of a free block of exactly @order? */
static bool is_free_head(uint64_t mfn, unsigned int order)
{
	return mfn < frame_count && frame_table[mfn].state == PAGE_FREE &&
	       frame_table[mfn].order == order;
}

/* Puts a block, whose pages are already PAGE_FREE, back and joins buddies. */
static void block_put_locked(uint64_t mfn, unsigned int order)
{
	while (order < PAGE_MAX_ORDER) {
		uint64_t buddy = mfn ^ (1ul << order);

		if (!is_free_head(buddy, order) || zone_of(buddy) != zone_of(mfn))
			break;
		list_take_locked(buddy);
		mfn &= buddy;
		order++;
	}
	list_push_locked(mfn, order);
}

/* Pages of a block become free; the block is not listed yet. */
static void mark_free(uint64_t mfn, uint64_t nr)
{
	for (uint64_t i = mfn; i < mfn + nr; i++)
		frame_table[i] = (struct page){
			.owner = DOMID_INVALID,
			.order = NOT_HEAD,
			.state = PAGE_FREE,
		};
}

static void mark_used(uint64_t mfn, uint64_t nr, domid_t owner)
{
	for (uint64_t i = mfn; i < mfn + nr; i++)
		frame_table[i] = (struct page){
			.refs = 1,
			.owner = owner,
			.state = PAGE_INUSE,
			.next = PAGE_NIL,
			.prev = PAGE_NIL,
		};
}

/* Largest block that starts at @mfn, ends by @end and stays in one zone. */
static unsigned int largest_order(uint64_t mfn, uint64_t end)
{
	uint64_t limit = MIN(end, zone_end[zone_of(mfn)]);
	unsigned int order = 0;

	while (order < PAGE_MAX_ORDER && !(mfn & (1ul << order)) &&
	       mfn + (2ul << order) <= limit)
		order++;
	return order;
}

void page_alloc_add(mfn_t start, mfn_t end)
{
	uint64_t mfn = start.v, last = MIN(end.v, frame_count);

	if (mfn >= last)
		return;
	mark_free(mfn, last - mfn);
	LOCKED(&alloc_lock);
	nr_total += last - mfn;
	nr_free += last - mfn;
	end_of_ram = MAX(end_of_ram, last);
	numa_count(mfn, last - mfn, 1);
	while (mfn < last) {
		unsigned int order = largest_order(mfn, last);

		block_put_locked(mfn, order);
		mfn += 1ul << order;
	}
}

/* Halves the free block at @mfn, which is in no list, into two listed ones. */
static void split_locked(uint64_t mfn, unsigned int order)
{
	list_push_locked(mfn, order - 1);
	list_push_locked(mfn + (1ul << (order - 1)), order - 1);
}

/* Cuts the block at @mfn down to @order and keeps its upper or lower end. */
static uint64_t trim_locked(uint64_t mfn, unsigned int have, unsigned int order,
			    bool upper)
{
	while (have > order) {
		uint64_t half = 1ul << --have;

		list_push_locked(upper ? mfn : mfn + half, have);
		mfn += upper ? half : 0;
	}
	return mfn;
}

/* A block of @order under @below from one zone, unlisted, or UINT64_MAX. */
static uint64_t zone_take_locked(unsigned int zone, unsigned int order, uint64_t below)
{
	for (unsigned int o = order; o < ORDERS; o++) {
		for (uint32_t mfn = free_list[zone][o]; mfn != PAGE_NIL;
		     mfn = frame_table[mfn].next) {
			bool whole = mfn + (1ul << o) <= below;

			if (mfn + (1ul << order) > below)
				continue;
			list_take_locked(mfn);
			return trim_locked(mfn, o, order, whole);
		}
	}
	return UINT64_MAX;
}

mfn_t page_alloc(unsigned int order, uint64_t below)
{
	uint64_t mfn = UINT64_MAX;

	if (order > PAGE_MAX_ORDER)
		return INVALID_MFN;
	spin_lock(&alloc_lock);
	for (unsigned int z = ZONES; z-- > 0 && mfn == UINT64_MAX;)
		mfn = zone_take_locked(z, order, below ? below : UINT64_MAX);
	if (mfn != UINT64_MAX) {
		nr_free -= 1ul << order;
		numa_count(mfn, 1ul << order, -1);
		mark_used(mfn, 1ul << order, DOMID_XEN);
	}
	spin_unlock(&alloc_lock);
	return MFN(mfn);	/* UINT64_MAX is INVALID_MFN */
}

static void fill_with_junk(mfn_t mfn)
{
	void *p = map_frame(mfn);

	memset(p, JUNK, PAGE_SIZE);
	unmap_frame(p);
}

void page_free(mfn_t mfn, unsigned int order)
{
	uint64_t nr = 1ul << order;

	BUG_ON(order > PAGE_MAX_ORDER || mfn.v + nr > frame_count);
	BUG_ON(mfn.v & (nr - 1));
	for (uint64_t i = 0; i < nr; i++) {
		BUG_ON(frame_table[mfn.v + i].state != PAGE_INUSE);
		if (hv_debug)
			fill_with_junk(mfn_add(mfn, i));
	}
	LOCKED(&alloc_lock);
	mark_free(mfn.v, nr);
	nr_free += nr;
	numa_count(mfn.v, nr, 1);
	block_put_locked(mfn.v, order);
}

static bool range_is_free_locked(uint64_t start, uint64_t nr)
{
	for (uint64_t i = start; i < start + nr; i++)
		if (frame_table[i].state != PAGE_FREE)
			return false;
	return true;
}

/* The free block that holds @mfn, which is free; its order in *order. */
static uint64_t block_of_locked(uint64_t mfn, unsigned int *order)
{
	for (*order = 0; *order < ORDERS; ++*order) {
		uint64_t head = mfn & ~((1ul << *order) - 1);

		if (is_free_head(head, *order))
			return head;
	}
	panic("frame %#lx is free but in no free block", mfn);
}

int page_alloc_reserve(mfn_t start, uint64_t nr, domid_t owner)
{
	uint64_t mfn = start.v, end = start.v + nr;

	if (end < mfn || end > frame_count)
		return -EINVAL;
	LOCKED(&alloc_lock);
	if (!range_is_free_locked(mfn, nr))
		return -EBUSY;
	while (mfn < end) {
		unsigned int order;
		uint64_t head = block_of_locked(mfn, &order);

		list_take_locked(head);
		if (head == mfn && head + (1ul << order) <= end) {
			frame_table[mfn].state = PAGE_INUSE;
			mfn += 1ul << order;
		} else {
			split_locked(head, order);
		}
	}
	nr_free -= nr;
	numa_count(start.v, nr, -1);
	mark_used(start.v, nr, owner);
	return 0;
}

void page_alloc_adopt(mfn_t start, uint64_t nr, domid_t owner)
{
	BUG_ON(start.v + nr > frame_count);
	LOCKED(&alloc_lock);
	for (uint64_t i = 0; i < nr; i++)
		BUG_ON(frame_table[start.v + i].state != PAGE_OFFLINE);
	nr_total += nr;
	end_of_ram = MAX(end_of_ram, start.v + nr);
	mark_used(start.v, nr, owner);
}

uint64_t page_nr_free(void)
{
	return __atomic_load_n(&nr_free, __ATOMIC_RELAXED);
}

mfn_t page_max_mfn(void)
{
	return MFN(end_of_ram ? end_of_ram - 1 : 0);
}

uint64_t page_nr_total(void)
{
	return nr_total;
}
