/*
 * The operations of the toolstack ABI that building and ending a domain needs,
 * one function each.
 */
#include "runner.h"
#include <xen/hvm/save.h>

#define HV_CALL_DOMCTL(op) \
	((op)->interface_version = XEN_DOMCTL_INTERFACE_VERSION, hv_domctl(op))

long ts_create(domid_t *id, unsigned int vcpus)
{
	xen_domctl_t op = {.cmd = XEN_DOMCTL_createdomain};
	struct xen_domctl_createdomain *c = &op.u.createdomain;
	long rc;

	memcpy(c->handle, "a tiny test VM.", 16);
	c->flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
	c->max_vcpus = vcpus;
	c->max_evtchn_port = 1023;
	c->max_grant_frames = -1;
	c->max_maptrack_frames = -1;
	c->grant_opts = XEN_DOMCTL_GRANT_version(1);
	c->arch.emulation_flags = XEN_X86_EMU_LAPIC;
	rc = HV_CALL_DOMCTL(&op);
	*id = op.domain;
	if (rc)
		return rc;
	op = (xen_domctl_t){.cmd = XEN_DOMCTL_max_vcpus, .domain = *id};
	op.u.max_vcpus.max = vcpus;
	return HV_CALL_DOMCTL(&op);
}

long ts_simple(domid_t id, uint32_t cmd)
{
	xen_domctl_t op = {.cmd = cmd, .domain = id};

	return HV_CALL_DOMCTL(&op);
}

long ts_max_mem(domid_t id, unsigned long pages)
{
	xen_domctl_t op = {.cmd = XEN_DOMCTL_max_mem, .domain = id};

	op.u.max_mem.max_memkb = pages * 4;
	return HV_CALL_DOMCTL(&op);
}

long ts_paging_pool(domid_t id, unsigned long bytes)
{
	xen_domctl_t op = {.cmd = XEN_DOMCTL_set_paging_mempool_size, .domain = id};

	op.u.paging_mempool.size = bytes;
	return HV_CALL_DOMCTL(&op);
}

long ts_native_tsc(domid_t id)
{
	xen_domctl_t op = {.cmd = XEN_DOMCTL_settscinfo, .domain = id};

	op.u.tsc_info.tsc_mode = 2; /* never emulate */
	return HV_CALL_DOMCTL(&op);
}

long ts_populate(domid_t id, unsigned long gfn, unsigned long nr, unsigned int order)
{
	xen_pfn_t list[64];
	struct xen_memory_reservation r = {
		.nr_extents = nr, .extent_order = order, .domid = id};
	unsigned long i;
	long rc;

	for (i = 0; i < nr; i++)
		list[i] = gfn + (i << order);
	set_xen_guest_handle(r.extent_start, list);
	rc = hv_memory_op(XENMEM_populate_physmap, &r);
	return rc < 0 || rc == (long)nr ? (rc < 0 ? rc : 0) : -XEN_ENOMEM;
}

long ts_memory_map(domid_t id, unsigned long pages)
{
	struct {
		uint64_t addr, size;
		uint32_t type;
	} __attribute__((packed)) map[2] = {
		{0, pages * PAGE_SIZE, 1},
		{GFN_SPECIAL * PAGE_SIZE, NR_SPECIAL * PAGE_SIZE, 2},
	};
	struct xen_foreign_memory_map m = {.domid = id, .map.nr_entries = 2};

	set_xen_guest_handle(m.map.buffer, map);
	return hv_memory_op(XENMEM_set_memory_map, &m);
}

static long load_context(domid_t id, void *buf, size_t size)
{
	xen_domctl_t op = {.cmd = XEN_DOMCTL_sethvmcontext, .domain = id};

	op.u.hvmcontext.size = (uint32_t)size;
	set_xen_guest_handle(op.u.hvmcontext.buffer, buf);
	return HV_CALL_DOMCTL(&op);
}

#define RECORD(type)                          \
	struct {                              \
		struct hvm_save_descriptor d; \
		HVM_SAVE_TYPE(type) r;        \
	}

#define DESCRIBE(type, nr)                                                           \
	(struct hvm_save_descriptor)                                                 \
	{                                                                            \
		HVM_SAVE_CODE(type), (uint16_t)(nr), (uint32_t)HVM_SAVE_LENGTH(type) \
	}

