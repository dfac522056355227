/*
 * The members follow libxl's JSON of a domain's configuration: c_info, b_info,
 * disks, nics, on_*. Members that keep their default are left out, as there.
 */
#include "vm_json.h"


static void create_info(struct json *j, const char *name, const uint8_t uuid[16],
			bool has_uuid)
{
	char text[DOM_UUID_TEXT_SIZE];

	json_open(j, "c_info", '{');
	json_text(j, "type", "pvh");
	json_text(j, "name", name);
	if (has_uuid) {
		dom_uuid_text(uuid, text);
		json_text(j, "uuid", text);
	}
	json_text(j, "run_hotplug_scripts", "False");
	json_close(j, '}');
}

static void build_info(struct json *j, const struct vm_config *cfg)
{
	json_open(j, "b_info", '{');
	json_number(j, "max_vcpus", cfg->maxvcpus);
	json_open(j, "avail_vcpus", '[');
	for (unsigned int i = 0; i < cfg->vcpus; i++)
		json_number(j, NULL, i);
	json_close(j, ']');
	json_number(j, "max_memkb", (uint64_t)cfg->maxmem_mib << 10);
	json_number(j, "target_memkb", (uint64_t)cfg->memory_mib << 10);
	json_open(j, "sched_params", '{');
	if (cfg->cpu_weight)
		json_number(j, "weight", cfg->cpu_weight);
	if (cfg->cap)
		json_number(j, "cap", cfg->cap);
	json_close(j, '}');
	json_text(j, "kernel", cfg->kernel);
	if (cfg->ramdisk)
		json_text(j, "ramdisk", cfg->ramdisk);
	if (*cfg->cmdline)
		json_text(j, "cmdline", cfg->cmdline);
	json_open(j, "type.pvh", '{');
	json_close(j, '}');
	json_close(j, '}');
}

static void disks(struct json *j, const struct vm_config *cfg)
{
	if (!cfg->ndisks)
		return;
	json_open(j, "disks", '[');
	for (size_t i = 0; i < cfg->ndisks; i++) {
		const struct vm_disk *disk = &cfg->disks[i];

		json_open(j, NULL, '{');
		if (disk->target)
			json_text(j, "pdev_path", disk->target);
		json_text(j, "vdev", disk->vdev);
		json_text(j, "backend", "phy");
		json_text(j, "format", disk->target ? "raw" : "empty");
		json_number(j, "removable", disk->cdrom);
		json_number(j, "readwrite", !disk->readonly);
		json_number(j, "is_cdrom", disk->cdrom);
		json_bool(j, "discard_enable", disk->discard);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void nics(struct json *j, const struct vm_config *cfg)
{
	char mac[18];

	if (!cfg->nvifs)
		return;
	json_open(j, "nics", '[');
	for (size_t i = 0; i < cfg->nvifs; i++) {
		const struct vm_vif *vif = &cfg->vifs[i];
		const uint8_t *m = vif->mac;

		json_open(j, NULL, '{');
		json_number(j, "devid", vif->devid);
		if (vif->has_mac) {
			snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0],
				 m[1], m[2], m[3], m[4], m[5]);
			json_text(j, "mac", mac);
		}
		if (vif->ip)
			json_text(j, "ip", vif->ip);
		json_text(j, "bridge", vif->bridge);
		if (vif->vifname)
			json_text(j, "ifname", vif->vifname);
		json_text(j, "nictype", "vif");
		if (vif->rate_bytes) {
			json_number(j, "rate_bytes_per_interval", vif->rate_bytes);
			json_number(j, "rate_interval_usecs", vif->rate_usecs);
		}
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* "rename-restart" is "rename_restart" here. */
static void action(struct json *j, const char *name, enum vm_action action)
{
	char text[32];

	snprintf(text, sizeof(text), "%s", config_action_name(action));
	for (char *c = text; *c; c++) {
		if (*c == '-')
			*c = '_';
	}
	json_text(j, name, text);
}

void vm_json(struct json *j, const char *name, const struct vm_config *cfg)
{
	json_open(j, name, '{');
	create_info(j, cfg->name, cfg->uuid, cfg->has_uuid);
	build_info(j, cfg);
	disks(j, cfg);
	nics(j, cfg);
	action(j, "on_poweroff", cfg->action[VM_SHUTDOWN_POWEROFF]);
	action(j, "on_reboot", cfg->action[VM_SHUTDOWN_REBOOT]);
	action(j, "on_watchdog", cfg->action[VM_SHUTDOWN_WATCHDOG]);
	action(j, "on_crash", cfg->action[VM_SHUTDOWN_CRASH]);
	action(j, "on_soft_reset", cfg->action[VM_SHUTDOWN_SOFT_RESET]);
	json_close(j, '}');
}

void vm_json_domain(struct json *j, uint32_t domid, const struct vm_config *cfg)
{
	json_open(j, NULL, '{');
	json_number(j, "domid", domid);
	vm_json(j, "config", cfg);
	json_close(j, '}');
}

void vm_json_plain(struct json *j, const struct dom_info *info)
{
	json_open(j, NULL, '{');
	json_number(j, "domid", info->domid);
	json_open(j, "config", '{');
	create_info(j, info->name, info->uuid, true);
	json_open(j, "b_info", '{');
	json_number(j, "max_vcpus", info->vcpus_max);
	if (info->maxmem_kib != UINT64_MAX)
		json_number(j, "max_memkb", info->maxmem_kib);
	json_number(j, "target_memkb", info->mem_kib);
	json_close(j, '}');
	json_close(j, '}');
	json_close(j, '}');
}
