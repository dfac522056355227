/* See vm_form.h. */
#include "model/vm_form.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void vm_form_defaults(struct vm_form *f)
{
	memset(f, 0, sizeof(*f));
	strcpy(f->vcpus, "1");
	strcpy(f->memory, "1024");
	strcpy(f->bridge, CONFIG_DEFAULT_BRIDGE);
	strcpy(f->size, "10");
	strcpy(f->cmdline, "console=hvc0");
	f->start = true;
}

const char *vm_check_count(const char *text, unsigned int min, unsigned int max,
			   char buf[80])
{
	size_t n = strlen(text);
	unsigned long value = strtoul(text, NULL, 10);

	if (n && n < 10 && strspn(text, "0123456789") == n && value >= min && value <= max)
		return NULL;
	snprintf(buf, 80, "a number from %u to %u", min, max);
	return buf;
}

const char *vm_check_path(const char *text, char buf[80])
{
	if (*text != '/') {
		snprintf(buf, 80, "a path from / on");
		return buf;
	}
	for (; *text; text++) {
		if (iscntrl((unsigned char)*text) || *text == '"') {
			snprintf(buf, 80, "no quote mark or control character may be in it");
			return buf;
		}
	}
	return NULL;
}

int vm_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "kmgt";
	const char *unit = units + 2;
	size_t digits = strspn(text, "0123456789.");
	double value;
	char *end;

	if (!isdigit((unsigned char)*text) || digits > 9)
		return -EINVAL;
	value = strtod(text, &end);
	if (end != text + digits)
		return -EINVAL; /* exponents, hexadecimal */
	if (*end)
		unit = strchr(units, tolower((unsigned char)*end));
	if (!unit || (*end && end[1]))
		return -EINVAL;
	for (unit++; unit > units; unit--)
		value *= 1024;
	if (value > 1e15)
		return -EINVAL;
	*bytes = ((uint64_t)value + 511) & ~UINT64_C(511);
	return 0;
}

bool vm_makes_disk(const struct vm_form *f)
{
	uint64_t bytes;

	switch (f->source) {
	case VM_FROM_IMAGE:
	case VM_FROM_ISO:
		return true;
	case VM_FROM_KERNEL:
		return !vm_size(f->size, &bytes) && bytes;
	default:
		return false;
	}
}

void vm_volume_name(const char *vm, unsigned int n, char out[41])
{
	size_t used = 0;

	for (; *vm && used < 34; vm++) {
		bool fine = isalnum((unsigned char)*vm) || *vm == '_' || *vm == '-';

		if (fine && (used || isalnum((unsigned char)*vm)))
			out[used++] = *vm;
		else if (used)
			out[used++] = '-';
	}
	if (!used)
		used = (size_t)snprintf(out, 41, "vm");
	if (n)
		snprintf(out + used, 41 - used, "-%u", n + 1);
	else
		out[used] = '\0';
}

/* --- the configuration -------------------------------------------------------- */

static void put_quoted(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void put_text(FILE *out, const char *key, const char *text)
{
	if (!*text)
		return;
	fprintf(out, "%s = \"", key);
	put_quoted(out, text);
	fputs("\"\n", out);
}

static void put_disk(FILE *out, const char *target, const char *vdev, bool medium)
{
	fprintf(out, "\t\"vdev=%s, access=%s%s, target=", vdev, medium ? "ro" : "rw",
		medium ? ", cdrom" : "");
	put_quoted(out, target);
	fputs("\",\n", out);
}

/* A medium comes second, so that the guest starts from its disk once it has one. */
static void put_disks(FILE *out, const struct vm_form *f, const char *disk)
{
	bool medium = f->source == VM_FROM_ISO;

	if (!*disk && !medium)
		return;
	fputs("disk = [\n", out);
	if (*disk)
		put_disk(out, disk, "xvda", false);
	if (medium)
		put_disk(out, f->path, *disk ? "xvdb" : "xvda", true);
	fputs("]\n", out);
}

static char *form_text(const struct vm_form *f, const char *disk, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		return NULL;
	put_text(out, "name", f->name);
	fprintf(out, "vcpus = %s\nmemory = %s\n", f->vcpus, f->memory);
	if (f->source == VM_FROM_KERNEL) {
		put_text(out, "kernel", f->kernel);
		put_text(out, "ramdisk", f->ramdisk);
		put_text(out, "cmdline", f->cmdline);
	}
	put_disks(out, f, disk);
	if (*f->bridge)
		fprintf(out, "vif = [ \"bridge=%s\" ]\n", f->bridge);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

struct first {
	char *text;
	size_t size;
};

/* Without the place, which means nothing to somebody who fills in a form. */
static void keep_first(void *ctx, enum config_level level, const char *text)
{
	struct first *first = ctx;
	const char *at = strstr(text, ": ");

	if (level == CONFIG_ERROR && first->size) {
		snprintf(first->text, first->size, "%s", at ? at + 2 : text);
		first->size = 0;
	}
}

int vm_form_config(const struct vm_form *f, const char *disk, struct vm_config *cfg,
		   char *problem, size_t size)
{
	struct first first = { problem, size };
	struct config_input in = { .file = "form", .report = keep_first, .ctx = &first };
	char *text = form_text(f, disk ? disk : "", &in.len);
	int err;

	snprintf(problem, size, "not enough memory");
	if (!text)
		return -ENOMEM;
	in.text = text;
	err = config_parse(&in, cfg);
	free(text);
	return err;
}

void vm_form_resize(const struct vm_form *f, struct vm_config *cfg)
{
	cfg->vcpus = (unsigned int)strtoul(f->vcpus, NULL, 10);
	if (cfg->maxvcpus < cfg->vcpus)
		cfg->maxvcpus = cfg->vcpus;
	cfg->memory_mib = (unsigned int)strtoul(f->memory, NULL, 10);
	if (cfg->maxmem_mib < cfg->memory_mib)
		cfg->maxmem_mib = cfg->memory_mib;
}
