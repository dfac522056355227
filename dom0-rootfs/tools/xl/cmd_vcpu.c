/* xl vcpu-list, vcpu-set, vcpu-pin: the virtual CPUs of running VMs. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "libdom/change.h"

/* --- list -------------------------------------------------------------------- */

static bool has_cpu(const struct vm_cpuset *set, unsigned int cpu)
{
	return set->bits[cpu / 64] >> cpu % 64 & 1;
}

/* "all", "none", "0-3,5": of the host's CPUs. */
static void print_set(const struct vm_cpuset *set, unsigned int ncpus)
{
	const char *comma = "";
	unsigned int n = 0;

	for (unsigned int cpu = 0; cpu < ncpus; cpu++)
		n += has_cpu(set, cpu);
	if (!n || n == ncpus) {
		fputs(n ? "all" : "none", stdout);
		return;
	}
	for (unsigned int cpu = 0; cpu < ncpus; cpu++) {
		unsigned int from = cpu;

		if (!has_cpu(set, cpu))
			continue;
		while (cpu + 1 < ncpus && has_cpu(set, cpu + 1))
			cpu++;
		printf(cpu > from ? "%s%u-%u" : "%s%u", comma, from, cpu);
		comma = ",";
	}
}

static void print_vcpu(const struct dom_info *info, unsigned int i,
		       const struct dom_vcpu *v, unsigned int ncpus)
{
	printf("%-32s %5u %5u", xl_name(info), info->domid, i);
	if (v->online)
		printf(" %5u   %c%c- ", v->cpu, v->running ? 'r' : '-',
		       v->blocked ? 'b' : '-');
	else
		printf(" %5s   --p ", "-");
	printf("%9.1f  ", (double)v->cpu_ns / 1e9);
	print_set(&v->hard, ncpus);
	fputs(" / ", stdout);
	print_set(&v->soft, ncpus);
	putchar('\n');
}

static int print_domain(struct xl *xl, const struct dom_info *info, unsigned int ncpus)
{
	struct dom_error err;
	struct dom_vcpu v;

	for (unsigned int i = 0; i < info->vcpus_max; i++) {
		int result = dom_vcpu(xl->dom, info->domid, i, &v, &err);

		if (!result) {
			print_vcpu(info, i, &v, ncpus);
		} else if (result != -ENOENT) {
			xl_error("%s", err.text);
			return XL_FAILED;
		}
	}
	return XL_OK;
}

static int list_named(struct xl *xl, const struct xl_args *args, unsigned int ncpus)
{
	struct dom_error err;
	struct dom_info info;
	int status = XL_OK;
	uint32_t domid;

	for (unsigned int i = 0; i < args->noperands; i++) {
		if (xl_find(xl, args->operand[i], &domid)) {
			status = XL_FAILED;
		} else if (dom_get(xl->dom, domid, &info, &err)) {
			xl_error("%s", err.text);
			status = XL_FAILED;
		} else {
			status |= print_domain(xl, &info, ncpus);
		}
	}
	return status;
}

static int list_all(struct xl *xl, unsigned int ncpus)
{
	struct dom_info *list;
	int status = XL_OK;
	size_t n;

	if (xl_domains(xl, &list, &n))
		return XL_FAILED;
	for (size_t i = 0; i < n; i++)
		status |= print_domain(xl, &list[i], ncpus);
	free(list);
	return status;
}

static int run_list(struct xl *xl, const struct xl_args *args)
{
	struct dom_error err;
	struct dom_host host;

	if (!xl_dom(xl))
		return XL_FAILED;
	if (dom_host(xl->dom, &host, &err)) {
		xl_error("%s", err.text);
		return XL_FAILED;
	}
	printf("%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU", "State",
	       "Time(s)", "Affinity (Hard / Soft)");
	return args->noperands ? list_named(xl, args, host.nr_cpus)
			       : list_all(xl, host.nr_cpus);
}

/* --- how many ---------------------------------------------------------------- */

static int read_count(const char *text, unsigned int *n)
{
	size_t len = strlen(text);

	if (!len || len > 6 || strspn(text, "0123456789") != len) {
		xl_error("\"%s\" is no number of vCPUs", text);
		return XL_USAGE;
	}
	*n = (unsigned int)strtoul(text, NULL, 10);
	return XL_OK;
}

static int run_set(struct xl *xl, const struct xl_args *args)
{
	struct dom_error err;
	struct dom_host host;
	unsigned int n;
	uint32_t domid;
	int status = read_count(args->operand[1], &n);

	if (status)
		return status;
	if (xl_find(xl, args->operand[0], &domid))
		return XL_FAILED;
	if (!args->count['i'] && !dom_host(xl->dom, &host, NULL) && n > host.nr_cpus) {
		xl_error("%u vCPUs are more than the host has CPUs (%u), which makes the "
			 "guest slower: use -i if you mean it", n, host.nr_cpus);
		return XL_FAILED;
	}
	if (!dom_vcpu_set(xl->dom, domid, n, &err))
		return XL_OK;
	xl_error("%s", err.text);
	return XL_FAILED;
}

/* --- where ------------------------------------------------------------------- */

/* Operand at i: a set, or "-" or nothing: *set is NULL. */
static int read_set(const struct xl_args *args, unsigned int i, struct vm_cpuset *room,
		    const struct vm_cpuset **set)
{
	char problem[200];

	*set = NULL;
	if (i >= args->noperands || !strcmp(args->operand[i], "-"))
		return XL_OK;
	if (config_parse_cpuset(args->operand[i], room, problem, sizeof(problem))) {
		xl_error("%s", problem);
		return XL_USAGE;
	}
	*set = room;
	return XL_OK;
}

static int run_pin(struct xl *xl, const struct xl_args *args)
{
	struct vm_cpuset hard_room, soft_room;
	const struct vm_cpuset *hard, *soft;
	unsigned int vcpu = DOM_ALL_VCPUS;
	struct dom_error err;
	uint32_t domid;
	int status = XL_OK;

	if (strcmp(args->operand[1], "all"))
		status = read_count(args->operand[1], &vcpu);
	if (!status)
		status = read_set(args, 2, &hard_room, &hard);
	if (!status)
		status = read_set(args, 3, &soft_room, &soft);
	if (status)
		return status;
	if (xl_find(xl, args->operand[0], &domid))
		return XL_FAILED;
	if ((!hard && !soft) || !dom_vcpu_pin(xl->dom, domid, vcpu, hard, soft, &err))
		return XL_OK;
	xl_error("%s", err.text);
	return XL_FAILED;
}

const struct xl_cmd cmd_vcpu_list = {
	.name = "vcpu-list",
	.usage = "[DOMAIN …]",
	.summary = "List the VCPUs for all/some domains",
	.max_operands = 1000,
	.run = run_list,
};

const struct xl_cmd cmd_vcpu_set = {
	.name = "vcpu-set",
	.usage = "[OPTIONS] DOMAIN COUNT",
	.summary = "Set the number of active VCPUs allowed for the domain",
	.min_operands = 2,
	.max_operands = 2,
	.options = {
		{ 'i', "ignore-host", NULL, "Allow more than the host has CPUs." },
	},
	.run = run_set,
};

const struct xl_cmd cmd_vcpu_pin = {
	.name = "vcpu-pin",
	.usage = "[OPTIONS] DOMAIN VCPU|all HARD-CPUS|-|all [SOFT-CPUS|-|all]",
	.summary = "Set which CPUs a VCPU can use",
	.min_operands = 3,
	.max_operands = 4,
	.options = {
		{ 'f', "force", NULL, "Taken for compatibility." },
	},
	.run = run_pin,
};
