/*
 * disk = [ 'SPEC', … ] as xl-disk-configuration(5) has it: positional parameters
 * (target, format, vdev, access), keys, flags, and the old prefixes (phy:, file:,
 * tap:aio:, raw:) after which there is no positional format. Only raw images and
 * block devices are served, by the kernel's own back end; what would need another
 * program (qcow2, script=) is refused with the way round it.
 *
 * Device numbers follow xen-vbd-interface(7):
 *	xvd	202 << 8 | disk << 4 | partition	disk < 16, partition < 16
 *	xvd	1 << 28 | disk << 8 | partition		otherwise
 *	sd	8 << 8 | disk << 4 | partition		disk < 16, partition < 16
 *	hd	3 or 22 << 8 | (disk & 1) << 6 | partition	disk < 4
 * d3p1 is xvdd1; a plain number is taken as it is.
 */
#include "config_internal.h"
#include "config_near.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DISK_MAX (1u << 20)
#define PATH_LEN_MAX 4095
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

struct vdev_family {
	const char *prefix;
	unsigned int disks, partitions; /* how many of each it can name */
};

static const struct vdev_family families[] = {
	{ "xvd", DISK_MAX, 256 },
	{ "sd", 16, 16 },
	{ "hd", 4, 64 },
};

/* Letters a, b, … z, aa, … to 0, 1, … 25, 26, …; the end of them in *end. */
static int disk_letters(const char *text, const char **end, unsigned int *disk)
{
	unsigned int n = 0;
	const char *at = text;

	for (; *at >= 'a' && *at <= 'z'; at++) {
		n = n * 26 + (unsigned int)(*at - 'a') + 1;
		if (n > DISK_MAX)
			return -EINVAL;
	}
	if (at == text)
		return -EINVAL;
	*disk = n - 1;
	*end = at;
	return 0;
}

/* A decimal number without sign or leading zero, below limit, up to *end. */
static int small_number(const char *text, const char **end, unsigned int limit,
			unsigned int *number)
{
	unsigned int n = 0;
	const char *at = text;

	for (; isdigit((unsigned char)*at); at++) {
		n = n * 10 + (unsigned int)(*at - '0');
		if (n >= limit)
			return -EINVAL;
	}
	if (at == text || (*text == '0' && at != text + 1))
		return -EINVAL;
	*number = n;
	*end = at;
	return 0;
}

static uint32_t xvd_number(unsigned int disk, unsigned int partition)
{
	if (disk < 16 && partition < 16)
		return 202u << 8 | disk << 4 | partition;
	return 1u << 28 | disk << 8 | partition;
}

static uint32_t family_number(const struct vdev_family *f, unsigned int disk,
			      unsigned int partition)
{
	if (*f->prefix == 'x')
		return xvd_number(disk, partition);
	if (*f->prefix == 's')
		return 8u << 8 | disk << 4 | partition;
	return (disk < 2 ? 3u : 22u) << 8 | (disk & 1) << 6 | partition;
}

/* xvda, sdb2, hdc */
static int family_parse(const struct vdev_family *f, const char *rest, uint32_t *devid)
{
	unsigned int disk, partition = 0;
	const char *end;

	if (disk_letters(rest, &end, &disk) || disk >= f->disks)
		return -EINVAL;
	if (*end && (small_number(end, &end, f->partitions, &partition) || !partition))
		return -EINVAL;
	if (*end)
		return -EINVAL;
	*devid = family_number(f, disk, partition);
	return 0;
}

/* d<disk>p<partition> */
static int plain_parse(const char *rest, uint32_t *devid)
{
	unsigned int disk, partition = 0;
	const char *end;

	if (small_number(rest, &end, DISK_MAX, &disk))
		return -EINVAL;
	if (*end == 'p' && small_number(end + 1, &end, 256, &partition))
		return -EINVAL;
	if (*end)
		return -EINVAL;
	*devid = xvd_number(disk, partition);
	return 0;
}

