/*
 * What the runner does for a running domain: forwards its console, answers its
 * mailbox, ends a pause that is over. One table row per request.
 */
#include "runner.h"

static void forward_console(struct dom *d)
{
	static char text[sizeof(d->console->out)];
	uint32_t prod = *(volatile uint32_t *)&d->console->out_prod;
	uint32_t cons = d->console->out_cons;
	size_t n = 0;

	if (prod - cons > sizeof(d->console->out))
		cons = prod; /* the domain lies: drop it all */
	while (cons != prod)
		text[n++] = d->console->out[cons++ % sizeof(d->console->out)];
	barrier();
	d->console->out_cons = cons;
	if (n) {
		console_write(text, n);
		hv_event_send(d->console_port);
	}
}

static struct grant_slot *slot_of(struct dom *d, uint64_t nr)
{
	return nr < DOM_GRANTS && d->grants[nr].used ? &d->grants[nr] : NULL;
}

static long serve_echo(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	(void)d;
	(void)out;
	return (long)arg[0];
}

static long serve_grant_map(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	struct gnttab_map_grant_ref m = {
		.flags = (uint32_t)arg[1], .ref = (uint32_t)arg[0], .dom = d->id};
	unsigned int i;
	long rc;

	for (i = 0; i < DOM_GRANTS && d->grants[i].used; i++)
		;
	if (i == DOM_GRANTS)
		return -XEN_ENOSPC;
	m.host_addr = scratch_get(1) * PAGE_SIZE;
	rc = hv_grant_op(GNTTABOP_map_grant_ref, &m, 1);
	out[0] = (uint64_t)(int64_t)m.status;
	if (rc || m.status) {
		scratch_put(m.host_addr / PAGE_SIZE, 1);
		return rc ? rc : -XEN_EINVAL;
	}
	d->grants[i] = (struct grant_slot){true, m.handle, m.host_addr};
	return i;
}

static long serve_grant_unmap(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	struct grant_slot *s = slot_of(d, arg[0]);
	struct gnttab_unmap_grant_ref u = {0};
	long rc;

	(void)out;
	if (!s)
		return -XEN_ENOENT;
	u.host_addr = s->addr;
	u.handle = s->handle;
	rc = hv_grant_op(GNTTABOP_unmap_grant_ref, &u, 1);
	s->used = false;
	scratch_put(s->addr / PAGE_SIZE, 1);
	return rc ? rc : u.status;
}

static long serve_peek(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	struct grant_slot *s = slot_of(d, arg[0]);

	(void)out;
	return s ? ((volatile unsigned char *)s->addr)[arg[1] % PAGE_SIZE] : -XEN_ENOENT;
}

static long serve_poke(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	struct grant_slot *s = slot_of(d, arg[0]);

	(void)out;
	if (!s)
		return -XEN_ENOENT;
	((volatile unsigned char *)s->addr)[arg[1] % PAGE_SIZE] = (unsigned char)arg[2];
	return 0;
}

static long serve_grant_copy(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	static unsigned char page[4096] PAGE_ALIGNED;
	struct gnttab_copy c = {.len = PAGE_SIZE, .flags = GNTCOPY_dest_gref};
	long rc;

	(void)out;
	memset(page, (int)arg[1], sizeof(page));
	c.source.u.gmfn = gfn_of(page);
	c.source.domid = DOMID_SELF;
	c.dest.u.ref = (uint32_t)arg[0];
	c.dest.domid = d->id;
	rc = hv_grant_op(GNTTABOP_copy, &c, 1);
	return rc ? rc : c.status;
}

static long serve_event_alloc(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	(void)arg;
	(void)out;
	return hv_event_alloc(DOMID_SELF, d->id);
}

static long serve_event_bind(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	(void)out;
	return hv_event_bind(d->id, (evtchn_port_t)arg[0]);
}

static long serve_event_send(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	(void)d;
	(void)out;
	return hv_event_send((evtchn_port_t)arg[0]);
}

