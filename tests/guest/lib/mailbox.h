/*
 * How a test in a domU talks to the runner in dom0: one request at a time,
 * through the page and the event channel that a store daemon would have.
 * Shared by both sides; the domU is not trusted by the runner.
 */
#ifndef GUEST_MAILBOX_H
#define GUEST_MAILBOX_H

#include <stdint.h>

#define MAILBOX_MAGIC 0x7473657474696e79ull

/* Requests; results are 0 or more, or a negative errno. */
enum mailbox_op {
	MB_ECHO,	/* arg0 -> result */
	MB_GRANT_MAP,	/* arg0 ref, arg1 GNTMAP flags -> slot; out0 status */
	MB_GRANT_UNMAP, /* arg0 slot -> status */
	MB_PEEK,	/* arg0 slot, arg1 offset -> byte */
	MB_POKE,	/* arg0 slot, arg1 offset, arg2 byte */
	MB_GRANT_COPY,	/* arg0 ref, arg1 byte to fill: dom0 copies a page in -> status */
	MB_EVENT_ALLOC, /* dom0 allocates an unbound port for us -> port */
	MB_EVENT_BIND,	/* arg0 our unbound port -> dom0's port */
	MB_EVENT_SEND,	/* arg0 dom0's port */
	MB_EVENT_PENDING, /* arg0 dom0's port -> was pending; cleared */
	MB_EVENT_CLOSE,	  /* arg0 dom0's port */
	MB_PEER_START,	 /* arg0, arg1, arg2: "peer=" "with=" "arg=" of a second domain ->
			    domid */
	MB_PEER_STATE,	 /* arg0 domid -> -1 running, else shutdown code, 256 dying */
	MB_PEER_DESTROY, /* arg0 domid; arg1 0: wait until it is gone */
	MB_PEER_VERDICT, /* arg0 domid -> what it left in its mailbox */
	MB_PAUSE,	 /* arg0 ms: pauses us, unpauses later */
	MB_FREE_PAGES,	 /* -> free pages of the host */
	MB_NR_OPS,
};

struct mailbox {
	uint64_t magic;
	volatile uint32_t request; /* counted up by the domU */
	volatile uint32_t reply;   /* set to request by the runner */
	uint32_t op;
	uint32_t verdict; /* 1 + enum verdict; 0 = the test never ended */
	uint64_t arg[4];
	int64_t result;
	uint64_t out[2];
};

/* The domU's side: asks and waits; -ENOSYS (-38) when there is no runner. */
long ask(enum mailbox_op op, unsigned long a, unsigned long b, unsigned long c);
extern struct mailbox *mailbox;
void mailbox_init(void);

#endif
