/*
 * platform_op (xen/platform.h): the hardware domain asks about, and tells of,
 * the machine: its screen, the time of day, its processors.
 */
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/guest.h>
#include <hv/lib.h>
#include <hv/timer.h>

#include <xen/platform.h>

#include <x86/acpi.h>
#include <x86/hvm.h>
#include <x86/platform.h>

#define NS_PER_S	1000000000ull
#define LFB_UNIT	65536u	/* of a frame buffer's size */

/* Added to the public header after 4.17; Linux 6.1 of Debian asks for it. */
#define OP_GET_DOM0_CONSOLE 64

static long set_time(uint64_t secs, uint32_t nsecs, uint64_t system_time)
{
	if (nsecs >= NS_PER_S || secs > UINT64_MAX / NS_PER_S - 1 ||
	    secs * NS_PER_S + nsecs < system_time)
		return -EINVAL;
	wallclock_base_ns = secs * NS_PER_S + nsecs - system_time;
	for_each_domain(d)
		arch_update_wallclock(d);
	return 0;
}

static long settime64(struct xen_platform_op *op)
{
	if (op->u.settime64.mbz)
		return -EINVAL;
	return set_time(op->u.settime64.secs, op->u.settime64.nsecs,
			op->u.settime64.system_time);
}

static long settime32(struct xen_platform_op *op)
{
	return set_time(op->u.settime32.secs, op->u.settime32.nsecs,
			op->u.settime32.system_time);
}

static long tell_frame_buffer(struct dom0_vga_console_info *info)
{
	const struct boot_screen *s = &boot_info.screen;

	info->video_type = XEN_VGATYPE_EFI_LFB;
	info->u.vesa_lfb.width = (uint16_t)s->width;
	info->u.vesa_lfb.height = (uint16_t)s->height;
	info->u.vesa_lfb.bytes_per_line = (uint16_t)s->pitch;
	info->u.vesa_lfb.bits_per_pixel = s->bits;
	info->u.vesa_lfb.lfb_base = (uint32_t)s->addr;
	info->u.vesa_lfb.ext_lfb_base = (uint32_t)(s->addr >> 32);
	info->u.vesa_lfb.lfb_size =
		(uint32_t)(ROUNDUP((uint64_t)s->pitch * s->height, LFB_UNIT) / LFB_UNIT);
	info->u.vesa_lfb.red_pos = s->red.pos;
	info->u.vesa_lfb.red_size = s->red.size;
	info->u.vesa_lfb.green_pos = s->green.pos;
	info->u.vesa_lfb.green_size = s->green.size;
	info->u.vesa_lfb.blue_pos = s->blue.pos;
	info->u.vesa_lfb.blue_size = s->blue.size;
	return sizeof(*info);
}

/*
 * The boot loader's screen. Returns the bytes filled (the caller gives no
 * size, so in text mode no more than its fields).
 */
static long get_dom0_console(struct xen_platform_op *op)
{
	struct dom0_vga_console_info *info = (void *)&op->u;
	const size_t size = offsetof(struct dom0_vga_console_info, u) +
			    sizeof(info->u.text_mode_3);

	_Static_assert(sizeof(*info) <= sizeof(op->u), "fits the union");
	memset(info, 0, sizeof(*info));
	if (boot_info.screen.width)
		return tell_frame_buffer(info);
	info->video_type = XEN_VGATYPE_TEXT_MODE_3;
	info->u.text_mode_3.font_height = 16;
	info->u.text_mode_3.rows = 25;
	info->u.text_mode_3.columns = 80;
	info->u.text_mode_3.cursor_y = 24;
	return (long)size;
}

static long get_cpuinfo(struct xen_platform_op *op)
{
	struct xenpf_pcpuinfo *info = &op->u.pcpu_info;
	uint32_t id = info->xen_cpuid;

	memset(info, 0, sizeof(*info));
	info->xen_cpuid = id;
	info->max_present = nr_cpus - 1;
	if (id >= nr_cpus) {
		info->flags = XEN_PCPU_FLAGS_INVALID;
		return 0;
	}
	info->flags = XEN_PCPU_FLAGS_ONLINE;
	info->apic_id = cpus[id]->arch->apic_id;
	info->acpi_id = id;
	return 0;
}

static const struct {
	uint32_t cmd;
	bool copyback;
	long (*fn)(struct xen_platform_op *op);
} ops[] = {
	{XENPF_settime32, false, settime32},
	{XENPF_settime64, false, settime64},
	{XENPF_get_cpuinfo, true, get_cpuinfo},
	{OP_GET_DOM0_CONSOLE, true, get_dom0_console},
};

long platform_op(struct hypercall *hc)
{
	gva_t arg = GVA(hc->arg[0]);
	struct xen_platform_op op;
	long rc;

	if (access_check(current->domain, ACCESS_HARDWARE, NULL))
		return -EPERM;
	if (guest_read(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XENPF_INTERFACE_VERSION)
		return -EACCES;
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
		if (ops[i].cmd != op.cmd)
			continue;
		rc = ops[i].fn(&op);
		if (rc >= 0 && ops[i].copyback && guest_write(arg, &op, sizeof(op)))
			rc = -EFAULT;
		return rc;
	}
	return -ENOSYS;
}
