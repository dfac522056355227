/*
 * Microcode updates into CPUs: the file of this CPU's maker in the modules behind
 * the kernel (an uncompressed cpio archive before the initramfs, as Linux has it),
 * the update for the first CPU, then each CPU as it starts, before it runs anything
 * else. Intel SDM vol. 3, 9.11.6 and 9.11.7; AMD: MSRs C001_0020 and 0000_008B.
 */
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#include <x86/asm.h>
#include <x86/platform.h>
#include <x86/ucode.h>

#define MSR_PLATFORM_ID	0x17u
#define MSR_INTEL_LOAD	0x79u
#define MSR_REVISION	0x8bu
#define MSR_AMD_LOAD	0xc0010020u
#define PLATFORM_SHIFT	50

static const char *const names[] = {
	"kernel/x86/microcode/GenuineIntel.bin",
	"kernel/x86/microcode/AuthenticAMD.bin",
};

static struct ucode update;
static uint32_t made_for;	/* signature */

/* Intel's is put there by CPUID, if 0 was there. */
static bool read_revision(uint32_t *revision)
{
	uint64_t v;

	if (!host_is_amd && !wrmsr_safe(MSR_REVISION, 0))
		return false;
	cpuid(1, 0);
	if (!rdmsr_safe(MSR_REVISION, &v))
		return false;
	*revision = (uint32_t)(host_is_amd ? v : v >> 32);
	return true;
}

static bool identify(struct ucode_cpu *cpu)
{
	uint64_t platform = 0;

	cpu->signature = cpuid(1, 0).a;
	cpu->platform = 0;
	if (!host_is_amd && rdmsr_safe(MSR_PLATFORM_ID, &platform))
		cpu->platform = 1u << (platform >> PLATFORM_SHIFT & 7);
	return read_revision(&cpu->revision);
}

static bool find_file(struct ucode *file)
{
	for (unsigned int i = 1; i < boot_info.module_nr; i++)
		if (cpio_find(phys_to_virt(boot_info.module[i].start),
			      boot_info.module[i].size, names[host_is_amd], file))
			return true;
	return false;
}

/* The CPU's revision afterwards. */
static uint32_t load(uint32_t revision)
{
	/* Intel's header stays behind, AMD's is part of it. */
	uint64_t at = (uintptr_t)update.data + (host_is_amd ? 0 : 48);

	if (!wrmsr_safe(host_is_amd ? MSR_AMD_LOAD : MSR_INTEL_LOAD, at))
		log_warn("microcode: this CPU takes no updates (is it a virtual one?)");
	return read_revision(&revision) ? revision : 0;
}

/* The modules are given back when the CPUs are up: an aligned copy stays. */
static void keep(const struct ucode *found)
{
	void *copy = heap_alloc(MAX(found->size, (size_t)PAGE_SIZE));

	if (!copy) {
		log_warn("microcode: no memory for %lu KiB; not updated", found->size >> 10);
		return;
	}
	memcpy(copy, found->data, found->size);
	update = *found;
	update.data = copy;
}

void ucode_init(void)
{
	struct ucode file, found;
	struct ucode_cpu cpu;
	const char *wrong;
	uint32_t after;

	if (!identify(&cpu))
		return;
	log_info("microcode: revision %#x of CPU type %#x", cpu.revision, cpu.signature);
	if (!cmdline_bool("ucode", true) || !find_file(&file))
		return;
	wrong = (host_is_amd ? ucode_pick_amd : ucode_pick_intel)(&file, &cpu, &found);
	if (wrong)
		log_warn("microcode: %s: %s", names[host_is_amd], wrong);
	if (!found.data) {
		log_info("microcode: %s has nothing newer for this CPU", names[host_is_amd]);
		return;
	}
	keep(&found);
	if (!update.data)
		return;
	made_for = cpu.signature;
	after = load(cpu.revision);
	log_info("microcode: update to revision %#x %s: it is %#x now", found.revision,
		 after == found.revision ? "was taken" : "was not taken", after);
}

void ucode_cpu_init(void)
{
	struct ucode_cpu cpu;
	uint32_t after;

	if (!update.data || !identify(&cpu) || cpu.revision == update.revision)
		return;
	after = cpu.signature == made_for ? load(cpu.revision) : cpu.revision;
	if (after != update.revision)
		log_warn("microcode: CPU %u runs revision %#x, not %#x", this_cpu()->id, after,
			 update.revision);
}
