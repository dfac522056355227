/*
 * Which keys exist and what each does to the struct: one table. A key of xl.cfg(5)
 * is either in it, or in the list of those that change nothing for a PVH guest
 * here; those and unknown ones are named in one warning. A key that must not be
 * ignored, because the guest would get less protection or other hardware than its
 * owner asked for, is refused with the reason in its row.
 *
 * Rows are applied in the table's order, not the file's: cpus needs maxvcpus.
 */
#include "config_internal.h"
#include "config_near.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum key_kind {
	KEY_TEXT,    /* into the char * at offset; empty counts as not given */
	KEY_COUNT,   /* into the unsigned int at offset, min..max */
	KEY_ACTION,  /* into the enum vm_action at offset */
	KEY_CUSTOM,  /* set() does it, for any type */
	KEY_LATER,   /* text that config_check() reads */
	KEY_REFUSED, /* an error unless empty or 0; why says the reason */
};

struct key_row {
	const char *name;
	enum key_kind kind;
	size_t offset;
	uint32_t min, max;
	void (*set)(struct config_parser *p, const struct config_value *v);
	const char *why;
};

static const char *const action_names[] = {
	[VM_ACTION_DESTROY] = "destroy",
	[VM_ACTION_RESTART] = "restart",
	[VM_ACTION_RENAME_RESTART] = "rename-restart",
	[VM_ACTION_PRESERVE] = "preserve",
	[VM_ACTION_COREDUMP_DESTROY] = "coredump-destroy",
	[VM_ACTION_COREDUMP_RESTART] = "coredump-restart",
	[VM_ACTION_SOFT_RESET] = "soft-reset",
};
#define NACTIONS (sizeof(action_names) / sizeof(action_names[0]))

const char *config_action_name(enum vm_action action)
{
	return (unsigned int)action < NACTIONS ? action_names[action] : NULL;
}

int config_action_number(const char *name)
{
	for (size_t i = 0; i < NACTIONS; i++) {
		if (!strcmp(action_names[i], name))
			return (int)i;
	}
	return -EINVAL;
}

const char *config_name_problem(const char *name)
{
	size_t n = strlen(name), digits = strspn(name, "0123456789");

	if (!n)
		return "it is empty";
	if (n > CONFIG_NAME_MAX)
		return "it is longer than 63 bytes";
	if (digits == n)
		return "digits alone would be taken for a domain's number";
	if (!strcmp(name, "Domain-0"))
		return "it is the control domain's";
	if (*name == '-' || *name == '.')
		return "it begins with - or .";
	for (; *name; name++) {
		if (*name == '/' || iscntrl((unsigned char)*name))
			return "it has a / or a control character in it";
	}
	return NULL;
}

static void set_name(struct config_parser *p, const struct config_value *v)
{
	const char *problem;

	if (v->type == VALUE_LIST) {
		config_say(p, CONFIG_ERROR, v, "name: a list stands where a string belongs");
		return;
	}
	problem = config_name_problem(v->text);
	if (problem) {
		config_say(p, CONFIG_ERROR, v, "name: \"%s\" cannot be used: %s: "
			   "choose another", v->text, problem);
		return;
	}
	p->cfg->name = config_strdup(p, v->text);
}

/* xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx */
static int parse_uuid(const char *text, uint8_t uuid[16])
{
	size_t i = 0;

	if (strlen(text) != 36)
		return -EINVAL;
	for (size_t at = 0; at < 36;) {
		char hex[3] = { text[at], text[at + 1], 0 };

		if (at == 8 || at == 13 || at == 18 || at == 23) {
			if (text[at++] != '-')
				return -EINVAL;
			continue;
		}
		if (!isxdigit((unsigned char)hex[0]) || !isxdigit((unsigned char)hex[1]))
			return -EINVAL;
		uuid[i++] = (uint8_t)strtoul(hex, NULL, 16);
		at += 2;
	}
	return 0;
}

static void set_uuid(struct config_parser *p, const struct config_value *v)
{
	static const uint8_t zero[16];
	struct vm_config *cfg = p->cfg;

	if (v->type == VALUE_LIST || parse_uuid(v->text, cfg->uuid) ||
	    !memcmp(cfg->uuid, zero, sizeof(zero))) {
		config_say(p, CONFIG_ERROR, v, "uuid: not a UUID: write it as "
			   "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx in hexadecimal, "
			   "or leave it out");
		return;
	}
	cfg->has_uuid = true;
}

