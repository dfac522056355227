/*
 * The FIFO event channel ABI (xen/event_channel.h): 2^17 ports, sixteen queues of
 * linked events for each vCPU. A domain changes to it by its first control
 * block and back to the 2-level ABI by EVTCHNOP_reset.
 *
 * The array and the control blocks are the guest's to write: of both, nothing
 * is read but the flags of the very event word that is changed. A queue's last
 * port is remembered here, links are only ever written, so no rubbish in them
 * can lead anywhere and all work is bounded.
 *
 * Only the hypervisor sets LINKED, under fifo_lock; the guest only clears it,
 * with the LINK field. So one locked "or" puts an event behind the last one:
 * when LINKED was set, it will be found there; when not, the guest had taken
 * the last one before, and the queue begins anew. Nothing has to be tried
 * again, and BUSY is never needed.
 */
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/p2m.h>
#include <hv/page.h>

#include "event_table.h"

#define WORDS_PER_PAGE	(PAGE_SIZE / sizeof(uint32_t))
#define PAGES_MAX	(EVTCHN_FIFO_NR_CHANNELS / WORDS_PER_PAGE)

#define RAISE_BATCH	128u

#define PENDING	(1u << EVTCHN_FIFO_PENDING)
#define MASKED	(1u << EVTCHN_FIFO_MASKED)
#define LINKED	(1u << EVTCHN_FIFO_LINKED)

struct event_fifo {
	unsigned int nr_pages;
	unsigned int raise_next;	/* deferred events below it have been raised */
	uint32_t *page[PAGES_MAX];		/* event words, in guest frames */
	struct fifo_vcpu {
		struct evtchn_fifo_control_block *block;	/* in a guest frame */
		uint32_t tail[EVTCHN_FIFO_MAX_QUEUES];	/* last port or 0 */
	} vcpu[];
};
_Static_assert(sizeof(struct evtchn_fifo_control_block) == 72 &&
	       EVTCHN_FIFO_NR_CHANNELS == EVENT_PORTS_MAX &&
	       MAX_VCPUS * EVTCHN_FIFO_MAX_QUEUES <= 1u << EVENT_QUEUE_BITS,
	       "queues and ports fit struct evtchn");

/* --- frames of the guest, held until the ABI is left ----------------------- */

static void *frame_hold(struct domain *d, gfn_t gfn)
{
	struct page *pg = p2m_get_own(d, gfn);

	return pg ? map_frame(page_to_mfn(pg)) : NULL;
}

static void frame_let_go(void *at)
{
	void *frame = (void *)((uintptr_t)at & PAGE_MASK);
	struct page *pg;

	if (!at)
		return;
	pg = mfn_to_page(virt_to_mfn(frame));
	unmap_frame(frame);
	page_put(pg);
}

/* --- making an event pending ------------------------------------------------ */

static uint32_t *word_of(const struct event_fifo *f, unsigned int port)
{
	uint32_t *page = f->page[port / WORDS_PER_PAGE];

	return page ? &page[port % WORDS_PER_PAGE] : NULL;
}

static uint32_t *tail_of(struct event_fifo *f, unsigned int queue)
{
	return &f->vcpu[queue / EVTCHN_FIFO_MAX_QUEUES].tail[queue % EVTCHN_FIFO_MAX_QUEUES];
}

/* Puts @port at the end of its queue; true: it is the first there. */
static bool link_locked(struct event_fifo *f, unsigned int port, struct evtchn *chn,
			unsigned int queue)
{
	uint32_t *tail = tail_of(f, chn->queue), *word = NULL;

	/* It was taken as the last of the queue it was in: that one is empty. */
	if (*tail == port)
		*tail = 0;
	chn->queue = queue;
	tail = tail_of(f, queue);
	if (*tail)
		word = word_of(f, *tail);
	*tail = port;
	if (word && __atomic_fetch_or(word, port, __ATOMIC_SEQ_CST) & LINKED)
		return false;
	if (word)
		__atomic_fetch_and(word, ~(uint32_t)EVTCHN_FIFO_LINK_MASK, __ATOMIC_SEQ_CST);
	return true;
}

static void raise_locked(struct domain *d, struct event_fifo *f, unsigned int port,
			 struct evtchn *chn)
{
	unsigned int v = __atomic_load_n(&chn->vcpu, __ATOMIC_RELAXED);
	unsigned int priority = chn->priority;
	struct evtchn_fifo_control_block *block = f->vcpu[v].block;
	uint32_t *word = word_of(f, port);

	ASSERT(spin_is_locked(&d->events->fifo_lock));
	if (!word) {		/* until its page of the array comes */
		chn->deferred = 1;
		return;
	}
	if (__atomic_fetch_or(word, PENDING, __ATOMIC_SEQ_CST) & (MASKED | LINKED) || !block)
		return;
	__atomic_fetch_or(word, LINKED, __ATOMIC_SEQ_CST);
	if (!link_locked(f, port, chn, v * EVTCHN_FIFO_MAX_QUEUES + priority))
		return;
	__atomic_store_n(&block->head[priority], port, __ATOMIC_SEQ_CST);
	if (!(__atomic_fetch_or(&block->ready, 1u << priority, __ATOMIC_SEQ_CST) >> priority & 1))
		event_mark_upcall(d->vcpu[v]);
}

void event_fifo_set_pending(struct domain *d, unsigned int port, struct evtchn *chn)
{
	struct evtchn_table *t = d->events;

	LOCKED(&t->fifo_lock);
	if (t->fifo)
		raise_locked(d, t->fifo, port, chn);
}

