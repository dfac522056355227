/*
 * facts: see facts.h. What is missing in sysfs is simply not known: no error
 * here stops an installation.
 */
#include "facts.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 512

static void trim(char *s)
{
	size_t n = strlen(s), from = strspn(s, " \t");

	while (n > 0 && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	if (from)
		memmove(s, s + from, strlen(s + from) + 1);
}

static FILE *open_below(const char *root, const char *path)
{
	char full[PATH_SIZE];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return fopen(full, "re");
}

bool facts_line(const char *root, const char *path, char *buf, size_t size)
{
	FILE *f = open_below(root, path);
	bool good;

	buf[0] = '\0';
	if (!f)
		return false;
	good = fgets(buf, (int)size, f) != NULL;
	fclose(f);
	trim(buf);
	return good;
}

static bool exists(const char *root, const char *path)
{
	char full[PATH_SIZE];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return access(full, F_OK) == 0;
}

static bool folder_has_entries(const char *root, const char *path)
{
	char full[PATH_SIZE];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(full, sizeof(full), "%s%s", root, path);
	d = opendir(full);
	while (d && !found && (e = readdir(d)))
		found = e->d_name[0] != '.';
	if (d)
		closedir(d);
	return found;
}

const char *facts_size(uint64_t octets, char *buf)
{
	static const char *const unit[] = { "kB", "MB", "GB", "TB", "PB" };
	double n = (double)octets / 1000;
	size_t u = 0;

	while (n >= 999.5 && u + 1 < sizeof(unit) / sizeof(unit[0])) {
		n /= 1000;
		u++;
	}
	snprintf(buf, 16, n < 9.95 ? "%.1f %s" : "%.0f %s", n, unit[u]);
	return buf;
}

/* --- processor and memory ------------------------------------------------- */

/* Takes the value of "key : value" when @line is of @key. */
static const char *value_of(const char *line, const char *key)
{
	size_t n = strlen(key);
	const char *colon;

	if (strncmp(line, key, n) || !strchr(" \t:", line[n]))
		return NULL;
	colon = strchr(line, ':');
	return colon ? colon + 1 + strspn(colon + 1, " \t") : NULL;
}

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p += n)
		if ((p == text || p[-1] == ' ') && strchr(" \n", p[n]))
			return true;
	return false;
}

static void read_cpuinfo(struct facts *f, const char *root)
{
	FILE *file = open_below(root, "/proc/cpuinfo");
	char line[4096];
	const char *v;

	while (file && fgets(line, sizeof(line), file)) {
		if (value_of(line, "processor"))
			f->cpus++;
		v = value_of(line, "model name");
		if (v && !f->cpu[0]) {
			snprintf(f->cpu, sizeof(f->cpu), "%.95s", v);
			trim(f->cpu);
		}
		v = value_of(line, "flags");
		if (v && (has_word(v, "svm") || has_word(v, "vmx")))
			f->virt = VIRT_THERE;
		if (v && (has_word(v, "npt") || has_word(v, "ept")))
			f->nested = true;
	}
	if (file)
		fclose(file);
}

static void read_meminfo(struct facts *f, const char *root)
{
	FILE *file = open_below(root, "/proc/meminfo");
	char line[128];
	const char *v;

	while (file && fgets(line, sizeof(line), file)) {
		v = value_of(line, "MemTotal");
		if (v)
			f->memory_mib = strtoull(v, NULL, 10) / 1024;
	}
	if (file)
		fclose(file);
}

/* The control domain sees a part of the machine; the hypervisor all of it. */
static void ask_hypervisor(struct facts *f)
{
	FILE *p = popen("xl info 2>/dev/null", "re");
	char line[256];
	const char *v;

	while (p && fgets(line, sizeof(line), p)) {
		v = value_of(line, "total_memory");
		if (v)
			f->memory_mib = strtoull(v, NULL, 10);
		v = value_of(line, "nr_cpus");
		if (v)
			f->cpus = atoi(v);
	}
	if (p)
		pclose(p);
}

/* --- network cards -------------------------------------------------------- */

static void link_name(const char *path, char *buf, size_t size)
{
	char target[PATH_SIZE];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *slash;

	buf[0] = '\0';
	if (n <= 0)
		return;
	target[n] = '\0';
	slash = strrchr(target, '/');
	snprintf(buf, size, "%.31s", slash ? slash + 1 : target);
}

