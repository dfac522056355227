/* Disks and network interfaces on the edit screen. */
#include "screens/vm_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/vm_form.h"
#include "screens/vm_disks.h"

void vm_edit_disk_text(const struct vm_disk *disk, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", disk->target ? disk->target : "empty",
		 disk->readonly ? ", read-only" : "", disk->cdrom ? ", medium" : "");
}

static void mac_text(const struct vm_vif *vif, char text[18])
{
	const uint8_t *m = vif->mac;

	text[0] = '\0';
	if (vif->has_mac)
		snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3],
			 m[4], m[5]);
}

void vm_edit_vif_text(const struct vm_vif *vif, char *buf, size_t size)
{
	char mac[18];

	mac_text(vif, mac);
	snprintf(buf, size, "%s%s%s", vif->bridge, *mac ? ", " : "", mac);
}

static bool say(char *problem, size_t size, const char *why)
{
	if (why)
		snprintf(problem, size, "%s", why);
	return !why;
}

static bool check_path(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	char buf[80];

	(void)ctx;
	if (!say(problem, size, vm_check_path(f->text, buf)))
		return false;
	return !access(f->text, R_OK) ||
	       say(problem, size, "there is no such file or device");
}

/* As a command and the configuration write it. */
static void disk_spec(const struct vm_disk *d, char *spec, size_t size)
{
	snprintf(spec, size, "vdev=%s,access=%s%s,target=%s", d->vdev,
		 d->readonly ? "ro" : "rw", d->cdrom ? ",cdrom" : "", d->target);
}

/* --- one that is there --------------------------------------------------------------- */

static bool ask_disk(struct vm_edit *e, const struct vm_disk *d, char *path, size_t size,
		     bool *readonly)
{
	char title[48];
	struct ui_field fields[] = {
		{ .kind = UI_TEXT, .label = "Made of", .text = path, .size = size,
		  .check = check_path, .pick = vm_pick_volume,
		  .hint = "Volume, device or raw file; F4 lists free volumes." },
		{ .kind = UI_CHECK, .label = "Read-only", .flag = readonly,
		  .hint = "Space. Two VMs may share a disk that both only read." },
	};

	snprintf(title, sizeof(title), "Disk %s", d->vdev);
	return ui_form_run(e->ui, &(struct ui_form){ .title = title, .fields = fields,
						     .n = 2, .ok = "Change" }) == UI_OK;
}

void vm_edit_disk(struct vm_edit *e, size_t i)
{
	char path[1024], command[128], *copy;
	struct vm_change c;
	struct vm_disk *d;
	bool readonly;

	if (!vm_change_begin(e, &c))
		return;
	d = &c.cfg.disks[i];
	readonly = d->readonly;
	snprintf(path, sizeof(path), "%s", d->target ? d->target : "");
	snprintf(command, sizeof(command), "edit %.100s", e->def.path);
	if (ask_disk(e, d, path, sizeof(path), &readonly)) {
		copy = strdup(path);
		if (copy) {
			free(d->target);
			d->target = copy;
			d->readonly = readonly || d->cdrom;
			d->discard = !d->readonly;
			vm_change_keep(&c, false, command);
		}
	}
	vm_change_end(&c);
}

static bool check_mac(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	char spec[64];
	struct vm_vif vif;
	int err;

	(void)ctx;
	if (!*f->text)
		return true;
	snprintf(spec, sizeof(spec), "mac=%.40s", f->text);
	err = config_parse_vif(spec, &vif, problem, size);
	config_free_vif(&vif);
	return !err;
}

/* Bridge and MAC of an interface; mac is empty for one that is to be made up. */
struct vif_form {
	char **bridges;
	int bridge;
	char mac[18];
};

static bool ask_vif(struct vm_edit *e, const char *title, const char *bridge,
		    struct vif_form *f)
{
	struct ui_field fields[] = {
		{ .kind = UI_CHOICE, .label = "Bridge", .value = &f->bridge,
		  .hint = "Where it is plugged in." },
		{ .kind = UI_TEXT, .label = "MAC address", .text = f->mac,
		  .size = sizeof(f->mac), .check = check_mac,
		  .hint = "Empty: one is made up and kept." },
	};

