/*
 * NoCloud seed volumes: a FAT12 image of a 1.44 MB diskette, the layout that every
 * system has known longest. All files lie in one piece, in the root directory. The
 * numbers are those of the FAT specification (Microsoft, fatgen103).
 */
#include "libdom/seed.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libconf/conf.h"
#include "libdom/internal.h"

#define SECTOR	     512u
#define SECTORS	     2880u
#define FAT_SECTORS  9u
#define FATS	     2u
#define ROOT_ENTRIES 224u
#define ROOT_SECTOR  (1 + FATS * FAT_SECTORS)
#define DATA_SECTOR  (ROOT_SECTOR + ROOT_ENTRIES * 32 / SECTOR)
#define CLUSTERS     (SECTORS - DATA_SECTOR) /* of one sector; the first is number 2 */
#define FILE_LIMIT   (1024u * 1024)
#define LFN_CHARS    13u

struct volume {
	uint8_t *image;
	unsigned int entries;  /* used in the root directory */
	unsigned int clusters; /* used */
};

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v & 0xffff);
	put16(p + 2, v >> 16);
}

/* --- the file system --------------------------------------------------------- */

static void put_boot_sector(uint8_t *s)
{
	memcpy(s, "\xeb\x3c\x90" "BASALT  ", 11);
	put16(s + 11, SECTOR);
	s[13] = 1;		/* sectors in a cluster */
	put16(s + 14, 1);	/* reserved: this one */
	s[16] = FATS;
	put16(s + 17, ROOT_ENTRIES);
	put16(s + 19, SECTORS);
	s[21] = 0xf0;		/* removable */
	put16(s + 22, FAT_SECTORS);
	put16(s + 24, 18);	/* sectors in a track */
	put16(s + 26, 2);	/* heads */
	s[38] = 0x29;
	put32(s + 39, 0xc1da7a01);
	memcpy(s + 43, "CIDATA     FAT12   ", 19);
	put16(s + 510, 0xaa55);
}

/* Entry n of both copies of the table: 12 bits each. */
static void put_fat(struct volume *v, unsigned int n, unsigned int value)
{
	for (unsigned int copy = 0; copy < FATS; copy++) {
		uint8_t *p = v->image + (1 + copy * FAT_SECTORS) * SECTOR + n * 3 / 2;

		if (n & 1) {
			p[0] = (uint8_t)((p[0] & 0x0f) | value << 4);
			p[1] = (uint8_t)(value >> 4);
		} else {
			p[0] = (uint8_t)value;
			p[1] = (uint8_t)((p[1] & 0xf0) | value >> 8);
		}
	}
}

static uint8_t *next_entry(struct volume *v)
{
	return v->image + ROOT_SECTOR * SECTOR + 32 * v->entries++;
}

static uint8_t short_sum(const char *name)
{
	uint8_t sum = 0;

	for (int i = 0; i < 11; i++)
		sum = (uint8_t)((sum << 7 | sum >> 1) + (uint8_t)name[i]);
	return sum;
}

/* The long name in pieces of 13 characters, the last one first. */
static void put_long_name(struct volume *v, const char *name, const char *short_name)
{
	static const uint8_t at[LFN_CHARS] = {1,  3,  5,  7,  9,  14, 16,
					      18, 20, 22, 24, 28, 30};
	size_t len = strlen(name);
	unsigned int pieces = (unsigned int)((len + LFN_CHARS - 1) / LFN_CHARS);

	for (unsigned int n = pieces; n > 0; n--) {
		uint8_t *e = next_entry(v);

		e[0] = (uint8_t)(n | (n == pieces ? 0x40 : 0));
		e[11] = 0x0f;
		e[13] = short_sum(short_name);
		for (unsigned int i = 0; i < LFN_CHARS; i++) {
			size_t k = (n - 1) * LFN_CHARS + i;

			put16(e + at[i], k < len ? (uint8_t)name[k] : k == len ? 0 : 0xffff);
		}
	}
}

/* 1 January 2020: the image of the same data is always the same. */
#define FAT_DATE ((2020 - 1980) << 9 | 1 << 5 | 1)

