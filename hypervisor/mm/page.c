/*
 * Ownership of machine frames (hv/page.h): birth, references, death, and the
 * accounting of a domain's share. Not the allocator, which knows no domains.
 *
 * Invariant: d->tot_pages is the number of frames whose owner is d; while it
 * is not 0 it holds one reference on d, so a frame's owner can always be found.
 * account_lock covers tot_pages, claimed_pages and their total (a leaf lock,
 * with the allocator's).
 */
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/page.h>

static spinlock_t account_lock;
static uint64_t claimed_total;

/* --- accounting ----------------------------------------------------------- */

static void claim_set_locked(struct domain *d, unsigned int pages)
{
	claimed_total = claimed_total - d->claimed_pages + pages;
	d->claimed_pages = pages;
}

static bool account_add(struct domain *d, unsigned int nr, bool limited)
{
	unsigned int old;
	uint64_t promised;

	spin_lock(&account_lock);
	old = d->tot_pages;
	promised = claimed_total - d->claimed_pages;
	if (limited && (d->dying || nr > d->max_pages || old > d->max_pages - nr ||
			page_nr_free() < promised + nr)) {
		spin_unlock(&account_lock);
		return false;
	}
	__atomic_store_n(&d->tot_pages, old + nr, __ATOMIC_RELAXED);
	if (limited)
		claim_set_locked(d, d->claimed_pages - MIN(nr, d->claimed_pages));
	spin_unlock(&account_lock);
	if (!old)
		domain_get(d);
	return true;
}

static void account_sub(struct domain *d, unsigned int nr)
{
	unsigned int left;

	spin_lock(&account_lock);
	BUG_ON(d->tot_pages < nr);
	left = d->tot_pages - nr;
	__atomic_store_n(&d->tot_pages, left, __ATOMIC_RELAXED);
	spin_unlock(&account_lock);
	if (!left)
		domain_put(d);
}

void page_account(struct domain *d, unsigned int nr)
{
	if (nr)
		(void)account_add(d, nr, false);
}

int page_claim(struct domain *d, uint64_t nr)
{
	int err = 0;

	LOCKED(&account_lock);
	if (d->claimed_pages || d->dying || nr <= d->tot_pages || nr > d->max_pages)
		err = -EINVAL;
	else if (nr - d->tot_pages + claimed_total > page_nr_free())
		err = -ENOMEM;
	else
		claim_set_locked(d, (unsigned int)nr - d->tot_pages);
	return err;
}

void page_unclaim(struct domain *d)
{
	LOCKED(&account_lock);
	claim_set_locked(d, 0);
}

uint64_t page_nr_claimed(void)
{
	return __atomic_load_n(&claimed_total, __ATOMIC_RELAXED);
}

/* --- birth ---------------------------------------------------------------- */

mfn_t page_alloc_domain(struct domain *d, unsigned int order)
{
	unsigned int nr = 1u << order;
	mfn_t mfn;

	if (!account_add(d, nr, true))
		return INVALID_MFN;
	mfn = page_alloc(order, 0);
	if (!mfn_valid_value(mfn)) {
		account_sub(d, nr);
		return INVALID_MFN;
	}
	for (unsigned int i = 0; i < nr; i++) {
		struct page *pg = mfn_to_page(mfn_add(mfn, i));

		pg->owner = d->id;
		__atomic_store_n(&pg->refs, 1, __ATOMIC_RELEASE);
	}
	return mfn;
}

void page_clear(mfn_t mfn)
{
	void *p = map_frame(mfn);

	memset(p, 0, PAGE_SIZE);
	unmap_frame(p);
}

/* --- references ----------------------------------------------------------- */

bool page_get(struct page *pg, const struct domain *d)
{
	uint32_t refs = __atomic_load_n(&pg->refs, __ATOMIC_ACQUIRE);

	/* refs only leaves 0 through the allocator, so the owner is stable. */
	do {
		if (!refs || refs == UINT32_MAX)
			return false;
	} while (!__atomic_compare_exchange_n(&pg->refs, &refs, refs + 1, false,
					      __ATOMIC_ACQUIRE,
					      __ATOMIC_ACQUIRE));
	if (!d || pg->owner == d->id)
		return true;
	page_put(pg);
	return false;
}

void page_last_put(struct page *pg)
{
	struct domain *d;

	if (pg->owner == DOMID_XEN) {
		page_free(page_to_mfn(pg), 0);
		return;
	}
	d = domain_find(pg->owner);
	BUG_ON(!d);
	page_free(page_to_mfn(pg), 0);
	account_sub(d, 1);
	domain_put(d);
}

void page_release(struct domain *d, struct page *pg)
{
	ASSERT(pg->owner == d->id);
	if (!page_drop_ref(pg))
		return;
	page_free(page_to_mfn(pg), 0);
	account_sub(d, 1);
}