	f->bridges = vm_bridges();
	if (!f->bridges || !f->bridges[0]) {
		ui_fail(e->ui, "there is no bridge: make one on the Network screen first");
		return false;
	}
	for (int i = 0; f->bridges[i]; i++) {
		if (!strcmp(f->bridges[i], bridge))
			f->bridge = i;
	}
	fields[0].choices = (const char *const *)f->bridges;
	return ui_form_run(e->ui, &(struct ui_form){ .title = title, .fields = fields,
						     .n = 2, .ok = "Keep" }) == UI_OK;
}

/* The form's values into an interface, by way of the configuration's language. */
static bool read_vif(const struct vif_form *f, struct vm_vif *vif)
{
	char spec[96], problem[160];

	snprintf(spec, sizeof(spec), "bridge=%s%s%s", f->bridges[f->bridge],
		 *f->mac ? ",mac=" : "", f->mac);
	return !config_parse_vif(spec, vif, problem, sizeof(problem));
}

void vm_edit_vif(struct vm_edit *e, size_t i)
{
	struct vif_form f = { 0 };
	struct vm_change c;
	char command[128];
	struct vm_vif vif, *old;

	if (!vm_change_begin(e, &c))
		return;
	old = &c.cfg.vifs[i];
	mac_text(old, f.mac);
	snprintf(command, sizeof(command), "edit %.100s", e->def.path);
	if (ask_vif(e, "Network interface", old->bridge, &f) && read_vif(&f, &vif)) {
		free(old->bridge);
		old->bridge = vif.bridge;
		vif.bridge = NULL;
		old->has_mac = vif.has_mac;
		memcpy(old->mac, vif.mac, sizeof(old->mac));
		config_free_vif(&vif);
		if (!define_complete(NULL, &c.cfg, NULL))
			vm_change_keep(&c, false, command);
	}
	vm_bridges_free(f.bridges);
	vm_change_end(&c);
}

/* --- a new disk ------------------------------------------------------------------------ */

struct disk_form {
	struct vm_storage storage;
	int how; /* 0: a new volume, 1: what is there */
	char size[12], path[1024];
	int pool;
	bool readonly;
};

static bool is_new(void *ctx, const struct ui_field *f)
{
	(void)f;
	return ((struct disk_form *)ctx)->how == 0;
}

static bool is_old(void *ctx, const struct ui_field *f)
{
	return !is_new(ctx, f);
}

static bool check_size(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	uint64_t bytes;

	if (!((struct disk_form *)ctx)->storage.npools)
		return say(problem, size, "there is no storage pool: make one on the Storage "
					  "screen first");
	return (!vm_size(f->text, &bytes) && bytes) ||
	       say(problem, size, "a size such as 20 (GiB), 512M or 1.5T");
}

static bool ask_new_disk(struct vm_edit *e, struct disk_form *f)
{
	static const char *const how[] = { "a new, empty volume", "what is there already",
					   NULL };
	struct ui_field fields[] = {
		{ .kind = UI_CHOICE, .label = "Made of", .choices = how, .value = &f->how,
		  .hint = "Left, Right or Enter choose." },
		{ .kind = UI_TEXT, .label = "Size", .text = f->size,
		  .size = sizeof(f->size), .check = check_size, .hidden = is_old,
		  .hint = "GiB, or with a letter: 512M, 1.5T." },
		{ .kind = UI_CHOICE, .label = "In storage pool", .value = &f->pool,
		  .choices = f->storage.pool_names, .hidden = is_old,
		  .hint = "Where it lies." },
		{ .kind = UI_TEXT, .label = "Volume or file", .text = f->path,
		  .size = sizeof(f->path), .check = check_path, .pick = vm_pick_volume,
		  .hidden = is_new, .hint = "F4 lists volumes that no VM has." },
		{ .kind = UI_CHECK, .label = "Read-only", .flag = &f->readonly,
		  .hidden = is_new, .hint = "Space." },
	};

	return ui_form_run(e->ui, &(struct ui_form){
					  .title = "New disk", .fields = fields,
					  .n = sizeof(fields) / sizeof(fields[0]),
					  .ctx = f, .ok = "Add" }) == UI_OK;
}

static bool volume_taken(const struct vm_storage *s, const char *pool, const char *name)
{
	for (size_t i = 0; i < s->nvolumes; i++) {
		if (!strcmp(s->volumes[i].pool, pool) && !strcmp(s->volumes[i].name, name))
			return true;
	}
	return false;
}