static void set_tsc_mode(struct config_parser *p, const struct config_value *v)
{
	static const char *const modes[] = { "default", "always_emulate", "native" };
	uint64_t number = UINT64_MAX;

	for (unsigned int i = 0; v->type == VALUE_STRING && i < 3; i++) {
		if (!strcmp(modes[i], v->text))
			number = i;
	}
	if (v->type == VALUE_NUMBER)
		config_number(v->text, &number);
	if (number > 2) {
		config_say(p, CONFIG_ERROR, v, "tsc_mode: must be \"default\", "
			   "\"always_emulate\" or \"native\"");
		return;
	}
	p->cfg->tsc_mode = (unsigned int)number;
}

#define AT(field) offsetof(struct vm_config, field)
#define ACTION(reason) (AT(action) + (reason) * sizeof(enum vm_action))
#define TEXT(key, field) { .name = key, .kind = KEY_TEXT, .offset = AT(field) }
#define COUNT(key, field, lo, hi) \
	{ .name = key, .kind = KEY_COUNT, .offset = AT(field), .min = lo, .max = hi }
#define ON(key, reason) { .name = key, .kind = KEY_ACTION, .offset = ACTION(reason) }
#define CUSTOM(key, fn) { .name = key, .kind = KEY_CUSTOM, .set = fn }
#define LATER(key) { .name = key, .kind = KEY_LATER }
#define REFUSED(key, reason) { .name = key, .kind = KEY_REFUSED, .why = reason }

static const char no_devices[] = "devices of the host cannot be given to a guest here";
static const char no_labels[] = "there is no security policy that would enforce it";

static const struct key_row rows[] = {
	CUSTOM("name", set_name),
	CUSTOM("uuid", set_uuid),
	LATER("type"),
	LATER("builder"),
	COUNT("maxvcpus", maxvcpus, 1, CONFIG_VCPUS_MAX),
	COUNT("vcpus", vcpus, 1, CONFIG_VCPUS_MAX),
	COUNT("memory", memory_mib, CONFIG_MEM_MIN_MIB, CONFIG_MEM_MAX_MIB),
	COUNT("maxmem", maxmem_mib, CONFIG_MEM_MIN_MIB, CONFIG_MEM_MAX_MIB),
	TEXT("kernel", kernel),
	TEXT("ramdisk", ramdisk),
	LATER("root"),
	LATER("extra"),
	LATER("cmdline"),
	LATER("bootloader"),
	LATER("bootloader_args"),
	LATER("firmware"),
	CUSTOM("disk", config_set_disks),
	CUSTOM("vif", config_set_vifs),
	ON("on_poweroff", VM_SHUTDOWN_POWEROFF),
	ON("on_reboot", VM_SHUTDOWN_REBOOT),
	ON("on_crash", VM_SHUTDOWN_CRASH),
	ON("on_watchdog", VM_SHUTDOWN_WATCHDOG),
	ON("on_soft_reset", VM_SHUTDOWN_SOFT_RESET),
	CUSTOM("cpus", config_set_cpus),
	CUSTOM("cpus_soft", config_set_cpus_soft),
	COUNT("cpu_weight", cpu_weight, 1, 65535),
	COUNT("cap", cap, 0, 100 * CONFIG_PCPUS_MAX),
	CUSTOM("tsc_mode", set_tsc_mode),
	COUNT("max_grant_frames", max_grant_frames, 1, 65535),
	COUNT("max_maptrack_frames", max_maptrack_frames, 0, 65535),
	COUNT("max_event_channels", max_event_channels, 1, 131071),
	REFUSED("pci", no_devices),
	REFUSED("iomem", no_devices),
	REFUSED("ioports", no_devices),
	REFUSED("irqs", no_devices),
	REFUSED("dtdev", no_devices),
	REFUSED("usbdev", no_devices),
	REFUSED("gfx_passthru", no_devices),
	REFUSED("seclabel", no_labels),
	REFUSED("init_seclabel", no_labels),
	REFUSED("vif2", "it names network devices in a way nothing documents; use vif"),
};
#define NROWS (sizeof(rows) / sizeof(rows[0]))

