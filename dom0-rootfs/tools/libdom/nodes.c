/*
 * What xenstore says of a domain, as xenstore-paths documents it: the domain's
 * own directory and /vm/<uuid>.
 *
 * Permissions: the domain may read its directory, and owns only those nodes it
 * has to write.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libdom/build.h"

void node_put(struct node_list *list, const char *key, const char *fmt, ...)
{
	struct node *n;
	va_list ap;

	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : 16;

		n = realloc(list->node, room * sizeof(*n));
		if (!n) {
			list->err = -ENOMEM;
			return;
		}
		list->node = n;
		list->room = room;
	}
	n = &list->node[list->n++];
	n->key = key;
	va_start(ap, fmt);
	if (vsnprintf(n->value, sizeof(n->value), fmt, ap) >= (int)sizeof(n->value))
		list->err = -ENAMETOOLONG;
	va_end(ap);
}

void node_list_free(struct node_list *list)
{
	free(list->node);
	memset(list, 0, sizeof(*list));
}

/* Who may do what with a node of the domain. */
enum access { INHERIT, GUEST_OWNS };

struct domain_node {
	char path[96]; /* below /local/domain/<id> */
	char value[128];
	enum access access;
};

/* The nodes that are the same for every guest. */
static const struct domain_node fixed_nodes[] = {
	{"control/shutdown", "", GUEST_OWNS},
	{"control/feature-poweroff", "", GUEST_OWNS},
	{"control/feature-reboot", "", GUEST_OWNS},
	{"control/feature-suspend", "", GUEST_OWNS},
	{"control/sysrq", "", GUEST_OWNS},
	{"control/platform-feature-multiprocessor-suspend", "1", INHERIT},
	{"control/platform-feature-xs_reset_watches", "1", INHERIT},
	{"device", "", INHERIT},
	{"device/suspend/event-channel", "", GUEST_OWNS},
	{"data", "", GUEST_OWNS},
	{"drivers", "", GUEST_OWNS},
	{"feature", "", GUEST_OWNS},
	{"attr", "", GUEST_OWNS},
	{"error", "", GUEST_OWNS},
	{"memory/videoram", "-1", INHERIT},
	{"console/type", "xenconsoled", INHERIT},
	{"console/output", "pty", INHERIT},
	{"console/limit", "1048576", INHERIT},
	{"console/tty", "", INHERIT},
};

struct writer {
	struct xs *xs;
	xs_tx tx;
	uint32_t domid;
	int err;
};

static void put(struct writer *w, enum access access, const char *path,
		const char *value)
{
	struct xs_perm perm = {w->domid, 'n'};
	char full[STORE_PATH_MAX];

	if (w->err)
		return;
	snprintf(full, sizeof(full), "/local/domain/%u/%s", w->domid, path);
	w->err = xs_write(w->xs, w->tx, full, value, strlen(value));
	if (w->err == 0 && access == GUEST_OWNS)
		w->err = xs_set_perms(w->xs, w->tx, full, &perm, 1);
}

static void put_number(struct writer *w, const char *path, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	put(w, INHERIT, path, text);
}

static void put_cpus(struct writer *w, const struct vm_config *cfg)
{
	char path[48];
	unsigned int i;

	for (i = 0; i < cfg->maxvcpus; i++) {
		snprintf(path, sizeof(path), "cpu/%u/availability", i);
		put(w, INHERIT, path, i < cfg->vcpus ? "online" : "offline");
	}
}

/* A directory dom0 owns and the domain reads; what is made below inherits. */
static void put_readable_dir(struct writer *w, const char *full)
{
	struct xs_perm perm[] = {{0, 'n'}, {w->domid, 'r'}};

	if (w->err == 0)
		w->err = xs_mkdir(w->xs, w->tx, full);
	if (w->err == 0)
		w->err = xs_set_perms(w->xs, w->tx, full, perm, 2);
}

static void put_vm(struct writer *w, const struct vm_config *cfg, const char *vm)
{
	char path[STORE_JOIN_MAX], uuid[DOM_UUID_TEXT_SIZE];
	struct timespec now;

	put_readable_dir(w, vm);
	if (w->err)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	dom_uuid_text(cfg->uuid, uuid);
	snprintf(path, sizeof(path), "%s/name", vm);
	w->err = xs_printf(w->xs, w->tx, path, "%s", cfg->name);
	snprintf(path, sizeof(path), "%s/uuid", vm);
	if (w->err == 0)
		w->err = xs_printf(w->xs, w->tx, path, "%s", uuid);
	snprintf(path, sizeof(path), "%s/start_time", vm);
	if (w->err == 0)
		w->err = xs_printf(w->xs, w->tx, path, "%lld.%02ld",
				   (long long)now.tv_sec, now.tv_nsec / 10000000);
}