/* Makes the volume; f->path becomes where it is, full what it is called. */
static bool make_volume(struct vm_edit *e, struct disk_form *f, char *full, size_t size)
{
	const char *pool = f->storage.pools[f->pool].name;
	char name[41], bytes_text[32];
	char *const argv[] = { "storage", "create", full, bytes_text, NULL };
	struct store_volume v;
	struct store_error err;
	unsigned int n = (unsigned int)e->def.cfg.ndisks;
	uint64_t bytes = 0;

	do
		vm_volume_name(e->name, n++, name);
	while (volume_taken(&f->storage, pool, name));
	snprintf(full, size, "%s/%s", pool, name);
	vm_size(f->size, &bytes);
	snprintf(bytes_text, sizeof(bytes_text), "%llu", (unsigned long long)bytes);
	if (ui_work(e->ui, "New volume", argv))
		return false;
	if (store_volume_get(f->storage.store, full, &v, &err)) {
		ui_error(e->ui, "The new volume is not there", err.text);
		return false;
	}
	snprintf(f->path, sizeof(f->path), "%s", v.path);
	f->readonly = false;
	return true;
}

/* cfg with one more disk of that path. */
static struct vm_disk *append_disk(struct vm_config *cfg, const struct disk_form *f)
{
	struct vm_disk *grown, disk;
	char spec[1200], problem[160], vdev[8];
	uint32_t devid;
	size_t i = 0;

	for (char letter = 'a'; letter <= 'z'; letter++) {
		snprintf(vdev, sizeof(vdev), "xvd%c", letter);
		config_vdev_number(vdev, &devid);
		for (i = 0; i < cfg->ndisks && cfg->disks[i].devid != devid; i++)
			;
		if (i == cfg->ndisks)
			break;
	}
	disk = (struct vm_disk){ .vdev = vdev, .target = (char *)f->path,
				 .readonly = f->readonly };
	disk_spec(&disk, spec, sizeof(spec));
	if (i < cfg->ndisks || config_parse_disk(spec, &disk, problem, sizeof(problem)))
		return NULL;
	grown = realloc(cfg->disks, (cfg->ndisks + 1) * sizeof(*grown));
	if (!grown) {
		config_free_disk(&disk);
		return NULL;
	}
	cfg->disks = grown;
	grown[cfg->ndisks] = disk;
	return &grown[cfg->ndisks++];
}

static bool attach_disk(struct vm_change *c, const struct disk_form *f)
{
	struct vm_disk *d = append_disk(&c->cfg, f);
	char spec[1200], command[1400];
	char *const argv[] = { "xl", "block-attach", c->e->name, spec, NULL };
	char *const back[] = { "xl", "block-detach", "--force", c->e->name,
			       d ? d->vdev : NULL, NULL };

	if (!d) {
		ui_fail(c->e->ui, "%s cannot have another disk", c->e->name);
		return false;
	}
	disk_spec(d, spec, sizeof(spec));
	snprintf(command, sizeof(command), "xl block-attach %s %s", c->e->name, spec);
	if (!vm_change_live(c, "Attaching the disk", argv))
		return false;
	if (vm_change_keep(c, true, command))
		return true;
	vm_change_live(c, "Taking it back", back);
	return false;
}

void vm_edit_add_disk(struct vm_edit *e)
{
	struct disk_form f = { .size = "10" };
	char full[STORE_FULL_SIZE] = "";
	char *const back[] = { "storage", "delete", full, NULL };
	struct vm_change c;

	if (!vm_change_begin(e, &c))
		return;
	vm_storage_open(&f.storage);
	if (ask_new_disk(e, &f) &&
	    (f.how || make_volume(e, &f, full, sizeof(full))) &&
	    !attach_disk(&c, &f) && *full)
		ui_work(e->ui, "Taking the volume back", back);
	vm_storage_close(&f.storage);
	vm_change_end(&c);
}

/* --- a new interface --------------------------------------------------------------------- */

static unsigned int next_devid(const struct vm_config *cfg)
{
	unsigned int next = 0;

	for (size_t i = 0; i < cfg->nvifs; i++) {
		if (cfg->vifs[i].devid >= next)
			next = cfg->vifs[i].devid + 1;
	}
	return next;
}

