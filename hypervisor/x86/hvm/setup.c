/*
 * Hardware virtualization is chosen once, then enabled on each CPU before it
 * runs its first vCPU.
 */
#include <x86/hvm_ops.h>

const struct hvm_ops *hvm_ops;

static bool ready;

static void enable_here(void)
{
	xstate_cpu_init();
	hvm_ops->cpu_init();
}

void hvm_init(void)
{
	hvm_ops = &svm_ops;
	xstate_init();
	hvm_ports_init();
	enable_here();
	__atomic_store_n(&ready, true, __ATOMIC_RELEASE);
}

/* The boot CPU has done it in hvm_init(). */
void hvm_cpu_init(void)
{
	while (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
		arch_relax();
	if (this_cpu()->id)
		enable_here();
}
