/*
 * What libstore's files share.
 */
#ifndef LIBSTORE_INTERNAL_H
#define LIBSTORE_INTERNAL_H

#include "libconf/conf.h"
#include "libstore/libstore.h"

#define STORE_HALF "_half." /* a volume that is being filled */
#define STORE_BACK "_back." /* LVM: a complete one that is to replace a volume */
#define STORE_THIN "thinpool"
#define STORE_TAG "basalt"	/* of a volume group that is a pool */
#define STORE_TAG_NEW "basalt.new" /* of one whose making has not ended */
#define STORE_FS_LABEL "basalt-pool"
#define STORE_FS_LABEL_NEW "basalt-new"
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct store {
	char root[96];
	char pools_conf[STORE_PATH_SIZE];
	char vms[STORE_PATH_SIZE];
};

/* --- common.c --------------------------------------------------------------- */
/* Fill err, which may be NULL, and return code. */
__attribute__((format(printf, 3, 4)))
int store_fail(struct store_error *err, int code, const char *fmt, ...);

/* A path under the root. */
__attribute__((format(printf, 3, 4)))
void store_path(const struct store *s, char buf[STORE_PATH_SIZE], const char *fmt, ...);

/* The text of a small file (sysfs) without the newline; "" if there is none. */
void store_read_line(const char *path, char *buf, size_t size);

/* One more element in a growing list; NULL when memory is short. */
void *store_grow(void **list, size_t *count, size_t size);

/* A lock file in /run/basalt; a killed process leaves no lock. -EBUSY: held. */
int store_lock(struct store *s, const char *name, bool wait);
void store_unlock(int fd);

/* --- run.c ------------------------------------------------------------------ */
struct run_result {
	int status;	 /* exit status; 127: could not be run */
	char *out;	 /* all of stdout; free() */
	char why[256];	 /* of stderr, the line that says most */
};
/* Runs argv (NULL-terminated) to its end. -ENOMEM, or 0 whatever its status. */
int run_argv(const char *const argv[], struct run_result *r);
/* The same; a status that is not 0 fails with "what: why: cure". */
int run_or_fail(const char *const argv[], const char *what, const char *cure,
		struct store_error *err);
/* Splits a line at '|' in place; returns the number of fields. */
size_t run_fields(char *line, char *fields[], size_t max);

/* --- probe.c ---------------------------------------------------------------- */
struct probe {
	char type[32], label[64], uuid[40], usage[16];
	bool table;	  /* a partition table */
	char table_type[16];
};
/* What libblkid finds on a device or file. -errno of opening it. */
int probe_device(const char *path, struct probe *p);

/* --- disk.c ----------------------------------------------------------------- */
int store_disk_find(struct store *s, const char *path, struct store_disk *out,
		    struct store_part *part, struct store_error *err);
/* The node of the partition or disk with that file system. -ENOENT. */
int store_find_uuid(struct store *s, const char *uuid, char path[STORE_PATH_SIZE]);
/* What holds a disk or a partition now, in words; "" for nothing. */
void use_of(const struct store *s, const char *disk, const char *part, char *buf,
	    size_t size);

/* --- pools_conf.c ----------------------------------------------------------- */
struct pool {
	char name[STORE_NAME_SIZE];
	enum store_kind kind;
	char source[STORE_PATH_SIZE]; /* STORE_DIR: "uuid:..." or "path:..." */
	char dir[STORE_PATH_SIZE];    /* STORE_DIR: where its files are */
	const struct pool_ops *ops;
};
int pools_load(struct store *s, struct pool **list, size_t *count,
	       struct store_error *err);
int pools_find(struct store *s, const char *name, struct pool *out,
	       struct store_error *err);
int pools_add(struct store *s, const struct pool *p, struct store_error *err);
int pools_remove(struct store *s, const char *name, struct store_error *err);
/* Takes the pool's lock and brings half-made volumes to an end. The lock, or -errno */
int pool_lock(struct store *s, const struct pool *p, struct store_error *err);
void pool_init(struct store *s, struct pool *p, const char *name, const char *source);

/* --- what a kind of pool does (lvm.c, dir.c) -------------------------------- */
/*
 * Names here are raw: "web1", "web1.before", STORE_HALF "web1". All but list and
 * stat are called with the pool's lock held, and arguments are checked.
 */
struct raw_volume {
	char raw[STORE_FULL_SIZE];
	uint64_t size, used;
	time_t made;
	bool in_use;
};

