/*
 * Domains and vCPUs: birth, look-up, pause, shutdown, death.
 *
 * Look-up goes through a small hash by id; the list of all domains is sorted
 * by id for the toolstack's walks. Both are covered by list_lock, a leaf lock.
 * A domain's struct lives until its last reference goes; every holder of a
 * pointer that outlives a call holds one.
 */
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/crash.h>
#include <hv/event.h>
#include <hv/grant.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/sched.h>

#define HASH_SIZE	64u
#define FIRST_PICKED_ID 1u

struct domain *hardware_domain;
struct domain *idle_domain;

static spinlock_t list_lock;
static struct list all_domains = {&all_domains, &all_domains};
static struct domain *hash[HASH_SIZE];
static domid_t next_id = FIRST_PICKED_ID;

/* --- look-up ------------------------------------------------------------ */

static struct domain *find_locked(domid_t id)
{
	struct domain *d = hash[id % HASH_SIZE];

	while (d && d->id != id)
		d = d->hash_next;
	return d;
}

/*
 * Takes a reference unless the last one is gone: the domain is then about to
 * leave the list, and must not come to life again.
 */
static bool get_live(struct domain *d)
{
	unsigned int refs = __atomic_load_n(&d->refs, __ATOMIC_RELAXED);

	while (refs)
		if (__atomic_compare_exchange_n(&d->refs, &refs, refs + 1, true,
						__ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

struct domain *domain_find(domid_t id)
{
	struct domain *d;

	LOCKED(&list_lock);
	d = find_locked(id);
	if (d && !get_live(d))
		d = NULL;
	return d;
}

struct domain *domain_find_from(domid_t id)
{
	struct domain *found = NULL;

	LOCKED(&list_lock);
	list_for_each(p, &all_domains) {
		struct domain *d = list_entry(p, struct domain, link);

		if (d->id >= id && get_live(d)) {
			found = d;
			break;
		}
	}
	return found;
}

int domain_find_checked(domid_t id, enum access_op op, struct domain **out)
{
	struct domain *self = current->domain;
	struct domain *d;
	int err;

	if (id == DOMID_SELF || id == self->id) {
		domain_get(self);
		d = self;
	} else {
		d = domain_find(id);
	}
	if (!d)
		return -ESRCH;
	err = access_check(self, op, d);
	if (err) {
		domain_put(d);
		return err;
	}
	*out = d;
	return 0;
}

static void list_insert_locked(struct domain *d)
{
	struct list *at = &all_domains;

	list_for_each(p, &all_domains) {
		if (list_entry(p, struct domain, link)->id > d->id) {
			at = p;
			break;
		}
	}
	list_add_before(at, &d->link);
	d->hash_next = hash[d->id % HASH_SIZE];
	hash[d->id % HASH_SIZE] = d;
}

static void list_remove_locked(struct domain *d)
{
	struct domain **pp = &hash[d->id % HASH_SIZE];

	while (*pp != d)
		pp = &(*pp)->hash_next;
	*pp = d->hash_next;
	list_del(&d->link);
}

/* Ids are handed out in rising order, so that an old id is not met again soon. */
static int pick_id_locked(domid_t *id)
{
	for (unsigned int i = 0; i < DOMID_FIRST_RESERVED; i++) {
		domid_t try = next_id++;

		if (next_id >= DOMID_FIRST_RESERVED)
			next_id = FIRST_PICKED_ID;
		if (!find_locked(try)) {
			*id = try;
			return 0;
		}
	}
	return -ENOSPC;
}

static int list_publish(struct domain *d, domid_t wanted)
{
	int err = 0;

	LOCKED(&list_lock);
	if (wanted == DOMID_INVALID)
		err = pick_id_locked(&wanted);
	else if (wanted >= DOMID_FIRST_RESERVED)
		err = -EINVAL;
	else if (find_locked(wanted))
		err = -EEXIST;
	if (!err) {
		d->id = wanted;
		list_insert_locked(d);
	}
	return err;
}

/* --- birth ---------------------------------------------------------------- */

static void watchdog_expired(void *data)
{
	domain_shutdown(data, SHUTDOWN_watchdog);
}

static void domain_init_fields(struct domain *d, const struct domain_config *c)
{
	d->refs = 1;
	d->control = c->control;
	d->hardware = c->control;
	d->max_vcpus = c->max_vcpus;
	d->create_flags = c->flags;
	d->pause_count = 1;
	d->controller_pauses = 1;
	sched_init_domain(d);
	d->shared_info_gfn = INVALID_GFN;
	memcpy(d->handle, c->handle, sizeof(d->handle));
	list_init(&d->link);
	for (unsigned int i = 0; i < ARRAY_SIZE(d->watchdog); i++)
		timer_init(&d->watchdog[i], watchdog_expired, d);
}

/* Frees what domain_create() and vcpu_create() made; accepts half-made ones. */
static void domain_free(struct domain *d)
{
	for_each_vcpu(d, v) {
		sched_destroy_vcpu(v);
		arch_vcpu_destroy(v);
		heap_free(v->dummy_info);
		heap_free(v->poll_ports);
		heap_free(v);
	}
	if (d->arch)
		arch_domain_destroy(d);
	if (d->grants)
		grants_destroy(d);
	if (d->events)
		events_destroy(d);
	if (d->shared_info)
		heap_free_page(d->shared_info);
	heap_free(d->vcpu);
	heap_free(d);
}

static int domain_build(struct domain *d, const struct domain_config *c)
{
	int err;

	d->vcpu = heap_alloc(c->max_vcpus * sizeof(*d->vcpu));
	d->shared_info = heap_alloc_page();
	if (!d->vcpu || !d->shared_info)
		return -ENOMEM;
	err = events_create(d, c->max_evtchn_port);
	if (!err)
		err = grants_create(d, c->max_grant_frames, c->max_maptrack_frames);
	if (!err)
		err = arch_domain_create(d, c);
	return err;
}

int domain_create(const struct domain_config *c, struct domain **out)
{
	struct domain *d;
	int err;

	if (!c->max_vcpus || c->max_vcpus > MAX_VCPUS)
		return -EINVAL;
	d = heap_alloc(sizeof(*d));
	if (!d)
		return -ENOMEM;
	domain_init_fields(d, c);
	err = domain_build(d, c);
	if (!err)
		err = list_publish(d, c->id);
	if (err) {
		domain_free(d);
		return err;
	}
	arch_update_wallclock(d);
	*out = d;
	return 0;
}

static void singleshot_expired(void *data)
{
	virq_send_vcpu(data, VIRQ_TIMER);
}

static void periodic_expired(void *data)
{
	struct vcpu *v = data;

	virq_send_vcpu(v, VIRQ_TIMER);
	if (v->periodic_ns)
		timer_set(&v->periodic_timer, now_ns() + v->periodic_ns);
}

static void poll_expired(void *data)
{
	vcpu_kick(data);
}

static int vcpu_init_info(struct vcpu *v)
{
	struct domain *d = v->domain;

	if (v->id < XEN_LEGACY_MAX_VCPUS) {
		v->info = &d->shared_info->vcpu_info[v->id];
		return 0;
	}
	v->dummy_info = heap_alloc(sizeof(*v->dummy_info));
	if (!v->dummy_info)
		return -ENOMEM;
	v->info = v->dummy_info;
	v->info->evtchn_upcall_mask = 1;
	return 0;
}

int vcpu_create(struct domain *d, unsigned int id)
{
	struct vcpu *v;
	int err;

	if (id >= d->max_vcpus)
		return -EINVAL;
	if (d->vcpu[id])
		return -EEXIST;
	v = heap_alloc(sizeof(*v));
	if (!v)
		return -ENOMEM;
	v->id = id;
	v->domain = d;
	v->down = true;
	list_init(&v->rq_link);
	timer_init(&v->singleshot_timer, singleshot_expired, v);
	timer_init(&v->periodic_timer, periodic_expired, v);
	timer_init(&v->poll_timer, poll_expired, v);
	err = vcpu_init_info(v);
	if (!err)
		err = arch_vcpu_create(v);
	if (err) {
		heap_free(v->dummy_info);
		heap_free(v);
		return err;
	}
	sched_init_vcpu(v);
	arch_update_vcpu_time(v);
	__atomic_store_n(&d->vcpu[id], v, __ATOMIC_RELEASE);
	return 0;
}

/* --- references ----------------------------------------------------------- */

void domain_get(struct domain *d)
{
	__atomic_fetch_add(&d->refs, 1, __ATOMIC_RELAXED);
}

void domain_put(struct domain *d)
{
	if (__atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL))
		return;
	spin_lock(&list_lock);
	list_remove_locked(d);
	spin_unlock(&list_lock);
	domain_free(d);
	/* The toolstack may be waiting for the id to disappear. */
	virq_send_global(VIRQ_DOM_EXC);
}

/* --- pause ------------------------------------------------------------------ */

void domain_pause_nosync(struct domain *d)
{
	__atomic_fetch_add(&d->pause_count, 1, __ATOMIC_SEQ_CST);
	for_each_vcpu(d, v)
		sched_sleep(v);
}

void domain_pause(struct domain *d)
{
	ASSERT(d != current->domain);
	domain_pause_nosync(d);
	for_each_vcpu(d, v)
		sched_sleep_sync(v);
}

void domain_unpause(struct domain *d)
{
	if (__atomic_sub_fetch(&d->pause_count, 1, __ATOMIC_SEQ_CST))
		return;
	for_each_vcpu(d, v)
		sched_wake(v);
}

void vcpu_pause(struct vcpu *v)
{
	ASSERT(v != current);
	__atomic_fetch_add(&v->pause_count, 1, __ATOMIC_SEQ_CST);
	sched_sleep_sync(v);
}

void vcpu_unpause(struct vcpu *v)
{
	if (!__atomic_sub_fetch(&v->pause_count, 1, __ATOMIC_SEQ_CST))
		sched_wake(v);
}

/* --- shutdown --------------------------------------------------------------- */

static const char *const shutdown_names[] = {
	[SHUTDOWN_poweroff] = "power-off",
	[SHUTDOWN_reboot] = "reboot",
	[SHUTDOWN_suspend] = "suspend",
	[SHUTDOWN_crash] = "crash",
	[SHUTDOWN_watchdog] = "watchdog",
	[SHUTDOWN_soft_reset] = "soft reset",
};

const char *shutdown_name(unsigned int code)
{
	return code < ARRAY_SIZE(shutdown_names) ? shutdown_names[code] :
						   "unknown reason";
}

/* The control domain's end is the machine's. */
static void machine_shutdown(unsigned int code)
{
	log_info("control domain: %s\n", shutdown_name(code));
	if (code == SHUTDOWN_poweroff)
		arch_machine_poweroff();
	if (code != SHUTDOWN_reboot) {
		log_error("control domain is gone (%s): restarting the machine\n",
			  shutdown_name(code));
		crash_keep();
	}
	arch_machine_reboot();
}

void domain_shutdown(struct domain *d, unsigned int code)
{
	if (d == hardware_domain)
		machine_shutdown(code);
	spin_lock(&d->lock);
	if (d->shut_down || d->dying) {
		spin_unlock(&d->lock);
		return;
	}
	if (!d->shutdown_told)
		d->shutdown_code = code;
	d->shut_down = true;
	spin_unlock(&d->lock);
	domain_pause_nosync(d);
	virq_send_global(VIRQ_DOM_EXC);
}

int domain_resume(struct domain *d)
{
	spin_lock(&d->lock);
	if (!d->shut_down || d->shutdown_code != SHUTDOWN_suspend || d->dying) {
		spin_unlock(&d->lock);
		return -EINVAL;
	}
	d->shut_down = d->shutdown_told = false;
	spin_unlock(&d->lock);
	domain_unpause(d);
	return 0;
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
	char why[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	guest_log(d, "domain %u crashed: %s\n", d->id, why);
	domain_shutdown(d, SHUTDOWN_crash);
}

/* --- death ------------------------------------------------------------------ */

static void vcpu_release(struct vcpu *v)
{
	timer_kill(&v->singleshot_timer);
	timer_kill(&v->periodic_timer);
	timer_kill(&v->poll_timer);
	area_release(&v->runstate_area);
	area_release(&v->time_area);
	event_release_vcpu_info(v);
}

/* The step after which nothing of the domain runs or can be started. */
static void domain_stop(struct domain *d)
{
	domain_pause(d);
	for (unsigned int i = 0; i < ARRAY_SIZE(d->watchdog); i++)
		timer_kill(&d->watchdog[i]);
	timer_kill(&d->cap_timer);
	for_each_vcpu(d, v)
		vcpu_release(v);
}

int domain_kill(struct domain *d)
{
	bool first;
	int err;

	if (d == hardware_domain || d == current->domain)
		return -EINVAL;
	spin_lock(&d->lock);
	if (d->dying == DOMAIN_DEAD) {
		spin_unlock(&d->lock);
		return 0;
	}
	first = d->dying == DOMAIN_ALIVE;
	d->dying = DOMAIN_DYING;
	spin_unlock(&d->lock);
	if (first)
		domain_stop(d);
	err = events_close_all(d);
	if (!err)
		err = grants_unmap_all(d);
	if (!err)
		err = p2m_teardown(d);
	if (err)
		return err;
	d->dying = DOMAIN_DEAD;
	virq_send_global(VIRQ_DOM_EXC);
	domain_put(d);	/* the one it was born with */
	return 0;
}

/* --- vCPUs on and off --------------------------------------------------------- */

void vcpu_set_down(struct vcpu *v)
{
	struct domain *d = v->domain;

	v->down = true;
	sched_sleep(v);
	for_each_vcpu(d, other)
		if (!other->down)
			return;
	domain_shutdown(d, SHUTDOWN_poweroff);
}

void vcpu_set_up(struct vcpu *v)
{
	v->blocked = false;
	v->down = false;
	sched_wake(v);
}

/* --- registered guest areas ------------------------------------------------- */

/* Puts page in place of what a had, and lets go of that. */
static void area_replace(struct guest_area *a, struct page *const page[2],
			 unsigned int offset)
{
	struct page *old[2];

	spin_lock(&a->lock);
	memcpy(old, a->page, sizeof(old));
	a->page[0] = page[0];
	a->page[1] = page[1];
	a->offset = offset;
	spin_unlock(&a->lock);
	for (unsigned int i = 0; i < 2; i++)
		if (old[i])
			page_put(old[i]);
}

int area_register(struct guest_area *a, gva_t addr, unsigned int size)
{
	unsigned int offset = addr.v & (PAGE_SIZE - 1);
	struct page *page[2] = {arch_guest_page(addr, true), NULL};

	if (!page[0])
		return -EFAULT;
	if (offset + size > PAGE_SIZE) {
		page[1] = arch_guest_page(gva_add(addr, size - 1), true);
		if (!page[1]) {
			page_put(page[0]);
			return -EFAULT;
		}
	}
	area_replace(a, page, offset);
	return 0;
}

static void area_write_locked(const struct guest_area *a, unsigned int at,
			      const char *src, unsigned int len)
{
	while (len) {
		unsigned int in_page = at & (PAGE_SIZE - 1);
		unsigned int n = MIN(len, (unsigned int)PAGE_SIZE - in_page);
		char *p = map_frame(page_to_mfn(a->page[at >> PAGE_SHIFT]));

		memcpy(p + in_page, src, n);
		unmap_frame(p);
		src += n;
		at += n;
		len -= n;
	}
}

void area_write(struct guest_area *a, unsigned int offset, const void *src,
		unsigned int len)
{
	LOCKED(&a->lock);
	if (a->page[0])
		area_write_locked(a, a->offset + offset, src, len);
}

void area_release(struct guest_area *a)
{
	struct page *const none[2] = {NULL, NULL};

	area_replace(a, none, 0);
}