/* Documented for xl, or written by older tools, and without effect on a PVH guest here. */
static const char *const ignored[] = {
	"acpi", "acpi_firmware", "acpi_laptop_slate", "acpi_s3", "acpi_s4", "altp2m",
	"altp2mhvm", "apic", "audio", "autostart", "bios", "bios_path_override",
	"blkif", "boot", "bootargs", "bootentry", "channel", "console", "cpu",
	"cpuid", "description", "device_model", "device_model_args",
	"device_model_args_hvm", "device_model_args_pv", "device_model_override",
	"device_model_stubdomain_override", "device_model_stubdomain_seclabel",
	"device_model_user", "device_model_version", "device_tree", "dhcp", "display",
	"dm_restrict", "driver_domain", "e820_host", "extratime", "features",
	"firmware_override", "gateway", "gic_version", "hap", "hdtype", "hostname",
	"hpet", "ip", "keymap", "latency", "localtime", "max_grant_version",
	"mca_caps", "mmio_hole", "monitor", "ms_vm_genid", "msr_relaxed",
	"nestedhvm", "netif", "netmask", "nics", "nographic", "nomigrate", "nx",
	"on_xend_start", "on_xend_stop", "oos", "opengl", "p9", "pae",
	"passthrough", "pci_msitranslate", "pci_permissive", "pci_power_mgmt",
	"pci_seize", "period", "pool", "pvcalls", "pvshim", "pvshim_cmdline",
	"pvshim_extra", "pvshim_path", "rdm", "rdm_mem_boundary", "rtc_timeoffset",
	"sdl", "serial", "shadow_memory", "slice", "smbios_firmware", "snapshot",
	"soundhw", "spice", "spice_clipboard_sharing", "spice_image_compression",
	"spice_streaming_video", "spiceagent_mouse", "spicedisable_ticketing",
	"spicehost", "spicepasswd", "spiceport", "spicetls_port",
	"spiceusbredirection", "spicevdagent", "stdvga", "stubdomain_cmdline",
	"stubdomain_kernel", "stubdomain_memory", "stubdomain_ramdisk", "tee",
	"timer_mode", "usb", "usbctrl", "usbdevice", "usbversion", "vdispl",
	"vendor_device", "vfb", "vga", "videoram", "viridian", "vkb", "vkb_device",
	"vmtrace_buf_kb", "vnc", "vncconsole", "vncdisplay", "vnclisten",
	"vncpasswd", "vncunused", "vncviewer", "vnuma", "vpmu", "vpt_align", "vsnd",
	"vtpm", "vuart", "xauthority", "xen_platform_pci", "xend_suspend_evtchn_compat",
};
#define NIGNORED (sizeof(ignored) / sizeof(ignored[0]))

/* "", 0 and [] ask for nothing. */
static bool asks_nothing(const struct config_value *v)
{
	uint64_t number;

	if (v->type == VALUE_LIST)
		return !v->nitems;
	return !*v->text || (!config_number(v->text, &number) && !number);
}

static void apply_text(struct config_parser *p, const struct key_row *row,
		       const struct config_value *v)
{
	char **field = (char **)((char *)p->cfg + row->offset);

	if (*v->text)
		*field = config_strdup(p, v->text);
}

static void apply_count(struct config_parser *p, const struct key_row *row,
			const struct config_value *v)
{
	uint64_t number;

	if (config_number(v->text, &number)) {
		config_say(p, CONFIG_ERROR, v, "%s: \"%s\" is not a number: write %s = "
			   "a number from %u to %u", row->name, v->text, row->name,
			   row->min, row->max);
		return;
	}
	if (number < row->min || number > row->max) {
		config_say(p, CONFIG_ERROR, v, "%s: %" PRIu64 " is out of range: it must "
			   "be from %u to %u", row->name, number, row->min, row->max);
		return;
	}
	*(unsigned int *)((char *)p->cfg + row->offset) = (unsigned int)number;
}