struct pool_ops {
	const char *name;	 /* in pools.conf: "lvm", "dir" */
	const char *scheme;	 /* of a disk in a configuration: "phy:", "file:" */
	/* Takes away what a making of that name left that was cut short. */
	void (*clean)(struct store *s, const struct pool *p);
	int (*make)(struct store *s, struct pool *p, const struct store_pool_spec *spec,
		    struct store_error *err);
	/* After it is in pools.conf: marks it as complete. May be repeated. */
	int (*finish)(struct store *s, const struct pool *p, struct store_error *err);
	int (*destroy)(struct store *s, const struct pool *p, struct store_error *err);
	/* Finds a pool of that name on a disk; -ENOENT. */
	int (*adopt)(struct store *s, struct pool *p, struct store_error *err);
	int (*start)(struct store *s, const struct pool *p, struct store_error *err);
	int (*stop)(struct store *s, const struct pool *p, struct store_error *err);
	/* size, used, active, problem, on */
	void (*stat)(struct store *s, const struct pool *p, struct store_pool *out);

	int (*list)(struct store *s, const struct pool *p, struct raw_volume **list,
		    size_t *count, struct store_error *err);
	void (*path)(const struct store *s, const struct pool *p, const char *raw,
		     char buf[STORE_PATH_SIZE]);
	/* An empty volume that reads as zeros. */
	int (*create)(struct store *s, const struct pool *p, const char *raw,
		      uint64_t size, struct store_error *err);
	int (*grow)(struct store *s, const struct pool *p, const char *raw,
		    uint64_t size, struct store_error *err);
	int (*remove)(struct store *s, const struct pool *p, const char *raw,
		      struct store_error *err);
	/* A copy that takes no time; NULL: the kind has none, contents are copied. */
	int (*twin)(struct store *s, const struct pool *p, const char *from,
		    const char *to, bool writable, struct store_error *err);
	/* replace: `to` may exist, and is exchanged in one step or, where that cannot
	 * be, by steps that pool_lock() completes. */
	int (*rename)(struct store *s, const struct pool *p, const char *from,
		      const char *to, bool replace, struct store_error *err);
	/* Makes the node readable (a snapshot that is not active). May be NULL. */
	int (*open)(struct store *s, const struct pool *p, const char *raw, bool open,
		    struct store_error *err);
};
extern const struct pool_ops lvm_ops, dir_ops;
/* LVM: the volume group that a physical volume is in ("" none), its size in
 * volumes, and its tags. */
int lvm_group_of(const char *device, char group[128], char tags[128], unsigned int *pvs);

/* --- volume.c --------------------------------------------------------------- */
struct volume_name {
	char pool[STORE_NAME_SIZE], volume[STORE_NAME_SIZE], snapshot[STORE_NAME_SIZE];
	char raw[STORE_FULL_SIZE]; /* "web1" or "web1.before" */
};
int volume_name_parse(const char *full, struct volume_name *n, struct store_error *err);
/* Looks one up among the listed; -ENOENT. */
int volume_find(struct store *s, const struct pool *p, const char *raw,
		struct raw_volume *out, struct store_error *err);
/* Is there room for a volume of that size? And is raw free? */
int volume_check_new(struct store *s, const struct pool *p, const char *raw,
		     uint64_t size, struct store_error *err);
/* The lock on one volume's name while it is being filled. */
int volume_lock(struct store *s, const struct pool *p, const char *volume,
		struct store_error *err);

/* --- image*.c --------------------------------------------------------------- */
struct image;
struct image_ops {
	/* The first bytes say so (raw: always). */
	bool (*is)(int fd, uint64_t size);
	int (*open)(struct image *img, const char *path, struct store_error *err);
	/* 0, or -EIO; all of len, which lies inside. */
	int (*read)(struct image *img, void *buf, size_t len, uint64_t offset);
	void (*close)(struct image *img);
};
struct image {
	enum store_format format;
	const struct image_ops *ops;
	uint64_t size;
	void *handle;
	int fd;
};
extern const struct image_ops raw_image_ops, qcow_image_ops, vmdk_image_ops,
	vhd_image_ops;
/* Why a qcow2 file must not be given to libqcow, or NULL. */
const char *qcow_check(int fd, uint64_t size);
/* Regular file or block device. */
int image_open(const char *path, struct image *img, struct store_error *err);
void image_close(struct image *img);
enum store_format image_format(int fd, uint64_t size);

/* --- copy.c ----------------------------------------------------------------- */
/*
 * Copies an image into a node that reads as zeros, in a process of its own that
 * has given up root: whatever a damaged image does to the reader ends there.
 */
int copy_image(const char *from, const char *to, const struct store_progress *progress,
	       struct store_error *err);

#endif