int config_vdev_number(const char *vdev, uint32_t *devid)
{
	uint64_t number;

	for (size_t i = 0; i < LENGTH(families); i++) {
		size_t n = strlen(families[i].prefix);

		if (!strncmp(vdev, families[i].prefix, n))
			return family_parse(&families[i], vdev + n, devid);
	}
	if (*vdev == 'd')
		return plain_parse(vdev + 1, devid);
	if (config_number(vdev, &number) || number < 256 || number > INT32_MAX)
		return -EINVAL;
	*devid = (uint32_t)number;
	return 0;
}

/* One disk while it is being read. */
struct disk_reader {
	struct config_parser *p;
	const struct config_value *at;
	struct vm_disk *disk;
	bool old_syntax; /* a prefix was seen: no positional format */
	bool has_target, has_format, has_vdev, has_access;
};

#define DISK_ERROR(r, ...) config_say((r)->p, CONFIG_ERROR, (r)->at, "disk: " __VA_ARGS__)

static void set_target(struct disk_reader *r, char *value)
{
	r->has_target = true;
	if (!*value)
		return;
	if (strlen(value) > PATH_LEN_MAX - sizeof("/dev")) {
		DISK_ERROR(r, "the target is longer than a path can be");
		return;
	}
	free(r->disk->target);
	if (*value == '/') {
		r->disk->target = config_strdup(r->p, value);
		return;
	}
	r->disk->target = malloc(strlen(value) + sizeof("/dev/"));
	if (!r->disk->target) {
		r->p->nomem = true;
		return;
	}
	strcpy(r->disk->target, "/dev/");
	strcat(r->disk->target, value);
}

static void set_format(struct disk_reader *r, char *value)
{
	uint32_t devid;

	r->has_format = true;
	if (!*value || !strcmp(value, "raw") || !strcmp(value, "empty"))
		return;
	/* a forgotten format: what follows is the access, not another vdev */
	r->has_vdev = !config_vdev_number(value, &devid);
	if (r->has_vdev)
		DISK_ERROR(r, "\"%s\" stands where the format belongs: write "
			   "'TARGET,,%s,rw' or 'TARGET,raw,%s,rw'", value, value, value);
	else
		DISK_ERROR(r, "format \"%s\" is not served, only raw is: convert the "
			   "image with qemu-img convert -O raw", value);
}

static void set_vdev(struct disk_reader *r, char *value)
{
	char *colon = strchr(value, ':');

	r->has_vdev = true;
	if (colon && r->old_syntax) {
		*colon = '\0';
		if (!strcmp(colon + 1, "cdrom"))
			r->disk->cdrom = true;
		else if (strcmp(colon + 1, "disk"))
			DISK_ERROR(r, "unknown device type \"%s\"", colon + 1);
	}
	if (!*value)
		return;
	if (config_vdev_number(value, &r->disk->devid)) {
		DISK_ERROR(r, "vdev \"%s\" names no device: use xvda, xvdb, … "
			   "(or sda, hda)", value);
		return;
	}
	free(r->disk->vdev);
	r->disk->vdev = config_strdup(r->p, value);
}

static void set_access(struct disk_reader *r, char *value)
{
	r->has_access = true;
	if (!strcmp(value, "r") || !strcmp(value, "ro"))
		r->disk->readonly = true;
	else if (*value && strcmp(value, "w") && strcmp(value, "rw"))
		DISK_ERROR(r, "access \"%s\" is unknown: use r (read-only) or w", value);
}

static void set_devtype(struct disk_reader *r, char *value)
{
	if (!strcmp(value, "cdrom"))
		r->disk->cdrom = true;
	else if (*value && strcmp(value, "disk"))
		DISK_ERROR(r, "devtype \"%s\" is unknown: only cdrom is", value);
}