static void read_link(struct nic *n, const char *root)
{
	char path[PATH_SIZE], text[32];

	snprintf(path, sizeof(path), "/sys/class/net/%s/carrier", n->name);
	n->link = facts_line(root, path, text, sizeof(text)) && text[0] == '1';
	snprintf(path, sizeof(path), "/sys/class/net/%s/speed", n->name);
	n->speed = 0;
	if (n->link && facts_line(root, path, text, sizeof(text)))
		n->speed = atoi(text) > 0 ? atoi(text) : 0;
}

void facts_links(struct facts *f, const char *root)
{
	for (int i = 0; i < f->nnics; i++)
		read_link(&f->nic[i], root);
}

static void read_nic(struct nic *n, const char *root, const char *name)
{
	char path[PATH_SIZE];

	snprintf(n->name, sizeof(n->name), "%.31s", name);
	snprintf(path, sizeof(path), "%s/sys/class/net/%s/device/driver", root,
		 name);
	link_name(path, n->driver, sizeof(n->driver));
	snprintf(path, sizeof(path), "/sys/class/net/%s/address", name);
	facts_line(root, path, n->mac, sizeof(n->mac));
	read_link(n, root);
}

static int by_nic_name(const void *a, const void *b)
{
	return strverscmp(((const struct nic *)a)->name,
			  ((const struct nic *)b)->name);
}

static void read_nics(struct facts *f, const char *root)
{
	char path[PATH_SIZE];
	struct dirent *e;
	DIR *d;

	f->nnics = 0;
	snprintf(path, sizeof(path), "%s/sys/class/net", root);
	d = opendir(path);
	while (d && f->nnics < NICS_MAX && (e = readdir(d))) {
		/* Only cards have a device behind them. */
		snprintf(path, sizeof(path), "/sys/class/net/%s/device",
			 e->d_name);
		if (e->d_name[0] != '.' && exists(root, path))
			read_nic(&f->nic[f->nnics++], root, e->d_name);
	}
	if (d)
		closedir(d);
	qsort(f->nic, (size_t)f->nnics, sizeof(f->nic[0]), by_nic_name);
}

/* --- what was made live --------------------------------------------------- */

static void add_name(char *list, size_t size, const char *name, size_t n)
{
	size_t used = strlen(list);

	if (used + n + 6 < size)
		snprintf(list + used, size - used, "%s%.*s", used ? ", " : "",
			 (int)n, name);
	else if (used + 4 < size && strcmp(list + used - 3, "..."))
		strcat(list, "...");
}

void facts_live(struct live *l, const char *root)
{
	char path[PATH_SIZE];
	struct dirent *e;
	size_t n;
	DIR *d;

	memset(l, 0, sizeof(*l));
	snprintf(path, sizeof(path), "%s/state/xen", root);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		n = strlen(e->d_name);
		if (n <= 4 || strcmp(e->d_name + n - 4, ".cfg") ||
		    e->d_name[0] == '.')
			continue;
		l->vms++;
		add_name(l->vm_names, sizeof(l->vm_names), e->d_name, n - 4);
	}
	if (d)
		closedir(d);
	l->network = exists(root, "/state/etc/network.conf");
	l->settings = exists(root, "/state/etc/system.conf");
	l->keys = exists(root, "/state/etc/authorized_keys");
	l->host_keys = exists(root, HOST_KEY);
}

void facts_collect(struct facts *f, const char *root)
{
	char text[64];

	memset(f, 0, sizeof(*f));
	f->virt = VIRT_NONE;
	read_cpuinfo(f, root);
	read_meminfo(f, root);
	if (facts_line(root, "/sys/hypervisor/type", text, sizeof(text)) &&
	    !strcmp(text, "xen")) {
		f->virt = VIRT_USED;
		f->nested = true;
		ask_hypervisor(f);
	}
	f->iommu = exists(root, "/sys/firmware/acpi/tables/IVRS") ||
		   exists(root, "/sys/firmware/acpi/tables/DMAR") ||
		   folder_has_entries(root, "/sys/class/iommu");
	if (facts_line(root, "/sys/class/tpm/tpm0/tpm_version_major", text,
		       sizeof(text)))
		f->tpm = atoi(text);
	f->uefi = exists(root, "/sys/firmware/efi");
	facts_disks(f, root);
	read_nics(f, root);
	facts_live(&f->live, root);
}