static void apply_action(struct config_parser *p, const struct key_row *row,
			 const struct config_value *v)
{
	int action = config_action_number(v->text);

	if (action < 0) {
		config_say(p, CONFIG_ERROR, v, "%s: there is no action \"%s\": use destroy, "
			   "restart, rename-restart or preserve", row->name, v->text);
		return;
	}
	if (action == VM_ACTION_COREDUMP_DESTROY || action == VM_ACTION_COREDUMP_RESTART)
		config_say(p, CONFIG_WARNING, v, "%s: no core dump will be written: "
			   "only the second half of %s is done", row->name, v->text);
	*(enum vm_action *)((char *)p->cfg + row->offset) = (enum vm_action)action;
}

static void apply_row(struct config_parser *p, const struct key_row *row,
		      const struct config_value *v)
{
	if (row->kind == KEY_CUSTOM) {
		row->set(p, v);
	} else if (row->kind == KEY_REFUSED) {
		if (!asks_nothing(v))
			config_say(p, CONFIG_ERROR, v, "%s: %s: remove the key",
				   row->name, row->why);
	} else if (v->type == VALUE_LIST) {
		config_say(p, CONFIG_ERROR, v, "%s: a list stands where a single value "
			   "belongs: remove the brackets", row->name);
	} else if (row->kind == KEY_TEXT) {
		apply_text(p, row, v);
	} else if (row->kind == KEY_COUNT) {
		apply_count(p, row, v);
	} else if (row->kind == KEY_ACTION) {
		apply_action(p, row, v);
	}
}

static bool has_row(const char *name)
{
	for (size_t i = 0; i < NROWS; i++) {
		if (!strcmp(rows[i].name, name))
			return true;
	}
	return false;
}

static bool is_ignored(const char *name)
{
	for (size_t i = 0; i < NIGNORED; i++) {
		if (!strcmp(ignored[i], name))
			return true;
	}
	return false;
}

/* Adds "name (line 3, unknown)" to the list; what no longer fits is counted. */
struct ignored_list {
	char text[768];
	size_t used;
	unsigned int left_out;
};

static void list_ignored(struct ignored_list *l, const struct config_key *k, bool known)
{
	char where[32] = "command line";
	int n;

	if (k->value.line)
		snprintf(where, sizeof(where), "line %u", k->value.line);
	n = snprintf(l->text + l->used, sizeof(l->text) - l->used, "%s%s (%s%s)",
		     l->used ? ", " : "", k->name, where, known ? "" : ", unknown");
	if (n < 0 || (size_t)n >= sizeof(l->text) - l->used) {
		l->text[l->used] = '\0';
		l->left_out++;
	} else {
		l->used += (size_t)n;
	}
}

static void report_others(struct config_parser *p)
{
	struct ignored_list list = { .used = 0 };

	for (size_t i = 0; i < p->nkeys; i++) {
		const struct config_key *k = &p->keys[i];
		bool known = is_ignored(k->name);
		const char *near;

		if (has_row(k->name) || (known && asks_nothing(&k->value)))
			continue;
		near = known ? NULL
			     : near_word(k->name, &rows[0].name, NROWS, sizeof(rows[0]));
		if (near)
			config_say(p, CONFIG_ERROR, &k->value, "%s: no such key: did you "
				   "mean %s?", k->name, near);
		else
			list_ignored(&list, k, known);
	}
	if (list.left_out)
		config_say(p, CONFIG_WARNING, NULL, "ignored, since they have no effect "
			   "here: %s and %u more", list.text, list.left_out);
	else if (list.used)
		config_say(p, CONFIG_WARNING, NULL, "ignored, since they have no effect "
			   "here: %s", list.text);
}

void config_apply_keys(struct config_parser *p)
{
	struct vm_config *cfg = p->cfg;

	cfg->action[VM_SHUTDOWN_POWEROFF] = VM_ACTION_DESTROY;
	cfg->action[VM_SHUTDOWN_REBOOT] = VM_ACTION_RESTART;
	cfg->action[VM_SHUTDOWN_CRASH] = VM_ACTION_DESTROY;
	cfg->action[VM_SHUTDOWN_WATCHDOG] = VM_ACTION_DESTROY;
	cfg->action[VM_SHUTDOWN_SOFT_RESET] = VM_ACTION_SOFT_RESET;
	for (size_t i = 0; i < NROWS; i++) {
		const struct config_value *v = config_find(p, rows[i].name);

		if (v && !p->nomem)
			apply_row(p, &rows[i], v);
	}
	report_others(p);
}