static long serve_event_pending(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	bool was = arg[0] < 4096 && event_pending((evtchn_port_t)arg[0]);

	(void)d;
	(void)out;
	if (was)
		event_clear((evtchn_port_t)arg[0]);
	return was;
}

static long serve_event_close(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	(void)d;
	(void)out;
	return hv_event_close((evtchn_port_t)arg[0]);
}

static long serve_peer_start(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	char words[80];
	struct dom *peer;

	(void)out;
	snprintf(words, sizeof(words), "peer=%lu with=%u arg=%lu", arg[0], d->id, arg[2]);
	peer = dom_create(test_elf, test_elf_size, words);
	if (!peer)
		return -XEN_ENOMEM;
	ts_simple(peer->id, XEN_DOMCTL_unpausedomain);
	return peer->id;
}

static long serve_peer_state(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	(void)d;
	(void)out;
	return dom_state((domid_t)arg[0]);
}

static long serve_peer_destroy(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	struct dom *peer = dom_find((domid_t)arg[0]);

	(void)out;
	if (!peer || peer == d)
		return -XEN_ESRCH;
	forward_console(peer);
	return arg[1] ? dom_end(peer) : dom_destroy(peer);
}

static long serve_peer_verdict(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	struct dom *peer = dom_find((domid_t)arg[0]);

	(void)d;
	(void)out;
	return peer ? (long)peer->mbox->verdict : -XEN_ESRCH;
}

static long serve_pause(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	(void)out;
	d->unpause_at = now_ns() + (arg[0] % 10000) * 1000000;
	return ts_simple(d->id, XEN_DOMCTL_pausedomain);
}

static long serve_free_pages(struct dom *d, const uint64_t *arg, uint64_t *out)
{
	(void)d;
	(void)arg;
	(void)out;
	return (long)ts_free_pages();
}

static long (*const handlers[MB_NR_OPS])(struct dom *d, const uint64_t *arg,
					 uint64_t *out) = {
	[MB_ECHO] = serve_echo,
	[MB_GRANT_MAP] = serve_grant_map,
	[MB_GRANT_UNMAP] = serve_grant_unmap,
	[MB_PEEK] = serve_peek,
	[MB_POKE] = serve_poke,
	[MB_GRANT_COPY] = serve_grant_copy,
	[MB_EVENT_ALLOC] = serve_event_alloc,
	[MB_EVENT_BIND] = serve_event_bind,
	[MB_EVENT_SEND] = serve_event_send,
	[MB_EVENT_PENDING] = serve_event_pending,
	[MB_EVENT_CLOSE] = serve_event_close,
	[MB_PEER_START] = serve_peer_start,
	[MB_PEER_STATE] = serve_peer_state,
	[MB_PEER_DESTROY] = serve_peer_destroy,
	[MB_PEER_VERDICT] = serve_peer_verdict,
	[MB_PAUSE] = serve_pause,
	[MB_FREE_PAGES] = serve_free_pages,
};

static void serve_mailbox(struct dom *d)
{
	uint32_t request = d->mbox->request;
	uint32_t op;
	uint64_t arg[4], out[2] = {0};

	if (request == d->served)
		return;
	barrier();
	op = *(volatile uint32_t *)&d->mbox->op;
	memcpy(arg, d->mbox->arg, sizeof(arg));
	d->served = request;
	d->mbox->result = op < MB_NR_OPS ? handlers[op](d, arg, out) : -XEN_ENOSYS;
	memcpy(d->mbox->out, out, sizeof(out));
	barrier();
	d->mbox->reply = request;
}

void dom_serve(struct dom *d)
{
	forward_console(d);
	serve_mailbox(d);
	if (d->unpause_at && now_ns() >= d->unpause_at) {
		d->unpause_at = 0;
		ts_simple(d->id, XEN_DOMCTL_unpausedomain);
	}
}
