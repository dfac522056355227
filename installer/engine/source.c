/*
 * See source.h. An ISO is known by its primary volume descriptor (ECMA-119,
 * 8.4), and as ours by the label and by boot/SHA256SUMS.
 */
#include "source.h"

#include <ctype.h>
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libconf/conf.h"
#include "run.h"

#define LABEL		"BASALT"
#define DESCRIPTOR_AT	32768
#define BLOCK		2048
#define SUMS_MAX	65536
/* Left by the initramfs: the checksum of the system image that runs. */
#define RUNNING_SUM	"/run/basalt/system.sum"
/* And the medium itself, where the machine was started over the network. */
#define FETCHED_ISO	"/run/basalt/live/basalt.iso"

int64_t source_size(int fd)
{
	unsigned char d[128];
	uint32_t blocks;

	if (pread(fd, d, sizeof(d), DESCRIPTOR_AT) != (ssize_t)sizeof(d) ||
	    d[0] != 1 || memcmp(d + 1, "CD001", 5) ||
	    memcmp(d + 40, LABEL " ", sizeof(LABEL)))
		return -ENOENT;
	memcpy(&blocks, d + 80, sizeof(blocks));
	blocks = le32toh(blocks);
	return blocks ? (int64_t)blocks * BLOCK : -ENOENT;
}

static bool is_slot(const char *device, const struct found *found, int n)
{
	for (int i = 0; i < n; i++)
		for (int k = 0; k < 2; k++)
			if (!strcmp(device, found[i].disk[k].part[PART_A]) ||
			    !strcmp(device, found[i].disk[k].part[PART_B]))
				return true;
	return false;
}

/* The line of the sums' file that is about the system image. */
static bool same_system(const char *sums)
{
	char *want = NULL;
	size_t n;
	bool same = false;

	if (file_read(RUNNING_SUM, 256, &want, &n))
		return false;
	n = strcspn(want, " \n");
	if (n == 64)
		for (const char *l = sums; l && *l; l = strchr(l, '\n'))
			same |= !strncmp(l += *l == '\n', want, n) &&
				strstr(l, "boot/system.img");
	free(want);
	return same;
}

static int mount_iso(const char *path, bool file, struct fault *f)
{
	const char *const argv[] = {"mount", "-t", "iso9660", "-o",
		file ? "ro,loop" : "ro", path, SOURCE_DIR, NULL};

	if (dir_make(SOURCE_DIR, 0755))
		return fault_set(f, -EIO, "%s: cannot be made", SOURCE_DIR);
	return run(argv, NULL, f);
}

static void unmount(void)
{
	umount2(SOURCE_DIR, MNT_DETACH);
}

/* The disk behind /dev/NAME: itself, or what it is a part of. */
static void parent(const char *name, char *to, size_t n)
{
	char link[128], real[4096];
	char *slash;

	snprintf(to, n, "%s", name);
	snprintf(link, sizeof(link), "/sys/class/block/%.64s/partition", name);
	if (access(link, F_OK))
		return;
	snprintf(link, sizeof(link), "/sys/class/block/%.64s", name);
	if (!realpath(link, real) || !(slash = strrchr(real, '/')))
		return;
	*slash = '\0';
	slash = strrchr(real, '/');
	if (slash)
		snprintf(to, n, "%s", slash + 1);
}

/* Candidates: devices that hold an ISO with our label. */
struct candidates {
	char name[8][64];
	int n;
};

static void look(struct candidates *c, const struct found *found, int found_n)
{
	DIR *dir = opendir("/sys/class/block");
	struct dirent *e;
	char path[80];

	while (dir && (e = readdir(dir)) && c->n < 8) {
		int fd;

		if (e->d_name[0] == '.' || !strncmp(e->d_name, "loop", 4) ||
		    !strncmp(e->d_name, "ram", 3))
			continue;
		snprintf(path, sizeof(path), "/dev/%.63s", e->d_name);
		if (is_slot(path, found, found_n))
			continue;
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (source_size(fd) > 0)
			snprintf(c->name[c->n++], 64, "%.63s", e->d_name);
		close(fd);
	}
	if (dir)
		closedir(dir);
}

/* Whether the ISO on /dev/@name is the one this system was started from. */
static bool is_ours(const char *name)
{
	char path[80];
	char *sums = NULL;
	struct fault ignored;
	bool ours;

	snprintf(path, sizeof(path), "/dev/%.63s", name);
	if (mount_iso(path, false, &ignored))
		return false;
	ours = !file_read(SOURCE_DIR "/boot/SHA256SUMS", SUMS_MAX, &sums, NULL) &&
	       same_system(sums);
	free(sums);
	unmount();
	return ours;
}

