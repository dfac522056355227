/*
 * The struct back into xl.cfg text. Everything that differs from a default is
 * written, so that reading it again gives the same struct; keys come in the order
 * of config_keys.c.
 */
#include "config_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void write_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void write_text(FILE *out, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(out, "%s = ", key);
	write_quoted(out, text);
	fputc('\n', out);
}

static void write_uuid(FILE *out, const uint8_t uuid[16])
{
	fputs("uuid = \"", out);
	for (int i = 0; i < 16; i++)
		fprintf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			uuid[i]);
	fputs("\"\n", out);
}

/* The target comes last and by name: it may have any character but a quote mark. */
static void write_disk(FILE *out, const struct vm_disk *disk)
{
	char spec[4608];

	snprintf(spec, sizeof(spec), "vdev=%s, access=%s%s%s%s%s, target=%s", disk->vdev,
		 disk->readonly ? "ro" : "rw", disk->cdrom ? ", cdrom" : "",
		 disk->direct_io_safe ? ", direct-io-safe" : "",
		 disk->readonly || disk->discard ? "" : ", no-discard",
		 disk->untrusted ? ", untrusted" : "", disk->target ? disk->target : "");
	fputs("\t", out);
	write_quoted(out, spec);
	fputs(",\n", out);
}

static void write_vif(FILE *out, const struct vm_vif *vif)
{
	const uint8_t *m = vif->mac;
	char mac[32] = "", rate[80] = "", mtu[32] = "", spec[512];

	if (vif->has_mac)
		snprintf(mac, sizeof(mac), ", mac=%02x:%02x:%02x:%02x:%02x:%02x", m[0],
			 m[1], m[2], m[3], m[4], m[5]);
	/* rounded up, so that the reader's rounding down gives rate_bytes again */
	if (vif->rate_bytes)
		snprintf(rate, sizeof(rate), ", rate=%" PRIu64 "B/s@%" PRIu32 "us",
			 (vif->rate_bytes * 1000000 + vif->rate_usecs - 1) /
				 vif->rate_usecs,
			 vif->rate_usecs);
	if (vif->mtu)
		snprintf(mtu, sizeof(mtu), ", mtu=%" PRIu32, vif->mtu);
	snprintf(spec, sizeof(spec), "devid=%" PRIu32 "%s, bridge=%s%s%s%s%s%s%s%s",
		 vif->devid, mac, vif->bridge, vif->vifname ? ", vifname=" : "",
		 vif->vifname ? vif->vifname : "", vif->ip ? ", ip=" : "",
		 vif->ip ? vif->ip : "", rate, mtu, vif->untrusted ? ", untrusted" : "");
	fputs("\t", out);
	write_quoted(out, spec);
	fputs(",\n", out);
}

static bool has_cpu(const struct vm_cpuset *set, unsigned int cpu)
{
	return cpu < CONFIG_PCPUS_MAX && set->bits[cpu / 64] >> cpu % 64 & 1;
}

static void write_cpuset(FILE *out, const struct vm_cpuset *set)
{
	const char *comma = "";

	fputc('"', out);
	for (unsigned int cpu = 0; cpu < CONFIG_PCPUS_MAX; cpu++) {
		unsigned int from = cpu;

		if (!has_cpu(set, cpu))
			continue;
		while (has_cpu(set, cpu + 1))
			cpu++;
		fprintf(out, cpu > from ? "%s%u-%u" : "%s%u", comma, from, cpu);
		comma = ",";
	}
	fputc('"', out);
}

static void write_cpus(FILE *out, const char *key, const struct vm_cpuset *sets, size_t n)
{
	if (!n)
		return;
	fprintf(out, "%s = [ ", key);
	for (size_t i = 0; i < n; i++) {
		write_cpuset(out, &sets[i]);
		fputs(i + 1 < n ? ", " : " ]\n", out);
	}
}

static void write_lists(const struct vm_config *cfg, FILE *out)
{
	if (cfg->ndisks) {
		fputs("disk = [\n", out);
		for (size_t i = 0; i < cfg->ndisks; i++)
			write_disk(out, &cfg->disks[i]);
		fputs("]\n", out);
	}
	if (cfg->nvifs) {
		fputs("vif = [\n", out);
		for (size_t i = 0; i < cfg->nvifs; i++)
			write_vif(out, &cfg->vifs[i]);
		fputs("]\n", out);
	}
}

static void write_actions(const struct vm_config *cfg, FILE *out)
{
	static const struct {
		const char *key;
		enum vm_shutdown reason;
	} keys[] = {
		{ "on_poweroff", VM_SHUTDOWN_POWEROFF },
		{ "on_reboot", VM_SHUTDOWN_REBOOT },
		{ "on_crash", VM_SHUTDOWN_CRASH },
		{ "on_watchdog", VM_SHUTDOWN_WATCHDOG },
		{ "on_soft_reset", VM_SHUTDOWN_SOFT_RESET },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		write_text(out, keys[i].key, config_action_name(cfg->action[keys[i].reason]));
}

int config_write(const struct vm_config *cfg, FILE *out)
{
	static const char *const tsc_modes[] = { "default", "always_emulate", "native" };

	write_text(out, "name", cfg->name);
	if (cfg->has_uuid)
		write_uuid(out, cfg->uuid);
	fprintf(out, "maxvcpus = %u\nvcpus = %u\nmemory = %u\nmaxmem = %u\n", cfg->maxvcpus,
		cfg->vcpus, cfg->memory_mib, cfg->maxmem_mib);
	write_text(out, "kernel", cfg->kernel);
	write_text(out, "ramdisk", cfg->ramdisk);
	write_text(out, "cmdline", cfg->cmdline);
	write_lists(cfg, out);
	write_actions(cfg, out);
	write_cpus(out, "cpus", cfg->hard, cfg->nhard);
	write_cpus(out, "cpus_soft", cfg->soft, cfg->nsoft);
	if (cfg->cpu_weight)
		fprintf(out, "cpu_weight = %u\n", cfg->cpu_weight);
	if (cfg->cap)
		fprintf(out, "cap = %u\n", cfg->cap);
	if (cfg->tsc_mode)
		write_text(out, "tsc_mode", tsc_modes[cfg->tsc_mode]);
	if (cfg->max_grant_frames >= 0)
		fprintf(out, "max_grant_frames = %d\n", cfg->max_grant_frames);
	if (cfg->max_maptrack_frames >= 0)
		fprintf(out, "max_maptrack_frames = %d\n", cfg->max_maptrack_frames);
	if (cfg->max_event_channels)
		fprintf(out, "max_event_channels = %u\n", cfg->max_event_channels);
	return ferror(out) ? -EIO : 0;
}
