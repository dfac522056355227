/*
 * All VMs as a person sees them: those that run (the hypervisor's list) and those
 * that are only defined, one row each, with what they use now. No terminal here.
 */
#ifndef MODEL_VMS_H
#define MODEL_VMS_H

#include "libdom/define.h"
#include "libdom/libdom.h"
#include "libmetrics/metrics.h"

enum vm_state {
	VM_RUNNING,
	VM_PAUSED,
	VM_ENDED,   /* the guest has ended; hostd removes it or starts it anew */
	VM_CRASHED,
	VM_DYING,   /* being removed */
	VM_STOPPED,
	VM_TEMPLATE,
	VM_UNKNOWN, /* the hypervisor or xenstored does not answer */
	VM_BROKEN,  /* its definition has a mistake: problem tells which */
};

struct vm {
	char name[DOM_NAME_SIZE];
	enum vm_state state;
	uint32_t domid;	       /* 0: does not run */
	uint8_t uuid[16];
	char uuid_text[DOM_UUID_TEXT_SIZE]; /* "" when it has none yet */
	bool defined, autostart;
	char path[DEFINE_PATH_MAX]; /* of its definition */
	char problem[256];
	unsigned int vcpus;
	uint64_t mem_kib;
	int64_t started_s;     /* time(2) of its start; 0: not known or not running */
	struct metrics *metrics; /* of a running one, or NULL */
	struct metrics_rate rate;
};

struct vms {
	const char *define_dir, *metrics_dir; /* NULL: the usual ones */
	struct vm *list;
	size_t n;
	struct define_info *defined;
	size_t ndefined;
	uint64_t stamp; /* of the definitions read last */
	bool have_stamp;
	bool asked; /* the hypervisor has answered once */
};

/* Looks at everything anew. dom NULL (no connection) or an error: what was known stays,
 * and without that the definitions are there, their state unknown. */
int vms_refresh(struct vms *v, struct dom *dom, struct dom_error *err);
void vms_free(struct vms *v);

/*
 * The pure part: rows from both lists, defined ones by name, then the others. What was
 * known of a VM (metrics, start) is carried over when it is still the same domain.
 */
int vms_merge(struct vms *v, const struct dom_info *running, size_t nrunning);
/* The rows when nobody can tell what runs. */
int vms_unknown(struct vms *v);

const struct vm *vms_find(const struct vms *v, const char *name);
const char *vm_state_name(enum vm_state state); /* "running", ...: at most 8 letters */
bool vm_runs(const struct vm *vm); /* there is a domain */
/* Orders rows for a table: by one of these, names break ties. */
enum vm_order { VM_BY_NAME, VM_BY_STATE, VM_BY_CPU, VM_BY_MEMORY, VM_BY_DISK, VM_BY_NET,
		VM_BY_UPTIME, VM_BY_ID, VM_BY_VCPUS, VM_BY_READ, VM_BY_WRITTEN, VM_BY_IN,
		VM_BY_OUT, VM_BY_AUTOSTART };
int vm_compare(const struct vm *a, const struct vm *b, enum vm_order order);

#endif