static int find_medium(struct source *s, const struct found *found, int found_n,
		       struct fault *f)
{
	struct candidates c = {.n = 0};
	int chosen = -1, same = 0;

	if (!access(FETCHED_ISO, R_OK)) {
		snprintf(s->path, sizeof(s->path), "%s", FETCHED_ISO);
		return 0;
	}
	look(&c, found, found_n);
	for (int i = 0; i < c.n; i++)
		if (is_ours(c.name[i])) {
			chosen = i;
			same++;
		}
	/* A stick is found twice: as a whole and as its first partition. */
	if (chosen < 0 && c.n >= 1)
		chosen = 0;
	if (chosen < 0)
		return fault_set(f, -ENOENT, "the installation medium is not "
				 "there: it may have been pulled: plug it in again");
	if (same == 0 && c.n > 2)
		return fault_set(f, -EEXIST, "%d installation media are plugged in, "
				 "none of them the one that was started: pull all "
				 "but one", c.n);
	snprintf(s->path, sizeof(s->path), "/dev/%s", c.name[chosen]);
	return 0;
}

static int check_sums(struct source *s, struct fault *f)
{
	static const char *const files[] = {"basalt.elf", "vmlinux.gz",
		"initramfs.zst", "system.img", "args.cfg"};
	char *text = NULL, name[64];
	int err = 0;

	if (file_read(SOURCE_DIR "/boot/SHA256SUMS", SUMS_MAX, &text, NULL))
		return fault_set(f, -ENOENT, "%.200s: has no list of checksums: it "
				 "is damaged or no medium of this system", s->path);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && !err; i++) {
		snprintf(name, sizeof(name), " boot/%s\n", files[i]);
		if (!strstr(text, name))
			err = fault_set(f, -EINVAL, "%.200s: boot/%s is missing: it "
					"is damaged or too old", s->path, files[i]);
	}
	free(text);
	return err;
}

static void read_version(struct source *s)
{
	char *text = NULL;
	size_t o = 0;

	if (!file_read(SOURCE_DIR "/boot/version", 256, &text, NULL))
		for (char *c = text; *c && *c != '\n' && o + 1 < sizeof(s->version); c++)
			if (isalnum((unsigned char)*c) || strchr(".+~-", *c))
				s->version[o++] = *c;
	s->version[o] = '\0';
	free(text);
}

static int open_found(struct source *s, struct fault *f)
{
	struct stat st;
	char *name = strrchr(s->path, '/') + 1;
	int64_t size;
	int err;

	s->fd = open(s->path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &st))
		return fault_set(f, -errno, "%.200s: %s: give the path of an ISO",
				 s->path, strerror(errno));
	size = source_size(s->fd);
	if (size <= 0)
		return fault_set(f, -EINVAL, "%.200s: is not an ISO of this system: "
				 "give another one", s->path);
	s->size = (uint64_t)size;
	if (lseek(s->fd, 0, SEEK_END) < size)
		return fault_set(f, -EINVAL, "%.200s: is cut short: it should have "
				 "%lld octets: copy it again", s->path,
				 (long long)size);
	if (S_ISBLK(st.st_mode))
		parent(name, s->disk, sizeof(s->disk));
	err = mount_iso(s->path, S_ISREG(st.st_mode), f);
	if (!err)
		err = check_sums(s, f);
	if (!err)
		read_version(s);
	return err;
}

int source_open(struct source *s, const char *wanted, const struct found *found,
		int found_n, struct fault *f)
{
	int err = 0;

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	unmount();
	if (strcmp(wanted, "medium"))
		snprintf(s->path, sizeof(s->path), "%s", wanted);
	else
		err = find_medium(s, found, found_n, f);
	if (!err)
		err = open_found(s, f);
	if (err)
		source_close(s);
	else
		log_line("source: %s, %llu octets, version %s", s->path,
			 (unsigned long long)s->size, s->version);
	return err;
}

int source_verify(const char *dir, struct fault *f)
{
	static const char *const argv[] = {"sha256sum", "-c", "boot/SHA256SUMS", NULL};
	struct run r = {.dir = dir};

	return run(argv, &r, f);
}

void source_close(struct source *s)
{
	unmount();
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
