/*
 * libstore: where virtual machines keep their data. Disks and what is on them;
 * pools made of disks; volumes in pools; images that volumes are made from.
 *
 * A pool is an LVM volume group with one thin pool in it (snapshots and clones
 * at once, whatever the size), or a directory on a file system (volumes are
 * sparse raw files; snapshots and clones are copies). Which pools this host uses
 * stands in pools.conf, by lines
 *
 *	pool = NAME lvm				the volume group NAME
 *	pool = NAME dir uuid:UUID		an ext4 file system of its own
 *	pool = NAME dir path:/some/directory	a directory that is there
 *	array = NAME UUID			an md array to be put together first
 *
 * A volume is called POOL/VOLUME, a snapshot POOL/VOLUME.SNAPSHOT. A VM's
 * configuration names its disk by store_volume.target: 'phy:/dev/POOL/VOLUME' or
 * 'file:/storage/POOL/VOLUME.img'.
 *
 * Rules:
 *  - int results are 0 or a negative errno with err->text filled: one line "what:
 *    why: what to do". Nothing prints or exits. Lists are to be freed.
 *  - LVM, mke2fs, wipefs, mount points and the like are used by running their
 *    commands (from PATH) or by system calls; never through a shell.
 *  - Changes of one pool take its lock (/run/basalt/storage-POOL.lock). A killed
 *    change leaves a volume whose name starts with STORE_HALF; the next change of
 *    that pool completes it or takes it away. No half-made volume is ever listed.
 *  - What is in use (by a running VM, a mount, dom0) is refused with -EBUSY.
 *  - ROOT (struct store_where) lets tests put another world under it.
 */
#ifndef LIBSTORE_H
#define LIBSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct store_error {
	char text[512];
};

enum {
	STORE_NAME_MAX = 40,	/* of pools, volumes and snapshots */
	STORE_NAME_SIZE = STORE_NAME_MAX + 1,
	STORE_FULL_SIZE = 3 * STORE_NAME_SIZE,
	STORE_PATH_SIZE = 256,
};

/* Where things are; NULL is the usual place. */
struct store_where {
	const char *root;	/* before /sys, /proc, /dev, /run, /storage: "" */
	const char *pools_conf; /* /state/etc/pools.conf */
	const char *vms;	/* /etc/xen: configurations that may name a volume */
};

struct store;
int store_open(struct store **out, const struct store_where *where,
	       struct store_error *err);
void store_close(struct store *s); /* NULL is fine */

/* --- disks (disk.c) --------------------------------------------------------- */

/* A partition, or the whole disk where it has none. */
struct store_part {
	char name[32];	   /* "nvme0n1p1" */
	uint64_t size;	   /* bytes */
	char type[32];	   /* what libblkid finds: "ext4", "LVM2_member", "zfs_member";
			      "" nothing known */
	char label[64], uuid[40];
	char content[128]; /* in words: "ext4 'data'", "LVM group 'vg0'", "empty" */
	char use[96];	   /* what uses it now: "mounted on /mnt", "in LVM", ""  */
};

struct store_disk {
	char name[32];	    /* "nvme0n1" */
	char path[48];	    /* "/dev/nvme0n1" */
	char model[64], serial[64];
	char bus[16];	    /* nvme, sata, sas, usb, virtio, xen, md, mmc, ... or "" */
	uint64_t size;
	bool rotates, removable, readonly;
	char content[256];  /* all of it in words; "empty" means nothing known on it */
	char use[96];	    /* "" : nothing uses it or a part of it */
	struct store_part *parts; /* at least one; parts[0] is the disk itself when
				     it has no partition table */
	size_t nparts;
};
/* Disks, SSDs, sticks, md arrays, by name. store_disks_free() it. */
int store_disks(struct store *s, struct store_disk **list, size_t *count,
		struct store_error *err);
void store_disks_free(struct store_disk *list, size_t count);

/* --- pools (pool.c) --------------------------------------------------------- */

enum store_kind { STORE_LVM, STORE_DIR };

struct store_pool {
	char name[STORE_NAME_SIZE];
	enum store_kind kind;
	bool active;	   /* else problem says why */
	char problem[160];
	char notice[160];  /* it can be used, but not for long: it is (nearly) full */
	uint64_t size, used;
	double used_meta;  /* LVM: share of its metadata in use, 0..1 */
	char on[160];	   /* what it lies on: "nvme1n1", "/state/images" */
	size_t volumes;
};
int store_pools(struct store *s, struct store_pool **list, size_t *count,
		struct store_error *err);

struct store_pool_spec {
	const char *name;
	enum store_kind kind;
	const char *on;	   /* "/dev/nvme1n1" or, for STORE_DIR, a directory too */
	bool erase;	   /* what is on the device may be destroyed */
};
/*
 * Makes a pool and puts it into pools.conf. A device must be empty or erase be
 * given; one that is in use is refused either way (-EBUSY). -EEXIST: there is a
 * pool, or somebody's volume group, of that name. After a failure or a kill the
 * same call can be made again.
 */
