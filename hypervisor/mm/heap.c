/*
 * The hypervisor's own small objects: size classes, each a list of slab pages
 * that have room. A slab page starts with its header, so an object is never on
 * a page boundary; what is, came from the frame allocator directly, with its
 * order in its struct page. An empty slab page goes back at once: what was
 * allocated and freed leaves no trace in the count of free frames.
 * Objects of 64 bytes and more are aligned to 64. Lock: heap_lock, all of it.
 */
#include <hv/lib.h>
#include <hv/list.h>
#include <hv/page.h>
#include <hv/spinlock.h>

#define SLAB_MAGIC 0x51ab
#define JUNK	   0x5a

struct slab {
	struct list link;	/* in partial[class] while it has room */
	void *free;		/* first free object; each points to the next */
	uint16_t magic, class, used, untouched;
} aligned(64);

/* As many objects as fit in a page after the header, in steps of 64. */
static const uint16_t class_size[] = {16,  32,	64,  128, 192, 256, 320,
				      448, 576, 640, 768, 960, 1344, 1984};
#define CLASSES ARRAY_SIZE(class_size)

static spinlock_t heap_lock = SPINLOCK_INIT;
static struct list partial[CLASSES];

static unsigned int class_of(size_t size)
{
	unsigned int c = 0;

	while (c < CLASSES && class_size[c] < size)
		c++;
	return c;
}

static unsigned int class_objects(unsigned int class)
{
	return (PAGE_SIZE - sizeof(struct slab)) / class_size[class];
}

static void *frames_alloc(unsigned int order)
{
	mfn_t mfn = page_alloc(order, 0);
	void *p;

	if (!mfn_valid_value(mfn))
		return NULL;
	mfn_to_page(mfn)->order = (uint8_t)order;
	p = map_frame(mfn);
	memset(p, 0, PAGE_SIZE << order);
	return p;
}

static void frames_free(void *p)
{
	mfn_t mfn = virt_to_mfn(p);
	struct page *pg = mfn_to_page(mfn);

	BUG_ON(!pg || pg->owner != DOMID_XEN);
	page_free(mfn, pg->order);
}

static struct slab *slab_create_locked(unsigned int class)
{
	struct slab *s = frames_alloc(0);

	if (!s)
		return NULL;
	s->magic = SLAB_MAGIC;
	s->class = (uint16_t)class;
	s->untouched = (uint16_t)class_objects(class);
	list_add_before(&partial[class], &s->link);
	return s;
}

static void *slab_take_locked(struct slab *s)
{
	void *p = s->free;

	if (p) {
		s->free = *(void **)p;
	} else {
		unsigned int n = class_objects(s->class) - s->untouched--;

		p = (char *)(s + 1) + n * class_size[s->class];
	}
	if (++s->used == class_objects(s->class))
		list_del(&s->link);
	return p;
}

void *heap_alloc(size_t size)
{
	unsigned int class = class_of(size);
	struct slab *s;
	void *p = NULL;

	if (class == CLASSES) {
		unsigned int order = 0;

		while (order <= PAGE_MAX_ORDER && (PAGE_SIZE << order) < size)
			order++;
		return frames_alloc(order);
	}
	spin_lock(&heap_lock);
	if (!partial[class].next)
		list_init(&partial[class]);
	s = list_empty(&partial[class]) ? slab_create_locked(class)
		    : list_first(&partial[class], struct slab, link);
	if (s)
		p = slab_take_locked(s);
	spin_unlock(&heap_lock);
	if (p)
		memset(p, 0, class_size[class]);
	return p;
}

void heap_free(void *p)
{
	struct slab *s = (struct slab *)((uintptr_t)p & PAGE_MASK);
	bool empty;

	if (!p)
		return;
	if ((void *)s == p) {
		frames_free(p);
		return;
	}
	BUG_ON(s->magic != SLAB_MAGIC);
	if (hv_debug)
		memset(p, JUNK, class_size[s->class]);
	spin_lock(&heap_lock);
	BUG_ON(!s->used);
	if (s->used-- == class_objects(s->class))
		list_add_before(&partial[s->class], &s->link);
	*(void **)p = s->free;
	s->free = p;
	empty = !s->used;
	if (empty)
		list_del(&s->link);
	spin_unlock(&heap_lock);
	if (empty) {
		s->magic = 0;
		frames_free(s);
	}
}

void *heap_alloc_page(void)
{
	return frames_alloc(0);
}

void heap_free_page(void *p)
{
	if (p)
		frames_free(p);
}
