/*
 * xen_version (xen/version.h): who we say we are. The ABI is that of 4.17, and
 * so is the number; the name is our own.
 */
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/guest.h>
#include <hv/hypercall.h>
#include <hv/lib.h>

#include <xen/version.h>

#define ABI_MAJOR 4u
#define ABI_MINOR 17u

/* A text of a fixed size, zero-filled, as the public header sizes it. */
static long write_text(gva_t to, const char *text, size_t size)
{
	size_t n = MIN(strlen(text), size - 1);
	int err = guest_write(to, text, n);

	return err ? err : guest_clear(gva_add(to, n), size - n);
}

static long do_version(struct hypercall *hc, gva_t to)
{
	return ABI_MAJOR << 16 | ABI_MINOR;
}

static long do_extraversion(struct hypercall *hc, gva_t to)
{
	return write_text(to, ".0-basalt", XEN_EXTRAVERSION_LEN);
}

static long do_compile_info(struct hypercall *hc, gva_t to)
{
	/* Neither place nor date: the same source makes the same image. */
	static const struct xen_compile_info info = {
		.compiler = "gcc " __VERSION__,
		.compile_by = "basalt",
	};

	return guest_write(to, &info, sizeof(info));
}

static long do_capabilities(struct hypercall *hc, gva_t to)
{
	return write_text(to, arch_capabilities(), XEN_CAPABILITIES_INFO_LEN);
}

static long do_changeset(struct hypercall *hc, gva_t to)
{
	return write_text(to, "basalt", XEN_CHANGESET_INFO_LEN);
}

/* virt_start: no guest shares an address space with us. */
static long do_platform_parameters(struct hypercall *hc, gva_t to)
{
	return guest_clear(to, hc->compat ? 4 : 8);
}

static long do_get_features(struct hypercall *hc, gva_t at)
{
	const uint32_t features = 1u << XENFEAT_writable_page_tables |
				  1u << XENFEAT_auto_translated_physmap |
				  1u << XENFEAT_hvm_callback_vector |
				  1u << XENFEAT_hvm_safe_pvclock |
				  1u << XENFEAT_memory_op_vnode_supported |
				  1u << XENFEAT_not_direct_mapped;
	struct xen_feature_info fi;
	int err = guest_read(&fi, at, sizeof(fi));

	if (err)
		return err;
	if (fi.submap_idx)
		return -EINVAL;
	fi.submap = features;
	if (current->domain->control)
		fi.submap |= 1u << XENFEAT_dom0;
	return guest_write(at, &fi, sizeof(fi));
}

static long do_pagesize(struct hypercall *hc, gva_t to)
{
	return (long)PAGE_SIZE;
}

static long do_guest_handle(struct hypercall *hc, gva_t to)
{
	const struct domain *d = current->domain;

	return guest_write(to, d->handle, sizeof(d->handle));
}

static long do_commandline(struct hypercall *hc, gva_t to)
{
	return write_text(to, current->domain->control ? boot_info.cmdline : "<denied>",
			  sizeof(xen_commandline_t));
}

/* The image carries no build id. */
static long do_build_id(struct hypercall *hc, gva_t to)
{
	return current->domain->control ? -ENODATA : -EPERM;
}

static long (*const rows[])(struct hypercall *hc, gva_t arg) = {
	[XENVER_version]		= do_version,
	[XENVER_extraversion]		= do_extraversion,
	[XENVER_compile_info]		= do_compile_info,
	[XENVER_capabilities]		= do_capabilities,
	[XENVER_changeset]		= do_changeset,
	[XENVER_platform_parameters]	= do_platform_parameters,
	[XENVER_get_features]		= do_get_features,
	[XENVER_pagesize]		= do_pagesize,
	[XENVER_guest_handle]		= do_guest_handle,
	[XENVER_commandline]		= do_commandline,
	[XENVER_build_id]		= do_build_id,
};

long version_op(struct hypercall *hc)
{
	uint32_t cmd = (uint32_t)hc->arg[0];

	if (cmd >= ARRAY_SIZE(rows))
		return -ENOSYS;
	return rows[cmd](hc, GVA(hc->arg[1]));
}
