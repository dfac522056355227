/*
 * verdict: see verdict.h. One small function per row of the check.
 */
#include "verdict.h"

#include <stdarg.h>
#include <stdio.h>

#define MEMORY_LEAST 512	/* MiB: what the product is held to */
#define MEMORY_FEW 2048		/* below, there is little room for VMs */
#define DISK_LEAST 1000000000ULL

static enum level tell(struct verdict *v, enum level level, const char *fmt,
		       ...) __attribute__((format(printf, 3, 4)));

static enum level tell(struct verdict *v, enum level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->words, sizeof(v->words), fmt, ap);
	va_end(ap);
	v->level = level;
	return level;
}

static enum level cpu(const struct facts *f, struct verdict *v)
{
	return tell(v, LEVEL_GOOD, "%s, %d CPU%s",
		    f->cpu[0] ? f->cpu : "unknown model", f->cpus,
		    f->cpus == 1 ? "" : "s");
}

static enum level virt(const struct facts *f, struct verdict *v)
{
	if (f->virt == VIRT_USED)
		return tell(v, LEVEL_GOOD, "in use by the hypervisor that "
			    "started this installer");
	if (f->virt == VIRT_THERE)
		return tell(v, LEVEL_WARN, "there, but the hypervisor is not "
			    "running: start from the installation medium");
	return tell(v, LEVEL_STOP, "not found: switch on SVM (AMD-V) or VT-x "
		    "in the firmware's setup; without it no VM can run");
}

static enum level paging(const struct facts *f, struct verdict *v)
{
	if (f->nested)
		return tell(v, LEVEL_GOOD, "present");
	return tell(v, LEVEL_STOP, "not found: this processor is too old to "
		    "run the hypervisor");
}

static enum level iommu(const struct facts *f, struct verdict *v)
{
	if (f->iommu)
		return tell(v, LEVEL_NOTE, "present; this version does not use "
			    "it: devices cannot be given to VMs");
	return tell(v, LEVEL_NOTE, "not found: VMs run without it; devices "
		    "cannot be given to VMs");
}

static enum level memory(const struct facts *f, struct verdict *v)
{
	unsigned long long mib = f->memory_mib;

	if (mib < MEMORY_LEAST)
		return tell(v, LEVEL_WARN, "%llu MiB: less than the %d MiB that "
			    "are needed; it may not start", mib, MEMORY_LEAST);
	if (mib < MEMORY_FEW)
		return tell(v, LEVEL_NOTE, "%llu MiB: enough to start, with "
			    "little room for VMs", mib);
	return tell(v, LEVEL_GOOD, "%.1f GiB", (double)mib / 1024);
}

static enum level disks(const struct facts *f, struct verdict *v)
{
	int usable = 0, installed = 0;

	for (int i = 0; i < f->ndisks; i++) {
		usable += !f->disk[i].why_not[0] &&
			  f->disk[i].size >= DISK_LEAST;
		installed += f->disk[i].installed;
	}
	if (!f->ndisks)
		return tell(v, LEVEL_STOP, "none found: check the cables, and "
			    "the controller's mode in the firmware's setup");
	if (!usable && installed)
		return tell(v, LEVEL_NOTE, "%d found, none to install to; what is "
			    "installed can be upgraded", f->ndisks);
	if (!usable)
		return tell(v, LEVEL_STOP, "%d found, but none that can be "
			    "installed to: the next page says why", f->ndisks);
	return tell(v, LEVEL_GOOD, "%d found, %d can be installed to",
		    f->ndisks, usable);
}

static enum level network(const struct facts *f, struct verdict *v)
{
	int up = 0;

	for (int i = 0; i < f->nnics; i++)
		up += f->nic[i].link;
	if (!f->nnics)
		return tell(v, LEVEL_WARN, "no card found: the machine can only "
			    "be used from its own screen");
	if (!up)
		return tell(v, LEVEL_NOTE, "%d card%s, none with a link: is a "
			    "cable plugged in?", f->nnics,
			    f->nnics == 1 ? "" : "s");
	return tell(v, LEVEL_GOOD, "%d card%s, %d with a link", f->nnics,
		    f->nnics == 1 ? "" : "s", up);
}

static enum level tpm(const struct facts *f, struct verdict *v)
{
	if (f->tpm)
		return tell(v, LEVEL_GOOD, "version %d; not used by this "
			    "version", f->tpm);
	return tell(v, LEVEL_GOOD, "none; not needed");
}

static const struct {
	const char *what;
	enum level (*judge)(const struct facts *f, struct verdict *v);
} rows[VERDICTS] = {
	{ "Processor", cpu },
	{ "Virtualization", virt },
	{ "Nested paging", paging },
	{ "IOMMU", iommu },
	{ "Memory", memory },
	{ "Disks", disks },
	{ "Network", network },
	{ "TPM", tpm },
};

enum level verdicts(const struct facts *f, struct verdict v[VERDICTS])
{
	enum level worst = LEVEL_GOOD, level;

	for (int i = 0; i < VERDICTS; i++) {
		v[i].what = rows[i].what;
		level = rows[i].judge(f, &v[i]);
		if (level > worst)
			worst = level;
	}
	return worst;
}

const char *verdict_word(enum level level)
{
	static const char *const word[] = { "ok", "note", "WARNING",
					    "PROBLEM" };

	return word[level];
}