static int put_file(struct volume *v, const char *name, const char *short_name,
		    const char *data)
{
	size_t len = strlen(data);
	unsigned int need = (unsigned int)((len + SECTOR - 1) / SECTOR);
	unsigned int first = 2 + v->clusters;
	uint8_t *e;

	if (len > FILE_LIMIT || need > CLUSTERS - v->clusters)
		return -E2BIG;
	put_long_name(v, name, short_name);
	e = next_entry(v);
	memcpy(e, short_name, 11);
	e[11] = 0x20;
	put16(e + 24, FAT_DATE);
	put16(e + 26, need ? first : 0);
	put32(e + 28, (uint32_t)len);
	for (unsigned int i = 0; i < need; i++)
		put_fat(v, first + i, i + 1 < need ? first + i + 1 : 0xfff);
	memcpy(v->image + (DATA_SECTOR + v->clusters) * SECTOR, data, len);
	v->clusters += need;
	return 0;
}

static void format(struct volume *v)
{
	uint8_t *e;

	put_boot_sector(v->image);
	put_fat(v, 0, 0xff0);
	put_fat(v, 1, 0xfff);
	e = next_entry(v);
	memcpy(e, "CIDATA     ", 11);
	e[11] = 0x08; /* the volume's label */
	put16(e + 24, FAT_DATE);
}

/* --- what is in it ----------------------------------------------------------- */

const char *seed_user_problem(const char *user)
{
	size_t n = strlen(user);

	if (!n)
		return "it is empty";
	if (n > 32)
		return "it is longer than 32 characters";
	if (!islower((unsigned char)*user) && *user != '_')
		return "it must begin with a small letter";
	if (strspn(user, "abcdefghijklmnopqrstuvwxyz0123456789_-") != n)
		return "only small letters, digits, - and _ may be in it";
	if (!strcmp(user, "root"))
		return "root is not made: choose an ordinary user, who may use sudo";
	return NULL;
}

/* One line: options are allowed in front, so only the type and its base64 are looked
 * for. */
static bool is_key_line(const char *line, size_t len)
{
	static const char *const types[] = {"ssh-rsa ", "ssh-ed25519 ", "ecdsa-sha2-",
					    "sk-ssh-ed25519@", "sk-ecdsa-sha2-"};
	char copy[9000];
	const char *at;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, line, len);
	copy[len] = '\0';
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		at = strstr(copy, types[i]);
		if (!at || (at > copy && at[-1] != ' '))
			continue;
		at = strchr(at, ' ');
		if (at && !strncmp(at + 1, "AAAA", 4) && strcspn(at + 1, " ") > 40)
			return true;
	}
	return false;
}

const char *seed_key_problem(const char *key)
{
	bool any = false;

	for (const char *c = key; *c; c++) {
		if (*c != '\n' && *c != '\t' && iscntrl((unsigned char)*c))
			return "it has a control character in it";
	}
	while (*key) {
		size_t len = strcspn(key, "\n");

		if (len && *key != '#') {
			if (!is_key_line(key, len))
				return "it is no public key as ssh-keygen writes it "
				       "(\"ssh-ed25519 AAAA… name\")";
			any = true;
		}
		key += len + (key[len] == '\n');
	}
	return any ? NULL : "there is no key in it";
}

/* YAML takes any JSON string: between double quotes, with these two escaped. */
static void put_quoted(FILE *out, const char *text, size_t len)
{
	fputc('"', out);
	for (; len--; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text == '\t' ? ' ' : *text, out);
	}
	fputc('"', out);
}

static void put_keys(FILE *out, const char *indent, const char *keys)
{
	fprintf(out, "%sssh_authorized_keys:\n", indent);
	while (*keys) {
		size_t len = strcspn(keys, "\n");

		if (len && *keys != '#') {
			fprintf(out, "%s  - ", indent);
			put_quoted(out, keys, len);
			fputc('\n', out);
		}
		keys += len + (keys[len] == '\n');
	}
}

static void put_user_data(FILE *out, const struct seed *s)
{
	fputs("#cloud-config\n", out);
	if (s->user) {
		fprintf(out, "users:\n  - name: %s\n    shell: /bin/bash\n"
			     "    sudo: \"ALL=(ALL) NOPASSWD:ALL\"\n", s->user);
		fprintf(out, "    lock_passwd: %s\n", s->password ? "false" : "true");
		if (s->password) {
			fputs("    passwd: ", out);
			put_quoted(out, s->password, strlen(s->password));
			fputc('\n', out);
		}
		if (s->ssh_key)
			put_keys(out, "    ", s->ssh_key);
	} else if (s->ssh_key) {
		put_keys(out, "", s->ssh_key);
	}
	if (s->password)
		fputs("ssh_pwauth: true\n", out);
}

