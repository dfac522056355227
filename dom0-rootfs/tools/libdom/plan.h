/*
 * A plan: steps that are carried out in order and, when one fails, undone in
 * reverse. Each can be shown as a line of text before anything is done. A step
 * that fails has undone itself.
 */
#ifndef LIBDOM_PLAN_H
#define LIBDOM_PLAN_H

#include "libdom/libdom.h"

struct plan_step {
	/* One line, without newline. */
	void (*tell)(void *ctx, size_t item, char *line, size_t size);
	int (*run)(void *ctx, size_t item, struct dom_error *err);
	void (*undo)(void *ctx, size_t item); /* NULL: nothing to undo */
};

#define PLAN_MAX 1024

struct plan {
	struct {
		const struct plan_step *step;
		size_t item;
	} e[PLAN_MAX];
	size_t n;
};

/* -E2BIG when the plan is full. */
int plan_add(struct plan *plan, const struct plan_step *step, size_t item);
void plan_tell(const struct plan *plan, void *ctx, dom_line_fn *line, void *line_ctx);
int plan_run(const struct plan *plan, void *ctx, struct dom_error *err);

#endif
