/*
 * The commands that change something.
 */
#include <stdio.h>
#include <string.h>

#include "storage.h"

static int told(int ret, const struct store_error *err)
{
	return ret ? complain(err) : STORAGE_OK;
}

/* A size that may be rounded up to whole sectors. */
static int take_size(const char *text, uint64_t *bytes)
{
	if (!store_parse_size(text, bytes)) {
		*bytes = (*bytes + 511) & ~511ull;
		return 0;
	}
	fprintf(stderr, "storage: \"%s\": no size: write 512M, 20G or 1.5T\n", text);
	return STORAGE_USAGE;
}

int run_pool_create(struct args *a)
{
	struct store_pool_spec spec = {
		.name = a->operand[0], .on = a->operand[1], .erase = a->erase,
		.kind = a->dir || (!a->lvm && strncmp(a->operand[1], "/dev/", 5))
				? STORE_DIR : STORE_LVM,
	};
	struct store_error err;

	return told(store_pool_create(a->s, &spec, &err), &err);
}

int run_pool_delete(struct args *a)
{
	struct store_error err;

	return told(store_pool_delete(a->s, a->operand[0], a->force, &err), &err);
}

int run_pool_adopt(struct args *a)
{
	struct store_error err;

	return told(store_pool_adopt(a->s, a->operand[0], &err), &err);
}

int run_pool_start(struct args *a)
{
	struct store_error err;

	return told(store_pool_start(a->s, a->operand[0], &err), &err);
}

int run_pool_stop(struct args *a)
{
	struct store_error err;

	return told(store_pool_stop(a->s, a->operand[0], &err), &err);
}

int run_create(struct args *a)
{
	struct store_error err;
	uint64_t size;
	int ret = take_size(a->operand[1], &size);

	return ret ? ret : told(store_volume_create(a->s, a->operand[0], size, &err), &err);
}

int run_grow(struct args *a)
{
	const char *text = a->operand[1];
	struct store_volume v = { .size = 0 };
	struct store_error err;
	uint64_t size;
	int ret = take_size(text + (*text == '+'), &size);

	if (ret)
		return ret;
	if (*text == '+' && store_volume_get(a->s, a->operand[0], &v, &err))
		return complain(&err);
	return told(store_volume_grow(a->s, a->operand[0], v.size * (*text == '+') + size,
				      &err), &err);
}

int run_delete(struct args *a)
{
	struct store_error err;

	return told(store_volume_delete(a->s, a->operand[0], a->force, &err), &err);
}

int run_snapshot(struct args *a)
{
	struct store_progress progress = progress_of(a);
	char full[STORE_FULL_SIZE * 2];
	struct store_error err;

	snprintf(full, sizeof(full), "%.100s.%.100s", a->operand[0], a->operand[1]);
	return told(store_snapshot_create(a->s, full, &progress, &err), &err);
}

int run_revert(struct args *a)
{
	struct store_progress progress = progress_of(a);
	struct store_error err;

	return told(store_snapshot_revert(a->s, a->operand[0], &progress, &err), &err);
}

int run_clone(struct args *a)
{
	struct store_progress progress = progress_of(a);
	struct store_error err;

	return told(store_volume_clone(a->s, a->operand[0], a->operand[1], &progress, &err),
		    &err);
}

int run_import(struct args *a)
{
	struct store_progress progress = progress_of(a);
	struct store_error err;
	uint64_t size = 0;
	int ret = a->noperands > 2 ? take_size(a->operand[2], &size) : 0;

	return ret ? ret : told(store_import(a->s, a->operand[0], a->operand[1], size,
					     &progress, &err), &err);
}

int run_eject(struct args *a)
{
	struct store_error err;

	return told(store_media_eject(a->s, a->operand[0], &err), &err);
}
