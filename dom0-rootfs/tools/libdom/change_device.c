/*
 * Disks and network interfaces of a running VM: list, attach, detach.
 *
 * Detaching: the back end's node is set to Closing, which asks the front end to close;
 * when it has, dom0's kernel drops its half, seen in sysfs as in device.c. A front
 * end that does not is left as it was: the node goes back to Connected.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libdom/build.h"
#include "libdom/change.h"
#include "libdom/changing.h"

#define LET_GO_MS	30000
#define STATE_CONNECTED 4
#define STATE_CLOSING	5
#define LOOK_EVERY	8

/* --- looking ----------------------------------------------------------------- */

static void read_text(struct dom *dom, const char *dir, const char *key, char *out,
		      size_t size)
{
	char path[STORE_JOIN_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, key);
	if (xs_read(dom->xs, XS_TX_NONE, path, out, size) < 0)
		out[0] = '\0';
}

/* none: what a node that is not there, or is no number, counts as. */
static int read_number(struct dom *dom, const char *dir, const char *key, int none)
{
	char path[STORE_JOIN_MAX];
	uint64_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, key);
	if (xs_read_u64(dom->xs, XS_TX_NONE, path, &n) != 0 || n > INT32_MAX)
		return none;
	return (int)n;
}

/* Of the front end; one with several queues has it in the first one's directory. */
static int read_queue(struct dom *dom, const char *front, const char *key)
{
	char queue[STORE_PATH_MAX];
	int n = read_number(dom, front, key, -1);

	if (n >= 0)
		return n;
	snprintf(queue, sizeof(queue), "%.200s/queue-0", front);
	return read_number(dom, queue, key, -1);
}

static void read_common(struct dom *dom, const struct device *d, const char *ring0,
			const char *ring1, struct dom_device *out)
{
	const char *event = ring1 ? "event-channel-tx" : "event-channel";
	char front[STORE_PATH_MAX], back[STORE_PATH_MAX];

	device_paths(d, front, back);
	out->devid = d->id;
	out->front_state = read_number(dom, front, "state", 0);
	out->back_state = read_number(dom, back, "state", 0);
	out->event_channel = read_queue(dom, front, event);
	out->ring_ref[0] = read_queue(dom, front, ring0);
	out->ring_ref[1] = ring1 ? read_queue(dom, front, ring1) : -1;
	snprintf(out->back_path, sizeof(out->back_path), "%.63s", back);
}

/* Size of a block device "major:minor" in hexadecimal, as xenstore has it. */
static uint64_t block_bytes(const char *device)
{
	unsigned long long sectors = 0;
	unsigned int ma, mi;
	char path[64];
	FILE *f;

	if (sscanf(device, "%x:%x", &ma, &mi) != 2)
		return 0;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/size", ma, mi);
	f = fopen(path, "re");
	if (f) {
		if (fscanf(f, "%llu", &sectors) != 1)
			sectors = 0;
		fclose(f);
	}
	return sectors * 512;
}

static void read_disk(struct dom *dom, const struct device *d, void *item)
{
	struct dom_disk *out = item;
	char front[STORE_PATH_MAX], back[STORE_PATH_MAX], text[32];

	device_paths(d, front, back);
	read_common(dom, d, "ring-ref", NULL, &out->dev);
	read_text(dom, back, "dev", out->vdev, sizeof(out->vdev));
	read_text(dom, back, "params", out->target, sizeof(out->target));
	read_text(dom, back, "mode", text, sizeof(text));
	out->readonly = text[0] == 'r';
	read_text(dom, back, "device-type", text, sizeof(text));
	out->cdrom = strcmp(text, "cdrom") == 0;
	read_text(dom, back, "physical-device", text, sizeof(text));
	out->bytes = block_bytes(text);
}

static void read_vif(struct dom *dom, const struct device *d, void *item)
{
	struct dom_vif *out = item;
	char front[STORE_PATH_MAX], back[STORE_PATH_MAX];

	device_paths(d, front, back);
	read_common(dom, d, "tx-ring-ref", "rx-ring-ref", &out->dev);
	read_text(dom, back, "mac", out->mac, sizeof(out->mac));
	read_text(dom, back, "bridge", out->bridge, sizeof(out->bridge));
	read_text(dom, back, "ip", out->ip, sizeof(out->ip));
	read_text(dom, back, "vifname", out->ifname, sizeof(out->ifname));
	if (!out->ifname[0])
		snprintf(out->ifname, sizeof(out->ifname), "vif%hu.%hu",
			 (unsigned short)d->domid, (unsigned short)d->id);
}

