/*
 * pools.conf: which pools this host uses. A changed file is replaced whole.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libstore/internal.h"

static const struct pool_ops *const kinds[] = {
	[STORE_LVM] = &lvm_ops, [STORE_DIR] = &dir_ops,
};

void pool_init(struct store *s, struct pool *p, const char *name, const char *source)
{
	snprintf(p->name, sizeof(p->name), "%s", name);
	snprintf(p->source, sizeof(p->source), "%s", source);
	p->ops = kinds[p->kind];
	if (!strncmp(source, "path:", 5))
		snprintf(p->dir, sizeof(p->dir), "%s%s", s->root, source + 5);
	else
		store_path(s, p->dir, "/storage/%s", name);
}

/* "NAME lvm" or "NAME dir SOURCE" */
static int parse_line(struct store *s, const char *value, struct pool *p)
{
	char name[64] = "", kind[16] = "", source[STORE_PATH_SIZE] = "";
	int n = sscanf(value, "%63s %15s %255[^\n]", name, kind, source);

	if (n < 2 || !store_name_valid(name))
		return -EINVAL;
	if (!strcmp(kind, "lvm") && n == 2)
		p->kind = STORE_LVM;
	else if (!strcmp(kind, "dir") && (!strncmp(source, "uuid:", 5) ||
					  !strncmp(source, "path:/", 6)))
		p->kind = STORE_DIR;
	else
		return -EINVAL;
	pool_init(s, p, name, source);
	return 0;
}

static int load(struct store *s, struct conf *c, struct store_error *err)
{
	struct conf_error why;
	int ret = conf_load(c, s->pools_conf, &why);

	if (ret == -ENOENT)
		return 0;
	return ret ? store_fail(err, ret, "%s", why.text) : 0;
}

int pools_load(struct store *s, struct pool **list, size_t *count,
	       struct store_error *err)
{
	const struct conf_line *line;
	size_t at = 0;
	struct conf c;
	int ret;

	*list = NULL;
	*count = 0;
	ret = load(s, &c, err);
	while (ret == 0 && (line = conf_next(&c, "pool", &at))) {
		struct pool *p = store_grow((void **)list, count, sizeof(*p));

		if (!p)
			ret = store_fail(err, -ENOMEM, "pools: memory is short");
		else if (parse_line(s, line->value, p))
			ret = store_fail(err, -EINVAL, "%s: line %u: \"%.60s\" is no pool: "
					 "write \"pool = NAME lvm\" or \"pool = NAME dir "
					 "uuid:UUID\"", s->pools_conf, line->number,
					 line->value);
	}
	conf_free(&c);
	if (ret) {
		free(*list);
		*list = NULL;
		*count = 0;
	}
	return ret;
}

int pools_find(struct store *s, const char *name, struct pool *out,
	       struct store_error *err)
{
	struct pool *list;
	size_t n;
	int ret = pools_load(s, &list, &n, err);

	if (ret)
		return ret;
	ret = -ENOENT;
	for (size_t i = 0; i < n && ret; i++)
		if (!strcmp(list[i].name, name)) {
			*out = list[i];
			ret = 0;
		}
	free(list);
	return ret ? store_fail(err, ret, "%s: there is no such pool: storage pools "
				"shows them", name) : 0;
}

static int save(struct store *s, struct conf *c, struct store_error *err)
{
	char dir[STORE_PATH_SIZE], *slash;
	struct conf_error why;
	int ret;

	snprintf(dir, sizeof(dir), "%s", s->pools_conf);
	slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		dir_make(dir, 0755);
	}
	ret = conf_save(c, s->pools_conf, 0644, &why);
	return ret ? store_fail(err, ret, "%s", why.text) : 0;
}

/* All changes of the file are made under one lock. */
static int change(struct store *s, const char *remove, const struct pool *add,
		  struct store_error *err)
{
	char value[STORE_PATH_SIZE + 64], name[64];
	struct conf c, kept = { .lines = NULL };
	int lock = store_lock(s, "pools", true), ret;

	ret = lock < 0 ? store_fail(err, lock, "pools: cannot be locked: %s: is /run "
				    "writable?", strerror(-lock)) : load(s, &c, err);
	if (ret) {
		store_unlock(lock);
		return ret;
	}
	/* Lines of other pools are kept; conf has no way to take out one of many. */
	for (size_t i = 0; i < c.count && !ret; i++) {
		const struct conf_line *l = &c.lines[i];
		bool is = l->key && !strcmp(l->key, "pool") &&
			  sscanf(l->value, "%63s", name) == 1 && !strcmp(name, remove);

		if (l->key && !is)
			ret = conf_add(&kept, l->key, l->value);
	}
	if (add && !ret) {
		snprintf(value, sizeof(value), "%s %s%s%s", add->name, add->ops->name,
			 *add->source ? " " : "", add->source);
		ret = conf_add(&kept, "pool", value);
	}
	if (ret)
		store_fail(err, ret, "%s: cannot be changed: %s: correct it by hand",
			   s->pools_conf, strerror(-ret));
	else
		ret = save(s, &kept, err);
	conf_free(&kept);
	conf_free(&c);
	store_unlock(lock);
	return ret;
}

int pools_add(struct store *s, const struct pool *p, struct store_error *err)
{
	return change(s, p->name, p, err);
}

int pools_remove(struct store *s, const char *name, struct store_error *err)
{
	return change(s, name, NULL, err);
}