static int write_all(struct build *b, xs_tx tx)
{
	struct writer w = {b->dom->xs, tx, b->domid, 0};
	const struct vm_config *cfg = b->cfg;
	char dir[STORE_PATH_MAX], vm[STORE_PATH_MAX], uuid[DOM_UUID_TEXT_SIZE];
	size_t i;

	snprintf(dir, sizeof(dir), "/local/domain/%u", b->domid);
	dom_uuid_text(cfg->uuid, uuid);
	snprintf(vm, sizeof(vm), "/vm/%s", uuid);
	put_readable_dir(&w, dir);
	put_vm(&w, cfg, vm);
	put(&w, INHERIT, "vm", vm);
	put(&w, INHERIT, "name", cfg->name);
	put_number(&w, "domid", b->domid);
	put_number(&w, "memory/static-max", (uint64_t)cfg->memory_mib << 10);
	put_number(&w, "memory/target", (uint64_t)cfg->memory_mib << 10);
	put_number(&w, "store/ring-ref", GUEST_STORE_GFN);
	put_number(&w, "store/port", b->store_port);
	put_number(&w, "console/ring-ref", GUEST_CONSOLE_GFN);
	put_number(&w, "console/port", b->console_port);
	put_cpus(&w, cfg);
	for (i = 0; i < sizeof(fixed_nodes) / sizeof(fixed_nodes[0]); i++)
		put(&w, fixed_nodes[i].access, fixed_nodes[i].path,
		    fixed_nodes[i].value);
	return w.err;
}

int nodes_write_domain(struct build *b, struct dom_error *err)
{
	struct xs *xs = b->dom->xs;
	xs_tx tx;
	int ret;

	do {
		ret = xs_tx_start(xs, &tx);
		if (ret == 0)
			ret = xs_tx_end(xs, tx, write_all(b, tx));
	} while (ret == -EAGAIN);
	if (ret)
		return dom_fail_errno(err, ret, "%s: xenstore does not take the VM's "
				      "nodes", b->cfg->name);
	return 0;
}

/* Removes path, and then each directory above it that became empty, up to but
 * not including depth components from the root. */
static int remove_up(struct xs *xs, xs_tx tx, const char *path, unsigned int keep)
{
	char p[STORE_PATH_MAX];
	struct xs_dir dir;
	unsigned int depth = 0;
	char *slash;
	size_t n;
	int ret = xs_rm(xs, tx, path);

	snprintf(p, sizeof(p), "%s", path);
	for (n = 0; p[n]; n++)
		depth += p[n] == '/';
	while (ret == 0 && --depth > keep) {
		slash = strrchr(p, '/');
		*slash = '\0';
		ret = xs_directory(xs, tx, p, &dir);
		if (ret == -ENOENT) {
			ret = 0;
			continue;
		}
		if (ret)
			break;
		n = dir.count;
		xs_dir_free(&dir);
		if (n)
			break;
		ret = xs_rm(xs, tx, p);
	}
	return ret;
}

static void remove_tree(struct xs *xs, const char *path, unsigned int keep)
{
	xs_tx tx;
	int ret;

	do {
		ret = xs_tx_start(xs, &tx);
		if (ret == 0)
			ret = xs_tx_end(xs, tx, remove_up(xs, tx, path, keep));
	} while (ret == -EAGAIN);
}

void nodes_remove_domain(struct dom *dom, uint32_t domid, const uint8_t *uuid)
{
	static const char *const below_dom0[] = {
		"backend/vbd", "backend/vif", "error/backend/vbd", "error/backend/vif",
	};
	char path[STORE_PATH_MAX], text[DOM_UUID_TEXT_SIZE];
	size_t i;

	for (i = 0; i < sizeof(below_dom0) / sizeof(below_dom0[0]); i++) {
		snprintf(path, sizeof(path), "/local/domain/0/%s/%u", below_dom0[i],
			 domid);
		remove_tree(dom->xs, path, 3);
	}
	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	remove_tree(dom->xs, path, 2);
	if (!uuid)
		return;
	dom_uuid_text(uuid, text);
	snprintf(path, sizeof(path), "/vm/%s", text);
	remove_tree(dom->xs, path, 0);
}