static int by_number(const void *a, const void *b)
{
	const struct dom_device *x = a, *y = b; /* first in both kinds */

	return (x->devid > y->devid) - (x->devid < y->devid);
}

/* size: of one item, which begins with its struct dom_device. */
static int list_devices(struct dom *dom, uint32_t domid, const char *type, size_t size,
			void (*read)(struct dom *, const struct device *, void *),
			void **list, size_t *count)
{
	char path[STORE_PATH_MAX];
	struct xs_dir ids;
	size_t i;
	int ret;

	*list = NULL;
	*count = 0;
	snprintf(path, sizeof(path), "/local/domain/%u/backend/%s/%u", BACKEND_DOMID,
		 type, domid);
	ret = xs_directory(dom->xs, XS_TX_NONE, path, &ids);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	*list = calloc(ids.count + 1, size);
	for (i = 0; *list && i < ids.count; i++) {
		struct device d = {type, domid, (uint32_t)strtoul(ids.name[i], NULL, 10)};

		read(dom, &d, (char *)*list + i * size);
	}
	if (*list) {
		*count = ids.count;
		qsort(*list, *count, size, by_number);
	}
	xs_dir_free(&ids);
	return *list ? 0 : -ENOMEM;
}

int dom_disks(struct dom *dom, uint32_t domid, struct dom_disk **list, size_t *count,
	      struct dom_error *err)
{
	int ret = list_devices(dom, domid, "vbd", sizeof(**list), read_disk,
			       (void **)list, count);

	return ret ? dom_fail_errno(err, ret, "%u: its disks cannot be listed", domid) : 0;
}

int dom_vifs(struct dom *dom, uint32_t domid, struct dom_vif **list, size_t *count,
	     struct dom_error *err)
{
	int ret = list_devices(dom, domid, "vif", sizeof(**list), read_vif,
			       (void **)list, count);

	return ret ? dom_fail_errno(err, ret, "%u: its network interfaces cannot be "
				    "listed", domid) : 0;
}

static bool exists(struct dom *dom, const struct device *d)
{
	char front[STORE_PATH_MAX], back[STORE_PATH_MAX], path[STORE_JOIN_MAX], text[8];

	device_paths(d, front, back);
	snprintf(path, sizeof(path), "%s/state", back);
	return xs_read(dom->xs, XS_TX_NONE, path, text, sizeof(text)) >= 0;
}

/* --- attaching --------------------------------------------------------------- */

/* cfg with one more disk, a copy. */
static int add_disk(struct vm_config *cfg, const struct vm_disk *disk)
{
	struct vm_disk *grown = realloc(cfg->disks, (cfg->ndisks + 1) * sizeof(*grown));
	struct vm_disk *d;

	if (!grown)
		return -ENOMEM;
	cfg->disks = grown;
	d = &grown[cfg->ndisks++];
	*d = *disk;
	d->vdev = strdup(disk->vdev);
	d->target = disk->target ? strdup(disk->target) : NULL;
	return d->vdev && (d->target || !disk->target) ? 0 : -ENOMEM;
}

static int attach_disk(struct dom *dom, struct changing *c, const struct vm_disk *disk,
		       struct dom_error *err)
{
	struct device d = {"vbd", c->info.domid, disk->devid};
	int ret;

	if (!disk->target)
		return dom_fail(err, -EINVAL, "%s: an empty drive cannot be attached: "
				"name a file or a block device", disk->vdev);
	if (exists(dom, &d))
		return dom_fail(err, -EEXIST, "%s: %s is there already: detach it first "
				"or take another name", c->name, disk->vdev);
	ret = disk_check(dom, disk, err);
	if (ret == 0)
		ret = disk_attach(dom, c->info.domid, disk, err);
	if (ret)
		return ret;
	ret = add_disk(&c->cfg, disk);
	if (ret)
		dom_fail_errno(err, ret, "%s", c->name);
	else
		ret = changing_keep(c, err);
	if (ret)
		disk_detach(dom, c->info.domid, disk->devid);
	return ret;
}

int dom_disk_attach(struct dom *dom, uint32_t domid, const struct vm_disk *disk,
		    struct dom_error *err)
{
	struct changing c;
	int ret = changing_begin(dom, domid, &c, err);

	if (ret)
		return ret;
	ret = attach_disk(dom, &c, disk, err);
	changing_end(&c);
	return ret;
}

