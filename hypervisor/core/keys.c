/* Debug keys: a table of letter, help and function. */
#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/event.h>
#include <hv/keys.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

static void key_help(void);

static void key_memory(void)
{
	log_info("memory: %lu of %lu frames free", page_nr_free(), page_nr_total());
}

static void show_vcpu(struct vcpu *v)
{
	log_info("  v%u: CPU %u%s%s%s%s, ran %lu ms, upcall %s", v->id, v->cpu,
		 v->running ? ", running" : "", v->queued ? ", queued" : "",
		 v->down ? ", down" : "", v->blocked ? ", blocked" : "",
		 v->runstate.time[RUNSTATE_running] / 1000000,
		 v->info && event_upcall_pending(v) ? "pending" : "none");
	if (v->polling)
		log_info("      polls %u ports", v->poll_ports_nr);
	arch_show_vcpu(v);
}

static void key_domains(void)
{
	for_each_domain(d) {
		log_info("d%u: %u pages of %u, %u references, paused %u%s%s",
			 d->id, d->tot_pages, d->max_pages, d->refs,
			 d->pause_count, d->shut_down ? ", shut down" : "",
			 d->dying != DOMAIN_ALIVE ? ", dying" : "");
		for_each_vcpu(d, v)
			show_vcpu(v);
	}
}

static void key_counters(void)
{
	const char *name;
	uint64_t n;

	for (unsigned int i = 0; (name = arch_exit_counter(i, &n)); i++)
		if (n)
			log_info("exit %s: %lu", name, n);
	for (unsigned int nr = 0; nr < HYPERCALLS_MAX; nr++)
		if (hypercall_name(nr) && hypercall_count(nr))
			log_info("hypercall %s: %lu", hypercall_name(nr), hypercall_count(nr));
}

static void key_timers(void)
{
	log_info("now %lu ns", now_ns());
	for_each_cpu(i) {
		struct cpu *c = cpus[i];

		spin_lock(&c->timer_lock);
		list_for_each(p, &c->timers) {
			const struct timer *t = list_entry(p, struct timer, link);

			log_info("CPU %u: at %lu ns: %p", i, t->expires,
				 (void *)(uintptr_t)t->fn);
		}
		spin_unlock(&c->timer_lock);
	}
}

static void key_backtrace(void)
{
	arch_backtrace();
}

static void key_reboot(void)
{
	log_info("reboot by debug key");
	arch_machine_reboot();
}

static void key_panic(void)
{
	panic("by debug key; nothing is wrong");
}

static const struct {
	char key;
	const char *help;
	void (*fn)(void);
} keys[] = {
	{'h', "this list", key_help},
	{'b', "backtrace of this CPU", key_backtrace},
	{'c', "counters of exits and hypercalls", key_counters},
	{'m', "memory", key_memory},
	{'q', "domains and vCPUs", key_domains},
	{'t', "time and timers", key_timers},
	{'C', "panic, to see one", key_panic},
	{'R', "reboot at once", key_reboot},
};

static void key_help(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		log_info("key '%c': %s", keys[i].key, keys[i].help);
}

void keys_press(char key)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].key == key)
			keys[i].fn();
}