void event_fifo_unmask(struct domain *d, unsigned int port, struct evtchn *chn)
{
	struct evtchn_table *t = d->events;
	uint32_t *word;

	LOCKED(&t->fifo_lock);
	word = t->fifo ? word_of(t->fifo, port) : NULL;
	if (word && __atomic_fetch_and(word, ~MASKED, __ATOMIC_SEQ_CST) & PENDING)
		raise_locked(d, t->fifo, port, chn);
}

void event_fifo_port_init(struct evtchn_table *t, unsigned int port, struct evtchn *chn)
{
	uint32_t *word;

	LOCKED(&t->fifo_lock);
	chn->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
	chn->deferred = 0;
	word = t->fifo ? word_of(t->fifo, port) : NULL;
	if (word)
		__atomic_fetch_and(word, ~PENDING, __ATOMIC_SEQ_CST);
}

bool event_fifo_pending(struct evtchn_table *t, unsigned int port)
{
	const uint32_t *word;
	bool pending;

	LOCKED(&t->fifo_lock);
	word = t->fifo ? word_of(t->fifo, port) : NULL;
	pending = word && __atomic_load_n(word, __ATOMIC_SEQ_CST) & PENDING;
	return pending;
}

/* --- coming and going -------------------------------------------------------- */

/* What is pending now waits for the array. */
static void defer_pending_locked(struct domain *d)
{
	struct evtchn_table *t = d->events;

	for (unsigned int w = 0; w < BITMAP_WORDS(event_ports(t)); w++) {
		uint64_t left = t->used[w] & d->shared_info->evtchn_pending[w];

		for (left &= w ? ~0ull : ~1ull; left; left &= left - 1)
			event_port(t, w * BITS_PER_WORD + (unsigned int)__builtin_ctzll(left))
				->deferred = 1;
	}
}

int event_fifo_init_control(struct vcpu *v, gfn_t gfn, unsigned int offset)
{
	struct domain *d = v->domain;
	struct evtchn_table *t = d->events;
	struct event_fifo *fresh;
	char *frame = frame_hold(d, gfn);
	int err = -EINVAL;

	if (!frame)
		return -EINVAL;
	fresh = heap_alloc(sizeof(*fresh) + d->max_vcpus * sizeof(fresh->vcpu[0]));
	if (!fresh) {
		frame_let_go(frame);
		return -ENOMEM;
	}
	spin_lock(&d->event_lock);
	spin_lock(&t->fifo_lock);
	if (!t->fifo) {
		defer_pending_locked(d);
		__atomic_store_n(&t->fifo, fresh, __ATOMIC_RELEASE);
		fresh = NULL;
	}
	if (!t->fifo->vcpu[v->id].block) {
		t->fifo->vcpu[v->id].block = (void *)(frame + offset);
		err = 0;
	}
	spin_unlock(&t->fifo_lock);
	spin_unlock(&d->event_lock);
	heap_free(fresh);
	if (err)
		frame_let_go(frame);
	return err;
}

/* What waited for the pages that are there now is raised, some at a time. */
static int raise_deferred_locked(struct domain *d, struct event_fifo *f)
{
	unsigned int end = f->nr_pages * (unsigned int)WORDS_PER_PAGE;

	while (f->raise_next < end) {
		unsigned int port = f->raise_next++;
		struct evtchn *chn = event_port(d->events, port);

		if (chn && chn->deferred) {
			chn->deferred = 0;
			raise_locked(d, f, port, chn);
		}
		if (f->raise_next % RAISE_BATCH == 0 && f->raise_next < end &&
		    hypercall_preempt_check())
			return -ERESTART;
	}
	return 0;
}

/* A page that is the last one already, with events yet to be raised: a restart. */
static int expand_locked(struct domain *d, uint32_t *frame, bool *taken)
{
	struct evtchn_table *t = d->events;
	struct event_fifo *f = t->fifo;
	unsigned int words;
	int err;

	if (!f)
		return -EOPNOTSUPP;
	words = f->nr_pages * (unsigned int)WORDS_PER_PAGE;
	if (f->raise_next < words) {
		bool again = f->page[f->nr_pages - 1] == frame;

		err = raise_deferred_locked(d, f);
		if (err || again)
			return err;
	}
	if (words >= t->limit)
		return -ENOSPC;
	f->page[f->nr_pages++] = frame;
	*taken = true;
	return raise_deferred_locked(d, f);
}

int event_fifo_expand(struct domain *d, gfn_t gfn)
{
	uint32_t *frame = frame_hold(d, gfn);
	bool taken = false;
	int err;

	if (!frame)
		return -EINVAL;
	spin_lock(&d->event_lock);
	spin_lock(&d->events->fifo_lock);
	err = expand_locked(d, frame, &taken);
	spin_unlock(&d->events->fifo_lock);
	spin_unlock(&d->event_lock);
	if (!taken)
		frame_let_go(frame);
	return err;
}

void event_fifo_set_priority(struct evtchn_table *t, struct evtchn *chn, unsigned int priority)
{
	LOCKED(&t->fifo_lock);
	chn->priority = priority & EVTCHN_FIFO_PRIORITY_MIN;
}

void event_fifo_end(struct domain *d)
{
	struct evtchn_table *t = d->events;
	struct event_fifo *f;

	spin_lock(&d->event_lock);
	spin_lock(&t->fifo_lock);
	f = t->fifo;
	__atomic_store_n(&t->fifo, NULL, __ATOMIC_RELEASE);
	spin_unlock(&t->fifo_lock);
	spin_unlock(&d->event_lock);
	if (!f)
		return;
	for (unsigned int i = 0; i < f->nr_pages; i++)
		frame_let_go(f->page[i]);
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		frame_let_go(f->vcpu[i].block);
	heap_free(f);
}
