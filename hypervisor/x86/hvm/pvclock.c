/*
 * The paravirtual clock (xen/xen.h, struct vcpu_time_info): one linear map from
 * the TSC to nanoseconds, the hypervisor's own, for all vCPUs. It never moves,
 * so it is written when its place changes and not again.
 */
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/timer.h>

#include <x86/hvm.h>
#include <x86/platform.h>

#define TSC_STABLE	1u
#define NS_PER_S	1000000000ull

/* The wall clock in the 32-bit layout of shared_info. */
#define COMPAT_WC	2304u
#define COMPAT_WC_HI	2340u

_Static_assert(sizeof(struct vcpu_time_info) == 32, "xen/xen.h");
_Static_assert(offsetof(struct shared_info, wc_version) == 3072, "xen/xen.h");

static struct vcpu_time_info time_of(const struct vcpu *v)
{
	struct vcpu_time_info t = {
		.tsc_timestamp = boot_info.entry_tsc + (uint64_t)v->arch->tsc_offset,
		.system_time = 0,
		.flags = tsc_reliable ? TSC_STABLE : 0,
	};

	time_scale(&t.tsc_to_system_mul, &t.tsc_shift);
	return t;
}

/* An odd version says "being written". */
void arch_update_vcpu_time(struct vcpu *v)
{
	struct vcpu_time_info *in_info = &v->info->time;
	struct vcpu_time_info t = time_of(v);
	const size_t skip = offsetof(struct vcpu_time_info, tsc_timestamp);
	uint32_t odd = (__atomic_load_n(&in_info->version, __ATOMIC_RELAXED) + 1) | 1;

	__atomic_store_n(&in_info->version, odd, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy((char *)in_info + skip, (char *)&t + skip, sizeof(t) - skip);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&in_info->version, odd + 1, __ATOMIC_RELAXED);

	area_write(&v->time_area, 0, &odd, sizeof(odd));
	__atomic_thread_fence(__ATOMIC_RELEASE);
	area_write(&v->time_area, skip, (char *)&t + skip, sizeof(t) - skip);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	odd++;
	area_write(&v->time_area, 0, &odd, sizeof(odd));
}

void arch_update_wallclock(struct domain *d)
{
	uint64_t ns = wallclock_base_ns + (uint64_t)d->time_offset_s * NS_PER_S;
	char *si = (char *)d->shared_info;
	uint32_t *wc, *hi, odd;

	if (d->arch->compat_latched) {
		wc = (uint32_t *)(si + COMPAT_WC);
		hi = (uint32_t *)(si + COMPAT_WC_HI);
	} else {
		wc = &d->shared_info->wc_version;
		hi = &d->shared_info->wc_sec_hi;
	}
	odd = (__atomic_load_n(&wc[0], __ATOMIC_RELAXED) + 1) | 1;
	__atomic_store_n(&wc[0], odd, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	wc[1] = (uint32_t)(ns / NS_PER_S);
	wc[2] = (uint32_t)(ns % NS_PER_S);
	*hi = (uint32_t)(ns / NS_PER_S >> 32);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&wc[0], odd + 1, __ATOMIC_RELAXED);
}
