/*
 * Carrying out plans. Knows nothing of what the steps do.
 */
#include <errno.h>

#include "libdom/plan.h"

int plan_add(struct plan *plan, const struct plan_step *step, size_t item)
{
	if (plan->n == PLAN_MAX)
		return -E2BIG;
	plan->e[plan->n].step = step;
	plan->e[plan->n].item = item;
	plan->n++;
	return 0;
}

void plan_tell(const struct plan *plan, void *ctx, dom_line_fn *line, void *line_ctx)
{
	char text[512];
	size_t i;

	for (i = 0; i < plan->n; i++) {
		plan->e[i].step->tell(ctx, plan->e[i].item, text, sizeof(text));
		line(line_ctx, text);
	}
}

int plan_run(const struct plan *plan, void *ctx, struct dom_error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < plan->n; i++) {
		ret = plan->e[i].step->run(ctx, plan->e[i].item, err);
		if (ret)
			break;
	}
	if (i == plan->n)
		return 0;
	while (i-- > 0)
		if (plan->e[i].step->undo)
			plan->e[i].step->undo(ctx, plan->e[i].item);
	return ret;
}
