/*
 * hvm_op (xen/hvm/hvm_op.h, params.h): the HVM parameters, by which guest and
 * toolstack tell each other where things are, and a few small operations.
 */
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/guest.h>
#include <hv/lib.h>
#include <hv/timer.h>

#include <xen/hvm/hvm_op.h>

#define UPCALL_VECTOR_MIN 0x10

/* --- who may do what with a parameter ------------------------------------- */

/* The control domain may all that is not dead; a guest on itself what is here. */
enum { GUEST_GET = 1, GUEST_SET = 2, ONCE = 4, DEAD = 8 };

static const uint8_t param_rules[HVM_NR_PARAMS] = {
	[HVM_PARAM_CALLBACK_IRQ]		= GUEST_GET | GUEST_SET,
	[HVM_PARAM_STORE_PFN]			= GUEST_GET,
	[HVM_PARAM_STORE_EVTCHN]		= GUEST_GET | GUEST_SET,
	[4]					= DEAD,
	[HVM_PARAM_VIRIDIAN]			= ONCE,
	[13]					= DEAD,
	[HVM_PARAM_VM86_TSS]			= GUEST_GET | GUEST_SET,
	[HVM_PARAM_CONSOLE_PFN]			= GUEST_GET,
	[HVM_PARAM_CONSOLE_EVTCHN]		= GUEST_GET | GUEST_SET,
	[HVM_PARAM_ACPI_IOPORTS_LOCATION]	= GUEST_GET | GUEST_SET,
	[20 ... 26]				= DEAD,
	[30]					= DEAD,
	[HVM_PARAM_IOREQ_SERVER_PFN]		= ONCE,
	[HVM_PARAM_NR_IOREQ_SERVER_PAGES]	= ONCE,
	[HVM_PARAM_VM_GENERATION_ID_ADDR]	= GUEST_GET | GUEST_SET,
	[HVM_PARAM_ALTP2M]			= GUEST_GET | ONCE,
	[HVM_PARAM_X87_FIP_WIDTH]		= GUEST_GET | GUEST_SET,
	[HVM_PARAM_VM86_TSS_SIZED]		= GUEST_GET | GUEST_SET,
	[HVM_PARAM_MCA_CAP]			= ONCE,
};

static int param_find(gva_t arg, struct xen_hvm_param *p, uint8_t need,
		      struct domain **out)
{
	int err = guest_read(p, arg, sizeof(*p));

	if (err)
		return err;
	if (p->index >= HVM_NR_PARAMS)
		return -EINVAL;
	err = domain_find_checked(p->domid, ACCESS_TARGET, out);
	if (err)
		return err;
	if (param_rules[p->index] & DEAD)
		err = -EINVAL;
	else if (!(param_rules[p->index] & need) && !current->domain->control)
		err = -EPERM;
	if (err)
		domain_put(*out);
	return err;
}

static int param_store(struct domain *d, const struct xen_hvm_param *p)
{
	uint64_t old = d->hvm_params[p->index];

	if ((param_rules[p->index] & ONCE) && old && old != p->value)
		return -EEXIST;
	if (p->index == HVM_PARAM_TRIPLE_FAULT_REASON && p->value > SHUTDOWN_MAX)
		return -EINVAL;
	d->hvm_params[p->index] = p->value;
	arch_hvm_param_changed(d, p->index);
	return 0;
}

static long do_set_param(gva_t arg)
{
	struct xen_hvm_param p;
	struct domain *d;
	int err = param_find(arg, &p, GUEST_SET, &d);

	if (err)
		return err;
	err = param_store(d, &p);
	domain_put(d);
	return err;
}

static long do_get_param(gva_t arg)
{
	struct xen_hvm_param p;
	struct domain *d;
	int err = param_find(arg, &p, GUEST_GET, &d);

	if (err)
		return err;
	p.value = d->hvm_params[p.index];
	domain_put(d);
	return guest_write(arg, &p, sizeof(p));
}

/* --- the rest ------------------------------------------------------------- */

static long do_flush_tlbs(gva_t arg)
{
	if (arg.v)
		return -EINVAL;
	p2m_flush(current->domain);
	return 0;
}

/* A hint for shadow paging. The error makes guests stop giving it. */
static long do_pagetable_dying(gva_t arg)
{
	return -EINVAL;
}

static long do_get_time(gva_t arg)
{
	struct xen_hvm_get_time t = {.now = now_ns()};

	return guest_write(arg, &t, sizeof(t));
}

/* What is behind a frame number: a kernel that dumps another one's memory asks. */
static long do_get_mem_type(gva_t arg)
{
	struct xen_hvm_get_mem_type m;
	enum p2m_type type;
	struct domain *d;
	int err = guest_read(&m, arg, sizeof(m));

	if (!err)
		err = domain_find_checked(m.domid, ACCESS_TARGET, &d);
	if (err)
		return err;
	type = p2m_get(d, GFN(m.pfn)).type;
	domain_put(d);
	m.mem_type = type == P2M_HOLE || type == P2M_MMIO ? HVMMEM_mmio_dm :
		     p2m_is_writable(type) ? HVMMEM_ram_rw : HVMMEM_ram_ro;
	return guest_write(arg, &m, sizeof(m));
}

static long do_upcall_vector(gva_t arg)
{
	struct domain *d = current->domain;
	struct xen_hvm_evtchn_upcall_vector u;
	int err = guest_read(&u, arg, sizeof(u));

	if (err)
		return err;
	if (u.vcpu >= d->max_vcpus || !d->vcpu[u.vcpu])
		return -ENOENT;
	if (u.vector < UPCALL_VECTOR_MIN)
		return -EINVAL;
	d->vcpu[u.vcpu]->upcall_vector = u.vector;
	return 0;
}

static long (*const rows[])(gva_t arg) = {
	[HVMOP_set_param]		= do_set_param,
	[HVMOP_get_param]		= do_get_param,
	[HVMOP_flush_tlbs]		= do_flush_tlbs,
	[HVMOP_pagetable_dying]		= do_pagetable_dying,
	[HVMOP_get_time]		= do_get_time,
	[HVMOP_get_mem_type]		= do_get_mem_type,
	[HVMOP_set_evtchn_upcall_vector] = do_upcall_vector,
};

long hvm_op(struct hypercall *hc)
{
	uint32_t cmd = (uint32_t)hc->arg[0];

	if (cmd >= ARRAY_SIZE(rows) || !rows[cmd])
		return -ENOSYS;
	return rows[cmd](GVA(hc->arg[1]));
}