/* A host name of letters, digits and hyphens from a VM's name. */
static void put_host_name(FILE *out, const char *name)
{
	bool any = false;

	for (; *name; name++) {
		bool ok = isalnum((unsigned char)*name);

		if (ok || any)
			fputc(ok ? tolower((unsigned char)*name) : '-', out);
		any |= ok;
	}
	if (!any)
		fputs("vm", out);
}

static void put_meta_data(FILE *out, const struct seed *s)
{
	fputs("instance-id: ", out);
	put_quoted(out, s->instance_id, strlen(s->instance_id));
	fputs("\nlocal-hostname: ", out);
	put_host_name(out, s->hostname);
	fputc('\n', out);
}

/* Text from one of the two above; NULL: no memory. */
static char *text_of(void (*put)(FILE *, const struct seed *), const struct seed *s)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	put(f, s);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

static int check(const struct seed *s, struct dom_error *err)
{
	const char *problem = s->user ? seed_user_problem(s->user) : NULL;

	if (problem)
		return dom_fail(err, -EINVAL, "%s: not a user's name: %s", s->user,
				problem);
	problem = s->ssh_key ? seed_key_problem(s->ssh_key) : NULL;
	if (problem)
		return dom_fail(err, -EINVAL, "the SSH key cannot be used: %s", problem);
	return 0;
}

static int fill(struct volume *v, const char *user_data, const char *meta_data)
{
	int ret;

	if (!v->image || !user_data || !meta_data)
		return -ENOMEM;
	format(v);
	ret = put_file(v, "user-data", "USER-D~1   ", user_data);
	return ret ? ret : put_file(v, "meta-data", "META-D~1   ", meta_data);
}

int seed_make(const struct seed *seed, void **image, size_t *size,
	      struct dom_error *err)
{
	char *user_data, *meta_data;
	struct volume v = {0};
	int ret = check(seed, err);

	if (ret)
		return ret;
	user_data = seed->user_data ? strdup(seed->user_data) : text_of(put_user_data, seed);
	meta_data = text_of(put_meta_data, seed);
	v.image = calloc(SECTORS, SECTOR);
	ret = fill(&v, user_data, meta_data);
	free(user_data);
	free(meta_data);
	if (ret) {
		free(v.image);
		return dom_fail_errno(err, ret, "%s: its seed volume cannot be made",
				      seed->hostname);
	}
	*image = v.image;
	*size = SECTORS * SECTOR;
	return 0;
}

int seed_write(const struct seed *seed, const char *path, struct dom_error *err)
{
	const char *slash = strrchr(path, '/');
	void *image;
	size_t size;
	char *dir;
	int ret = seed_make(seed, &image, &size, err);

	if (ret)
		return ret;
	dir = slash ? strndup(path, (size_t)(slash - path)) : NULL;
	if (dir && *dir)
		ret = dir_make(dir, 0700);
	if (ret == 0)
		ret = file_write_atomic(path, image, size, 0600);
	free(dir);
	free(image);
	if (ret)
		return dom_fail_errno(err, ret, "%s: cannot be written", path);
	return 0;
}

/* --- reading our own back ---------------------------------------------------- */

static unsigned int get16(const uint8_t *p)
{
	return p[0] | (unsigned int)p[1] << 8;
}

static char *find_user_data(const uint8_t *image)
{
	for (unsigned int i = 0; i < ROOT_ENTRIES; i++) {
		const uint8_t *e = image + ROOT_SECTOR * SECTOR + 32 * i;
		unsigned int first = get16(e + 26);
		size_t len = get16(e + 28) | (size_t)get16(e + 30) << 16;

		if (memcmp(e, "USER-D~1   ", 11) != 0 || first < 2 ||
		    first - 2 > CLUSTERS || len > (CLUSTERS - (first - 2)) * SECTOR)
			continue;
		return strndup((const char *)image + (DATA_SECTOR + first - 2) * SECTOR,
			       len);
	}
	return NULL;
}

int seed_read(const char *path, char **user_data, struct dom_error *err)
{
	char *image;
	size_t size;
	int ret = file_read(path, SECTORS * SECTOR, &image, &size);

	if (ret)
		return dom_fail_errno(err, ret, "%s: cannot be read", path);
	*user_data = NULL;
	if (size == SECTORS * SECTOR && memcmp(image + 3, "BASALT  ", 8) == 0)
		*user_data = find_user_data((uint8_t *)image);
	free(image);
	if (*user_data)
		return 0;
	return dom_fail(err, -EINVAL, "%s: is no seed volume made here", path);
}
