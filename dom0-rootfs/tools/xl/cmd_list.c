/*
 * xl list: the table that the world's scripts parse. Its first line, the column of
 * 40 for the name, the six letters of the state and the six fields are fixed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "vm_json.h"

/* Why it has shut down, by reason: poweroff, reboot, suspend, crash, watchdog, soft
 * reset. */
static char reason_letter(const struct dom_info *info)
{
	static const char letters[] = "-rscwS";

	if (!info->shutdown)
		return '-';
	if (info->shutdown_reason < 0 ||
	    (size_t)info->shutdown_reason >= sizeof(letters) - 1)
		return '?';
	return letters[info->shutdown_reason];
}

static void show(const struct dom_info *info, const struct xl_args *args)
{
	char uuid[DOM_UUID_TEXT_SIZE];

	printf("%-40s %5u %5llu %5u     %c%c%c%c%c%c  %8.1f", xl_name(info), info->domid,
	       (unsigned long long)(info->mem_kib >> 10), info->vcpus_online,
	       info->running ? 'r' : '-', info->blocked ? 'b' : '-',
	       info->paused ? 'p' : '-', info->shutdown ? 's' : '-', reason_letter(info),
	       info->dying ? 'd' : '-', (double)info->cpu_ns / 1e9);
	if (args->count['v']) {
		dom_uuid_text(info->uuid, uuid);
		printf(" %s", uuid);
		if (info->shutdown)
			printf(" %8x", (unsigned int)info->shutdown_reason);
		else
			printf(" %8s", "-");
	}
	if (args->count['v'] || args->count['Z'])
		printf(" %16s", "-");
	if (args->count['c'])
		printf("          Pool-%u", info->cpupool);
	if (args->count['n'])	/* domains are not bound to nodes */
		printf(" all");
	putchar('\n');
}

static void show_table(const struct dom_info *list, size_t n, const struct xl_args *args)
{
	printf("Name                                        ID   Mem VCPUs\tState\tTime(s)");
	if (args->count['v'])
		printf("   UUID                            Reason-Code\tSecurity Label");
	else if (args->count['Z'])
		printf("   Security Label");
	if (args->count['c'])
		printf("         Cpupool");
	if (args->count['n'])
		printf(" NODE Affinity");
	putchar('\n');
	for (size_t i = 0; i < n; i++)
		show(&list[i], args);
}

static void show_json(struct xl *xl, const struct dom_info *list, size_t n)
{
	struct json j = { .out = stdout };
	struct vm_config cfg;

	json_open(&j, NULL, '[');
	for (size_t i = 0; i < n; i++) {
		if (dom_config(xl->dom, list[i].domid, &cfg, NULL)) {
			vm_json_plain(&j, &list[i]);
		} else {
			vm_json_domain(&j, list[i].domid, &cfg);
			config_free(&cfg);
		}
	}
	json_close(&j, ']');
}

/* The domains that were named, or all. *list is to be freed. */
static int collect(struct xl *xl, const struct xl_args *args, struct dom_info **list,
		   size_t *n)
{
	struct dom_error err;
	uint32_t domid;

	if (!args->noperands)
		return xl_domains(xl, list, n);
	*list = calloc(args->noperands, sizeof(**list));
	if (!*list) {
		xl_error("not enough memory");
		return XL_FAILED;
	}
	for (*n = 0; *n < args->noperands; (*n)++) {
		if (xl_find(xl, args->operand[*n], &domid))
			break;
		if (dom_get(xl->dom, domid, &(*list)[*n], &err)) {
			xl_error("%s", err.text);
			break;
		}
	}
	if (*n == args->noperands)
		return XL_OK;
	free(*list);
	return XL_FAILED;
}

static int run(struct xl *xl, const struct xl_args *args)
{
	struct dom_info *list;
	size_t n;

	if (collect(xl, args, &list, &n))
		return XL_FAILED;
	if (args->count['l'])
		show_json(xl, list, n);
	else
		show_table(list, n, args);
	free(list);
	return XL_OK;
}

const struct xl_cmd cmd_list = {
	.name = "list",
	.usage = "[OPTIONS] [DOMAIN …]",
	.summary = "List information about all/some domains",
	.max_operands = 1000,
	.options = {
		{ 'l', "long", NULL, "All that is configured, as JSON." },
		{ 'v', "verbose", NULL, "UUIDs, reasons of shutdown, security labels too." },
		{ 'Z', "context", NULL, "Security labels too." },
		{ 'c', "cpupool", NULL, "The CPU pool of each domain too." },
		{ 'n', "numa", NULL, "The NUMA nodes each domain may use too: all of them." },
	},
	.run = run,
};