static char *copy_text(const char *text, int *ret)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		*ret = -ENOMEM;
	return copy;
}

/* cfg with one more vif, a copy. */
static int add_vif(struct vm_config *cfg, const struct vm_vif *vif)
{
	struct vm_vif *grown = realloc(cfg->vifs, (cfg->nvifs + 1) * sizeof(*grown)), *v;
	int ret = 0;

	if (!grown)
		return -ENOMEM;
	cfg->vifs = grown;
	v = &grown[cfg->nvifs++];
	*v = *vif;
	v->bridge = copy_text(vif->bridge, &ret);
	v->vifname = copy_text(vif->vifname, &ret);
	v->ip = copy_text(vif->ip, &ret);
	return ret;
}

static int number_vif(struct dom *dom, const struct changing *c, struct vm_vif *vif,
		      struct dom_error *err)
{
	struct dom_vif *list;
	size_t n, i;
	int ret;

	if (vif->devid == DOM_NEXT_DEVID) {
		ret = dom_vifs(dom, c->info.domid, &list, &n, err);
		if (ret)
			return ret;
		vif->devid = n ? list[n - 1].dev.devid + 1 : 0;
		free(list);
		for (i = 0; i < c->cfg.nvifs; i++)
			if (c->cfg.vifs[i].devid >= vif->devid)
				vif->devid = c->cfg.vifs[i].devid + 1;
	}
	if (exists(dom, &(struct device){"vif", c->info.domid, vif->devid}))
		return dom_fail(err, -EEXIST, "%s: interface %u is there already: detach "
				"it first or take another number", c->name, vif->devid);
	return 0;
}

static int attach_vif(struct dom *dom, struct changing *c, struct vm_vif *vif,
		      struct dom_error *err)
{
	struct vm_vif *last;
	int ret = number_vif(dom, c, vif, err);

	if (ret == 0)
		ret = vif_check(vif, err);
	if (ret)
		return ret;
	ret = add_vif(&c->cfg, vif);
	if (ret)
		return dom_fail_errno(err, ret, "%s", c->name);
	ret = vif_fill_macs(dom, &c->cfg, err);
	if (ret)
		return ret;
	last = &c->cfg.vifs[c->cfg.nvifs - 1];
	vif->has_mac = true;
	memcpy(vif->mac, last->mac, sizeof(vif->mac));
	ret = vif_attach(dom, c->info.domid, last, err);
	if (ret)
		return ret;
	ret = changing_keep(c, err);
	if (ret)
		vif_detach(dom, c->info.domid, vif->devid);
	return ret;
}

int dom_vif_attach(struct dom *dom, uint32_t domid, struct vm_vif *vif,
		   struct dom_error *err)
{
	struct changing c;
	int ret = changing_begin(dom, domid, &c, err);

	if (ret)
		return ret;
	ret = attach_vif(dom, &c, vif, err);
	changing_end(&c);
	return ret;
}

/* --- detaching --------------------------------------------------------------- */

/* online and state of the back end, in one go. */
static int set_back(struct dom *dom, const struct device *d, int online, int state)
{
	char front[STORE_PATH_MAX], back[STORE_PATH_MAX], path[STORE_JOIN_MAX];
	xs_tx tx;
	int ret;

	device_paths(d, front, back);
	do {
		ret = xs_tx_start(dom->xs, &tx);
		if (ret)
			return ret;
		snprintf(path, sizeof(path), "%s/online", back);
		ret = xs_printf(dom->xs, tx, path, "%d", online);
		snprintf(path, sizeof(path), "%s/state", back);
		if (ret == 0)
			ret = xs_printf(dom->xs, tx, path, "%d", state);
		ret = xs_tx_end(dom->xs, tx, ret);
	} while (ret == -EAGAIN);
	return ret;
}

/* Does the front end say why it will not? */
static bool refuses(struct dom *dom, const struct device *d, char *why, size_t size)
{
	char dir[STORE_PATH_MAX];

	snprintf(dir, sizeof(dir), "/local/domain/%u/error/device/%s/%u", d->domid,
		 d->type, d->id);
	read_text(dom, dir, "error", why, size);
	return why[0] != '\0';
}

static void forget_refusal(struct dom *dom, const struct device *d)
{
	char path[STORE_PATH_MAX];

	snprintf(path, sizeof(path), "/local/domain/%u/error/device/%s/%u", d->domid,
		 d->type, d->id);
	xs_rm(dom->xs, XS_TX_NONE, path);
}