static void attach_vif(struct vm_change *c, struct vm_vif *vif)
{
	struct vm_config *cfg = &c->cfg;
	struct vm_vif *grown = realloc(cfg->vifs, (cfg->nvifs + 1) * sizeof(*grown)), *v;
	char spec[128], devid[16], command[256], mac[18];
	char *const argv[] = { "xl", "network-attach", c->e->name, spec, NULL };
	char *const back[] = { "xl", "network-detach", "--force", c->e->name, devid, NULL };
	struct dom_error err = { .text = "not enough memory" };

	if (grown) {
		vif->devid = next_devid(cfg);
		cfg->vifs = grown;
		v = &grown[cfg->nvifs++];
		*v = *vif;
		*vif = (struct vm_vif){ 0 };
	}
	if (!grown || define_complete(NULL, cfg, &err)) {
		ui_fail(c->e->ui, "%s", err.text);
		return;
	}
	mac_text(v, mac);
	snprintf(devid, sizeof(devid), "%u", v->devid);
	snprintf(spec, sizeof(spec), "devid=%u,mac=%s,bridge=%s", v->devid, mac, v->bridge);
	snprintf(command, sizeof(command), "xl network-attach %s %s", c->e->name, spec);
	if (vm_change_live(c, "Attaching the interface", argv) &&
	    !vm_change_keep(c, true, command))
		vm_change_live(c, "Taking it back", back);
}

void vm_edit_add_vif(struct vm_edit *e)
{
	struct vif_form f = { 0 };
	struct vm_change c;
	struct vm_vif vif;

	if (!vm_change_begin(e, &c))
		return;
	if (ask_vif(e, "New network interface", CONFIG_DEFAULT_BRIDGE, &f) &&
	    read_vif(&f, &vif)) {
		attach_vif(&c, &vif);
		config_free_vif(&vif);
	}
	vm_bridges_free(f.bridges);
	vm_change_end(&c);
}

/* --- away ----------------------------------------------------------------------------------- */

static bool confirm_drop(struct vm_edit *e, const char *what, const char *command)
{
	char text[400];

	snprintf(text, sizeof(text), "%s is taken away from %s.%s Its data stays.", what,
		 e->name, e->running ? " The guest is asked to let go of it: unmount it "
				       "there first." : "");
	return ui_confirm(e->ui, &(struct ui_question){
					 .title = "Remove", .text = text,
					 .command = e->running ? command : NULL,
					 .yes = "Remove", .danger = true });
}

void vm_edit_drop_disk(struct vm_edit *e, size_t i)
{
	char what[64], command[160];
	struct vm_change c;
	struct vm_disk *d;

	if (!vm_change_begin(e, &c))
		return;
	d = &c.cfg.disks[i];
	char *const argv[] = { "xl", "block-detach", e->name, d->vdev, NULL };

	snprintf(what, sizeof(what), "Disk %s", d->vdev);
	snprintf(command, sizeof(command), "xl block-detach %s %s", e->name, d->vdev);
	if (c.cfg.from_disk && c.cfg.ndisks == 1) {
		ui_fail(e->ui, "%s starts from this disk: add another one first", e->name);
	} else if (confirm_drop(e, what, command) &&
		   vm_change_live(&c, "Detaching the disk", argv)) {
		config_free_disk(d);
		c.cfg.ndisks--;
		memmove(d, d + 1, (c.cfg.ndisks - i) * sizeof(*d));
		vm_change_keep(&c, true, command);
	}
	vm_change_end(&c);
}

void vm_edit_drop_vif(struct vm_edit *e, size_t i)
{
	char what[64], devid[16], command[160];
	char *const argv[] = { "xl", "network-detach", e->name, devid, NULL };
	struct vm_change c;
	struct vm_vif *v;

	if (!vm_change_begin(e, &c))
		return;
	v = &c.cfg.vifs[i];
	snprintf(devid, sizeof(devid), "%u", v->devid);
	snprintf(what, sizeof(what), "Network interface %s", devid);
	snprintf(command, sizeof(command), "xl network-detach %s %s", e->name, devid);
	if (confirm_drop(e, what, command) &&
	    vm_change_live(&c, "Detaching the interface", argv)) {
		config_free_vif(v);
		c.cfg.nvifs--;
		memmove(v, v + 1, (c.cfg.nvifs - i) * sizeof(*v));
		vm_change_keep(&c, true, command);
	}
	vm_change_end(&c);
}
