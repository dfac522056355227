/*
 * The configuration of one VM: the text of xl.cfg(5), checked and turned into a
 * struct. Pure: nothing here opens a file, asks the hypervisor or prints.
 *
 * text -> (config_lex.c, config_parse.c) key table -> (config_keys.c and the
 * handlers in config_disk.c, config_vif.c, config_cpu.c) struct vm_config ->
 * (config_check.c) contradictions and defaults.
 *
 * What the struct promises after config_parse() has returned 0:
 *  - every number is in the range its comment gives, every enum is valid;
 *  - name and kernel are set, and all strings are free of control characters;
 *  - no two disks share a devid, no two vifs a devid or a given MAC;
 *  - vcpus <= maxvcpus, memory_mib <= maxmem_mib.
 * It does not promise that a file, a bridge or enough memory exists: libdom finds
 * that out when it creates the VM.
 *
 * All pointers are owned by the struct and freed by config_free().
 */
#ifndef LIBDOM_CONFIG_H
#define LIBDOM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* GRUB built for PVH: starts the guest from its own disk. */
#define CONFIG_GRUB_PATH "/usr/lib/basalt/grub-i386-xen_pvh.bin"
#define CONFIG_DEFAULT_BRIDGE "xenbr0"

#define CONFIG_NAME_MAX 63	 /* bytes in a VM's name */
#define CONFIG_VCPUS_MAX 128	 /* what an x86 PVH guest can have */
#define CONFIG_PCPUS_MAX 1024	 /* highest physical CPU number + 1 */
#define CONFIG_MEM_MIN_MIB 8	 /* below this no guest kernel unpacks */
#define CONFIG_MEM_MAX_MIB (1u << 24) /* 16 TiB */

/* What is done when a VM ends; which one by the reason why it ended. */
enum vm_action {
	VM_ACTION_DESTROY,
	VM_ACTION_RESTART,
	VM_ACTION_RENAME_RESTART,
	VM_ACTION_PRESERVE,
	VM_ACTION_COREDUMP_DESTROY,
	VM_ACTION_COREDUMP_RESTART,
	VM_ACTION_SOFT_RESET,
};

/* The reason's index into vm_config.action[]; same numbers as SHUTDOWN_* of
 * xen/sched.h (suspend, 2, has no action). */
enum vm_shutdown {
	VM_SHUTDOWN_POWEROFF = 0,
	VM_SHUTDOWN_REBOOT = 1,
	VM_SHUTDOWN_CRASH = 3,
	VM_SHUTDOWN_WATCHDOG = 4,
	VM_SHUTDOWN_SOFT_RESET = 5,
	VM_SHUTDOWN_COUNT = 6,
};

struct vm_disk {
	char *target;	    /* path of a raw file or block device; NULL: empty drive */
	char *vdev;	    /* as given: "xvda", "sda1", "hdc", "d0p1" */
	uint32_t devid;	    /* xenstore device number of vdev: xvda is 51712 */
	bool readonly;
	bool cdrom;	    /* device-type cdrom (then readonly is set too) */
	bool direct_io_safe; /* the back end may bypass dom0's page cache */
	bool discard;	    /* pass discards on (default true when writable) */
	bool untrusted;	    /* tell the front end not to trust the back end */
};

struct vm_vif {
	uint32_t devid;	    /* 0, 1, … by position unless devid= is given */
	bool has_mac;	    /* false: the creator picks one in 00:16:3e and sets it */
	uint8_t mac[6];
	char *bridge;	    /* never NULL after parsing: CONFIG_DEFAULT_BRIDGE */
	char *vifname;	    /* name of dom0's end; NULL: vif<domid>.<devid> */
	char *ip;	    /* written to the back end's node "ip"; or NULL */
	uint64_t rate_bytes; /* credit per interval; 0: no limit */
	uint32_t rate_usecs; /* interval, up to 1 s; 50000 unless @ is given */
	uint32_t mtu;	    /* 0: the bridge's own */
	bool untrusted;
};

/* Set of physical CPUs. */
struct vm_cpuset {
	uint64_t bits[CONFIG_PCPUS_MAX / 64];
};

struct vm_config {
	char *name;	    /* 1..CONFIG_NAME_MAX bytes, no '/', not all digits */
	bool has_uuid;	    /* false: the creator makes a random one and sets it */
	uint8_t uuid[16];

