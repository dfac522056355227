/* See policy.h. */
#include "policy.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int64_t restart_wait_ms(unsigned int quick)
{
	static const int seconds[] = { 0, 0, 0, 2, 5, 10, 30, 60 };
	const size_t n = sizeof(seconds) / sizeof(seconds[0]);

	return 1000 * (int64_t)seconds[quick < n ? quick : n - 1];
}

struct guest *guests_get(struct guests *g, const uint8_t uuid[16], int64_t now_ms)
{
	struct guest *bigger;

	for (size_t i = 0; i < g->n; i++) {
		if (!memcmp(g->list[i].uuid, uuid, sizeof(g->list[i].uuid))) {
			g->list[i].seen_ms = now_ms;
			return &g->list[i];
		}
	}
	bigger = realloc(g->list, (g->n + 1) * sizeof(*bigger));
	if (!bigger)
		return NULL;
	g->list = bigger;
	bigger[g->n] = (struct guest){ .seen_ms = now_ms };
	memcpy(bigger[g->n].uuid, uuid, sizeof(bigger[g->n].uuid));
	return &bigger[g->n++];
}

int64_t guest_ended(struct guest *guest, uint32_t domid, uint64_t lived_s, bool restarts,
		    int64_t now_ms)
{
	int64_t wait_ms = 0;

	guest->known = true;
	guest->domid = domid;
	guest->quick = lived_s < POLICY_QUICK_S ? guest->quick + 1 : 0;
	if (restarts)
		wait_ms = restart_wait_ms(guest->quick);
	guest->pending = true;
	guest->due_ms = now_ms + wait_ms;
	return wait_ms;
}

void guest_inherit(struct guests *g, const uint8_t old[16], const uint8_t new[16],
		   int64_t now_ms)
{
	struct guest *from = guests_get(g, old, now_ms);
	unsigned int quick = from ? from->quick : 0;
	struct guest *to = guests_get(g, new, now_ms);

	if (to)
		to->quick = quick;
}

int guests_next_ms(const struct guests *g, int64_t now_ms)
{
	int64_t next = -1;

	for (size_t i = 0; i < g->n; i++) {
		int64_t left = g->list[i].due_ms - now_ms;

		if (!g->list[i].pending)
			continue;
		if (left < 0)
			left = 0;
		if (next < 0 || left < next)
			next = left;
	}
	return next > INT_MAX ? INT_MAX : (int)next;
}

void guests_forget(struct guests *g, int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->n; i++) {
		if (now_ms - g->list[i].seen_ms < POLICY_FORGET_MS)
			g->list[kept++] = g->list[i];
	}
	g->n = kept;
}
