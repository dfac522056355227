/*
 * When a guest that ended is to be dealt with. Pure: time comes in, a decision goes
 * out.
 *
 * A guest that ends again and again right after its start would keep the host busy
 * for nothing: each such life in a row makes the wait before the next longer. It is
 * never given up, since its trouble may be a server or a disk that comes back.
 */
#ifndef HOSTD_POLICY_H
#define HOSTD_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLICY_QUICK_S 60	/* a life shorter than this is a quick one */
#define POLICY_FORGET_MS 600000 /* after so long without a sign of it */

struct guest {
	uint8_t uuid[16];
	bool known;	  /* domid below has been looked at */
	uint32_t domid;	  /* of the life that ended last */
	unsigned int quick; /* quick lives in a row, this one included */
	bool pending;	  /* to be dealt with at due_ms */
	int64_t due_ms;
	int64_t seen_ms;
};

struct guests {
	struct guest *list;
	size_t n;
	int64_t lost_due_ms; /* next try for those that could not be started again */
};

/* The guest's record, made when there is none; NULL: no memory. */
struct guest *guests_get(struct guests *g, const uint8_t uuid[16], int64_t now_ms);

/*
 * Its domain domid has ended after lived_s seconds; is it going to be started again?
 * Sets quick, pending and due_ms. Returns the wait in ms.
 */
int64_t guest_ended(struct guest *guest, uint32_t domid, uint64_t lived_s, bool restarts,
		    int64_t now_ms);

/* Its next life has another uuid (rename-restart): the count goes on there. */
void guest_inherit(struct guests *g, const uint8_t old[16], const uint8_t new[16],
		   int64_t now_ms);

/* When the next pending one is due: ms from now, 0 at once, -1 nothing pending. */
int guests_next_ms(const struct guests *g, int64_t now_ms);

/* Drops records of guests not seen for long. */
void guests_forget(struct guests *g, int64_t now_ms);

#endif