	unsigned int vcpus;    /* online at start: 1..maxvcpus */
	unsigned int maxvcpus; /* 1..CONFIG_VCPUS_MAX */
	unsigned int memory_mib; /* CONFIG_MEM_MIN_MIB..maxmem_mib */
	unsigned int maxmem_mib;

	char *kernel;	    /* path; CONFIG_GRUB_PATH when from_disk */
	char *ramdisk;	    /* path or NULL */
	char *cmdline;	    /* "" when none; root= and extra= already joined */
	bool from_disk;	    /* the guest boots through GRUB from its first disk */

	struct vm_disk *disks;
	size_t ndisks;
	struct vm_vif *vifs;
	size_t nvifs;

	enum vm_action action[VM_SHUTDOWN_COUNT]; /* by enum vm_shutdown */

	/* affinity: NULL and 0 when any CPU will do; otherwise vCPU i runs on
	 * hard[i], and a vCPU past nhard on any CPU. soft likewise, a preference. */
	struct vm_cpuset *hard;
	size_t nhard;
	struct vm_cpuset *soft;
	size_t nsoft;
	unsigned int cpu_weight; /* 1..65535; 0: the scheduler's default (256) */
	unsigned int cap;	 /* percent of one CPU, 0: no cap */

	unsigned int tsc_mode;	/* XEN_DOMCTL_TSC: 0 default, 1 always, 2 never */
	int max_grant_frames;	/* -1: default; otherwise 1..65535 */
	int max_maptrack_frames; /* -1: default; otherwise 0..65535 */
	unsigned int max_event_channels; /* 0: default (1023) */
};

/*
 * What the parser has to say. Each text is one line without newline and without
 * a trailing full stop, beginning with "file:line: " where a line is to blame.
 * Errors: the configuration is refused; all that were found are reported, so
 * that one pass over the file mends it. Warnings: what was ignored. Notes: a
 * decision the person may want to know of (booting from disk through GRUB).
 */
enum config_level { CONFIG_ERROR, CONFIG_WARNING, CONFIG_NOTE };
typedef void config_report_fn(void *ctx, enum config_level level, const char *text);

struct config_input {
	const char *file;	/* name shown in messages */
	const char *text;	/* need not be NUL-terminated */
	size_t len;
	const char *const *extra; /* KEY=VALUE from the command line; win over text */
	size_t nextra;
	config_report_fn *report; /* may be NULL */
	void *ctx;
};

/*
 * Parses and checks. 0: *cfg is filled and to be freed. -EINVAL: at least one
 * error was reported, *cfg is empty. -ENOMEM. Thread-safe, keeps no state.
 */
int config_parse(const struct config_input *in, struct vm_config *cfg);

/*
 * One entry of disk=[] or vif=[], as a command's argument: 0 and *out, whose strings
 * are to be freed with config_free_disk() or config_free_vif(); or -EINVAL and what is
 * wrong in problem; or -ENOMEM. A vif without devid= has number 0.
 */
int config_parse_disk(const char *spec, struct vm_disk *out, char *problem, size_t size);
int config_parse_vif(const char *spec, struct vm_vif *out, char *problem, size_t size);
void config_free_disk(struct vm_disk *disk);
void config_free_vif(struct vm_vif *vif);
/* "0-3,^2", "all": CPUs of one vCPU, as cpus= has them. */
int config_parse_cpuset(const char *text, struct vm_cpuset *out, char *problem,
			size_t size);

/* A copy of all; 0 or -ENOMEM. */
int config_copy(const struct vm_config *from, struct vm_config *to);

/* Frees what *cfg owns and empties it; harmless on a zeroed struct. */
void config_free(struct vm_config *cfg);

/*
 * Writes *cfg as xl.cfg text which config_parse() turns into the same struct:
 * what libdom keeps of a running VM for its restart, and what `xl create -n`
 * prints. 0, or -EIO when the stream fails.
 */
int config_write(const struct vm_config *cfg, FILE *out);

/* "xvda" -> 51712. 0, or -EINVAL when it names no device (see config_disk.c). */
int config_vdev_number(const char *vdev, uint32_t *devid);

/* "destroy", "rename-restart", …: name of an action; NULL when out of range. */
const char *config_action_name(enum vm_action action);

/* A name the toolstack accepts for a VM: NULL when fine, otherwise why not. */
const char *config_name_problem(const char *name);

#endif
