/* xl info: the host, one "name : value" a line, for people and for scripts. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "cmd.h"

/* One line, or only its value when a field was asked for. */
__attribute__((format(printf, 3, 4)))
static void line(const char *only, const char *name, const char *fmt, ...)
{
	va_list ap;

	if (only && strncmp(name, only, strlen(only)))
		return;
	if (!only)
		printf("%-22s : ", name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static void show_node(const char *only)
{
	struct utsname u;

	if (uname(&u))
		return;
	line(only, "host", "%s", u.nodename);
	line(only, "release", "%s", u.release);
	line(only, "version", "%s", u.version);
	line(only, "machine", "%s", u.machine);
}

static void show_cpus(const char *only, const struct dom_host *h)
{
	const uint32_t *c = h->hw_caps;
	char virt[128];

	snprintf(virt, sizeof(virt), "%s%s%s%s%s%s", h->cap_pv ? " pv" : "",
		 h->cap_hvm ? " hvm" : "",
		 h->cap_hvm && h->cap_directio ? " hvm_directio" : "",
		 h->cap_pv && h->cap_directio ? " pv_directio" : "",
		 h->cap_hap ? " hap" : "", h->cap_shadow ? " shadow" : "");
	line(only, "nr_cpus", "%u", h->nr_cpus);
	line(only, "max_cpu_id", "%u", h->max_cpu_id);
	line(only, "nr_nodes", "%u", h->nr_nodes);
	line(only, "cores_per_socket", "%u", h->cores_per_socket);
	line(only, "threads_per_core", "%u", h->threads_per_core);
	line(only, "cpu_mhz", "%u.%03u", h->cpu_khz / 1000, h->cpu_khz % 1000);
	line(only, "hw_caps", "%08x:%08x:%08x:%08x:%08x:%08x:%08x:%08x", c[0], c[1], c[2],
	     c[3], c[4], c[5], c[6], c[7]);
	line(only, "virt_caps", "%s", *virt ? virt + 1 : virt);
}

static void show_memory(const char *only, const struct dom_host *h)
{
	uint64_t free_kib = h->free_kib - h->outstanding_kib;

	line(only, "total_memory", "%llu", (unsigned long long)(h->total_kib >> 10));
	line(only, "free_memory", "%llu", (unsigned long long)(free_kib >> 10));
	line(only, "sharing_freed_memory", "0");
	line(only, "sharing_used_memory", "0");
	line(only, "outstanding_claims", "%llu",
	     (unsigned long long)(h->outstanding_kib >> 10));
	line(only, "free_cpus", "0");
}

static void show_hypervisor(const char *only, const struct dom_host *h)
{
	line(only, "xen_major", "%u", h->major);
	line(only, "xen_minor", "%u", h->minor);
	line(only, "xen_extra", "%s", h->extra);
	line(only, "xen_version", "%u.%u%s", h->major, h->minor, h->extra);
	line(only, "xen_caps", "%s", h->capabilities);
	line(only, "xen_scheduler", "%s", h->scheduler);
	line(only, "xen_pagesize", "%u", h->page_size);
	line(only, "platform_params", "virt_start=0x%llx",
	     (unsigned long long)h->virt_start);
	line(only, "xen_changeset", "%s", h->changeset);
	line(only, "xen_commandline", "%s", h->commandline);
	line(only, "cc_compiler", "%s", h->compiler);
	line(only, "cc_compile_by", "%s", h->compile_by);
	line(only, "cc_compile_domain", "%s", h->compile_domain);
	line(only, "cc_compile_date", "%s", h->compile_date);
	line(only, "xend_config_format", "4");
}

static int show_topology(struct xl *xl)
{
	struct dom_topology t;
	struct dom_error err;

	if (dom_topology(xl->dom, &t, &err)) {
		xl_error("%s", err.text);
		return XL_FAILED;
	}
	printf("cpu_topology           :\ncpu:    core    socket     node\n");
	for (unsigned int i = 0; i < t.cpus; i++)
		printf("%3u:    %4u     %4u     %4u\n", i, t.cpu[i].core, t.cpu[i].socket,
		       t.cpu[i].node);
	printf("device topology        :\ndevice           node\nNo device topology data "
	       "available\n");
	printf("numa_info              :\nnode:    memsize    memfree    distances\n");
	for (unsigned int i = 0; i < t.nodes; i++) {
		printf("%4u:    %6llu     %6llu      ", i,
		       (unsigned long long)(t.node[i].size_kib >> 10),
		       (unsigned long long)(t.node[i].free_kib >> 10));
		for (unsigned int j = 0; j < t.nodes; j++)
			printf("%s%u", j ? "," : "", t.node[i].distance[j]);
		putchar('\n');
	}
	return XL_OK;
}

static int run(struct xl *xl, const struct xl_args *args)
{
	const char *only = args->noperands ? args->operand[0] : NULL;
	struct dom_error err;
	struct dom_host host;

	if (!xl_dom(xl))
		return XL_FAILED;
	if (dom_host(xl->dom, &host, &err)) {
		xl_error("%s", err.text);
		return XL_FAILED;
	}
	show_node(only);
	show_cpus(only, &host);
	show_memory(only, &host);
	show_hypervisor(only, &host);
	return args->count['n'] && !only ? show_topology(xl) : XL_OK;
}

const struct xl_cmd cmd_info = {
	.name = "info",
	.usage = "[-n] [FIELD]",
	.summary = "Get information about the host",
	.max_operands = 1,
	.options = {
		{ 'n', "numa", NULL, "Also CPUs and memory by NUMA node." },
	},
	.run = run,
};
