/*
 * A split device: its two directories in xenstore, and dom0's kernel half, which
 * is seen in /sys/bus/xen-backend/devices/<type>-<domid>-<id>.
 *
 * Closing: the back end is told that it is offline and the front end's directory
 * is removed, which makes the kernel close its half whatever the guest does. It
 * is done when the sysfs directory has vanished; only then are its nodes removed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libdom/build.h"

/* Bounds, far above what a loaded machine needs. */
#define DEVICE_UP_MS   60000
#define DEVICE_DOWN_MS 30000
#define LOOK_EVERY     8 /* turns of waiting between two looks for an error */

#define STATE_INITIALISING 1
#define STATE_CLOSING	   5

static void sysfs_path(const struct device *d, const char *file, char path[STORE_PATH_MAX])
{
	snprintf(path, STORE_PATH_MAX, "/sys/bus/xen-backend/devices/%s-%u-%u%s%s",
		 d->type, d->domid, d->id, file ? "/" : "", file ? file : "");
}

void device_paths(const struct device *d, char *front, char *back)
{
	snprintf(front, STORE_PATH_MAX, "/local/domain/%u/device/%s/%u", d->domid,
		 d->type, d->id);
	snprintf(back, STORE_PATH_MAX, "/local/domain/%u/backend/%s/%u/%u",
		 BACKEND_DOMID, d->type, d->domid, d->id);
}

/* One half: its directory with two permissions, then its nodes, which inherit
 * them. The state comes last, as it is what the other side looks at. */
static int write_half(struct xs *xs, xs_tx tx, const char *dir, uint32_t owner,
		      uint32_t reader, const struct node_list *list)
{
	struct xs_perm perm[] = {{owner, 'n'}, {reader, 'r'}};
	char path[STORE_JOIN_MAX];
	size_t i;
	int ret = xs_mkdir(xs, tx, dir);

	if (ret == 0)
		ret = xs_set_perms(xs, tx, dir, perm, 2);
	for (i = 0; i < list->n && ret == 0; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, list->node[i].key);
		ret = xs_write(xs, tx, path, list->node[i].value,
			       strlen(list->node[i].value));
	}
	snprintf(path, sizeof(path), "%s/state", dir);
	if (ret == 0)
		ret = xs_printf(xs, tx, path, "%d", STATE_INITIALISING);
	return ret;
}

int device_write(struct dom *dom, const struct device *d, struct node_list *front,
		 struct node_list *back, struct dom_error *err)
{
	char fpath[STORE_PATH_MAX], bpath[STORE_PATH_MAX];
	xs_tx tx;
	int ret;

	device_paths(d, fpath, bpath);
	node_put(front, "backend", "%s", bpath);
	node_put(front, "backend-id", "%u", BACKEND_DOMID);
	node_put(back, "frontend", "%s", fpath);
	node_put(back, "frontend-id", "%u", d->domid);
	node_put(back, "online", "1");
	ret = front->err ? front->err : back->err;
	while (ret == 0) {
		ret = xs_tx_start(dom->xs, &tx);
		if (ret)
			break;
		ret = write_half(dom->xs, tx, fpath, d->domid, BACKEND_DOMID, front);
		if (ret == 0)
			ret = write_half(dom->xs, tx, bpath, BACKEND_DOMID, d->domid,
					 back);
		ret = xs_tx_end(dom->xs, tx, ret);
		if (ret == 0)
			return 0;
		if (ret == -EAGAIN)
			ret = 0;
	}
	return dom_fail_errno(err, ret, "%s %u: xenstore does not take its nodes",
			      d->type, d->id);
}

/* The kernel's own words when it gave up, from error/backend/… */
static bool device_failed(struct dom *dom, const struct device *d, char *why,
			  size_t size)
{
	char front[STORE_PATH_MAX], back[STORE_PATH_MAX], path[STORE_JOIN_MAX];
	uint64_t state;

	device_paths(d, front, back);
	snprintf(path, sizeof(path), "%s/state", back);
	if (xs_read_u64(dom->xs, XS_TX_NONE, path, &state) != 0 ||
	    state < STATE_CLOSING)
		return false;
	snprintf(path, sizeof(path), "/local/domain/%u/error/backend/%s/%u/%u/error",
		 BACKEND_DOMID, d->type, d->domid, d->id);
	if (xs_read(dom->xs, XS_TX_NONE, path, why, size) < 0)
		snprintf(why, size, "dom0's kernel closed it");
	return true;
}

int device_check_driver(const char *type, struct dom_error *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/bus/xen-backend/drivers/%s", type);
	if (access(path, F_OK) == 0)
		return 0;
	return dom_fail(err, -ENODEV,
			"%s: dom0 has no back end for such devices: its module is not "
			"loaded: modprobe %s", type,
			strcmp(type, "vif") == 0 ? "xen-netback" : "xen-blkback");
}

int device_wait(struct dom *dom, const struct device *d, const char *file,
		struct dom_error *err)
{
	int64_t until = wait_now_ms() + DEVICE_UP_MS;
	char want[STORE_PATH_MAX], why[128];
	unsigned int turn = 0;

	sysfs_path(d, file, want);
	while (access(want, F_OK) != 0) {
		wait_pause(&turn);
		if (turn % LOOK_EVERY == 0 && device_failed(dom, d, why, sizeof(why)))
			return dom_fail(err, -EIO, "%s %u: back end failed: %s",
					d->type, d->id, why);
		if (wait_now_ms() > until)
			return dom_fail(err, -ETIMEDOUT,
					"%s %u: back end did not come up in %d s: see "
					"dmesg", d->type, d->id, DEVICE_UP_MS / 1000);
	}
	return 0;
}

static bool wait_gone(const char *path)
{
	int64_t until = wait_now_ms() + DEVICE_DOWN_MS;
	unsigned int turn = 0;

	while (access(path, F_OK) == 0) {
		if (wait_now_ms() > until)
			return false;
		wait_pause(&turn);
	}
	return true;
}

void device_remove(struct dom *dom, const struct device *d)
{
	char front[STORE_PATH_MAX], back[STORE_PATH_MAX], path[STORE_JOIN_MAX];
	char sysfs[STORE_PATH_MAX];

	device_paths(d, front, back);
	sysfs_path(d, NULL, sysfs);
	if (access(sysfs, F_OK) == 0) {
		snprintf(path, sizeof(path), "%s/online", back);
		xs_write(dom->xs, XS_TX_NONE, path, "0", 1);
		snprintf(path, sizeof(path), "%s/state", back);
		xs_printf(dom->xs, XS_TX_NONE, path, "%d", STATE_CLOSING);
	}
	xs_rm(dom->xs, XS_TX_NONE, front);
	if (!wait_gone(sysfs)) {
		/* Without its nodes the kernel drops it in any case. */
		xs_rm(dom->xs, XS_TX_NONE, back);
		wait_gone(sysfs);
	}
	xs_rm(dom->xs, XS_TX_NONE, back);
}