/*
 * 0: the guest has let go, and dom0's half is gone. A front end that never connected
 * has nothing to let go of.
 */
static int ask_to_let_go(struct dom *dom, const struct device *d, struct dom_error *err)
{
	int64_t until = wait_now_ms() + LET_GO_MS;
	char sysfs[STORE_PATH_MAX], front[STORE_PATH_MAX], back[STORE_PATH_MAX], why[96];
	unsigned int turn = 0;
	int ret;

	device_paths(d, front, back);
	snprintf(sysfs, sizeof(sysfs), "/sys/bus/xen-backend/devices/%s-%u-%u", d->type,
		 d->domid, d->id);
	if (read_number(dom, back, "state", 0) != STATE_CONNECTED)
		return 0;
	forget_refusal(dom, d);
	ret = set_back(dom, d, 0, STATE_CLOSING);
	if (ret)
		return dom_fail_errno(err, ret, "%s %u: xenstore does not take its state",
				      d->type, d->id);
	why[0] = '\0';
	while (access(sysfs, F_OK) == 0 && wait_now_ms() < until) {
		wait_pause(&turn);
		if (turn % LOOK_EVERY == 0 && refuses(dom, d, why, sizeof(why)))
			break;
	}
	if (access(sysfs, F_OK) != 0)
		return 0;
	set_back(dom, d, 1, STATE_CONNECTED);
	return dom_fail(err, -ETIMEDOUT, "%s %u: the guest does not let go of it%s%s: "
			"release it there first (unmount it), or use force", d->type,
			d->id, why[0] ? ": " : "", why);
}

/* What was kept of it goes, too. */
static void drop_disk(struct vm_config *cfg, uint32_t devid)
{
	size_t i = 0;

	while (i < cfg->ndisks && cfg->disks[i].devid != devid)
		i++;
	if (i == cfg->ndisks)
		return;
	config_free_disk(&cfg->disks[i]);
	cfg->ndisks--;
	memmove(&cfg->disks[i], &cfg->disks[i + 1],
		(cfg->ndisks - i) * sizeof(cfg->disks[0]));
}

static void drop_vif(struct vm_config *cfg, uint32_t devid)
{
	size_t i = 0;

	while (i < cfg->nvifs && cfg->vifs[i].devid != devid)
		i++;
	if (i == cfg->nvifs)
		return;
	config_free_vif(&cfg->vifs[i]);
	cfg->nvifs--;
	memmove(&cfg->vifs[i], &cfg->vifs[i + 1], (cfg->nvifs - i) * sizeof(cfg->vifs[0]));
}

/* How the two kinds differ when one goes. */
struct kind {
	const char *type, *word;
	void (*take)(struct dom *dom, uint32_t domid, uint32_t devid);
	void (*drop)(struct vm_config *cfg, uint32_t devid);
};

static const struct kind disk_kind = {"vbd", "disk", disk_detach, drop_disk};
static const struct kind vif_kind = {"vif", "interface", vif_detach, drop_vif};

static int detach_one(struct dom *dom, struct changing *c, uint32_t devid,
		      const struct kind *kind, bool force, struct dom_error *err)
{
	struct device d = {kind->type, c->info.domid, devid};
	int ret = 0;

	if (!exists(dom, &d))
		return dom_fail(err, -ENOENT, "%s: has no %s %u", c->name, kind->word,
				devid);
	if (!force)
		ret = ask_to_let_go(dom, &d, err);
	if (ret)
		return ret;
	kind->take(dom, c->info.domid, devid);
	kind->drop(&c->cfg, devid);
	return changing_keep(c, err);
}

static int detach(struct dom *dom, uint32_t domid, uint32_t devid,
		  const struct kind *kind, bool force, struct dom_error *err)
{
	struct changing c;
	int ret = changing_begin(dom, domid, &c, err);

	if (ret)
		return ret;
	ret = detach_one(dom, &c, devid, kind, force, err);
	changing_end(&c);
	return ret;
}

int dom_disk_detach(struct dom *dom, uint32_t domid, uint32_t devid, bool force,
		    struct dom_error *err)
{
	return detach(dom, domid, devid, &disk_kind, force, err);
}

int dom_vif_detach(struct dom *dom, uint32_t domid, uint32_t devid, bool force,
		   struct dom_error *err)
{
	return detach(dom, domid, devid, &vif_kind, force, err);
}