int store_pool_create(struct store *s, const struct store_pool_spec *spec,
		      struct store_error *err);
/* Destroys a pool that has no volumes (force: with all of them); a directory that
 * was there before stays. */
int store_pool_delete(struct store *s, const char *name, bool force,
		      struct store_error *err);
/* Takes up a pool that is on a disk but not in pools.conf (made before a new
 * install, or on another host). */
int store_pool_adopt(struct store *s, const char *name, struct store_error *err);
/* At boot: make it usable (array, activation, mount); NULL: all of them, going on
 * after failures. At shutdown: the reverse. */
int store_pool_start(struct store *s, const char *name, struct store_error *err);
int store_pool_stop(struct store *s, const char *name, struct store_error *err);

/* --- volumes (volume.c) ----------------------------------------------------- */

struct store_volume {
	char pool[STORE_NAME_SIZE];
	char name[STORE_NAME_SIZE];
	char snapshot[STORE_NAME_SIZE]; /* "" for a volume */
	char path[STORE_PATH_SIZE];	/* "/dev/data/web1" */
	char target[STORE_PATH_SIZE];	/* for a configuration: "phy:/dev/data/web1" */
	uint64_t size, used;		/* used: room taken in the pool, about */
	time_t made;
	bool in_use;			/* something has it open now */
	char vms[160];			/* defined VMs that name it: "web1 db", or "" */
};
/* pool NULL: of all. Volumes by name, each followed by its snapshots. */
int store_volumes(struct store *s, const char *pool, struct store_volume **list,
		  size_t *count, struct store_error *err);
/* full: "data/web1" or "data/web1.before". -ENOENT. */
int store_volume_get(struct store *s, const char *full, struct store_volume *out,
		     struct store_error *err);
/* Called now and then in long work; nonzero return asks to stop (-ECANCELED). */
typedef int store_progress_fn(void *ctx, unsigned int percent, const char *text);
struct store_progress {
	store_progress_fn *fn; /* may be NULL */
	void *ctx;
};

int store_volume_create(struct store *s, const char *full, uint64_t size,
			struct store_error *err);
/* To a larger size; -EINVAL when it is not larger. */
int store_volume_grow(struct store *s, const char *full, uint64_t size,
		      struct store_error *err);
/* A volume goes with its snapshots. -EBUSY: in use; or a VM names it and !force. */
int store_volume_delete(struct store *s, const char *full, bool force,
			struct store_error *err);
/* Of a volume that nothing uses. */
int store_snapshot_create(struct store *s, const char *full,
			  const struct store_progress *progress,
			  struct store_error *err);
/* The volume becomes what it was; the snapshot stays. */
int store_snapshot_revert(struct store *s, const char *full,
			  const struct store_progress *progress,
			  struct store_error *err);
/* from: a volume that nothing uses, or a snapshot; to: a new volume, in any pool. */
int store_volume_clone(struct store *s, const char *from, const char *to,
		       const struct store_progress *progress, struct store_error *err);

/* --- images (image.c, import.c, media.c) ------------------------------------ */

enum store_format { STORE_RAW, STORE_QCOW2, STORE_VMDK, STORE_VHD, STORE_ISO };
const char *store_format_name(enum store_format format); /* "raw", "qcow2", ... */

struct store_image {
	char path[STORE_PATH_SIZE];
	char name[96];	/* the file's name */
	char where[64]; /* "USB stick 'BACKUP' (sdb1)", "pool files", "/state/images" */
	enum store_format format;
	uint64_t file_size;
};
/* Image and ISO files on mounted storage, after store_media(). */
int store_images(struct store *s, struct store_image **list, size_t *count,
		 struct store_error *err);

struct store_image_info {
	enum store_format format;
	uint64_t size; /* of the disk inside */
};
/* -ENOTSUP for an image that is incomplete by itself (has a base image). */
int store_image_info(const char *path, struct store_image_info *out,
		     struct store_error *err);

/* Volumes of USB sticks and CDs, mounted read-only under /run/basalt/media. */
struct store_medium {
	char name[32];	/* "sdb1" */
	char label[64], type[32];
	char path[STORE_PATH_SIZE];
	uint64_t size;
};
/* Mounts what was plugged in, lets go of what was pulled. */
int store_media(struct store *s, struct store_medium **list, size_t *count,
		struct store_error *err);
/* Before pulling it; -EBUSY: something reads from it. */
int store_media_eject(struct store *s, const char *name, struct store_error *err);

/*
 * Copies an image's contents into the new volume full, which is listed only when
 * all of it is there; raw, qcow2, vmdk and vhd are told apart by what is in the
 * file. size 0: as large as the image.
 */
int store_import(struct store *s, const char *file, const char *full, uint64_t size,
		 const struct store_progress *progress, struct store_error *err);

/* --- words ------------------------------------------------------------------ */
/* "20G", "512M", "1.5T" (powers of 1024; no letter: bytes) -> bytes. -EINVAL. */
int store_parse_size(const char *text, uint64_t *bytes);
/* Letters, digits, "-" and "_", starting with a letter or digit. */
bool store_name_valid(const char *name);

#endif