static void set_backend(struct disk_reader *r, char *value)
{
	if (*value && strcmp(value, "0") && strcmp(value, "Domain-0"))
		DISK_ERROR(r, "backend \"%s\": disks are served by the control domain "
			   "only: remove backend=", value);
}

/* The back end is chosen by what the target is; the old choices all name one. */
static void set_backendtype(struct disk_reader *r, char *value)
{
	if (*value && strcmp(value, "phy") && strcmp(value, "qdisk") &&
	    strcmp(value, "tap"))
		DISK_ERROR(r, "backendtype \"%s\" is not served: remove backendtype=",
			   value);
}

static void set_script(struct disk_reader *r, char *value)
{
	if (*value)
		DISK_ERROR(r, "script \"%s\": no script is run for a disk: attach the "
			   "storage first and give its block device", value);
}

static void set_specification(struct disk_reader *r, char *value)
{
	if (*value && strcmp(value, "xen"))
		DISK_ERROR(r, "specification \"%s\" is not served, only xen is", value);
}

struct disk_key {
	const char *name;
	void (*set)(struct disk_reader *r, char *value);
};

static const struct disk_key disk_keys[] = {
	{ "target", set_target },
	{ "format", set_format },
	{ "vdev", set_vdev },
	{ "access", set_access },
	{ "devtype", set_devtype },
	{ "backend", set_backend },
	{ "backendtype", set_backendtype },
	{ "script", set_script },
	{ "specification", set_specification },
};

/* Words that stand alone. */
struct disk_flag {
	const char *name;
	size_t offset;
	bool value;
};

static const struct disk_flag disk_flags[] = {
	{ "cdrom", offsetof(struct vm_disk, cdrom), true },
	{ "direct-io-safe", offsetof(struct vm_disk, direct_io_safe), true },
	{ "discard", offsetof(struct vm_disk, discard), true },
	{ "no-discard", offsetof(struct vm_disk, discard), false },
	{ "trusted", offsetof(struct vm_disk, untrusted), false },
	{ "untrusted", offsetof(struct vm_disk, untrusted), true },
};

static void unknown_disk_key(struct disk_reader *r, const char *name)
{
	const char *near = near_word(name, &disk_keys[0].name, LENGTH(disk_keys),
				     sizeof(disk_keys[0]));

	if (near)
		DISK_ERROR(r, "no such parameter \"%s\": did you mean %s?", name, near);
	else
		DISK_ERROR(r, "no such parameter \"%s\"", name);
}

static void set_key(struct disk_reader *r, const char *name, char *value)
{
	for (size_t i = 0; i < LENGTH(disk_keys); i++) {
		if (!strcmp(disk_keys[i].name, name)) {
			disk_keys[i].set(r, value);
			return;
		}
	}
	unknown_disk_key(r, name);
}

static bool set_flag(struct disk_reader *r, const char *name)
{
	for (size_t i = 0; i < LENGTH(disk_flags); i++) {
		if (!strcmp(disk_flags[i].name, name)) {
			*(bool *)((char *)r->disk + disk_flags[i].offset) =
				disk_flags[i].value;
			return true;
		}
	}
	return false;
}

static void set_positional(struct disk_reader *r, char *value)
{
	if (!r->has_target)
		set_target(r, value);
	else if (!r->has_format && !r->old_syntax)
		set_format(r, value);
	else if (!r->has_vdev)
		set_vdev(r, value);
	else if (!r->has_access)
		set_access(r, value);
	else if (*value)
		DISK_ERROR(r, "\"%s\" is one part too many: the order is "
			   "TARGET,FORMAT,VDEV,ACCESS", value);
}

