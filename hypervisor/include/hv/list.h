/* Doubly linked circular list; an empty list points at itself. No locking. */
#ifndef HV_LIST_H
#define HV_LIST_H

#include <hv/types.h>

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

/* Inserts @n before @at: with @at the head, at the tail. */
static inline void list_add_before(struct list *at, struct list *n)
{
	n->next = at;
	n->prev = at->prev;
	at->prev->next = n;
	at->prev = n;
}

/* Takes @n out and leaves it as an empty list, so a second call is harmless. */
static inline void list_del(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

#define list_entry(p, type, member) container_of(p, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)
#define list_for_each(p, head) \
	for (struct list *p = (head)->next; p != (head); p = p->next)
#define list_for_each_safe(p, n, head)                                       \
	for (struct list *p = (head)->next, *n = p->next; p != (head);       \
	     p = n, n = p->next)

#endif