/* Both streams begin with a header and end with an empty record. */
static struct {
	RECORD(HEADER) head;
	RECORD(MTRR) mtrr;
	struct hvm_save_descriptor end;
} mtrr_stream;
static struct {
	RECORD(HEADER) head;
	RECORD(CPU) cpu;
	struct hvm_save_descriptor end;
} cpu_stream;

_Static_assert(sizeof(cpu_stream) ==
		       3 * 8 + HVM_SAVE_LENGTH(HEADER) + HVM_SAVE_LENGTH(CPU),
	       "records follow each other without holes");

static void fill_header(struct hvm_save_header *h)
{
	uint32_t r[4];

	cpuid(1, 0, r);
	*h = (struct hvm_save_header){
		.magic = HVM_FILE_MAGIC, .version = HVM_FILE_VERSION, .cpuid = r[0]};
}

static void flat_segment(uint32_t *limit, uint32_t *attr, uint32_t value)
{
	*limit = ~0u;
	*attr = value;
}

/* The PVH entry state: 32-bit flat, paging off, EBX = start_info. */
static void fill_cpu(struct hvm_hw_cpu *c, uint32_t rip, uint32_t rbx)
{
	memset(c, 0, sizeof(*c));
	flat_segment(&c->cs_limit, &c->cs_arbytes, 0xc9b);
	flat_segment(&c->ds_limit, &c->ds_arbytes, 0xc93);
	flat_segment(&c->es_limit, &c->es_arbytes, 0xc93);
	flat_segment(&c->ss_limit, &c->ss_arbytes, 0xc93);
	c->tr_limit = 0x67;
	c->tr_arbytes = 0x8b;
	c->cr0 = 0x11;
	c->dr6 = 0xffff0ff0;
	c->dr7 = 0x400;
	c->rflags = 2;
	c->rip = rip;
	c->rbx = rbx;
}

long ts_start_state(domid_t id, unsigned int vcpus, uint32_t rip, uint32_t rbx)
{
	unsigned int i;
	long rc;

	mtrr_stream.head.d = DESCRIBE(HEADER, 0);
	fill_header(&mtrr_stream.head.r);
	memset(&mtrr_stream.mtrr, 0, sizeof(mtrr_stream.mtrr));
	mtrr_stream.mtrr.r.msr_pat_cr = 0x0007040600070406ull;
	mtrr_stream.mtrr.r.msr_mtrr_cap = 0x508;
	mtrr_stream.mtrr.r.msr_mtrr_def_type = 0x806;
	for (i = 0; i < vcpus; i++) {
		mtrr_stream.mtrr.d = DESCRIBE(MTRR, i);
		rc = load_context(id, &mtrr_stream, sizeof(mtrr_stream));
		if (rc)
			return rc;
	}
	cpu_stream.head.d = DESCRIBE(HEADER, 0);
	fill_header(&cpu_stream.head.r);
	cpu_stream.cpu.d = DESCRIBE(CPU, 0);
	fill_cpu(&cpu_stream.cpu.r, rip, rbx);
	return load_context(id, &cpu_stream, sizeof(cpu_stream));
}

long ts_info(domid_t id, struct xen_domctl_getdomaininfo *info)
{
	xen_domctl_t op = {.cmd = XEN_DOMCTL_getdomaininfo, .domain = id};
	long rc = HV_CALL_DOMCTL(&op);

	*info = op.u.getdomaininfo;
	if (!rc && info->domain != id)
		rc = -XEN_ESRCH; /* the next one was given */
	return rc;
}

long ts_event_for(domid_t id, evtchn_port_t *theirs, evtchn_port_t *ours)
{
	long port = hv_event_alloc(id, DOMID_SELF);

	if (port < 0)
		return port;
	*theirs = (evtchn_port_t)port;
	port = hv_event_bind(id, *theirs);
	if (port < 0)
		return port;
	*ours = (evtchn_port_t)port;
	return 0;
}

unsigned long ts_free_pages(void)
{
	xen_sysctl_t op = {.cmd = XEN_SYSCTL_physinfo,
			   .interface_version = XEN_SYSCTL_INTERFACE_VERSION};

	EXPECT(hv_sysctl(&op), 0);
	return op.u.physinfo.free_pages;
}
