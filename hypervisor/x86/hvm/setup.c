/*
 * Hardware virtualization is chosen once, then enabled on each CPU before it
 * runs its first vCPU.
 */
#include <x86/hvm_ops.h>
#include <x86/platform.h>

const struct hvm_ops *hvm_ops;

static const struct hvm_ops *const vendors[] = {&svm_ops, &vmx_ops};

static bool ready;

static void enable_here(void)
{
	xstate_cpu_init();
	hvm_ops->cpu_init();
}

void hvm_init(void)
{
	for (unsigned int i = 0; !hvm_ops && i < ARRAY_SIZE(vendors); i++)
		if (vendors[i]->present())
			hvm_ops = vendors[i];
	if (!hvm_ops)
		machine_refuse("this CPU cannot run virtual machines",
			       "it has neither AMD-V (SVM) nor Intel VT-x (VMX), "
			       "or the firmware hides it",
			       "look for \"SVM Mode\" or \"Virtualization "
			       "Technology\" in the firmware's set-up, else use "
			       "another machine");
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
	__atomic_store_n(&this_cpu()->arch->hvm_ready, true, __ATOMIC_RELEASE);
}

void hvm_wait_cpus(void)
{
	for_each_cpu(i)
		while (i && !__atomic_load_n(&cpus[i]->arch->hvm_ready, __ATOMIC_ACQUIRE))
			arch_relax();
}
