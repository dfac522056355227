/*
 * The machine-check hypercall (xen/arch-x86/xen-mca.h), as far as the hardware
 * domain's kernel asks at boot: which CPUs there are, and whether errors wait to be
 * fetched. Errors are reported in the hypervisor's own log (x86/mce.c), so none do.
 */
#include <hv/arch.h>
#include <hv/guest.h>
#include <hv/lib.h>

#include <xen/arch-x86/xen-mca.h>

#include <x86/asm.h>
#include <x86/platform.h>

static void fill_cpu(struct mcinfo_logical_cpu *i, unsigned int cpu)
{
	struct cpuid_regs vendor = cpuid(0, 0), id = cpuid(1, 0);

	memset(i, 0, sizeof(*i));
	i->mc_cpunr = cpu;
	i->mc_coreid = (uint16_t)cpu;
	i->mc_apicid = cpus[cpu]->arch->apic_id;
	i->mc_ncores = i->mc_ncores_active = nr_cpus;
	i->mc_nthreads = 1;
	i->mc_cpuid_level = (int32_t)vendor.a;
	i->mc_family = ((id.a >> 8) & 0xf) + ((id.a >> 20) & 0xff);
	i->mc_model = ((id.a >> 4) & 0xf) | ((id.a >> 12) & 0xf0);
	i->mc_step = id.a & 0xf;
	memcpy(i->mc_vendorid, (const uint32_t[]){vendor.b, vendor.d, vendor.c}, 12);
}

static int cpu_info(struct xen_mc_physcpuinfo *p)
{
	uint32_t nr = MIN(p->ncpus, nr_cpus);

	p->ncpus = nr_cpus;
	if (!HANDLE_GVA(p->info).v)
		return 0;
	p->ncpus = nr;
	for (uint32_t cpu = 0; cpu < nr; cpu++) {
		struct mcinfo_logical_cpu info;

		fill_cpu(&info, cpu);
		if (guest_put(p->info, cpu, &info))
			return -EFAULT;
	}
	return 0;
}

long mca_op(struct hypercall *hc)
{
	gva_t at = GVA(hc->arg[0]);
	struct xen_mc mc;
	int err = access_check(current->domain, ACCESS_HARDWARE, NULL);

	if (err)
		return -ENOSYS;		/* other domains have no machine checks */
	/* The commands that are answered use the beginning of the structure only. */
	memset(&mc, 0, sizeof(mc));
	err = guest_read(&mc, at, offsetof(struct xen_mc, u) + sizeof(mc.u.mc_fetch));
	if (err)
		return err;
	if (mc.interface_version != XEN_MCA_INTERFACE_VERSION)
		return -EACCES;
	if (mc.cmd == XEN_MC_physcpuinfo)
		err = cpu_info(&mc.u.mc_physcpuinfo);
	else if (mc.cmd == XEN_MC_fetch)
		mc.u.mc_fetch.flags = XEN_MC_NODATA;
	else
		err = -ENOSYS;
	return err ? err : guest_write(at, &mc, offsetof(struct xen_mc, u) +
						sizeof(mc.u.mc_fetch));
}
