/*
 * physdev_op (xen/physdev.h): what the hardware domain tells about PCI: of
 * functions that come and go, so that nothing is remembered of the one that was there
 * before. Everything that has no row is -ENOSYS.
 */
#include <hv/access.h>
#include <hv/guest.h>
#include <hv/log.h>

#include <xen/physdev.h>

#include <x86/hvm.h>
#include <x86/pci.h>

static long device_added(gva_t arg)
{
	struct physdev_pci_device_add dev;

	if (guest_read(&dev, arg, offsetof(struct physdev_pci_device_add, optarr)))
		return -EFAULT;
	msi_function_reset(PCI_FN(dev.seg, dev.bus, dev.devfn));
	return 0;
}

static long device_removed(gva_t arg)
{
	struct physdev_pci_device dev;

	if (guest_read(&dev, arg, sizeof(dev)))
		return -EFAULT;
	msi_function_reset(PCI_FN(dev.seg, dev.bus, dev.devfn));
	return 0;
}

static long mmcfg_reserved(gva_t arg)
{
	struct physdev_pci_mmcfg_reserved cfg;

	if (guest_read(&cfg, arg, sizeof(cfg)))
		return -EFAULT;
	log_debug("PCI segment %u: configuration space at %#lx\n", cfg.segment,
		  (unsigned long)cfg.address);
	return 0;
}

/* EHCI debug ports: the hypervisor uses none. */
static long debug_port(gva_t arg)
{
	struct physdev_dbgp_op op;

	return guest_read(&op, arg, sizeof(op)) ? -EFAULT : 0;
}

static const struct {
	unsigned int cmd;
	long (*fn)(gva_t arg);
} ops[] = {
	{PHYSDEVOP_pci_device_add, device_added},
	{PHYSDEVOP_pci_device_remove, device_removed},
	{PHYSDEVOP_pci_mmcfg_reserved, mmcfg_reserved},
	{PHYSDEVOP_dbgp_op, debug_port},
};

long physdev_op(struct hypercall *hc)
{
	if (access_check(current->domain, ACCESS_HARDWARE, NULL))
		return -ENOSYS;
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++)
		if (ops[i].cmd == hc->arg[0])
			return ops[i].fn(GVA(hc->arg[1]));
	return -ENOSYS;
}
