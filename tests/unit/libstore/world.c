/*
 * See world.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

void world_run(struct world *w, const char *fmt, ...)
{
	char command[1200], full[1400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	snprintf(full, sizeof(full), "cd %s && { %s; } >out 2>&1", w->root, command);
	if (system(full))
		fail_msg("%s", full);
}

void world_open(struct world *w)
{
	static char conf[128], vms[128];
	struct store_where where = { .root = w->root, .pools_conf = conf, .vms = vms };

	/* What is called here must be found whoever runs the tests. */
	assert_int_equal(setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1), 0);
	snprintf(w->root, sizeof(w->root), "/tmp/store-XXXXXX");
	assert_non_null(mkdtemp(w->root));
	snprintf(conf, sizeof(conf), "%s/etc/pools.conf", w->root);
	snprintf(vms, sizeof(vms), "%s/etc/xen", w->root);
	world_run(w, "mkdir -p etc/xen sys/block proc/self dev run; : >proc/self/mounts");
	assert_int_equal(store_open(&w->store, &where, &w->err), 0);
}

void world_close(struct world *w)
{
	char command[128];

	store_close(w->store);
	snprintf(command, sizeof(command), "rm -rf %s", w->root);
	assert_int_equal(system(command), 0);
}

void world_disk(struct world *w, const char *name, unsigned int mib)
{
	world_run(w, "mkdir -p sys/block/%s; echo %u >sys/block/%s/size; "
		  "truncate -s %uM dev/%s", name, mib * 2048, name, mib, name);
}

void world_pool(struct world *w, const char *name)
{
	char on[64];
	struct store_pool_spec spec = { .name = name, .kind = STORE_DIR, .on = on };

	world_run(w, "mkdir -p %s", name);
	snprintf(on, sizeof(on), "/%s", name);
	if (store_pool_create(w->store, &spec, &w->err))
		fail_msg("%s", w->err.text);
}

unsigned int world_files(struct world *w, const char *dir)
{
	char path[128];
	struct dirent *e;
	unsigned int n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/%s", w->root, dir);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}