/* Takes old prefixes off; a prefix that means another program is refused. */
static char *strip_prefixes(struct disk_reader *r, char *spec)
{
	static const char *const harmless[] = {
		"phy:", "file:", "tap:", "tap2:", "tapdisk:", "aio:", "ioemu:", "raw:",
	};
	static const char *const refused[] = {
		"qcow:", "qcow2:", "vhd:", "qed:", "iscsi:", "nbd:", "enbd:", "drbd:",
	};
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < LENGTH(harmless); i++) {
			size_t n = strlen(harmless[i]);

			if (!strncmp(spec, harmless[i], n)) {
				spec += n;
				r->old_syntax = again = true;
			}
		}
	}
	for (size_t i = 0; i < LENGTH(refused); i++) {
		if (!strncmp(spec, refused[i], strlen(refused[i]))) {
			DISK_ERROR(r, "%s is not served: give a raw file or a block "
				   "device", refused[i]);
			spec += strlen(refused[i]);
			r->old_syntax = true;
		}
	}
	/* ",hdc:cdrom,r": the old empty drive */
	if (*spec == ',' && strstr(spec, ":cdrom"))
		r->old_syntax = true;
	return spec;
}

static void read_pieces(struct disk_reader *r, char *cursor)
{
	char *piece, *value;

	while (cursor) {
		while (*cursor == ' ')
			cursor++;
		/* target= takes all that is left, commas too */
		if (!strncmp(cursor, "target=", 7)) {
			set_target(r, cursor + 7);
			return;
		}
		piece = config_spec_next(&cursor, &value);
		if (value)
			set_key(r, piece, value);
		else if (!set_flag(r, piece))
			set_positional(r, piece);
	}
}

static void check_pair(struct disk_reader *r, const struct vm_disk *disk,
		       const struct vm_disk *other)
{
	if (disk->vdev && other->vdev && other->devid == disk->devid)
		DISK_ERROR(r, "%s is given to two disks: choose another vdev for one of "
			   "them", disk->vdev);
	if (disk->target && other->target && !strcmp(disk->target, other->target) &&
	    !(disk->readonly && other->readonly))
		DISK_ERROR(r, "%s is given twice: two writers would destroy what is on "
			   "it: remove one, or make both read-only", disk->target);
}

static void check_disk(struct disk_reader *r)
{
	struct vm_disk *disk = r->disk;

	if (disk->cdrom)
		disk->readonly = true;
	if (disk->readonly)
		disk->discard = false;
	if (!disk->vdev && !r->has_vdev)
		DISK_ERROR(r, "\"%s\" has no vdev: write 'TARGET,raw,xvda,rw'",
			   r->at->text);
	if (!disk->target && !disk->cdrom)
		DISK_ERROR(r, "\"%s\" has no target: name a file or a block device",
			   r->at->text);
	for (struct vm_disk *other = r->p->cfg->disks; other < disk; other++)
		check_pair(r, disk, other);
}

static void read_disk(struct config_parser *p, const struct config_value *v)
{
	struct vm_config *cfg = p->cfg;
	struct vm_disk *disks = config_grow(p, cfg->disks, cfg->ndisks, sizeof(*disks));
	struct disk_reader r = { .p = p, .at = v };
	unsigned int before = p->errors;
	char *spec;

	if (!disks)
		return;
	cfg->disks = disks;
	r.disk = &disks[cfg->ndisks++];
	r.disk->discard = true;
	spec = config_strdup(p, v->text);
	if (!spec)
		return;
	read_pieces(&r, strip_prefixes(&r, spec));
	free(spec);
	if (p->errors == before)
		check_disk(&r);
}

void config_set_disks(struct config_parser *p, const struct config_value *v)
{
	if (v->type != VALUE_LIST) {
		config_say(p, CONFIG_ERROR, v, "disk: must be a list: write "
			   "disk = [ '%s' ]", v->text);
		return;
	}
	for (size_t i = 0; i < v->nitems && !p->nomem; i++) {
		if (v->items[i].type == VALUE_STRING)
			read_disk(p, &v->items[i]);
		else
			config_say(p, CONFIG_ERROR, &v->items[i],
				   "disk: each part of the list must be a 'string'");
	}
}
